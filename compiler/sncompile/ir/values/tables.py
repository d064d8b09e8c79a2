"""The tables whose rows a value follows from, and whether they are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

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


def follows_from_unknown_rows(value: Value) -> bool:
    """Whether a value is another one for other rows of tables that are not known yet.

    A key that such a table has from the step that writes its rows is known, and what does not gather has one value
    whatever the rows are.
    """
    for leaf in walk(value):
        if isinstance(leaf, Cell | Lookup):
            if leaf.table.awaited:
                return True
        elif isinstance(leaf, Key):
            if any(t.awaited and t.late is not None and leaf.name in t.late.own for t in leaf.keys.rows.tables):
                return True
        elif isinstance(leaf, Related) and leaf.gathers and any(t.awaited for t in leaf.source.rows.tables):
            return True
    return False


class LateJoin(NamedTuple):
    """That a table whose rows are not known yet joins with another one over a column that a step writes."""

    table: Table
    other: Table
    column: str


def late_join(value: Value) -> LateJoin | None:
    """The first such join on the way to a value: which instances feed which is not known before the rows are.

    The keys of the step that writes the rows are known, and what stands in for the rows has them.
    """
    for leaf in walk(value):
        if not isinstance(leaf, Related):
            continue
        tables = list(dict.fromkeys((*leaf.target.rows.tables, *leaf.source.rows.tables)))
        for table in tables:
            if not table.awaited or table.late is None:
                continue
            written = [name for name in table.columns if name not in table.late.instances.by]
            for other in tables:
                if other is not table and not set(leaf.source.rows.tables) <= set(leaf.target.rows.tables):
                    over = [n for n in written if n in other.columns and (n in table.key or n in other.key)]
                    if over:
                        return LateJoin(table, other, over[0])
    return None
