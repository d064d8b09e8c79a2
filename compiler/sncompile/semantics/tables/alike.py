"""Warns of keys that look alike, within a table and between tables that join over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.diagnostics.few import few
from sncompile.faults import tables as faults
from sncompile.ir.keys.table import Table
from sncompile.semantics.look_alikes import difference, folded
from sncompile.semantics.queries.stored_columns import StoredColumns


class _Value(NamedTuple):
    """A value of a column, and the first row that holds it."""

    text: str
    table: Table
    row: int


MAX_STORED = 20_000
"""Rows of a table of a database that are compared with those of other tables; of more, those of one are, there."""


def check_look_alikes(tables: Iterable[Table], report: Report) -> None:
    """Warn of values of keys that look alike, within a table and between tables that join over them."""
    held = [table for table in tables if _is_held(table)]
    names = dict.fromkeys(name for table in held for name in table.key)
    for name in names:
        pairs = list(_pairs(name, [table for table in held if name in table.columns]))
        for (first, other), more in few(pairs):
            how = difference(first.text, other.text)
            message = f"`{first.text}` and `{other.text}` are two values of `{name}`, and differ {how}{more}"
            place = other.table.cell_span(other.row, name)
            beside = first.table.cell_span(first.row, name)
            related = (Place("the other one", beside),) if beside != place else ()
            hint = "write them alike if they are one; if they are two, tell them apart by more"
            report.add(faults.LOOK_ALIKES.at(place, message, help=hint, related=related))


def _is_held(table: Table) -> bool:
    """Whether the cells of a table are at hand, or may be brought; where many look alike, that is worth it."""
    columns = table.columns
    if not isinstance(columns, StoredColumns) or columns.size <= MAX_STORED:
        return True
    # Sheets were looked at when they were read.
    return table.queried and not columns.is_plain(table.key)


def _pairs(name: str, tables: Sequence[Table]) -> Iterator[tuple[_Value, _Value]]:
    """The values that look like one that came before, each with that one."""
    seen: dict[str, _Value] = {}
    known: set[str] = set()
    for table in tables:
        cells = table.columns[name]
        new = {cell for cell in cells if isinstance(cell, str)} - known
        last = table is tables[-1]
        if last and not known and _are_plain(new):
            return
        known |= new
        # Most keys are like no other: only then has anybody to know in which row they stand.
        forms = {folded(text): text for text in new}
        if len(forms) == len(new) and not forms.keys() & seen.keys():
            if not last:
                seen |= {form: _Value(text, table, -1) for form, text in forms.items()}
            continue
        for row, cell in enumerate(cells):
            if cell in new and isinstance(cell, str):
                new.discard(cell)
                value = _Value(cell, table, row)
                first = seen.setdefault(folded(cell), value)
                if first is not value:
                    yield _found(first, name), value


def _are_plain(texts: Collection[str]) -> bool:
    """Whether each of these texts is like none but itself, as may be seen from all of them together."""
    joined = "\n".join(texts)
    lines = joined.count("\n") + 1 == len(texts)
    return lines and joined.isascii() and joined == joined.lower() and not any(blank in joined for blank in " \t\r")


def _found(value: _Value, name: str) -> _Value:
    """A value with its row, if nobody has looked for that yet."""
    if value.row >= 0:
        return value
    return value._replace(row=list(value.table.columns[name]).index(value.text))
