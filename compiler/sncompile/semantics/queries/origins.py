"""Where the rows that a query gives come from, as far as can be seen of their cells: for messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sncompile.diagnostics import Span
from sncompile.ir.keys.table import Cell, Table


class Origins:
    """Finds the places of a table's rows and cells in the tables that it was made from.

    A row is taken to come from the first one there that is the same in the columns that both have. A column that the
    query has given another name is taken for the only one there that holds all of its cells.
    """

    def __init__(self, sources: Sequence[Table], span: Span) -> None:
        self._sources = [table for table in sources if table.late is None]
        self._span = span
        self._names: dict[Table, dict[str, str]] = {}

    def cell(self, table: Table, row: int, column: str) -> Span:
        """Where a cell stands; where nobody can tell, the table that the query makes."""
        for source in self._sources:
            found = _row(source, table, row, column) if column in source.columns else None
            if found is not None:
                return source.cell_span(found, column)
        for source in self._sources:
            place = self._renamed(source, table, row, column) if column not in source.columns else None
            if place is not None:
                return source.cell_span(*place)
        return self._span

    def row(self, table: Table, row: int) -> Span:
        """Where a row stands; where nobody can tell, the table that the query makes."""
        for source in self._sources:
            found = _row(source, table, row, table.key[0]) if table.key else None
            if found is not None:
                return source.row_span(found)
        return self._span

    def _renamed(self, source: Table, table: Table, row: int, column: str) -> tuple[int, str] | None:
        """The row and the column of the source that a cell is from whose column has another name there."""
        if source not in self._names:
            self._names[source] = _names_there(source, table)
        names = self._names[source]
        there = names.get(column)
        if there is None or table.columns[column][row] is None:
            return None
        tries = ([name for name in table.columns if name in names], [*(n for n in table.key if n in names), column])
        for mine in (*tries, [column]):
            wanted = [_text(table.columns[name][row]) for name in mine]
            cells = zip(*(source.columns[names[name]] for name in mine), strict=True)
            found = [number for number, here in enumerate(cells) if list(map(_text, here)) == wanted]
            if found and (len(found) == 1 or mine != [column]):
                return found[0], there
        return None


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


def _names_there(source: Table, table: Table) -> dict[str, str]:
    """What the columns of a table are called in a source, where they can be told apart by what they hold."""
    names = {name: name for name in table.columns if name in source.columns}
    held = {name: _held(source, name) for name in source.columns if name not in names}
    left = {name: _held(table, name) for name in table.columns if name not in names}
    while (sure := _only_match(left, held)) is not None:
        name, there = sure
        names[name] = there
        del held[there], left[name]
    return names


def _only_match(left: Mapping[str, set[str]], held: Mapping[str, set[str]]) -> tuple[str, str] | None:
    """A column whose cells stand in one other column alone, and that."""
    for name, texts in left.items():
        meant = [there for there, cells in held.items() if texts and texts <= cells]
        if len(meant) == 1:
            return name, meant[0]
    return None


def _held(table: Table, column: str) -> set[str]:
    return {text for text in map(_text, table.columns[column]) if text is not None}


def _text(cell: Cell) -> str | None:
    return cell if cell is None or isinstance(cell, str) else str(cell)
