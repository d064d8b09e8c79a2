"""Logs as files: read in pieces, however large; without secrets; and as a terminal may be shown them."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from sncompile.diagnostics.text import visible
from sncompile.lazy_regex import regex
from sncompile.runner.record import private
from sncompile.telemetry.redaction import Redaction

_PIECE = 1 << 18
_STEERING = regex(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
"""Colours, moves of the cursor, titles of the window: nothing of them is said."""
_WORDS = regex(r"[^\W\d_]+")


def pieces(path: Path, start: int = 0) -> Iterator[bytes]:
    """What a file holds from a place on, in pieces. Nothing where there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            while piece := file.read(_PIECE):
                yield piece
    except OSError:
        return


def start_of_tail(path: Path, lines: int) -> int:
    """Where the last so many lines of a file begin."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            place, left = end, lines
            while place > 0:
                start = max(0, place - _PIECE)
                file.seek(start)
                piece = file.read(place - start)
                if place == end:
                    # The newline at the very end ends the last line.
                    piece = piece.removesuffix(b"\n")
                count = piece.count(b"\n")
                if count >= left:
                    for _ in range(left):
                        piece = piece[: piece.rindex(b"\n")]
                    return start + len(piece) + 1
                left -= count
                place = start
    except OSError:
        return 0
    return 0


def shown(text: Iterable[bytes]) -> Iterator[bytes]:
    """Bytes of tools as a terminal may be shown them: what would steer it stands there as an escape."""
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    held = ""
    for piece in text:
        found = held + decoder.decode(piece)
        # Lines of other systems end in two characters, which may come in two pieces.
        held = "\r" if found.endswith("\r") else ""
        yield _shown(found.removesuffix("\r") if held else found)
    yield _shown(held + decoder.decode(b"", final=True))


def _shown(text: str) -> bytes:
    return visible(text.replace("\r\n", "\n")).encode()


def read_lines(text: str) -> list[str]:
    """The lines of a log as somebody would read them: without colours, and of a progress bar how it stood at last.

    A bar is drawn again and again, each time after a carriage return. Only what has the same words as what is drawn
    over it is left out, as a message may stand in between.

    >>> read_lines("\\r 1%|#  | 1/3\\r99%|## | 2/3\\rcannot read a\\r\\n\\x1b[31mstopped\\x1b[0m")
    ['99%|## | 2/3', 'cannot read a', 'stopped']
    """
    return [each for line in _STEERING.sub("", text).split("\n") for each in _drawn(line)]


def _drawn(line: str) -> list[str]:
    states = [state.rstrip() for state in line.split("\r") if state.strip()]
    words = [_WORDS.findall(state) for state in states]
    return [state for i, state in enumerate(states) if words[i : i + 1] != words[i + 1 : i + 2]] or [""]


def hide_in(paths: Iterable[Path], hide: Redaction, *, in_place: bool = False) -> None:
    """Take secrets out of files that hold some.

    Another file takes a file's place, in one step; `in_place` the same file is written anew, where somebody appends to
    it still.
    """
    if not hide:
        return
    for path in paths:
        with contextlib.suppress(OSError):
            if hide.is_in(pieces(path)):
                _rewrite(path, hide, in_place=in_place)


def _rewrite(path: Path, hide: Redaction, *, in_place: bool) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.hidden")
    try:
        with open(fresh, "wb", opener=private) as file:
            file.writelines(hide.in_bytes(pieces(path)))
        if not in_place:
            fresh.replace(path)
            return
        with fresh.open("rb") as source, path.open("r+b") as target:
            shutil.copyfileobj(source, target)
            target.truncate()
    finally:
        fresh.unlink(missing_ok=True)
