"""The tables whose rows a value follows from."""

from __future__ import annotations

from collections.abc import Iterator

from sncompile.ir.keys.table import Table
from sncompile.ir.values.model import Cell, Key, Lookup, Related, Value, walk


def tables_of(value: Value) -> Iterator[Table]:
    """Those of its cells and look-ups, and those that its keys come from."""
    for leaf in walk(value):
        if isinstance(leaf, Cell | Lookup):
            yield leaf.table
        elif isinstance(leaf, Key):
            yield from leaf.keys.rows.tables
        elif isinstance(leaf, Related):
            yield from leaf.source.rows.tables
            yield from leaf.target.rows.tables
