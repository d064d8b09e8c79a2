"""Key sets: which instances a step has, and which instances of one feed which of another.

This is idea 3 of the language. `u` ranges over keys A, `v` over keys B. An instance of `v` looks at its own rows (those
its `where` lets pass), joined with the tables of `u` that it does not range over itself; the instances of `u` that feed
it are those whose key stands in one of these rows. Where A is inside B that is at most one.

Decisions 0002, 0011.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sncompile.diagnostics import Span
from sncompile.ir.keys.table import Cell, Table
from sncompile.ir.language.operands import ValueFault

MAX_ROWS = 5_000_000
"""Rows of a join; more fill the memory, and no pipeline has so many jobs."""


class Rows:
    """Rows of one or more tables joined: row `i` is row `index[k][i]` of each `tables[k]`."""

    def __init__(self, tables: tuple[Table, ...], index: tuple[Sequence[int], ...], size: int) -> None:
        self.tables = tables
        self.index = index
        self.size = size

    @staticmethod
    def of(table: Table) -> Rows:
        """All rows of a table."""
        return Rows((table,), (range(len(table)),), len(table))

    @staticmethod
    def unit() -> Rows:
        """One row of no table: what a step without keys has."""
        return Rows((), (), 1)

    def owner(self, column: str) -> int | None:
        """The place of the table that has a key column (or, failing that, the column)."""
        for strict in (True, False):
            for number, table in enumerate(self.tables):
                if column in (table.key if strict else table.columns):
                    return number
        return None

    def column(self, name: str) -> Sequence[Cell]:
        """A column of the join, by name; key columns first."""
        number = self.owner(name)
        if number is None:
            raise KeyError(name)
        return self._cells(number, name)

    def rows_of(self, table: Table) -> Sequence[int]:
        """Which row of `table` each row has."""
        return self.index[self.tables.index(table)]

    def select(self, chosen: Sequence[int]) -> Rows:
        """Some of the rows."""
        return Rows(self.tables, tuple([column[i] for i in chosen] for column in self.index), len(chosen))

    def join(self, table: Table) -> tuple[Rows, Sequence[int]]:
        """The natural join with a table, over the columns that are a key in one of the two; and of every joined row
        the row here that it came from.

        Non-key columns that merely share a name (`path`, say) do not join. Without a common column it is the product.
        """
        common = self._common(table)
        if not common:
            _refuse_large(self.size * len(table), self, table)
            pairs = [(i, j) for i in range(self.size) for j in range(len(table))]
        else:
            there: dict[tuple[str | None, ...], list[int]] = {}
            for j, key in enumerate(zip(*(map(_text, table.columns[c]) for _, c in common), strict=True)):
                there.setdefault(key, []).append(j)
            here = zip(*(map(_text, self._cells(number, c)) for number, c in common), strict=True)
            pairs = []
            for i, key in enumerate(here):
                found = there.get(key, ())
                _refuse_large(len(pairs) + len(found), self, table)
                pairs += [(i, j) for j in found]
        origin = [i for i, _ in pairs]
        index = (*([column[i] for i in origin] for column in self.index), [j for _, j in pairs])
        return Rows((*self.tables, table), index, len(pairs)), origin

    def _common(self, table: Table) -> list[tuple[int, str]]:
        """The columns to join a table over, each with the number of the table here that has it.

        Several tables here may have one: two plain columns of a name do not join with each other, but each with a key.
        """
        return [
            (number, column)
            for column in table.columns
            for number, own in enumerate(self.tables)
            if column in own.columns and (column in table.key or column in own.key)
        ]

    def dropped(self, table: Table) -> tuple[int, tuple[str, ...], str, list[int]] | None:
        """Rows that find one of the table by the columns that are keys of both, but none by all that the join is over.

        That is the number of a table here with its rows that fall out, the columns that are keys of both, and one that
        is not the same. None where there are none such: no column is a key of both, or all of them are.
        """
        common = self._common(table)
        keys = [(n, name) for n, name in common if name in table.key and name in self.tables[n].key]
        if not keys or len(keys) == len(common):
            return None
        plain = [pair for pair in common if pair not in keys]
        there: dict[tuple[str | None, ...], set[tuple[str | None, ...]]] = {}
        names = ([name for _, name in keys], [name for _, name in plain])
        columns = [list(zip(*(map(_text, table.columns[name]) for name in part), strict=True)) for part in names]
        for key, rest in zip(*columns, strict=True):
            there.setdefault(key, set()).add(rest)
        here = [list(zip(*(map(_text, self._cells(*pair)) for pair in part), strict=True)) for part in (keys, plain)]
        rows = [i for i, (key, rest) in enumerate(zip(*here, strict=True)) if rest not in there.get(key, {rest})]
        if not rows:
            return None
        key, rest = here[0][rows[0]], here[1][rows[0]]
        differs = [all(found[k] != rest[k] for found in there[key]) for k in range(len(plain))]
        number, column = plain[differs.index(True) if True in differs else 0]
        index = self.index[number]
        return number, tuple(dict.fromkeys(names[0])), column, [index[i] for i in rows]

    def _cells(self, number: int, column: str) -> Sequence[Cell]:
        cells, index = self.tables[number].columns[column], self.index[number]
        if isinstance(index, range) and len(index) == len(cells):
            return cells
        return [cells[i] for i in index]

    def meets(self, table: Table) -> bool:
        """Whether a join with the table has a common column."""
        return bool(self._common(table))


def _refuse_large(size: int, rows: Rows, table: Table) -> None:
    if size > MAX_ROWS:
        names = " and ".join(f"`{t.name}`" for t in (*rows.tables, table))
        hint = "give them a key in common, or leave rows out with `where`"
        raise ValueFault(f"the tables {names} join to more than {MAX_ROWS:,} rows", hint)


def _text(cell: Cell) -> str | None:
    return cell if cell is None or isinstance(cell, str) else str(cell)


class Lacking(NamedTuple):
    """Why an instance has none of a source's where it should, and where that is said; `absent` where it names none.

    `named` are the keys that it names.
    """

    why: str
    place: Span | None
    absent: bool
    named: Mapping[str, str] = MappingProxyType({})


class Link(NamedTuple):
    """That instances of `source` feed those of a key set, where it does not follow from their keys.

    `instances` holds, for every instance, those of the source; `one` says that there is one at most. `lacking` are
    instances that have none and should, as the spec says by name whom they take (`lookup`).
    """

    source: KeySet
    instances: Sequence[Sequence[int]]
    one: bool
    lacking: Mapping[int, Lacking] = MappingProxyType({})


class Sparse(Sequence[Sequence[int]]):
    """A link's instances where most have none: those of some numbers, and `size` in all."""

    def __init__(self, found: Mapping[int, Sequence[int]], size: int) -> None:
        self._found, self._size = found, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, number: int) -> Sequence[int]:  # type: ignore[override]  # Never sliced.
        if not 0 <= number < self._size:
            raise IndexError(number)
        return self._found.get(number, ())


