"""Where the cells of a sheet stand: rows are kept by their lines only, so this is worked out for who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.semantics.tables.sheet_text import shown_text

MAX_LINES = 200
"""Lines of one row that are looked at."""


class CellPlace(NamedTuple):
    """A cell within a sheet, with its quotes; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def cells_of(lines: Sequence[str], line: int, delimiter: str) -> Iterator[CellPlace]:
    """The cells of the row that begins in a line, one after the other.

    >>> [tuple(place) for place in cells_of(['a,"x', 'y",b'], 1, ",")]
    [(1, 1, 1, 2), (1, 3, 2, 3), (2, 4, 2, 5)]
    >>> [place.column for place in cells_of(['5" pipe,"a ""b"", c",d'], 1, ",")]
    [1, 9, 22]
    """
    start, quotes, quoted = (line, 1), False, False
    for number in range(line, min(len(lines), line + MAX_LINES) + 1):
        text = lines[number - 1].rstrip("\r\n")
        for column, sign in enumerate(text, 1):
            # Quotes are such only in a cell that begins with one; two of them in it are one of its text.
            quotes = sign == '"' if (number, column) == start else quotes
            if sign == '"' and quotes:
                quoted = not quoted
            elif sign == delimiter and not quoted:
                yield CellPlace(*start, number, column)
                start = number, column + 1
        if not quoted:
            yield CellPlace(*start, number, len(text) + 1)
            return


class SheetPlaces:
    """Finds cells of one sheet, which is read once more for that. `shown` is what messages call it."""

    def __init__(self, path: Path, encoding: str | None, shown: str) -> None:
        self._path, self._encoding, self._shown = path, encoding, shown
        self._lines: list[str] | None = None
        self.delimiter = ","
        self.numbers: Mapping[str, int] = {}
        """Column → how many stand before it."""
        self.shown_as: str | None = None
        """The sheet as text, where the file is none itself."""

    def text(self) -> str:
        """The sheet as messages show it."""
        if self.shown_as is not None:
            return self.shown_as
        return shown_text(self._path, self._encoding)

    def span(self, line: int, column: str) -> Span:
        """Where the cell of a column stands in the row of a line; the line, where it is not found."""
        if self._lines is None:
            self._lines = self.text().split("\n")
        number = self.numbers.get(column, -1)
        for at, place in enumerate(cells_of(self._lines, line, self.delimiter)):
            if at == number:
                return Span(self._shown, place.line, place.column, place.end_line, place.end_column)
        return Span(self._shown, line, 1, line, 1)

    def span_of_row(self, row: int, column: str, rows: int) -> Span:
        """Where a cell stands of which nobody knows the line, in a sheet of so many rows; or else the header."""
        lines = self.text().rstrip("\n").split("\n")
        # With line breaks in cells, or empty lines, rows and lines are not the same.
        return self.span(row + 2, column) if len(lines) == rows + 1 else Span(self._shown, 1, 1, 2, 1)


def shown_lines(found: Iterable[Diagnostic], sheets: Mapping[str, SheetPlaces]) -> dict[str, str]:
    """The sheets that diagnostics point into, each as a text of just the lines that they point at.

    A sheet may have a million lines, and who shows a diagnostic wants a few.
    """
    wanted: dict[str, set[int]] = {}
    for diagnostic in found:
        places = [diagnostic.span, *(related.span for related in diagnostic.related)]
        for span in places:
            if span is not None and span.file in sheets:
                wanted.setdefault(span.file, set()).add(span.line)
    texts = ((name, sheets[name].text(), lines) for name, lines in wanted.items())
    return {name: _only(text, lines) for name, text, lines in texts if text}


def _only(text: str, wanted: Collection[int]) -> str:
    lines = text.split("\n", max(wanted))[: max(wanted)]
    return "\n".join(line if number in wanted else "" for number, line in enumerate(lines, 1))
