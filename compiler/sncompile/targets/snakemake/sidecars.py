"""Tables beside the Snakefile: what varies from job to job and cannot be read off a wildcard."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sncompile.semantics.encoding import encode_key
from sncompile.semantics.functions import to_text
from sncompile.semantics.tables import Table
from sncompile.targets.snakemake.model import Sidecar
from sncompile.targets.snakemake.names import item_name, unique


class _Draft:
    """A table that is still growing columns."""

    def __init__(self, variable: str, columns: dict[str, Sequence[str]]) -> None:
        self.variable = variable
        self.columns = columns


class Sidecars:
    """The tables of one Snakefile. A table of the spec becomes one sidecar, with the columns that rules ask for."""

    def __init__(self, taken: set[str]) -> None:
        self._names: set[str] = set(taken)
        self._drafts: dict[str, _Draft] = {}
        self._tables: dict[int, tuple[Table, str]] = {}
        self._steps: dict[str, str] = {}

    def _new(self, name: str, columns: Mapping[str, Sequence[str]]) -> str:
        name = unique(re.sub(r"[^\w.]", "_", name), self._names)
        variable = re.sub(r"\W", "_", name).upper()
        self._drafts[name] = _Draft(variable, dict(columns))
        return name

    def table(self, table: Table) -> str:
        """The sidecar of a spec's table, with its keys as they stand in paths."""
        found = self._tables.get(id(table))
        if found is None:
            keys = {item_name(k): [encode_key(str(c)) for c in table.columns[k]] for k in table.key}
            found = self._tables[id(table)] = (table, self._new(table.name, keys))
        return found[1]

    def column(self, table: Table, column: str) -> tuple[str, str]:
        """The variable of a table's sidecar and the name of a column there, as it is and not encoded."""
        name = self.table(table)
        draft = self._drafts[name]
        cells = ["" if c is None else to_text(c) for c in table.columns[column]]
        safe = item_name(column)
        if safe in draft.columns and list(draft.columns[safe]) != cells:
            safe = f"{safe}_text"
        draft.columns[safe] = cells
        return draft.variable, safe

    def rows(self, name: str, columns: Mapping[str, Sequence[str]]) -> str:
        """A sidecar of its own; gives its variable. The same columns under the same name are the same sidecar."""
        for known, draft in self._drafts.items():
            if known == name and draft.columns == dict(columns):
                return draft.variable
        return self._drafts[self._new(name, columns)].variable

    def variable(self, name: str) -> str:
        """The variable of a sidecar."""
        return self._drafts[name].variable

    def add_column(
        self, name: str, base: Mapping[str, Sequence[str]], column: str, cells: Sequence[str]
    ) -> tuple[str, str]:
        """A column in the sidecar of a step, which has the wildcards `base`; gives variable and column name."""
        if name not in self._steps:
            self._steps[name] = self._new(name, dict(base))
        draft = self._drafts[self._steps[name]]
        found, number = column, 1
        while found in draft.columns and list(draft.columns[found]) != list(cells):
            number += 1
            found = f"{column}_{number}"
        draft.columns[found] = cells
        return draft.variable, found

    def finished(self) -> tuple[Sidecar, ...]:
        """All sidecars, sorted by name."""
        return tuple(
            Sidecar(name, d.variable, tuple(d.columns), tuple(zip(*d.columns.values(), strict=True)))
            for name, d in sorted(self._drafts.items())
        )
