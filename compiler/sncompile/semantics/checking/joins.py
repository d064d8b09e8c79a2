"""Warns of joins that bring more or less than is mostly meant: all of a step, as nothing joins; rows that fall out.

Both are the rule, and both look like a result. `present(…)` around a list says that it is as it should be.

Decision 0094.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.diagnostics.counted import counted
from sncompile.faults import tables as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table, show
from sncompile.ir.values.model import Apply, Const, Output, Related, Value, children
from sncompile.semantics.checking.checks import step_values
from sncompile.semantics.program import Program, Step

_SHOWN = 3
"""Rows that a message names."""

_MANY = 2
"""So many make it matter which is which."""

_MOST_ROWS = 100_000
"""Rows of a table whose cells are compared with the keys of another one."""


def check_joins(program: Program, report: Report) -> None:
    """Warn of what steps take of others by the rule of joins, and mostly should not."""
    told: set[object] = set()
    for step in program.steps.values():
        for value in step_values(step):
            for related in _not_said(value):
                if related.target.linked(related.source):
                    continue
                pair = (related.target.rows.tables, related.source.rows.tables, related.span)
                if pair not in told and _takes_all(related):
                    naming = _unjoined(related)
                    between = _between(related, program.tables.values()) if naming is None else None
                    if naming is not None:
                        _tell_unjoined(related, naming, step, report)
                    elif between is not None:
                        _tell_between(related, between, step, report)
                    told |= {pair} if naming or between else set()
                for dropped in _dropped(related):
                    if (dropped.here, dropped.table) not in told:
                        told.add((dropped.here, dropped.table))
                        _tell_dropped(dropped, related, report)


def _not_said(value: Value) -> Iterator[Related]:
    """The places in a value at which something is taken from other instances, but for those within `present(…)`."""
    if isinstance(value, Const) or (isinstance(value, Apply) and value.function == "present"):
        return
    if isinstance(value, Related):
        yield value
    for inner in children(value):
        yield from _not_said(inner)


# --- Nothing joins ----------------------------------------------------------------------------------------------


class _Naming(NamedTuple):
    """A column whose cells are the keys of another table: of the source's table, or of the step's own."""

    table: Table
    column: str
    key: str
    of_source: bool


def _takes_all(related: Related) -> bool:
    """Whether each of several jobs takes all of several others, as nothing joins what both range over."""
    target, source = related.target, related.source
    if not related.gathers or len(target) < _MANY or len(source) < _MANY or not target.unjoined(source):
        return False
    tables = (*target.rows.tables, *source.rows.tables)
    return not any(table.awaited or len(table) > _MOST_ROWS for table in tables)


def _unjoined(related: Related) -> _Naming | None:
    """The column that says which instances are whose, where each of several jobs gathers all, as nothing joins.

    Without such a column all are mostly meant: the samples for each chromosome.
    """
    target, source = related.target, related.source
    return _naming(target, source, True) or _naming(source, target, False)


class _Between(NamedTuple):
    """A table that stands beside both and has of each key of the one that of the other."""

    table: Table
    of_target: str
    of_source: str


def _between(related: Related, tables: Iterable[Table]) -> _Between | None:
    """The table that says of each key of the source to which key of the target it belongs: the group of each sample.

    Where it goes with several, all may as well be meant: the samples for each chromosome.
    """
    target, source = related.target, related.source
    own = (*target.rows.tables, *source.rows.tables)
    for table in tables:
        if table in own or table.awaited or len(table) > _MOST_ROWS:
            continue
        for of_target in (key for key in target.by if key in table.columns):
            for of_source in (key for key in source.by if key in table.columns):
                held = zip(table.columns[of_source], table.columns[of_target], strict=True)
                pairs = {(str(one), str(other)) for one, other in held if other is not None}
                whose = dict(pairs)
                settled = len(whose) == len(pairs) and len(set(whose.values())) >= _MANY
                if settled and whose.keys() >= set(source.column(of_source)):
                    return _Between(table, of_target, of_source)
    return None


def _tell_between(related: Related, between: _Between, step: Step, report: Report) -> None:
    table, wanted = between.table.name, between.of_target
    source = related.source.rows.tables[0].name
    mend = f"`{table}` has the `{wanted}` of each `{between.of_source}`: have that column in `{source}`, and they join"
    place = Place("which belong together is said here", between.table.span)
    _tell_all(related, step, mend, place, report)


def _naming(named: KeySet, naming: KeySet, of_source: bool) -> _Naming | None:
    """The column of `naming` whose cells are keys of `named`."""
    for key in named.by:
        keys = set(named.column(key))
        for table in naming.rows.tables:
            for column in table.columns:
                cells = {str(cell) for cell in table.columns[column] if cell is not None}
                if cells and cells <= keys and len(cells) >= _MANY and all(map(_is_name, cells)):
                    return _Naming(table, column, key, of_source)
    return None


def _is_name(text: str) -> bool:
    """Whether a text is a name of something, and no number or yes and no, which are the same by chance."""
    return any(map(str.isalpha, text)) and text.lower() not in ("true", "false", "yes", "no")


def _tell_unjoined(related: Related, naming: _Naming, step: Step, report: Report) -> None:
    taken = related.value
    column = f"`{naming.table.name}.{naming.column}`"
    if naming.of_source or naming.table.late is not None:
        mend = f"{column} seems to hold the `{naming.key}`: call the column `{naming.key}`, and the tables join"
    else:
        of = f"{taken.step}.{taken.port}" if isinstance(taken, Output) else "…"
        looked_up = f"`lookup({of}, {naming.key}={naming.table.name}.{naming.column})`"
        mend = f"{column} seems to name a `{naming.key}`: {looked_up} takes that one"
    _tell_all(related, step, mend, Place("the column is in this table", naming.table.span), report)


def _tell_all(related: Related, step: Step, mend: str, place: Place, report: Report) -> None:
    """Tell that each job takes all, with what mends it."""
    target, source, taken = related.target, related.source, related.value
    ours, theirs = _listed(target.by), _listed(source.by)
    things = f"jobs of `{taken.step}`" if isinstance(taken, Output) else "rows"
    jobs = f"each of the {len(target):,} jobs of `{step.name}` (by {ours})"
    tables = f"{_named(target)} and {_named(source)}"
    message = f"{jobs} takes all {len(source):,} {things} (by {theirs}), as nothing joins the tables {tables}"
    hint = f"{mend}; write `present(…)` if all are meant"
    report.add(faults.UNJOINED.at(related.span, message, help=hint, related=(place,)))


def _named(keys: KeySet) -> str:
    return " and ".join(f"`{table.name}`" for table in keys.rows.tables)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


# --- Rows that fall out -----------------------------------------------------------------------------------------


class _Dropped(NamedTuple):
    """Rows of a table for which another one has the keys, but something else in a column that both have."""

    here: tuple[Table, ...]
    table: Table
    number: int
    shared: tuple[str, ...]
    column: str
    rows: list[int]


def _dropped(related: Related) -> Iterator[_Dropped]:
    """The rows that the first join on the way to a value drops only for a column that is no key of both tables."""
    rows = related.target.rows
    for table in related.source.rows.tables:
        if table in rows.tables or table.awaited or any(t.awaited for t in rows.tables):
            continue
        found = rows.dropped(table)
        if found is not None:
            yield _Dropped(rows.tables, table, *found)
        return


def _tell_dropped(dropped: _Dropped, related: Related, report: Report) -> None:
    table, column = dropped.table, dropped.column
    here = dropped.here[dropped.number]
    rows = list(dict.fromkeys(dropped.rows))
    shown = "; ".join(here.describe(row) for row in rows[:_SHOWN])
    more = f"; and {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else ""
    keys = _listed(dropped.shared)
    message = (
        f"{counted(len(rows), 'row')} of `{here.name}` ({shown}{more}) {'finds' if len(rows) == 1 else 'find'} nothing "
        f"in `{table.name}`: the tables join over {keys} and `{column}`, and `{column}` is not the same there"
    )
    first = rows[0]
    there = _partner(here, first, table, dropped.shared)
    what = f"here `{column}` is {show(here.columns[column][first])}"
    related_places = [Place(what, here.row_span(first))]
    if there is not None:
        what = f"here it is {show(table.columns[column][there])}"
        related_places.append(Place(what, table.row_span(there)))
    taken = related.value
    taker = f"have `{taken.step}` range over" if isinstance(taken, Output) else "take it from"
    key = ", ".join(table.key)
    hint = (
        f"to join over {keys} alone, {taker} a table without `{column}` (`sql: select {key} from {table.name}`), "
        f"or give the column another name in one of them; `present(…)` around the list says that they may be missing"
    )
    report.add(faults.DROPPED.at(related.span, message, help=hint, related=tuple(related_places)))


def _partner(here: Table, row: int, table: Table, shared: Iterable[str]) -> int | None:
    """The row of a table that would be joined if only the keys counted."""
    names = [name for name in shared if name in here.columns]
    key = [str(here.columns[name][row]) for name in names]
    cells = zip(*(table.columns[name] for name in names), strict=True)
    return next((number for number, found in enumerate(cells) if [str(cell) for cell in found] == key), None)
