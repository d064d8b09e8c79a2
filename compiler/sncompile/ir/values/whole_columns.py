"""Values of all instances at once: a column of a value is made of the columns of its parts.

Going instance by instance costs some calls for every part of every value; a table may have a million rows. A part that
only some instances read is made for these alone. What this does not know, and what is at fault for some instance, is
left to who goes one by one (`evaluate.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import GOES_ON, MAX_TEXT, ValueFault, to_text, within_limits
from sncompile.ir.language.operators import OPERATORS
from sncompile.ir.values.model import Apply, Bound, Cell, Choice, Const, Key, Local, Output, Related, Text, Value


def whole_column(value: Value, at: KeySet, step: Bound | None, steps: Mapping[str, Bound]) -> Sequence[Any] | None:
    """The value for every instance of `at`; None where it has to be found one by one."""
    if not at.by:
        return None
    try:
        return _Columns(at, step, steps).column(value, range(len(at)))
    except (TypeError, ValueError, OverflowError, LookupError):
        return None  # Who goes one by one tells which instance it is, or never comes there.


class _Columns:
    """Columns of the values of one step; `chosen` are the numbers of the instances that are asked for, in order."""

    def __init__(self, at: KeySet, step: Bound | None, steps: Mapping[str, Bound]) -> None:
        self._at, self._step, self._steps = at, step, steps

    def column(self, value: Value, chosen: Sequence[int]) -> Sequence[Any] | None:
        """The value of the chosen instances."""
        match value:
            case Const():
                return [value.value] * len(chosen)
            case Key() if value.keys is self._at:
                cells = self._picked(self._at.column(value.name), chosen)
                return [encode_key(cell) for cell in cells] if value.encoded else cells
            case Local() if self._step is not None:
                return self.column(self._step.local(value.space, value.name), chosen)
            case Related() if value.target is self._at and not value.gathers:
                return self._related(value, chosen)
            case Text():
                return self._text(value, chosen)
            case Choice():
                return self._choice(value, chosen)
            case Apply() if value.function in GOES_ON and not value.type.many:
                return self._one_after_the_other(value, chosen)
            case Apply() if value.function != "[]" and not any(o.type.gaps for o in value.operands):
                # Who is left out says himself what is wrong with his operands.
                return self._applied(value, chosen)
            case _:
                return None

    def _picked(self, cells: Sequence[Any], chosen: Sequence[int]) -> Sequence[Any]:
        return cells if len(chosen) == len(self._at) else [cells[i] for i in chosen]

    def _related(self, value: Related, chosen: Sequence[int]) -> Sequence[Any] | None:
        related = self._at.related(value.source)
        if value.type.optional and not all(related):
            # Who has nothing to take has nothing; the others' values are made as if there were nobody else.
            there = [i for i in chosen if related[i]]
            found = self._home(value, [related[i][0] for i in there])
            if found is None:
                return None
            cells = dict(zip(there, found, strict=True))
            return [cells.get(i) for i in chosen]
        return self._home(value, [found[0] for found in self._picked(related, chosen)])

    def _home(self, value: Related, numbers: Sequence[int]) -> Sequence[Any] | None:
        """The values at some instances of the source, which may be named in any order and several times."""
        if isinstance(value.value, Cell):
            cells = value.value.table.cells(value.value.column, value.value.type)
            return [cells[i] for i in numbers]
        needed = sorted(set(numbers))
        if isinstance(value.value, Output):
            source = self._steps[value.value.step]
            inner, path = _Columns(source.keys, source, self._steps), source.local("outputs", value.value.port)
        else:
            inner, path = _Columns(value.source, None, self._steps), value.value
        found = inner.column(path, needed)
        if found is None or needed == numbers:
            return found
        if len(needed) == len(found) == needed[-1] + 1:
            return [found[i] for i in numbers]
        places = {number: place for place, number in enumerate(needed)}
        return [found[places[i]] for i in numbers]

    def _text(self, value: Text, chosen: Sequence[int]) -> list[str] | None:
        columns: list[Iterable[str]] = []
        for part in value.parts:
            if isinstance(part, Const):
                columns.append(repeat(to_text(part.value), len(chosen)))
                continue
            cells = self.column(part, chosen)
            if cells is None:
                return None
            columns.append([cell if type(cell) is str else to_text(cell) for cell in cells])
        found = list(map("".join, zip(*columns, strict=True)))
        if max(map(len, found), default=0) > MAX_TEXT:
            raise ValueFault("the value becomes too large")
        return found

    def _choice(self, value: Choice, chosen: Sequence[int]) -> list[Any] | None:
        tests = self.column(value.test, chosen)
        if tests is None:
            return None
        found: dict[int, Any] = {}
        for side, wanted in ((value.then, True), (value.other, False)):
            here = [i for i, test in zip(chosen, tests, strict=True) if bool(test) == wanted]
            cells = self.column(side, here)
            if cells is None:
                return None
            found.update(zip(here, cells, strict=True))
        return [found[i] for i in chosen]

    def _one_after_the_other(self, value: Apply, chosen: Sequence[int]) -> list[Any] | None:
        goes_on = GOES_ON[value.function]
        found: dict[int, Any] = {}
        left = list(chosen)
        for operand in value.operands:
            cells = self.column(operand, left)
            if cells is None:
                return None
            found.update(zip(left, cells, strict=True))
            left = [i for i in left if goes_on(found[i])]
        if value.function == "coalesce":
            return [found[i] for i in chosen]
        return [bool(found[i]) for i in chosen]

    def _applied(self, value: Apply, chosen: Sequence[int]) -> list[Any] | None:
        function = OPERATORS.get((value.function, len(value.operands))) or FUNCTIONS[value.function]
        columns = []
        for operand in value.operands:
            cells = self.column(operand, chosen)
            if cells is None:
                return None
            columns.append(cells)
        if len(columns) == 1 and set(map(type, columns[0])) == {str}:
            # Cells of a text table: mostly there are few different ones.
            known = {cell: within_limits(function.compute(cell)) for cell in set(columns[0])}
            return [known[cell] for cell in columns[0]]
        return [within_limits(function.compute(*row)) for row in zip(*columns, strict=True)]
