"""Tables beside the Snakefile: what varies from job to job and cannot be read off a wildcard (decision 0003)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sncompile.ir.keys.table import Cell, Table
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import to_text
from sncompile.targets.snakemake.model import LateRows, Sidecar
from sncompile.targets.snakemake.names import item_name

RESERVED = ("FILES", "CONTAINER", "VALUE")
"""Variables of the Snakefile's header."""


class _Draft:
    """A table that is still growing columns; those of `keys` say which of its rows a job takes."""

    def __init__(self, variable: str, keys: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
        self.variable = variable
        self.keys = tuple(keys)
        self.columns = dict(columns)
        self.names: dict[str, str] = {}
        """Columns of the spec's table → columns here."""
        self.late: Table | None = None
        """The spec's table, where a step writes its rows and they are not known."""
        self.parts: tuple[str, ...] = ()
        """The sidecars whose rows are put together, where it has none of its own."""


class Sidecars:
    """The tables of one Snakefile. A table of the spec becomes one sidecar, with the columns that rules ask for.

    Rows are chosen by the key columns of a sidecar and never by another one, whatever it is called: a column that one
    rule asks for does not change what another rule takes.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._variables: set[str] = set(RESERVED)
        self._drafts: dict[str, _Draft] = {}
        self._tables: dict[int, tuple[Table, str]] = {}
        self._steps: dict[tuple[str, ...], str] = {}
        """Of a step and its wildcards the sidecar that has them."""

    def _new(self, name: str, keys: Mapping[str, Sequence[str]], columns: Mapping[str, Sequence[str]]) -> str:
        # Some file systems take names that differ in their case for one.
        base = re.sub(r"[^\w.]", "_", name)
        name, number = base, 1
        while name.casefold() in self._names or _variable(name) in self._variables:
            number += 1
            name = f"{base}_{number}"
        self._names.add(name.casefold())
        self._variables.add(_variable(name))
        self._drafts[name] = _Draft(_variable(name), tuple(keys), {**keys, **columns})
        return name

    def table(self, table: Table) -> str:
        """The sidecar of a spec's table, with its keys as they stand in paths."""
        found = self._tables.get(id(table))
        if found is None:
            keys = {item_name(k): [encode_key(str(c)) for c in table.columns[k]] for k in table.key}
            found = self._tables[id(table)] = (table, self._new(table.name, keys, {}))
            if table.awaited:
                self._drafts[found[1]].late = table
        return found[1]

    def column(self, table: Table, column: str) -> tuple[str, str]:
        """The variable of a table's sidecar and the name of a column there, as it is and not encoded."""
        draft = self._drafts[self.table(table)]
        if column not in draft.names:
            draft.names[column] = _add(draft, item_name(column), _texts(table.columns[column]))
        return draft.variable, draft.names[column]

    def rows(
        self, name: str, keys: Mapping[str, Sequence[str]], columns: Mapping[str, Sequence[str]] = MappingProxyType({})
    ) -> str:
        """A sidecar of its own, whose rows are chosen by `keys`; gives its variable.

        The same columns under the same name are the same sidecar.
        """
        return self._drafts[self.rows_of(name, keys, columns)].variable

    def rows_of(
        self, name: str, keys: Mapping[str, Sequence[str]], columns: Mapping[str, Sequence[str]] = MappingProxyType({})
    ) -> str:
        """As `rows`; gives the name of the sidecar."""
        for known, draft in self._drafts.items():
            if known == name and draft.keys == tuple(keys) and draft.columns == {**keys, **columns}:
                return known
        return self._new(name, keys, columns)

    def joined(self, name: str, keys: Sequence[str], parts: Sequence[str]) -> str:
        """A sidecar whose rows are those of others put together, and chosen by `keys`; gives its variable."""
        for draft in self._drafts.values():
            if draft.keys == tuple(keys) and draft.parts == tuple(parts):
                return draft.variable
        draft = self._drafts[self._new(name, dict.fromkeys(keys, ()), {})]
        draft.parts = tuple(parts)
        return draft.variable

    def is_late(self, variable: str) -> bool:
        """Whether the rows of a variable are not known before a job has run."""
        return any(d.variable == variable and (d.late is not None or d.parts) for d in self._drafts.values())

    def late(self) -> Iterator[tuple[str, Table]]:
        """The sidecars of tables whose rows are not known yet."""
        return ((name, draft.late) for name, draft in self._drafts.items() if draft.late is not None)

    def variable(self, name: str) -> str:
        """The variable of a sidecar."""
        return self._drafts[name].variable

    def add_column(
        self, name: str, base: Mapping[str, Sequence[str]], column: str, cells: Sequence[str]
    ) -> tuple[str, str]:
        """A column in a step's sidecar whose rows are told apart by `base`; gives variable and column name."""
        known = (name, *base)
        if known not in self._steps:
            self._steps[known] = self._new(name, base, {})
        draft = self._drafts[self._steps[known]]
        return draft.variable, _add(draft, column, cells)

    def finished(self, late: Mapping[str, Callable[[Mapping[str, str]], LateRows]]) -> tuple[Sidecar, ...]:
        """All sidecars, sorted by name, each after its parts. `late` says how rows are read that are not known."""
        drafts = sorted(self._drafts.items(), key=lambda found: (bool(found[1].parts), found[0]))
        return tuple(self._finished(name, draft, late.get(name)) for name, draft in drafts)

    def _finished(self, name: str, draft: _Draft, late: Callable[[Mapping[str, str]], LateRows] | None) -> Sidecar:
        if draft.parts:
            parts = tuple(self._drafts[part].variable for part in draft.parts)
            return Sidecar(name, draft.variable, draft.keys, (), (), parts=parts)
        if late is None or draft.late is None or draft.late.late is None:
            rows = tuple(zip(*draft.columns.values(), strict=True))
            return Sidecar(name, draft.variable, draft.keys, tuple(draft.columns), rows)
        source = draft.late.late.instances
        names = tuple(map(item_name, source.by))
        rows = tuple(tuple(map(encode_key, key)) for key in source.instances)
        columns = {here: there for there, here in draft.names.items() if here not in draft.keys}
        return Sidecar(name, draft.variable, draft.keys, names, rows if names else (), late(columns))


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()


def _texts(cells: Sequence[Cell]) -> list[str]:
    return ["" if c is None else to_text(c) for c in cells]


def _add(draft: _Draft, column: str, cells: Sequence[str]) -> str:
    """A column under a name that is free, or that has the same cells already; gives the name."""
    found, number = column, 1
    while found in draft.columns and list(draft.columns[found]) != list(cells):
        number += 1
        found = f"{column}_{number}"
    draft.columns[found] = cells
    return found
