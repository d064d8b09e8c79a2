"""Texts in an editor: lines, words, and columns in the units of the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sncompile.diagnostics import Span
from sncompile.lazy_regex import regex

WORD = regex(r"[A-Za-z0-9_]*")


@dataclass(frozen=True)
class Text:
    """A text by lines. Lines and columns count from 1, columns in characters."""

    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.replace("\r\n", "\n").split("\n")

    def line(self, number: int) -> str:
        """A line by its number; empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def written(self, span: Span) -> str:
        """What stands in a span of one line."""
        return self.line(span.line)[span.column - 1 : span.end_column - 1] if span.line == span.end_line else ""


def holds(span: Span, line: int, column: int) -> bool:
    """Whether a cursor is in a span, or right behind it."""
    return (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)


def to_units(line: str, column: int) -> int:
    """A column in the units of the protocol, which are those of UTF-16 and count from 0."""
    before = line[: max(column - 1, 0)]
    return len(before) if before.isascii() else len(before.encode("utf-16-le", "surrogatepass")) // 2


def from_units(line: str, units: int) -> int:
    """The column of so many units of UTF-16; behind the line where it has fewer."""
    if line.isascii():
        return min(units, len(line)) + 1
    seen = 0
    for number, char in enumerate(line):
        if seen >= units:
            return number + 1
        seen += 2 if ord(char) > 0xFFFF else 1
    return len(line) + 1
