"""Rows of several tables side by side, where those of one are not known yet: the emitted file puts them together.

A step over samples that are known and intervals that another step finds has an instance for each pair. Its rows are
those of the two tables that agree in the keys which both have, as `ir.keys.key_set.Rows.join` has them.

Decision 0090.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.encoding import encode_key
from sncompile.targets.snakemake.choosing import Rows
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.sidecars import Sidecars


class _Part(NamedTuple):
    """A table's sidecar, and its key columns as they stand there."""

    sidecar: str
    keys: Mapping[str, Sequence[str]]


def joined_rows(source: KeySet, owner: str, sidecars: Sidecars) -> tuple[str, Rows] | None:
    """The sidecar whose rows are the instances of `source`, with its key columns; `owner` names it.

    None where all rows are known, and where the tables join otherwise than by keys that both have.
    """
    tables = source.rows.tables
    if len(tables) < 2 or not any(table.awaited for table in tables) or not _joined_by_keys(tables):
        return None
    parts = [_part(source, number, owner, sidecars) for number in range(len(tables))]
    rows = _put_together(parts)
    wanted = [item_name(name) for name in source.by]
    if not rows or not set(wanted) <= rows[0].keys():
        return None
    keys = [tuple([row[name] for name in wanted]) for row in rows]
    numbers = {tuple(map(encode_key, key)): number for number, key in enumerate(source.instances)}
    if list(dict.fromkeys(keys)) != list(numbers):
        return None
    columns = {name: [key[place] for key in keys] for place, name in enumerate(wanted)}
    found = sidecars.joined(owner, wanted, [part.sidecar for part in parts])
    return found, Rows(columns, [numbers[key] for key in keys])


def _joined_by_keys(tables: Sequence[Table]) -> bool:
    """Whether the tables have no column in common that is a key in one of them alone."""
    return not any(
        column in other.columns and (column in one.key) != (column in other.key)
        for number, one in enumerate(tables)
        for other in tables[:number]
        for column in one.columns
    )


def _part(source: KeySet, number: int, owner: str, sidecars: Sidecars) -> _Part:
    """One of the tables, without the rows that the instances leave out."""
    table, taken = source.rows.tables[number], sorted(set(source.rows.index[number]))
    keys = {item_name(name): [encode_key(str(cell)) for cell in table.columns[name]] for name in table.key}
    if table.awaited or len(taken) == len(table):
        return _Part(sidecars.table(table), keys)
    chosen = {name: [cells[row] for row in taken] for name, cells in keys.items()}
    return _Part(sidecars.rows_of(f"{owner}.{table.name}", chosen), chosen)


def _put_together(parts: Sequence[_Part]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = [{}]
    for part in parts:
        here = [dict(zip(part.keys, cells, strict=True)) for cells in zip(*part.keys.values(), strict=True)]
        rows = [row | more for row in rows for more in here if all(row.get(n, more[n]) == more[n] for n in more)]
    return rows
