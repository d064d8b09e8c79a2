"""The values of a family's instances, and the columns that its words need."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.structure import structure
from sncompile.ir.keys.key_set import keys_of
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Attempt, Cell, Const, Content, Key, Local, Lookup, Related, Size, Value, walk
from sncompile.lowering.lazy import Lazy
from sncompile.lowering.model import Column, TableColumn
from sncompile.lowering.row_texts import texts_of

BOUND = ("params", "env", "resources")
"""Names of a module that stand for values of the step, and not for files."""


class Columns:
    """What differs between the jobs of one family: every value once, under a name of its own."""

    def __init__(self, family: Family, graph: Graph, evaluator: Evaluator) -> None:
        self.family, self.graph, self.evaluator = family, graph, evaluator
        self.columns: dict[str, Column] = {}
        self._known: dict[Hashable, str] = {}

    # --- Values -------------------------------------------------------------------------------------------------

    def closure(self, value: Value) -> Closure:
        """The value of every instance. Raises `AtRunTime`."""
        return self.evaluator.closure(value, self.family.keys, self.family)

    def cells(self, value: Value) -> list[Any]:
        """The value of every instance, as a list. Raises `AtRunTime`."""
        return list(self.evaluator.column(value, self.family.keys, self.family))

    def constant(self, value: Value) -> tuple[Any] | None:
        """The value in a tuple of one, where it is the same for every instance and comes from no row.

        What is taken from the row of a job stays a column even where all rows agree: with one row more they may not.
        """
        if isinstance(value, Const):
            return (value.value,)
        if self.reads_rows(value) or self.late(value):
            return None
        closure = self.evaluator.over(value, self.family.keys, self.family)
        first = closure(0)
        same = all(closure(i) == first for i in range(1, len(self.family.keys)))
        return (first,) if same else None

    def reads_rows(self, value: Value) -> bool:
        """Whether a value is taken from the row of a job."""
        if not self.family.keys.by:
            return False
        return any(isinstance(leaf, (Key, Related, Lookup)) for leaf in self.leaves(value))

    def late(self, value: Value) -> bool:
        """Whether a value is known only when the job is about to run."""
        return any(isinstance(leaf, (Attempt, Content, Size)) for leaf in self.leaves(value))

    def leaves(self, value: Value) -> list[Value]:
        """A value with all that is inside it, and inside what its names stand for; ports stand for themselves."""
        return leaves(value, self.family)

    def bound(self, value: Value) -> Value:
        """What a name of the module stands for, as far as that is no file."""
        while isinstance(value, Local) and value.space in ("params", "env"):
            value = self.family.local(value.space, value.name)
        return value

    # --- Columns ------------------------------------------------------------------------------------------------

    def column(self, value: Value, hint: str, *, data: bool = False) -> str:
        """The name of the column of a value; `data` is said of lists that come out of tables or from other jobs."""
        value = self.bound(value)
        key = ("value", structure(value))
        if key not in self._known:
            cells: Sequence[Any] = Lazy(len(self.family.keys), lambda: self.cells(value))
            texts = texts_of(value, self.graph, self.family)
            self._known[key] = self._new(hint, Column("", cells, value.span, origin_of(value), data, texts=texts))
        return self._known[key]

    def made(self, cells: Sequence[Any], hint: str, span: Span, *, data: bool = False) -> str:
        """The name of a column of the words of an argument."""
        key = ("cells", tuple(cells))
        if key not in self._known:
            self._known[key] = self._new(hint, Column("", cells, span, None, data, words=True))
        return self._known[key]

    def _new(self, hint: str, column: Column) -> str:
        base = re.sub(r"\W+", "_", hint.strip("-")) or "value"
        name, number = base, 1
        while name in self.columns:
            number += 1
            name = f"{base}_{number}"
        self.columns[name] = replace(column, name=name)
        return name


def leaves(value: Value, family: Family) -> list[Value]:
    """A value with all that is inside it, and inside what its names stand for; ports stand for themselves."""
    found: list[Value] = []
    for leaf in walk(value):
        found.append(leaf)
        if isinstance(leaf, Local) and leaf.space in BOUND:
            found += leaves(family.local(leaf.space, leaf.name), family)
    return found


def origin_of(value: Value) -> TableColumn | None:
    """The column of a table that a value is, seen by the keys alone; None for any other value."""
    if isinstance(value, Key) and not value.encoded:
        return _own_key(value)
    if not isinstance(value, Related) or value.linked:
        return None
    if isinstance(value.value, Key):
        return _late_key(value, value.value)
    if not isinstance(value.value, Cell):
        return None
    return TableColumn(value.value.table, value.value.column, value.target, value.gathers)


def _own_key(key: Key) -> TableColumn | None:
    """A key of the step itself, as a column of the table whose rows say it and are not known yet."""
    tables = key.keys.rows.tables
    for table in tables:
        if table.late is None or not table.awaited:
            continue
        if key.name in (table.key if len(tables) == 1 else table.late.own):
            return TableColumn(table, key.name, key.keys, False)
    return None


def _late_key(value: Related, key: Key) -> TableColumn | None:
    """A key of another step, as a column of the table whose rows that step ranges over and which is not known yet.

    What a key is cannot be written down then, and the step's instances are the rows.
    """
    tables = key.keys.rows.tables
    if len(tables) != 1 or not tables[0].awaited or key.encoded:
        return None
    related = value.target.related(keys_of(tables[0]))
    if value.source is not key.keys or any(map(_differ, value.target.related(value.source), related)):
        return None
    return TableColumn(tables[0], key.name, value.target, value.gathers)


def _differ(one: Sequence[int], other: Sequence[int]) -> bool:
    return list(one) != list(other)
