"""Text for terminals: columns that line up and paragraphs that wrap, however narrow the terminal."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Sequence

from sncompile.diagnostics.counted import counted
from sncompile.diagnostics.text import visible

WIDEST = 100
"""Longer lines are hard to read, however wide the terminal."""

NARROWEST = 40


def terminal_width() -> int:
    """How many columns text may take: the terminal's, within reason."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def paragraph(text: str, width: int, indent: str = "") -> str:
    """A paragraph of somebody else's words, wrapped; ends in a newline."""
    words = textwrap.wrap(
        visible(text), max(20, width), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    return "".join(line + "\n" for line in words)


def table(
    rows: Sequence[Sequence[str]], width: int, *, right: Sequence[int] = (), indent: str = "", gap: int = 2
) -> str:
    """Rows as columns; what does not fit into `width` wraps inside its column. `right` are columns to align right."""
    shown = [[visible(cell) for cell in row] for row in rows]
    count = max((len(row) for row in shown), default=0)
    natural = [max((cells(row[n]) for row in shown if n < len(row)), default=0) for n in range(count)]
    widths = _fit(natural, width - len(indent) - gap * max(0, count - 1))
    lines: list[str] = []
    for row in shown:
        wrapped = [_wrap(cell, widths[n]) for n, cell in enumerate(row)]
        for number in range(max(map(len, wrapped), default=0)):
            parts = [column[number] if number < len(column) else "" for column in wrapped]
            padded = [_pad(part, widths[n], n in right) for n, part in enumerate(parts)]
            lines.append((indent + (" " * gap).join(padded)).rstrip())
    return "".join(line + "\n" for line in lines)


def _fit(natural: Sequence[int], room: int) -> list[int]:
    """Widths that sum to at most `room`, taken from the widest columns first; none below 10."""
    widths = list(natural)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= 10:
            break
        widths[widest] -= 1
    return widths


def _wrap(text: str, width: int) -> list[str]:
    if cells(text) <= width:
        return [text]
    return textwrap.wrap(text, max(1, width), break_on_hyphens=False) or [""]


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * max(0, width - cells(text))
    return space + text if right else text + space


def count(number: int, what: str) -> str:
    """`1 job`, `12,000 jobs`."""
    return counted(number, what)
