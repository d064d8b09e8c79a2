"""A DuckDB that holds the tables of one pipeline and sees nothing else.

Tables are put in first; then the session is closed to the world: no file but those of the tables, no network, no
extension, no change of settings. Only then queries of a spec are run. See DuckDB's page on securing it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sncompile.ir.keys.table import Cell, Table
from sncompile.ir.language.operands import to_text
from sncompile.ir.language.scalars import is_plain_number
from sncompile.lazy_regex import regex
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.form import Form, place_of, read_form, unsteady
from sncompile.semantics.queries.functions import WITHOUT_PARENTHESES
from sncompile.semantics.queries.limits import DatabaseError, LimitError, StartError
from sncompile.semantics.queries.order import with_order_settled
from sncompile.semantics.queries.stored_columns import (
    ParquetColumns,
    StoredColumns,
    StoreError,
    column_sql,
    literal_path,
    quoted,
    text_sql,
)
from sncompile.semantics.queries.text import Query, SqlFault

MAX_ROWS = 5_000_000
"""Rows that a table by `sql` may have, as many as a join (see `keys`)."""

_CHUNK = 100_000
_KINDS = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}
_COUNT_OF_VALUES = regex("(?i)parameter.*mismatch")
_HIDDEN = regex(r'Macro (?:function )?"?(\w+)"?\(')
_NAMED_ROWID = regex(r"\bas\s+\"?rowid\b", re.IGNORECASE)
"""A query's own name for something."""

_NO_VALUE = regex("(?i)values were not provided for the following .*parameters: (.*)")


