"""Names of a module for those of Bilayers, which may hold anything."""

from __future__ import annotations

import re
from collections.abc import Container
from keyword import iskeyword

_RESERVED = frozenset(("true", "false", "null"))


def module_name(text: str, taken: Container[str] = (), *, tail: str = "") -> str:
    """A name for expressions that is like `text`; `tail` is tried, then a number, where it is taken already."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text.strip()) or "item"
    if name[0].isdigit():
        name = f"_{name}"
    if iskeyword(name) or name in _RESERVED:
        name += "_"
    if name in taken and tail:
        name += tail
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def title_of(name: str) -> str:
    """A label for a name: `min_size` is `Min size`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
