"""The queries of one pipeline: which tables they name, and the tables that they make."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, did_you_mean
from sncompile.faults import tables as faults
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import Type
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.origins import Origins
from sncompile.semantics.queries.stored_columns import StoredColumns, StoreError
from sncompile.semantics.queries.text import Query, SqlFault, read_query
from sncompile.semantics.scope import Scope
from sncompile.semantics.tables.keys import check_keys
from sncompile.syntax.document import PipelineDoc, TableDoc
from sncompile.syntax.expressions import Template

if TYPE_CHECKING:
    from sncompile.semantics.inference.inferred import Found
    from sncompile.semantics.queries.form import Form
    from sncompile.semantics.queries.session import Session


@dataclass(frozen=True)
class Asked:
    """A query that was read: its form, and the tables of the spec that it names."""

    query: Query
    form: Form
    names: tuple[str, ...]


class Queries:
    """The queries of a pipeline and the session that they run in; `inside` and `known` are the names of all tables.

    Faults of queries are told, each at its place.
    """

    def __init__(
        self, doc: PipelineDoc, outer: Mapping[str, Table], scope: Scope, databases: Databases, report: Report
    ) -> None:
        from sncompile.semantics.queries.session import Session

        self.session: Session = Session(databases)
        self._doc, self._report, self._scope = doc, report, scope
        self.lost: set[str] = set()
        """Tables that cannot be put in, which has been told: no query that names one is run."""
        self._known = [*doc.tables, *(name for name in outer if name not in doc.tables)]
        made = ((name, table.sql) for name, table in doc.tables.items())
        self._tables = {name: self._read(sql) for name, sql in made if sql is not None}
        self.inferred = {name: self._read(value.sql) for name, value in doc.infer.items() if value.sql is not None}

    def _read(self, template: Template) -> Asked | None:
        query = read_query(template, self._scope, self._doc.source, self._report)
        if query is None:
            return None
        try:
            form = self.session.form(query)
            return Asked(query, form, tuple(self._named(name, start) for name, start in form.tables.items()))
        except SqlFault as fault:
            self._report.add(query.fault(fault))
            return None

    def _named(self, name: str, start: int) -> str:
        """The table of the spec that a query means. Raises `SqlFault`."""
        found = [known for known in self._known if known.lower() == name]
        if len(found) == 1:
            return found[0]
        if found:
            told = " and ".join(f"`{known}`" for known in found)
            message = f"SQL does not tell the tables {told} apart"
            raise SqlFault(message, help="rename one of them", start=start, length=len(name))
        hint = did_you_mean(name, self._known, what="tables here") or "declare it under `tables`"
        raise SqlFault(f"unknown table `{name}`", help=hint, start=start, length=len(name))

    @property
    def named(self) -> frozenset[str]:
        """The tables that some query names."""
        asked = (*self._tables.values(), *self.inferred.values())
        return frozenset(name for one in asked if one is not None for name in one.names)

    def names_by_query(self) -> dict[str, tuple[str, ...]]:
        """The tables that each query names, by what the query makes: a table, or an inferred value."""
        asked = {**self._tables, **self.inferred}
        return {name: one.names for name, one in asked.items() if one is not None}

    def put_in(self, tables: Mapping[str, Table]) -> None:
        """Put the tables that queries name into the session, all before the first query is run."""
        for name in sorted(self.named):
            if name not in tables or self._tell_case(tables[name]):
                continue
            try:
                self.session.add(tables[name])
            except SqlFault as fault:
                span = tables[name].span
                message = f"SQL cannot take the table `{name}`: {fault}"
                self._report.add(faults.BAD_TABLE.at(span, message, help=fault.help or "rename its columns"))
                self.lost.add(name)

    def _tell_case(self, table: Table) -> bool:
        """Whether two columns of a table are one to SQL, which is told; no query that names it is run then."""
        seen: dict[str, str] = {}
        pairs = [(other, name) for name in table.columns if (other := seen.setdefault(name.lower(), name)) != name]
        if not pairs:
            return False
        one, other = pairs[0]
        message = f"SQL does not tell the columns `{one}` and `{other}` of `{table.name}` apart"
        declared = self._doc.tables[table.name].columns if table.name in self._doc.tables else {}
        place = next((declared[n].declared.name.span for n in (one, other) if n in declared), table.span)
        hint = "rename one of them, or call both alike if they are one: in the sheet, and where the column is declared"
        self._report.add(faults.BAD_TABLE.at(place, message, help=hint))
        self.lost.add(table.name)
        return True

    def make_tables(self, tables: dict[str, Table]) -> None:
        """Make the tables that come from queries, each after those that it is made from; `tables` takes them in."""
        for name in self._order():
            asked, doc = self._tables[name], self._doc.tables[name]
            if asked is None or not all(other in tables and other not in self.lost for other in asked.names):
                continue
            table = self._made(doc, asked, [tables[other] for other in asked.names])
            if table is not None:
                tables[name] = table
                self.session.add(table)

    def find(self, asked: Asked, *, single: bool) -> tuple[Found, Type]:
        """What the query of an inferred value finds, and its type. Raises `SqlFault`."""
        from sncompile.semantics.inference.query import find

        return find(self.session, asked.query, asked.form, single=single)

    def type_of(self, asked: Asked) -> Type:
        """The type of a query's first column; the query is not run. Raises `SqlFault`."""
        from sncompile.semantics.inference.query import type_of

        return type_of(self.session.describe(asked.query, asked.form)[0][1])

    def _made(self, doc: TableDoc, asked: Asked, sources: Sequence[Table]) -> Table | None:
        key = tuple(named.name for named in doc.key)
        try:
            columns = self.session.make(doc.name.name, asked.query, asked.form, key)
        except SqlFault as fault:
            self._report.add(asked.query.fault(fault))
            return None
        origins = Origins(sources, doc.name.span)
        table = Table(
            doc.name.name, key, columns, span=doc.name.span, size=columns.size, queried=True,
            cell_at=lambda row, column: origins.cell(table, row, column), row_at=lambda row: origins.row(table, row),
        )  # fmt: skip
        return table if check_keys(doc, table, self._report) else None

    def _order(self) -> list[str]:
        """The tables by `sql` in an order in which they can be made; those that need each other are told."""
        needed = {
            name: [other for other in (asked.names if asked is not None else ()) if other in self._tables]
            for name, asked in self._tables.items()
        }
        while True:
            try:
                return list(TopologicalSorter(needed).static_order())
            except CycleError as error:
                # The ring leads from each table to one that is made of it; told is what each is made of.
                ring = list(reversed(error.args[1]))
                first = min(range(len(ring) - 1), key=lambda n: list(self._tables).index(ring[n]))
                ring = [*ring[first:-1], *ring[:first], ring[first]]
                self._tell_ring(ring)
                for name in ring:
                    needed[name] = []
                    self._tables[name] = None

    def _tell_ring(self, ring: Iterable[str]) -> None:
        names = list(ring)
        tables = self._doc.tables
        shown = " → ".join(f"`{name}`" for name in names)
        related = tuple(Place(f"`{name}` is here", tables[name].name.span) for name in names[1:-1])
        self._report.add(
            faults.QUERY_CYCLE.at(
                tables[names[0]].name.span,
                f"tables are made from each other: {shown}",
                help="take one of the names out of its query",
                related=related,
            )
        )


def read_into_session(session: Session, name: str, path: Path, delimiter: str | None) -> StoredColumns | None:
    """A plain sheet as columns that the session keeps; None where Python has to look at it, for what may be wrong."""
    if delimiter is None or not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter, strict=True), [])
        if len(header) < 2 or not all(header) or len({column.lower() for column in header}) < len(header):
            return None
        return session.read_text(name, path, header, delimiter)
    except (OSError, ValueError, csv.Error, StoreError):
        return None
