"""Line ends of Windows in files that a shell, or the system itself, reads as programs."""

from __future__ import annotations

import os
from pathlib import Path

from sncompile.lazy_regex import regex

_LOOKED_AT = 1 << 20
_SHELLS = frozenset((".sh", ".bash", ".ksh", ".zsh"))
_SHELL = regex(rb"^#!.*\b(ba|da|k|z)?sh\b")


def windows_line(path: Path) -> int | None:
    """The first line of a script that ends in a carriage return, where what runs it would stumble over that."""
    try:
        with path.open("rb") as file:
            text = file.read(_LOOKED_AT)
    except OSError:
        return None  # Whoever needs it is told so.
    place = text.find(b"\r\n")
    if place < 0:
        return None
    first = text.partition(b"\n")[0]
    # Python, R and Julia take such lines; the system does not, in the line that names the interpreter.
    by_system = first.startswith(b"#!") and first.endswith(b"\r") and os.access(path, os.X_OK)
    if path.suffix.lower() in _SHELLS or _SHELL.match(first) or by_system:
        return text.count(b"\n", 0, place) + 1
    return None
