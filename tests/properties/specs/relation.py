"""Which instances a step has, and which of one step feed which of another: the third idea, as it is written.

Steps over several tables meet in the natural join. A *combination* holds one row of each table. Everything is done by
looking at all of them, in the order of the rows, the outer tables first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .model import Row, Table

Combination = dict[str, tuple[Table, int, Row]]
"""The place of a table → the table, the number of a row, and the row."""

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """A table, known by where it is declared: two pipelines may each have one of the same name."""

    place: str
    table: Table


@dataclass(frozen=True)
class Range:
    """What a step ranges over: its tables, the outer ones first; what their rows must fulfil; its keys."""

    tables: tuple[Placed, ...] = ()
    wheres: tuple[tuple[Placed, Callable[[Row], bool]], ...] = ()
    keys: tuple[tuple[str, Placed], ...] = ()

    @property
    def names(self) -> Keys:
        """The names of the keys."""
        return tuple(name for name, _ in self.keys)

    def key(self, found: Combination) -> Keys:
        """The instance that a combination belongs to."""
        return tuple(str(found[placed.place][2][name]) for name, placed in self.keys)

    def combinations(self) -> list[Combination]:
        """All that fulfil the conditions, in order."""
        return [
            found
            for found in joined([{}], self.tables)
            if all(condition(found[placed.place][2]) for placed, condition in self.wheres)
        ]

    def instances(self) -> list[Keys]:
        """The distinct keys, in the order of the rows."""
        return list(dict.fromkeys(map(self.key, self.combinations()))) if self.keys else [()]

    def of(self, key: Keys) -> list[Combination]:
        """The combinations of an instance; one without rows where the step ranges over no table."""
        return [found for found in self.combinations() if self.key(found) == key]


def joined(combinations: Iterable[Combination], tables: Sequence[Placed]) -> list[Combination]:
    """Every combination with every row of the tables that fits all its rows; a table that is in it stays as it is."""
    found = list(combinations)
    for placed in tables:
        larger = []
        for before in found:
            if placed.place in before:
                larger.append(before)
                continue
            for number, row in enumerate(placed.table.rows):
                if all(_fit(table, other, placed.table, row) for table, _, other in before.values()):
                    larger.append({**before, placed.place: (placed.table, number, row)})
        found = larger
    return found


def place(where: str, table: Table) -> Placed:
    """A table at its place."""
    return Placed(f"{where}:{table.name}", table)


def _fit(left: Table, row: Row, right: Table, other: Row) -> bool:
    """Whether two rows agree on the columns that both tables have and that are a key in at least one of them."""
    shared = [c for c in left.columns if c in right.columns and (c in left.key or c in right.key)]
    return all(row[c] is not None and other[c] is not None and str(row[c]) == str(other[c]) for c in shared)


def feeding(combinations: Iterable[Combination], other: Range, order: str = "rows") -> list[Keys]:
    """The instances of `other` that stand in these rows, joined with the tables of `other`.

    They are in the order of the rows that are looked at. With the order `tables` that is that of the other's own rows
    where they lie in a table that is not looked at otherwise.
    """
    if not other.keys:
        return [()]
    looked = list(combinations)
    exist = other.instances()
    found = list(dict.fromkeys(map(other.key, joined(looked, other.tables))))
    if order == "tables" and looked and any(placed.place not in looked[0] for placed in other.tables):
        return [key for key in exist if key in found]
    return [key for key in found if key in exist]
