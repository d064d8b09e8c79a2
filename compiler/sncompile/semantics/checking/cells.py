"""The cells of sheets that a value is made of: what is wrong with it is mended there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics import Related as Place
from sncompile.diagnostics.few import MAX_TOLD
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Cell as Content
from sncompile.ir.keys.table import Table
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Bound, Cell, Choice, Key, Local, Related, Value, children
from sncompile.semantics.tables.declared import number_help

MAX_CELLS = 1_000
"""Cells of one value that are looked at."""


class SheetCell(NamedTuple):
    """A cell of a text table, by its row."""

    table: Table
    column: str
    row: int

    @property
    def content(self) -> Content:
        """What stands in it."""
        return self.table.columns[self.column][self.row]


def at_the_cell(
    told: Diagnostic, value: Value, at: KeySet, number: int, step: Bound | None, evaluator: Evaluator
) -> Diagnostic:
    """What is told of a value of an instance, at the cell of a sheet that is to blame; as it is, if that is not known.

    To blame is the cell that the message quotes, else an empty one, else the only one that there is.
    """
    try:
        found = list(islice(cells_of(value, at, number, step, evaluator), MAX_CELLS))
    except (ValueFault, AtRunTime, LookupError):
        return told
    cells = [cell for cell in found if cell.table.text and cell.table.file is not None]
    quoted = [cell for cell in cells if cell.content is not None and f"`{to_text(cell.content)}`" in told.message]
    empty = [cell for cell in cells if cell.content is None]
    blamed = next(iter((*quoted, *empty, *(cells if len(found) == 1 else ()))), None)
    if blamed is None or told.span is None:
        return told
    place = blamed.table.cell_span(blamed.row, blamed.column)
    related = (Place("it is taken here", told.span), *told.related)
    return replace(told, span=place, related=related, help=number_help(blamed.content) or told.help)


class Faulty:
    """The instances for which a value does not serve, in their order, and what is told of the first of them."""

    def __init__(self, value: Value, at: KeySet, step: Bound | None, evaluator: Evaluator) -> None:
        self._value, self._at, self._step, self._evaluator = value, at, step, evaluator
        self._told: list[Diagnostic] = []
        self._count = 0

    def add(self, number: int, told: Diagnostic) -> bool:
        """Take in an instance and what is wrong there; whether others may have something else to tell.

        Where no cell is to blame, they would all be told of at one place.
        """
        self._count += 1
        if self._count > MAX_TOLD:
            return True
        found = at_the_cell(told, self._value, self._at, number, self._step, self._evaluator)
        if any(before.span == found.span for before in self._told):
            self._count -= 1  # Several instances take one cell.
        else:
            self._told.append(found)
        return found.span != told.span

    def told(self) -> list[Diagnostic]:
        """What is told of them; with the last, how many more there are."""
        *found, last = self._told or (None,)
        if last is None:
            return []
        more = self._count - len(self._told)
        return [*found, replace(last, message=f"{last.message} (and {more:,} more)") if more else last]


def cells_of(value: Value, at: KeySet, number: int, step: Bound | None, evaluator: Evaluator) -> Iterator[SheetCell]:
    """The cells that a value reads for an instance."""
    match value:
        case Related():
            here = number if at is value.target else at.related(value.target)[number][0]
            for source in value.target.related(value.source)[here]:
                if isinstance(value.value, Cell):
                    yield SheetCell(value.value.table, value.value.column, source)
                else:
                    yield from cells_of(value.value, value.source, source, step, evaluator)
        case Key():
            here = number if at is value.keys else at.related(value.keys)[number][0]
            yield from _key_cell(value, here)
        case Local() if step is not None:
            yield from cells_of(step.local(value.space, value.name), at, number, step, evaluator)
        case Choice():
            yield from cells_of(value.test, at, number, step, evaluator)
            taken = value.then if evaluator.closure(value.test, at, step)(number) else value.other
            yield from cells_of(taken, at, number, step, evaluator)
        case _:
            for inner in children(value):
                yield from cells_of(inner, at, number, step, evaluator)


def _key_cell(value: Key, number: int) -> Iterator[SheetCell]:
    """The first cell that an instance has a key from."""
    wanted = value.keys.column(value.name)[number]
    for table in value.keys.rows.tables:
        if value.name in table.key:
            row = next((row for row, cell in enumerate(table.columns[value.name]) if cell == wanted), None)
            if row is not None:
                yield SheetCell(table, value.name, row)
            return