class Session:
    """One database with the tables of a pipeline."""

    def __init__(self, databases: Databases) -> None:
        self._database = databases.open("SET errors_as_json = true", temp_directory="")
        self._hidden: set[str] = set()
        self._allowed: list[str] = []
        self._held: set[str] = set()
        self._closed = False

    # --- Tables --------------------------------------------------------------------------------------------------

    def add(self, table: Table) -> None:
        """Put a table in. A Parquet file stays where it is; it is read as queries ask. Raises `SqlFault`."""
        if table.name in self._held:
            return
        self._held.add(table.name)
        columns = table.columns
        if isinstance(columns, SessionColumns) and columns.session is self:
            return
        if isinstance(columns, ParquetColumns):
            shown = [_seen(name, kind, name in columns.key) for name, kind in columns.types.items()]
            self._run(f"CREATE VIEW {quoted(table.name)} AS SELECT {', '.join(shown)} FROM {columns.relation}")
            self._allowed += dict.fromkeys((str(columns.path), literal_path(columns.path)))
            return
        self._insert(table)

    def _insert(self, table: Table) -> None:
        prepared = {name: _typed(read_cells(table, name)) for name in table.columns}
        declared = ", ".join(f"{quoted(name)} {kind}" for name, (kind, _) in prepared.items())
        self._run(f"CREATE TABLE {quoted(table.name)} ({declared})")
        made = ", ".join(f"unnest(CAST(${n + 1} AS {kind}[]))" for n, (kind, _) in enumerate(prepared.values()))
        for start in range(0, len(table), _CHUNK):
            part = [cells[start : start + _CHUNK] for _, cells in prepared.values()]
            self._run(f"INSERT INTO {quoted(table.name)} SELECT {made}", part)

    def read_text(self, name: str, path: Path, header: Sequence[str], delimiter: str) -> StoredColumns:
        """Put a text table in without making it Python's. Raises `StoreError` where it is not as it should be."""
        types = ", ".join(f"{text_sql(column)}: 'VARCHAR'" for column in header)
        settings = (
            f"auto_detect = false, header = true, delim = {text_sql(delimiter)}, quote = '\"', escape = '\"', "
            f"nullstr = '', comment = '', strict_mode = true, columns = {{{types}}}"
        )
        source = f"read_csv({text_sql(literal_path(path))}, {settings})"
        try:
            self._run(f"CREATE TABLE {quoted(name)} AS SELECT * FROM {source}")
        except SqlFault as fault:
            raise StoreError(str(fault)) from None
        return SessionColumns(self, name, dict.fromkeys(header, "VARCHAR"), (), self._count(name))

    def drop(self, name: str) -> None:
        """Take a table out that came with `read_text`."""
        self._run(f"DROP TABLE {quoted(name)}")

    def close_to_the_world(self) -> None:
        """From here on, nothing but the tables can be read."""
        if not self._closed:
            self._closed = True
            allowed = ", ".join(map(text_sql, self._allowed))
            self._run(f"SET allowed_paths = [{allowed}]")
            self._run("SET enable_external_access = false")
            self._run("SET lock_configuration = true")

    # --- Queries -------------------------------------------------------------------------------------------------

    def form(self, query: Query) -> Form:
        """What a query is made of; it is not run. Raises `SqlFault`."""
        form = read_form(query.sql, self._run)
        for name in {WITHOUT_PARENTHESES[bare] for bare in form.bare} - self._hidden:
            # Only DuckDB knows whether a column is meant. Where none is, it finds this in the place of its function.
            self._run(f"CREATE OR REPLACE TEMP MACRO {quoted(name)}(needs_argument) AS needs_argument")
            self._hidden.add(name)
        return form

    def describe(self, query: Query, form: Form) -> list[tuple[str, str]]:
        """The names and types of a query's columns; it is not run. Raises `SqlFault`."""
        self._refuse_places(query, form)
        return [(row[0], row[1]) for row in self._ask("DESCRIBE ", "", query, form)]

    def _refuse_places(self, query: Query, form: Form) -> None:
        """Refuse `rowid` where it is no column, but the place at which DuckDB keeps a row."""
        if form.numbered is None or _NAMED_ROWID.search(query.sql):
            return
        known = "SELECT lower(table_name) FROM duckdb_columns() WHERE lower(column_name) = 'rowid'"
        if not {row[0] for row in self._run(known)} & form.tables.keys():
            message = "`rowid` is where DuckDB keeps a row, which is not the same each time"
            raise SqlFault(message, kind="refused", help="say an order by columns of the table", **form.numbered)

    def make(self, name: str, query: Query, form: Form, key: Sequence[str]) -> SessionColumns:
        """A table from a query: in the query's order, or else in that of the key. Raises `SqlFault`."""
        raw = f"{name} as asked"
        self.keep(raw, query, form)
        size = self._count(raw)
        if size > MAX_ROWS:
            message = f"the query gives {size:,} rows, and a table made by `sql` may have {MAX_ROWS:,}"
            raise SqlFault(message, kind="limit", help="leave rows out with `where`")
        types = self.types(raw)
        _refuse_nested(types)
        shown = ", ".join(column_sql(column, kind, column in key) for column, kind in types.items())
        by = [quoted(column) for column in key if column in types]
        # An order is by the columns as they are: site 2 comes before site 10.
        order = "" if form.ordered or not by else " ORDER BY " + ", ".join(f"asked.{column}" for column in by)
        self._run(f"CREATE TABLE {quoted(name)} AS SELECT {shown} FROM {quoted(raw)} AS asked{order}")
        self._run(f"DROP TABLE {quoted(raw)}")
        return SessionColumns(self, name, self.types(name), key, size)

    def keep(self, name: str, query: Query, form: Form) -> None:
        """The rows of a query as a table of the session, in its order where it says one. Raises `SqlFault`."""
        self._query(f"CREATE TABLE {quoted(name)} AS ", "", query, form)

    def group(self, name: str, query: Query, form: Form, columns: Sequence[str]) -> None:
        """The distinct rows of a query, its columns renamed, as a table with a column `n`: how often each stands."""
        names = ", ".join(map(quoted, columns))
        head = f"CREATE TABLE {quoted(name)} AS SELECT {names}, count(*) AS n, 0 AS place FROM ("
        self._query(head, f"\n) AS asked({names}) GROUP BY ALL", query, form)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a statement of ours gives. Raises `SqlFault`."""
        return self._run(sql, list(values))

    def types(self, name: str) -> dict[str, str]:
        """The types of a table's columns."""
        return {row[0]: row[1] for row in self._run(f"DESCRIBE {quoted(name)}")}

    def _count(self, name: str) -> int:
        return int(self._run(f"SELECT count(*) FROM {quoted(name)}")[0][0])

    def _query(self, head: str, tail: str, query: Query, form: Form) -> None:
        """Run a statement that makes a table of a query, every order in it complete. Raises `SqlFault`."""
        self.close_to_the_world()
        self._refuse_places(query, form)
        columns = len(self.describe(query, form)) if form.ordered else 0
        settled = with_order_settled(form, columns, self._run)
        if settled is not None:
            try:
                self._run(head + settled + tail, query.values)
            except SqlFault as fault:
                if fault.kind == "limit":
                    raise
                # As it was written it may serve; where it does not, the fault is told at its place.
            else:
                return
        self._ask(head, tail, query, form)

    def _ask(self, head: str, tail: str, query: Query, form: Form) -> list[tuple[Any, ...]]:
        """Run a statement that holds a query of the spec. Raises `SqlFault` with the place in the query."""
        text = query.sql.rstrip().removesuffix(";") if tail else query.sql
        try:
            return self._run(head + text + tail, query.values)
        except SqlFault as fault:
            if fault.start is not None:
                fault.start = max(0, fault.start - len(head))
            hidden = _HIDDEN.match(str(fault))
            for name, place in form.bare.items():
                if hidden is not None and WITHOUT_PARENTHESES[name] == hidden[1]:
                    message, hint = unsteady(name)
                    raise SqlFault(message, kind="refused", help=hint, **place) from None
            raise

    def _run(self, sql: str, values: Mapping[str, Any] | list[Any] | None = None) -> list[tuple[Any, ...]]:
        with self._faults(sql):
            return self._database.run(sql, values)

    @contextmanager
    def _faults(self, sql: str) -> Iterator[None]:
        try:
            yield
        except LimitError as error:
            raise SqlFault(str(error), kind="limit", help=error.help) from None
        except StartError as error:
            raise SqlFault(str(error), help="see that the package `duckdb` can be imported") from None
        except DatabaseError as error:
            raise _fault_of(str(error), sql) from None


