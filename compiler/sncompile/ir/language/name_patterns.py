"""Patterns of names with dots, such as those of steps in nested pipelines."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def name_pattern(text: str, *, parts: bool = True) -> re.Pattern[str]:
    """The pattern of a whole name: `*` is any text and `?` any letter, without dots where names have `parts`; `**` is
    any text.

    >>> [name for name in ("cp_a", "cp_a.b", "x") if name_pattern("cp_*").match(name)]
    ['cp_a']
    >>> [name for name in ("cp_a", "cp_a.b", "x") if name_pattern("cp_**").match(name)]
    ['cp_a', 'cp_a.b']
    """
    one = "[^.]" if parts else "."
    found = "".join(
        ".*" if piece == "**" else f"{one}*" if piece == "*" else one if piece == "?" else re.escape(piece)
        for piece in re.split(r"(\*\*|\*|\?)", text)
    )
    return re.compile(rf"{found}\Z", re.DOTALL)
