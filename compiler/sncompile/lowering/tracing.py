"""Values that lead to files → their forms (`files.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values import model as ir
from sncompile.ir.values.branches import HANDED_ON, Branch, branches
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Value, children, walk
from sncompile.lowering.files import (
    CellOf,
    Computed,
    Differing,
    Each,
    Either,
    Files,
    Fixed,
    Form,
    Joined,
    Listed,
    OutputOf,
    PathPiece,
    Seen,
    Traced,
    keyed,
    path_text,
)
from sncompile.lowering.lazy import Lazy
from sncompile.lowering.model import Column, Outside
from sncompile.lowering.pieces import Constant, Key, Plain

_PORTS = ("inputs", "outputs", "params")
"""Names of a module that may stand for files."""


class Tracing:
    """The files of one graph's values; those of each output are worked out once."""

    def __init__(self, graph: Graph, evaluator: Evaluator) -> None:
        self._graph, self._evaluator = graph, evaluator
        self._outputs: dict[OutputOf, Files] = {}

    def files(self, value: Value, at: KeySet, family: Family | None = None) -> Files:
        """The files of a value, for every instance of `at`; `family` says what the names of its module stand for."""
        return self._files(value, at, family, self._column(value, at, family))

    def output(self, task: str, port: str) -> Files:
        """The files of an output."""
        key = OutputOf(task, port)
        if key not in self._outputs:
            family = self._graph.families[task]
            self._outputs[key] = self.files(family.outputs[port].path, family.keys, family)
        return self._outputs[key]

    def _column(self, value: Value, at: KeySet, family: Family | None) -> Sequence[Plain]:
        return Lazy(len(at), lambda: list(self._evaluator.column(value, at, family)))

    def _part(self, value: Value, at: KeySet, family: Family | None) -> Files:
        """The files of a part of a value, which only some instances may come to."""
        return self._files(value, at, family, self._each(value, at, family))

    def _each(self, value: Value, at: KeySet, family: Family | None) -> Sequence[Plain]:
        return Each(len(at), lambda: self._evaluator.closure(value, at, family))

    def _files(self, value: Value, at: KeySet, family: Family | None, cells: Sequence[Plain]) -> Files:
        while family is not None and isinstance(value, ir.Local) and value.space in _PORTS:
            value = family.local(value.space, value.name)
        many, optional = value.type.many, value.type.optional
        pieces = () if many else tuple(self.pieces(value, at, family))
        form = self._form(value, at, family, cells)
        return Files(cells, many, optional, pieces, form, frozenset(steps_in(value)), value.span)

    # --- Forms --------------------------------------------------------------------------------------------------

    def _form(self, value: Value, at: KeySet, family: Family | None, cells: Sequence[Plain]) -> Form:
        match value:
            case ir.Const():
                return Fixed(value.value)
            case ir.Related():
                return Seen(self._source(value), value.source, value.target)
            case ir.Items():
                return Listed(tuple([self._part(item, at, family) for item in value.items]))
            case ir.Choice():
                then, other = (self._part(arm, at, family) for arm in (value.then, value.other))
                return Either(self._each(value.test, at, family), then, other)
            case ir.Apply(function="coalesce") if len(value.operands) > 1 and not value.type.many:
                return self._first_there(value, at, family)
            case ir.Made():
                sources = tuple([self._part(source, at, family) for source in value.sources])
                return Traced(self._files(value.path, at, family, cells), sources)
        # A list that hands on what is in others is made of all of them, whoever writes it.
        whole = isinstance(value, ir.Apply) and value.type.many and value.function in HANDED_ON
        parts = tuple([self._part(child, at, family) for child in children(value) if whole or steps_in(child)])
        return Joined(parts) if isinstance(value, ir.Text) else Computed(parts)

    def _first_there(self, value: ir.Apply, at: KeySet, family: Family | None) -> Form:
        """The files of the first of several values that is there: no job comes to those behind it."""
        first, *others = value.operands
        rest = value._replace(operands=tuple(others)) if len(others) > 1 else others[0]
        there = Each(len(at), lambda: self._is_there(first, at, family))
        return Either(there, self._part(first, at, family), self._part(rest, at, family))

    def _is_there(self, value: Value, at: KeySet, family: Family | None) -> Closure:
        found = self._evaluator.closure(value, at, family)
        return lambda i: found(i) is not None

    def _source(self, value: ir.Related) -> Files:
        """What is seen, at the instances that it belongs to."""
        inner = value.value
        if isinstance(inner, ir.Cell):
            cells: Sequence[Plain] = Lazy(len(inner.table), lambda: inner.table.cells(inner.column, inner.type))
            form: Form = CellOf(inner.table, inner.column)
            return Files(cells, False, inner.type.optional, (), form, frozenset(), inner.span)
        if isinstance(inner, ir.Output):
            form, tasks = OutputOf(inner.step, inner.port), frozenset((inner.step,))
            if inner.port not in self._graph.families[inner.step].outputs:
                # Who writes nothing is waited for all the same.
                return Files((), inner.type.many, inner.type.optional, (), form, tasks, inner.span)
            found = self.output(inner.step, inner.port)
            return Files(found.cells, inner.type.many, inner.type.optional, found.pieces, form, tasks, inner.span)
        return self._part(inner, value.source, None)

    # --- Pieces -------------------------------------------------------------------------------------------------

    def pieces(self, value: Value, at: KeySet, family: Family | None) -> list[PathPiece]:
        """A single path as texts, keys, and what is neither."""
        match value:
            case ir.Const():
                return [Constant(path_text(value.value))]
            case ir.Key():
                return [Key(value.name, value.encoded, value.keys)]
            case ir.Local() if family is not None and value.space in _PORTS:
                return self.pieces(family.local(value.space, value.name), at, family)
            case ir.Text():
                return [piece for part in value.parts for piece in self.pieces(part, at, family)]
            case ir.Related(value=ir.Output() as inner) if not (value.type.many or value.gathers or value.linked):
                ports = self._graph.families[inner.step].outputs
                seen: Sequence[PathPiece] = self.output(inner.step, inner.port).pieces if inner.port in ports else ()
                # What another task's path is made of beside keys cannot be asked for here by name.
                if keyed(seen):
                    return list(seen)
            case ir.Related(value=ir.Text() as inner) if not (value.gathers or value.linked):
                seen = self.pieces(inner, value.source, family)
                if keyed(seen):
                    return list(seen)
        name = getattr(getattr(value, "value", None), "column", "part")
        return [Differing(Column(name, self._column(value, at, family), value.span))]

    # --- What comes from outside --------------------------------------------------------------------------------

    def outside(self, value: Value, family: Family) -> tuple[Outside, ...]:
        """The parts of an input that no other task's output alone gives."""
        found = []
        for part in branches(value):
            inside = list(walk(part.value))
            made = any(isinstance(leaf, ir.Made) for leaf in inside)
            if made or not any(isinstance(leaf, ir.Output) for leaf in inside):
                part = part._replace(value=part.value.path) if isinstance(part.value, ir.Made) else part
                single = not (part.value.type.many or part.tests)
                pieces = self.pieces(part.value, family.keys, family) if single else ()
                found.append(Outside(tuple(pieces), Lazy(None, lambda part=part: self._texts(part, family))))  # type: ignore[misc]
        return tuple(found)

    def _texts(self, part: Branch, family: Family) -> list[str]:
        """All paths that a part is made of, each once."""
        value = part.value
        cells: Sequence[Plain]
        if part.tests:
            closure = self._evaluator.closure(value, family.keys, family)
            taken = part.taken(family.keys, self._evaluator, family)
            cells = [closure(number) for number in range(len(family.keys)) if taken(number)]
        elif isinstance(value, ir.Related) and isinstance(value.value, ir.Cell):
            cells = value.value.table.columns[value.value.column]
        else:
            cells = list(self._evaluator.column(value, family.keys, family))
        if set(map(type, cells)) == {str}:
            return list(dict.fromkeys(cells))  # type: ignore[arg-type]
        found: dict[str, None] = {}
        for cell in cells:
            for item in cell if isinstance(cell, tuple) else (cell,):
                if isinstance(item, str):
                    found.setdefault(item)
        return list(found)
