"""A query as it stands in the spec → SQL with parameters, and back from a place in the SQL to the spec.

A value is never SQL: every `${…}` becomes a parameter of the prepared statement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.faults import tables as faults
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import Type
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Value, is_constant
from sncompile.ir.values.written import as_read
from sncompile.lazy_regex import regex
from sncompile.semantics.scope import Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.expressions import Template
from sncompile.syntax.source import Source

_SQL_TYPES = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}


class SqlFault(ValueError):
    """A query that cannot be run. `kind` is `bad`, `refused` or `limit`; `start` and `length` count characters of the
    query's SQL, where it is known what is meant.
    """

    def __init__(
        self, message: str, *, kind: str = "bad", help: str | None = None, start: int | None = None, length: int = 0
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.help = help
        self.start = start
        self.length = length


_LAST_WORD = regex(r"(?<![\w\"'])(\w+)\s*\Z")

_NAMES_OF_COLUMNS = frozenset(
    ("all", "check", "column", "default", "desc", "end", "from", "group", "limit", "offset", "order", "primary",
     "references", "table", "to", "unique", "when", "where", "window")
)  # fmt: skip
"""Words of SQL that sheets have for columns."""


class Query(NamedTuple):
    """A query: its SQL, the values of its parameters by name, and the spans of the template's parts.

    `pieces` has of every part where it starts in `sql`; `template` and `source` say where all of it stands.
    """

    sql: str
    values: Mapping[str, Any]
    pieces: tuple[int, ...]
    template: Template
    source: Source

    def _name_meant(self, fault: SqlFault) -> str | None:
        """The mend where SQL stops to read behind a word of its own that was meant as the name of a column."""
        before = _LAST_WORD.search(self.sql[: fault.start]) if fault.start is not None else None
        if before is None or before[1].lower() not in _NAMES_OF_COLUMNS:
            return None
        return f'`{before[1]}` is a word of SQL: as the name of a column it stands in double quotes, `"{before[1]}"`'

    def fault(self, fault: SqlFault) -> Diagnostic:
        """A diagnostic for what is wrong with the query, at its place in the spec."""
        kinds = {"bad": faults.BAD_QUERY, "refused": faults.REFUSED_QUERY, "limit": faults.LARGE_QUERY}
        hint = fault.help or self._name_meant(fault) or "queries are in DuckDB's SQL, over the tables of the spec"
        return kinds[fault.kind].at(self._span(fault), str(fault), help=hint)

    def _span(self, fault: SqlFault) -> Span:
        whole = self.template.span
        if fault.start is None or not self.sql:
            return whole
        start = min(fault.start, len(self.sql) - 1)
        piece = bisect_right(self.pieces, start) - 1
        if not isinstance(self.template.parts[piece], str):
            return self.template.spans[piece]
        places = _places(self)
        if places is None:
            return whole
        # A fault of several lines is shown by its first.
        end = min(start + max(1, fault.length), len(self.sql))
        line_end = self.sql.find("\n", start, end)
        last = (line_end if line_end > start else end) - 1
        starts = self.source.line_starts
        first, final = places.get(start), places.get(last)
        if first is None:
            return whole
        line = bisect_right(starts, first)
        column = first - starts[line - 1] + 1
        width = final - first + 1 if final is not None and bisect_right(starts, final) == line else 1
        return Span(whole.file, line, column, line, column + max(1, width))


def read_query(template: Template, scope: Scope, source: Source, report: Report) -> Query | None:
    """The query of a template; None where an expression of it is at fault, which is told."""
    if template.broken:
        Typer(scope, report).template(template)
        return None
    typer = Typer(scope, report)
    sql = ""
    pieces: list[int] = []
    values: dict[str, Any] = {}
    for part, span in zip(template.parts, template.spans, strict=True):
        pieces.append(len(sql))
        if isinstance(part, str):
            sql += part
            continue
        value = as_read(typer.expr(part))
        if value.type.base == "unknown":
            return None
        name = f"v{len(values) + 1}"
        try:
            values[name] = _constant(value)
        except ValueFault as fault:
            hint = fault.help or "give a value that can be computed"
            report.add(faults.BAD_QUERY.at(span, str(fault), help=hint))
            return None
        sql += f"CAST(${name} AS {_sql_type(value.type)})"
    return Query(sql, values, tuple(pieces), template, source)


def _constant(value: Value) -> Any:
    if not is_constant(value):
        raise ValueFault("a query must be the same for all jobs", "use `data`, `params` and `inputs` only")
    found = Evaluator({}).constant(value)
    return list(found) if isinstance(found, tuple) else found


def _sql_type(kind: Type) -> str:
    return _SQL_TYPES.get(kind.base, "VARCHAR") + ("[]" if kind.many else "")


def _places(query: Query) -> dict[int, int] | None:
    """Of every character of the SQL that is no space the offset in the document; None where they cannot be told.

    Quoting, folding and indentation change spaces only, so the other characters are found one after the other.
    """
    text, starts = query.source.text, query.source.line_starts
    span = query.template.span
    at = starts[span.line - 1] + span.column - 1
    quote = text[at : at + 1]
    if quote in ("|", ">"):
        at = text.find("\n", at) + 1
    elif quote in ("'", '"'):
        at += 1
    found: dict[int, int] = {}
    for part, where, offset in zip(query.template.parts, query.template.spans, query.pieces, strict=True):
        if not isinstance(part, str):
            at = starts[where.end_line - 1] + where.end_column - 1
            continue
        for number, char in enumerate(part):
            if char.isspace():
                continue
            while text[at : at + 1].isspace():
                at += 1
            if text.startswith("$${", at) and part.startswith("${", number):
                at += 1
            if text[at : at + 1] != char:
                return None
            found[offset + number] = at
            at += 2 if char == quote == "'" else 1
    return found