class SessionColumns(StoredColumns):
    """The columns of a table that stands in a session."""

    def __init__(self, session: Session, name: str, types: Mapping[str, str], key: Sequence[str], size: int) -> None:
        self.session = session
        self._name = name
        super().__init__(types, key, size)

    @property
    def relation(self) -> str:
        return quoted(self._name)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self.session.rows(sql)
        except SqlFault as fault:
            raise StoreError(str(fault), limit=fault.kind == "limit", help=fault.help) from None


def _typed(cells: Sequence[Cell]) -> tuple[str, list[Any]]:
    """DuckDB's type of a column, and its cells as that type."""
    kinds = {float if isinstance(cell, float) else type(cell) for cell in cells} - {type(None)}
    if kinds == {float, int}:
        kinds = {float}
    kind = _KINDS.get(next(iter(kinds))) if len(kinds) == 1 else None
    if kind == "BIGINT" and any(isinstance(cell, int) and abs(cell) >= 2**63 for cell in cells):
        kind = None
    if kind is not None:
        return kind, list(cells)
    return "VARCHAR", [cell if cell is None or isinstance(cell, str) else to_text(cell) for cell in cells]


def read_cells(table: Table, name: str) -> Sequence[Cell]:
    """A column as queries see it: what was written stands for numbers where all tools would read these alike."""
    cells, kind = table.columns[name], table.reads.get(name)
    if kind is None or name in table.key:
        return cells
    if kind.base != "boolean" and not all(cell is None or is_plain_number(str(cell)) for cell in cells):
        return cells
    return table.cells(name, kind._replace(written=False))


def _seen(name: str, kind: str, key: bool) -> str:
    """A column of a file as queries see it: of its own type, but keys are text, and no text is empty."""
    return column_sql(name, kind, key) if key or kind == "VARCHAR" else quoted(name)


def _refuse_nested(types: Mapping[str, str]) -> None:
    for name, kind in types.items():
        if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
            hint = f"take it apart: `unnest({name})`, or make it text: `array_to_string({name}, ',')`"
            raise SqlFault(f"the column `{name}` holds lists ({kind}), and a table's cells are single", help=hint)


def _fault_of(text: str, sql: str) -> SqlFault:
    """What DuckDB says, in few words."""
    kind, _, rest = text.partition(": ")
    try:
        told = json.loads(rest)
    except ValueError:
        told = {"exception_message": rest or text}
    lines = str(told.get("exception_message") or kind).splitlines() or [kind]
    message, hint = lines[0], " ".join(line.strip() for line in lines[1:] if line.strip()) or None
    if kind.startswith("Permission"):
        hint = "declare what it reads under `tables`"
        return SqlFault("a query reads the tables of the spec, and no files", kind="refused", help=hint)
    missing = _NO_VALUE.search(message)
    if missing is not None:
        name = missing[1]
        return SqlFault(f"`${name}` has no value here", help="values come from expressions: `${params.x}`")
    if _COUNT_OF_VALUES.search(message):
        return SqlFault("an expression inside quotes stays text", help="write `${…}` without quotes: it is a value")
    return SqlFault(message, help=hint, **place_of(told, sql))
