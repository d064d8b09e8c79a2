"""Values of all instances at once: a column of a value is made of the columns of its parts.

Going instance by instance costs some calls for every part of every value; a table may have a million rows. What this
does not know, and what is at fault for some instance, is left to who goes one by one (`evaluate.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sncompile.semantics.encoding import encode_key
from sncompile.semantics.functions import FUNCTIONS
from sncompile.semantics.keys import KeySet
from sncompile.semantics.operands import MAX_TEXT, ValueFault, to_text, within_limits
from sncompile.semantics.operators import OPERATORS
from sncompile.semantics.values import Apply, Bound, Cell, Const, Key, Local, Output, Related, Text, Value

_LAZY = ("and", "or", "[]")
"""Functions that do not look at all of their operands, or that say themselves what is wrong with them."""


def whole_column(value: Value, at: KeySet, step: Bound | None, steps: Mapping[str, Bound]) -> Sequence[Any] | None:
    """The value for every instance of `at`; None where it has to be found one by one."""
    if not at.by:
        return None
    try:
        return _column(value, at, step, steps)
    except (TypeError, ValueError, OverflowError, LookupError):
        return None  # Who goes one by one tells which instance it is, or never comes there.


def _column(value: Value, at: KeySet, step: Bound | None, steps: Mapping[str, Bound]) -> Sequence[Any] | None:
    match value:
        case Const():
            return [value.value] * len(at)
        case Key() if value.keys is at:
            cells = at.column(value.name)
            return [encode_key(cell) for cell in cells] if value.encoded else cells
        case Local() if step is not None:
            return _column(step.local(value.space, value.name), at, step, steps)
        case Related() if value.target is at and not value.gathers:
            return _related(value, at, steps)
        case Text():
            return _text(value, at, step, steps)
        case Apply() if value.function not in _LAZY:
            return _applied(value, at, step, steps)
        case _:
            return None


def _related(value: Related, at: KeySet, steps: Mapping[str, Bound]) -> Sequence[Any] | None:
    home: Sequence[Any] | None
    if isinstance(value.value, Cell):
        home = value.value.table.cells(value.value.column, value.value.type)
    elif isinstance(value.value, Output):
        source = steps[value.value.step]
        home = _column(source.local("outputs", value.value.port), source.keys, source, steps)
    else:
        home = _column(value.value, value.source, None, steps)
    if home is None:
        return None
    return [home[found[0]] for found in at.related(value.source)]


def _text(value: Text, at: KeySet, step: Bound | None, steps: Mapping[str, Bound]) -> list[str] | None:
    columns: list[Iterable[str]] = []
    for part in value.parts:
        if isinstance(part, Const):
            columns.append(repeat(to_text(part.value), len(at)))
            continue
        cells = _column(part, at, step, steps)
        if cells is None:
            return None
        columns.append([cell if type(cell) is str else to_text(cell) for cell in cells])
    found = list(map("".join, zip(*columns, strict=True)))
    if max(map(len, found), default=0) > MAX_TEXT:
        raise ValueFault("the value becomes too large")
    return found


def _applied(value: Apply, at: KeySet, step: Bound | None, steps: Mapping[str, Bound]) -> list[Any] | None:
    found = OPERATORS.get((value.function, len(value.operands))) or FUNCTIONS[value.function]
    columns = []
    for operand in value.operands:
        cells = _column(operand, at, step, steps)
        if cells is None:
            return None
        columns.append(cells)
    if len(columns) == 1 and set(map(type, columns[0])) == {str}:
        # Cells of a text table: mostly there are few different ones.
        known = {cell: within_limits(found.compute(cell)) for cell in set(columns[0])}
        return [known[cell] for cell in columns[0]]
    return [within_limits(found.compute(*row)) for row in zip(*columns, strict=True)]