class KeySet:
    """The instances of a step: the distinct combinations of its keys in its rows, in the rows' order.

    Compared by identity. Everything is worked out when first asked for. `link` overrules the keys for one source.
    """

    def __init__(self, rows: Rows, by: tuple[str, ...], link: Link | None = None) -> None:
        self.rows = rows
        self.by = by
        self.link = link
        # The set without keys is shared by all programs: it must not keep those that nobody holds any more.
        self._relations: WeakKeyDictionary[KeySet, Sequence[Sequence[int]]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        tables = " ⋈ ".join(t.name for t in self.rows.tables)
        return f"KeySet(by={list(self.by)}, of={tables or '-'}, size={len(self)})"

    def __len__(self) -> int:
        if not self.by:
            return 1
        return self.rows.size if self._by_row else len(self._first)

    @cached_property
    def _by_row(self) -> bool:
        """Whether every row is an instance of its own: the keys hold the key of the only table."""
        tables = self.rows.tables
        return len(tables) == 1 and set(tables[0].key) <= set(self.by)

    @property
    def whole_table(self) -> Table | None:
        """The table whose rows, all of them and in their order, are the instances; None where there is none such."""
        tables = self.rows.tables
        if self.link is not None or not self._by_row or set(self.by) != set(tables[0].key):
            return None
        index = self.rows.index[0]
        return tables[0] if index == range(len(tables[0])) and len(tables[0]) else None

    @cached_property
    def instances(self) -> Sequence[tuple[str, ...]]:
        """The keys of the instances, in order."""
        if not self.by:
            return [()]
        columns = [self.rows.column(name) for name in self.by]
        if self._by_row:
            return list(zip(*columns, strict=True))
        return [tuple(str(c[i]) for c in columns) for i in self._first]

    @cached_property
    def _membership(self) -> tuple[list[int], list[int]]:
        """Of every row its instance, and of every instance its first row."""
        seen: dict[tuple[Cell, ...], int] = {}
        member: list[int] = []
        first: list[int] = []
        for row, key in enumerate(zip(*(self.rows.column(n) for n in self.by), strict=True)):
            number = seen.get(key)
            if number is None:
                number = seen[key] = len(first)
                first.append(row)
            member.append(number)
        return member, first

    @property
    def _first(self) -> Sequence[int]:
        return self._membership[1]

    @cached_property
    def position(self) -> dict[tuple[str, ...], int]:
        """Key → number of the instance."""
        return {key: number for number, key in enumerate(self.instances)}

    def column(self, name: str) -> Sequence[str]:
        """One key of every instance."""
        place = self.by.index(name)
        if self._by_row:
            return self.rows.column(name)  # type: ignore[return-value]
        return [key[place] for key in self.instances]

    def member(self) -> Sequence[int]:
        """Of every row the instance it belongs to."""
        if not self.by:
            return [0] * self.rows.size
        return range(self.rows.size) if self._by_row else self._membership[0]

    def describe(self, number: int) -> str:
        """An instance in words: `well=A01, site=1`; empty for the only instance of a step without keys, and of none.

        Keys of rows that are not known yet are left out: what stands in for them is no word of the user's.
        """
        if number >= len(self):
            return ""
        late = [table.late for table in self.rows.tables if table.late is not None]
        unknown = {name for source in late if not source.known for name in source.own}
        named = zip(self.by, self.instances[number], strict=True)
        return ", ".join(f"{name}={value}" for name, value in named if name not in unknown)

    def linked(self, source: KeySet) -> bool:
        """Whether a link says which instances of the source feed those here."""
        return self.link is not None and self.link.source is source

    def lacking(self, source: KeySet) -> Mapping[int, Lacking]:
        """The instances here that name one of the source that is not there, or none, where they name it at all."""
        return self.link.lacking if self.link is not None and self.link.source is source else {}

    def has_one(self, source: KeySet) -> bool:
        """Whether one instance of the source at most feeds each instance here."""
        if self.link is not None and self.link.source is source:
            return self.link.one
        return not source.by or set(source.by) <= set(self.by)

    def unjoined(self, source: KeySet) -> bool:
        """Whether nothing joins the rows here and those of the source, so that every instance of it feeds each here."""
        return not any(table in self.rows.tables or self.rows.meets(table) for table in source.rows.tables)

    def related(self, source: KeySet) -> Sequence[Sequence[int]]:
        """For every instance here, the instances of `source` that feed it, in the order of the rows that it looks at.

        So a list of another step's outputs pairs with a list of a column, whatever the other step ranges over:

            patient  tissue  label      by tissue    P1 takes of these   and of the labels
            P1       blood   b          blood        blood               b
            P2       liver   l          liver        skin                s
            P1       skin    s          skin         liver               r
            P1       liver   r
        """
        if self.link is not None and self.link.source is source:
            return self.link.instances
        found = self._relations.get(source)
        if found is None:
            found = self._relations[source] = self._relate(source)
        return found

    def _relate(self, source: KeySet) -> Sequence[Sequence[int]]:
        count = len(self)
        if source is self or (source.rows is self.rows and source.by == self.by):
            return [(i,) for i in range(count)]
        if not source.by:
            return [(0,)] * count
        missing = [table for table in source.rows.tables if table not in self.rows.tables]
        if self.unjoined(source):
            return [range(len(source))] * count
        if set(source.by) <= set(self.by) and not missing:
            # A map or a broadcast: the instance's own key holds the source's.
            places = [self.by.index(name) for name in source.by]
            keys = self.instances if source.by == self.by else [tuple([k[p] for p in places]) for k in self.instances]
            return [() if n is None else (n,) for n in map(source.position.get, keys)]
        return self._relate_by_rows(source, missing)

    def _relate_by_rows(self, source: KeySet, missing: Iterable[Table]) -> Sequence[Sequence[int]]:
        rows = self.rows
        origin: Sequence[int] = range(self.rows.size)
        for table in missing:
            rows, came = rows.join(table)
            origin = [origin[i] for i in came]
        member, position = self.member(), source.position
        fed: list[dict[int, None]] = [{} for _ in range(len(self))]
        for row, key in enumerate(zip(*(rows.column(name) for name in source.by), strict=True)):
            number = position.get(key)
            if number is not None:
                fed[member[origin[row]]].setdefault(number)
        return [tuple(numbers) for numbers in fed]


def rows_of_tables(tables: Sequence[Table]) -> Rows:
    """All rows of some tables, joined one after the other; raises `ValueFault` where there are too many."""
    rows = Rows.of(tables[0]) if tables else Rows.unit()
    for table in tables[1:]:
        rows, _ = rows.join(table)
    return rows


def keys_of(table: Table) -> KeySet:
    """The key set of a table's rows: one instance a row, and the same set whenever it is asked for."""
    if table.own_keys is None:
        table.own_keys = KeySet(Rows.of(table), table.key)
    keys: KeySet = table.own_keys
    return keys
