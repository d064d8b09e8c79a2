"""Lists of texts that are made of rows: how each text comes about, for rows that are not known yet.

Of a step `call` by sample and interval, and another that gathers what it writes,

    calls: {rows: {Sample: "${call.sample}", Calls: "${call.vcf}"}}

a line of the sheet is `{sample},results/call/{sample}/{interval}/vcf`, whatever rows there are. Only what is put
together of keys, columns, outputs' paths and other texts can be said so.
"""

from __future__ import annotations

from collections.abc import Iterable

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.functions import FUNCTIONS, to_text
from sncompile.ir.values.model import Apply, Cell, Choice, Const, Items, Key, Local, Output, Related, Text, Value
from sncompile.lowering.model import RowPiece, RowTexts, TableColumn, Texts
from sncompile.lowering.pieces import Constant
from sncompile.lowering.pieces import Key as KeyPiece

SHEETS = ("csv", "tsv")
"""Forms of lines that can be written of rows."""


class _NotOfRows(Exception):
    """A value that is not put together of what rows have."""


def texts_of(value: Value, graph: Graph, family: Family) -> Texts | None:
    """How a list is made of rows, with texts between; None for any other, and where all rows are known."""
    if not _awaits(value, family):
        return None
    try:
        return tuple(_Reader(graph, family).parts(value))
    except _NotOfRows:
        return None


def _awaits(value: Value, family: Family) -> bool:
    """Whether a list is made of rows that are not known yet."""
    value = _bound(value, family)
    if isinstance(value, Choice) and isinstance(value.test, Const):
        return _awaits(value.then if value.test.value else value.other, family)
    if isinstance(value, Apply) and value.operands:
        return _awaits(value.operands[0], family)
    if isinstance(value, Items):
        return any(_awaits(item, family) for item in value.items)
    if not isinstance(value, Related):
        return False
    return any(table.awaited for keys in (value.source, value.target) for table in keys.rows.tables)


class _Reader:
    def __init__(self, graph: Graph, family: Family) -> None:
        self._graph, self._family = graph, family

    def parts(self, value: Value, start: str = "") -> Iterable[str | RowTexts]:
        """The texts of a list, each with `start` before it."""
        value = _bound(value, self._family)
        match value:
            case Items():
                for item in value.items:
                    yield from self.parts(item, start)
            case Const():
                for text in value.value if isinstance(value.value, tuple) else (value.value,):
                    yield start + to_text(text)
            case Apply(function="@prefixed", operands=(inner, Const(value=before))) if not start:
                yield from self.parts(inner, str(before))
            case Choice(test=Const(value=test)):
                yield from self.parts(value.then if test else value.other, start)
            case Apply(function="present", operands=(inner,)):
                yield from self.parts(inner, start)
            case Apply(function="unique", operands=(inner,)):
                for part in self.parts(inner, start):
                    yield part if isinstance(part, str) else part._replace(once=True)
            case Apply(function=function) if function[1:] in SHEETS and not start:
                yield self._line(value)
            case Related() if not value.linked:
                form, cells = self._cells(value.value, value.source)
                if start:
                    cells = ((Constant(start), *cells[0]),)
                yield RowTexts(form, cells, value.source, value.target, task=self._writer(value.value))
            case _:
                raise _NotOfRows

    def _writer(self, value: Value) -> str | None:
        """The step that writes what a path names, if one does."""
        value = _bound(value, self._family)
        match value:
            case Output():
                return value.step
            case Choice(test=Const(value=test)):
                return self._writer(value.then if test else value.other)
            case Apply(function="@input"):
                return self._writer(value.operands[0])
            case Related() if not value.gathers:
                return self._writer(value.value)
            case _:
                return None

    def _line(self, value: Apply) -> str:
        """A line that is the same for all."""
        if not all(isinstance(cell, Const) for cell in value.operands):
            raise _NotOfRows
        line: str = FUNCTIONS[value.function].compute(
            *(cell.value for cell in value.operands if isinstance(cell, Const))
        )
        return line

    def _cells(self, value: Value, at: KeySet) -> tuple[str, tuple[tuple[RowPiece, ...], ...]]:
        if isinstance(value, Apply) and value.function[1:] in SHEETS:
            return value.function[1:], tuple(tuple(self._pieces(cell, at)) for cell in value.operands)
        return "", (tuple(self._pieces(value, at)),)

    def _pieces(self, value: Value, at: KeySet) -> Iterable[RowPiece]:
        """What a text of an instance of `at` is made of."""
        value = _bound(value, self._family)
        match value:
            case Const() if "://" not in (text := "" if value.value is None else to_text(value.value)):
                yield Constant(text)
            case Text():
                for part in value.parts:
                    yield from self._pieces(part, at)
            case Key() if value.keys is at:
                yield KeyPiece(value.name, value.encoded, at)
            case Choice(test=Const(value=test)):
                yield from self._pieces(value.then if test else value.other, at)
            case Apply(function="@input"):
                yield from self._pieces(value.operands[0], at)
            case Cell() if _as_it_stands(value):
                yield TableColumn(value.table, value.column, at, False)
            case Output():
                family = self._graph.families[value.step]
                if family.keys is not at:
                    raise _NotOfRows
                yield from self._pieces(family.outputs[value.port].path, at)
            case Related() if value.target is at and not value.gathers and not value.linked:
                yield from self._pieces(value.value, value.source)
            case _:
                raise _NotOfRows


def _bound(value: Value, family: Family) -> Value:
    """What a name of the module stands for; outputs of its own do for themselves."""
    while isinstance(value, Local) and value.space in ("inputs", "params", "env"):
        value = family.local(value.space, value.name)
    return value


def _as_it_stands(cell: Cell) -> bool:
    """Whether what is taken of a column is what the table has."""
    taken, there = cell.table.cells(cell.column, cell.type), cell.table.columns[cell.column]
    return taken is there or list(taken) == list(there)
