"""Runs the query of an inferred value, and gathers what it found and where."""

from __future__ import annotations

from math import isfinite
from typing import Any

from sncompile.ir.keys.table import show
from sncompile.ir.language.types import Type
from sncompile.ir.values.model import Plain
from sncompile.lazy_regex import regex
from sncompile.semantics.inference.inferred import FEW, Evidence, Found
from sncompile.semantics.queries.form import Form
from sncompile.semantics.queries.session import Session
from sncompile.semantics.queries.stored_columns import element_type, quoted, value_sql
from sncompile.semantics.queries.text import Query, SqlFault

MAX_VALUES = 10_000
"""An inferred list may have so many items."""

_TOLD = 6
"""Of values that disagree, the most frequent ones are shown."""

_PLACED = 50
"""Of so many values it is kept where they stand."""

# No table of a spec has a space in its name.
_FOUND = '"found here"'
_VALUES = '"values here"'

_NESTED = regex(r"STRUCT|MAP|UNION|VARIANT")


def type_of(kind: str) -> Type:
    """The language's type for one of DuckDB's. Raises `SqlFault` where there is none.

    >>> str(type_of("VARCHAR[]")), str(type_of("UBIGINT")), str(type_of("DATE"))
    ('string[]', 'integer', 'string')
    """
    if "][" in kind or _NESTED.match(kind):
        hint = "select one text, number or boolean, or a list of them"
        raise SqlFault(f"the value is {kind}, which is nothing that the spec language has", help=hint)
    return Type(*element_type(kind))


def find(session: Session, query: Query, form: Form, *, single: bool) -> tuple[Found, Type]:
    """What a query finds, and the type of its first column. `single` asks for one value, else a list is wanted.

    Raises `SqlFault`.
    """
    described = session.describe(query, form)
    kind = type_of(described[0][1])
    if kind.many and not single:
        hint = "ask for `one value`, or take it apart: `unnest(…)`"
        raise SqlFault("the value is a list, and a list of values is asked for", help=hint)
    columns = ["value", *(f"where {n}" for n in range(1, len(described)))]
    names = tuple(name for name, _ in described[1:])
    value = value_sql('"value"', described[0][1])
    _group(session, query, form, columns)
    try:
        return _gather(session, names, columns, ordered=form.ordered, value=value, single=single), kind
    finally:
        session.rows(f"DROP TABLE IF EXISTS {_FOUND}")
        session.rows(f"DROP TABLE IF EXISTS {_VALUES}")


def _group(session: Session, query: Query, form: Form, columns: list[str]) -> None:
    """The distinct rows of the query as `found`: how often each stands (`n`), and where first (`place`)."""
    if not form.ordered:
        session.group("found here", query, form, columns)
        return
    session.keep("kept here", query, form)
    try:
        names = zip(session.types("kept here"), columns, strict=True)
        renamed = ", ".join(f"{quoted(old)} AS {quoted(new)}" for old, new in names)
        made = f'SELECT {renamed}, count(*) AS n, min(rowid) AS place FROM "kept here" GROUP BY ALL'
        session.rows(f"CREATE TABLE {_FOUND} AS {made}")
    finally:
        session.rows('DROP TABLE "kept here"')


def _gather(
    session: Session, names: tuple[str, ...], columns: list[str], *, ordered: bool, value: str, single: bool
) -> Found:
    order = "rows DESC, value" if single else "place, value" if ordered else "value"
    session.rows(
        f"CREATE TABLE {_VALUES} AS SELECT row_number() OVER (ORDER BY {order}) AS id, * FROM ("
        f"SELECT {value} AS value, sum(n) AS rows, count(*) AS count, min(place) AS place "
        f"FROM {_FOUND} WHERE {value} IS NOT NULL GROUP BY 1)"
    )
    ((rows, absent),) = session.rows(
        f"SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (WHERE {value} IS NULL), 0) FROM {_FOUND}"
    )
    distinct = int(session.rows(f"SELECT count(*) FROM {_VALUES}")[0][0])
    if not single and distinct > MAX_VALUES:
        hint = "a list of so many is a table: declare one with `sql`"
        raise SqlFault(f"the query finds {distinct:,} values, more than {MAX_VALUES:,}", kind="limit", help=hint)
    most = _TOLD if single else MAX_VALUES
    found = session.rows(f"SELECT id, value, rows, count FROM {_VALUES} ORDER BY id LIMIT {most}")
    evidence = tuple(
        Evidence(plain(v), int(r), _places(session, i, value, columns[1:]) if i <= _PLACED else (), int(c))
        for i, v, r, c in found
    )
    if any(isinstance(e.value, float) and not isfinite(e.value) for e in evidence):
        raise SqlFault("the query gives what is no number", help="look for a division by zero")
    if any("\0" in text for e in evidence for text in _texts(e.value)):
        hint = "leave it out: no argument, variable or file name can hold it"
        raise SqlFault("the query gives a text with the character NUL", help=hint)
    return Found(int(rows), int(absent), names, evidence, distinct)


def _texts(value: object) -> list[str]:
    return [item for item in (value if isinstance(value, tuple | list) else (value,)) if isinstance(item, str)]


def _places(session: Session, number: int, value: str, columns: list[str]) -> tuple[tuple[str, ...], ...]:
    """The first places of a value."""
    if not columns:
        return ()
    names = ", ".join(map(quoted, columns))
    texts = ", ".join(f"CAST({quoted(column)} AS VARCHAR)" for column in columns)
    rows = session.rows(
        f"SELECT {texts} FROM {_FOUND} WHERE {value} = (SELECT value FROM {_VALUES} WHERE id = {number}) "
        f"ORDER BY {names} LIMIT {FEW}"
    )
    return tuple(tuple(map(show, row)) for row in rows)


def plain(value: Any) -> Plain:
    """What DuckDB gives as a value of the language: what is absent is left out of lists."""
    if isinstance(value, list):
        return tuple(plain(item) for item in value if item is not None)
    found: Plain = value
    return found
