"""The table of a set of branches: a row for each, its key, and a column for whatever differs."""

from __future__ import annotations

from collections.abc import Container, Sequence

from sncompile.diagnostics import Span
from sncompile.ir.keys.key_set import KeySet, Rows, keys_of
from sncompile.ir.keys.table import Cell as Plain
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import STRING, Type
from sncompile.ir.values.model import Cell, Const, Key, Text, Value
from sncompile.ir.values.relating import see
from sncompile.passes.merging.naming import fresh, template


class BranchTable:
    """A table that grows columns while families are made over it. `reserved` names are not given to columns."""

    def __init__(self, name: str, keys: Sequence[str], span: Span, reserved: Container[str] = ()) -> None:
        self.name = name
        self.values = list(keys)
        self._columns: dict[str, Sequence[Plain]] = {name: self.values}
        self.table = Table(name, (name,), self._columns, span=span)
        self._reserved = reserved
        self._key_sets: dict[tuple[tuple[int, ...], int], KeySet] = {}

    def keys(self, rows: tuple[int, ...], inner: KeySet) -> KeySet:
        """The key set of some branches, each with all instances of `inner`."""
        known = (rows, id(inner) if inner.by else 0)
        if known not in self._key_sets:
            self._key_sets[known] = self._make(rows, inner)
        return self._key_sets[known]

    def _make(self, rows: tuple[int, ...], inner: KeySet) -> KeySet:
        all_rows = Rows.of(self.table)
        if not inner.by:
            whole = rows == tuple(range(len(self.values)))
            return KeySet(all_rows if whole else all_rows.select(rows), self.table.key)
        size = inner.rows.size
        mine = [row for row in rows for _ in range(size)]
        theirs = [list(column) * len(rows) for column in inner.rows.index]
        joined = Rows((self.table, *inner.rows.tables), (mine, *theirs), len(mine))
        return KeySet(joined, (*self.table.key, *inner.by))

    def value(
        self, column: str, cells: Sequence[Plain], rows: tuple[int, ...], keys: KeySet, kind: Type, span: Span
    ) -> Value:
        """What differs between the branches of `rows`, seen from `keys`: text made of the key, or else a column."""
        if all(isinstance(cell, str) for cell in cells):
            texts = [str(cell) for cell in cells]
            pieces = template(texts, [self.values[row] for row in rows])
            if pieces is not None:
                return self._text(pieces, keys, kind, span)
        full: list[Plain] = [None] * len(self.values)
        for row, cell in zip(rows, cells, strict=True):
            full[row] = cell
        name = self._column(column, full)
        optional = kind._replace(optional=kind.optional or None in cells)
        return see(Cell(self.table, name, optional, span), keys_of(self.table), keys, span)

    def _text(self, pieces: list[str], keys: KeySet, kind: Type, span: Span) -> Value:
        parts: list[Value] = []
        for number, piece in enumerate(pieces):
            if number:
                parts.append(Key(keys, self.name, False, STRING, span))
            if piece:
                parts.append(Const(piece, STRING, span))
        return parts[0]._replace(type=kind) if len(parts) == 1 else Text(tuple(parts), kind, span)

    def _column(self, wanted: str, cells: list[Plain]) -> str:
        """The name of a column with these cells; cells of other branches may differ where these have none."""
        columns = self._columns

        def taken(name: str) -> bool:
            return name in self._reserved or (name in columns and not _same(columns[name], cells))

        name = fresh(wanted, taken)
        columns[name] = cells
        return name


def _same(one: Sequence[Plain], other: Sequence[Plain]) -> bool:
    """Whether two columns hold the same: to Python `1`, `1.0` and `true` are equal, and their texts are not."""
    return one == other and all(type(a) is type(b) for a, b in zip(one, other, strict=True))
