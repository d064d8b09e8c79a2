"""Where the rows that a query gives come from, as far as can be seen of their cells: for messages."""

from __future__ import annotations

from collections.abc import Sequence

from sncompile.diagnostics import Span
from sncompile.ir.keys.table import Cell, Table


class Origins:
    """Finds the places of a table's rows and cells in the tables that it was made from.

    A row is taken to come from the first one there that is the same in the columns that both have.
    """

    def __init__(self, sources: Sequence[Table], span: Span) -> None:
        self._sources = [table for table in sources if table.late is None]
        self._span = span

    def cell(self, table: Table, row: int, column: str) -> Span:
        """Where a cell stands; where nobody can tell, the table that the query makes."""
        for source in self._sources:
            found = _row(source, table, row, column) if column in source.columns else None
            if found is not None:
                return source.cell_span(found, column)
        return self._span

    def row(self, table: Table, row: int) -> Span:
        """Where a row stands; where nobody can tell, the table that the query makes."""
        for source in self._sources:
            found = _row(source, table, row, table.key[0]) if table.key else None
            if found is not None:
                return source.row_span(found)
        return self._span


def _row(source: Table, table: Table, row: int, column: str) -> int | None:
    """The first row of the source that is as the one given: in all columns that both have, or else in fewer."""
    shared = [name for name in table.columns if name in source.columns]
    keys = [name for name in shared if name in table.key]
    for names in (shared, [*keys, *(n for n in (column,) if n in shared and n not in keys)]):
        wanted = [_text(table.columns[name][row]) for name in names]
        if not names or all(cell is None for cell in wanted):
            continue
        cells = zip(*(source.columns[name] for name in names), strict=True)
        found = next((number for number, here in enumerate(cells) if list(map(_text, here)) == wanted), None)
        if found is not None:
            return found
    return None


def _text(cell: Cell) -> str | None:
    return cell if cell is None or isinstance(cell, str) else str(cell)
