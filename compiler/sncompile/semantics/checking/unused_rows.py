"""Rows of a table that is joined to others, and that go with no job: mostly a key is misspelt."""

from __future__ import annotations

from collections.abc import Iterator, Set

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import tables as faults
from sncompile.ir.keys.table import Table
from sncompile.ir.values.model import Cell, Lookup, Related, Value, children, walk
from sncompile.ir.values.tables import late_join
from sncompile.semantics.checking.checks import step_values
from sncompile.semantics.program import Program
from sncompile.semantics.queries.stored_columns import StoredColumns


def check_unused_rows(program: Program, queried: Set[str], report: Report) -> None:
    """Tell of rows that no job takes, of tables that are only joined to those which steps range over.

    Of tables in `queried`, and of those in which a value is looked up, nobody knows which rows are needed.
    """
    ranged = {table for step in program.steps.values() for table in step.keys.rows.tables}
    used: dict[Table, set[int]] = {}
    taken: dict[Table, Span] = {}
    left_out: set[Table] = set(ranged)
    for value in (value for step in program.steps.values() for value in step_values(step)):
        left_out |= {leaf.table for leaf in walk(value) if isinstance(leaf, Lookup)}
        for related in _joined(value):
            assert isinstance(related.value, Cell)
            table = related.value.table
            taken.setdefault(table, related.span)
            if late_join(related) is not None:
                left_out.add(table)  # Which of its rows are taken is known once the others are.
            rows = used.setdefault(table, set())
            if table not in left_out and len(rows) < len(table):
                rows.update(row for found in related.target.related(related.source) for row in found)
    for table, rows in used.items():
        if table not in left_out and table.name not in queried and not isinstance(table.columns, StoredColumns):
            _tell(table, [row for row in range(len(table)) if row not in rows], taken[table], report)


def _joined(value: Value) -> Iterator[Related]:
    """The places in a value at which columns of tables are taken."""
    if isinstance(value, Related) and isinstance(value.value, Cell):
        yield value
    for inner in children(value):
        yield from _joined(inner)


def _tell(table: Table, unused: list[int], taken: Span, report: Report) -> None:
    if not unused:
        return
    first = unused[0]
    more = f" and {len(unused) - 1:,} more" if len(unused) > 1 else ""
    go = "go" if more else "goes"
    message = f"the row {table.describe(first)}{more} of `{table.name}` {go} with no job"
    hint = "see whether the key is written as in the table that the steps range over; if so, nothing need be done"
    place = table.row_span(first)
    report.add(faults.UNUSED_ROWS.at(place, message, help=hint, related=(Place("the table is taken here", taken),)))
