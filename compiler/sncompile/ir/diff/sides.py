"""The two graphs side by side: their values, evaluated as they are, and the new ones as if no file had moved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sncompile.diagnostics import CompileError
from sncompile.faults.reading import UNREADABLE
from sncompile.ir.diff.likeness import Likeness, key_names
from sncompile.ir.diff.pairing import Pair, Pairing, names_before, pair_jobs
from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import feeds
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Bound, Cell, Local, Output, Related, Value, walk

Sources = Callable[[int], Iterable[int]]


class _Unmoved:
    """A family whose outputs are called as they were, for the jobs that were there."""

    def __init__(self, family: Family, paths: Mapping[str, Value]) -> None:
        self._family, self._paths = family, paths

    @property
    def keys(self) -> KeySet:
        """The family's instances, as they are now."""
        return self._family.keys

    def local(self, space: str, name: str) -> Value:
        """What a name of the module stands for."""
        if space == "outputs" and name in self._paths:
            return self._paths[name]
        return self._family.local(space, name)


class Sides:
    """Two graphs, which of their jobs are which, and evaluation in either."""

    def __init__(self, old: Graph, new: Graph) -> None:
        self.old, self.new = old, new
        self.was = names_before(old, new)
        self.now_called = {before: now for now, before in self.was.items()}
        families = (*old.families.values(), *new.families.values())
        joining = key_names(_values(families), [family.keys for family in families])
        self.alike = Likeness(self.was, joining)
        self.pairing: Pairing = pair_jobs(old, new, self.was, self.alike)
        self.moved: set[str] = set()
        """The steps of the new graph whose outputs go elsewhere."""
        self._unmoved: dict[str, Bound] = dict(new.families)
        self._before = Evaluator(old.families)
        self._now = Evaluator(new.families)
        self._as_before = Evaluator(self._unmoved)
        self._digests: dict[str, str] = {}
        self._origins: dict[str, Sequence[int | None]] = {}
        self._partners: dict[str, dict[int, tuple[str, int]]] = {}

    def before(self, value: Value, family: Family) -> Closure:
        """The value in the old graph. Raises `AtRunTime`."""
        return self._before.closure(value, family.keys, family)

    def now(self, value: Value, family: Family) -> Closure:
        """The value in the new graph. Raises `AtRunTime`."""
        return self._now.closure(value, family.keys, family)

    def unmoved(self, value: Value, family: Family) -> Closure:
        """The value in the new graph if all that was written before were called as it was. Raises `AtRunTime`."""
        real = self.now(value, family)
        if not self.moved or not self._has_moved(value, family):
            return real
        shifted = self._as_before.closure(value, family.keys, family)

        def closure(number: int) -> Any:
            try:
                return shifted(number)
            except ValueFault:
                return real(number)  # An expression may take a path apart in a way that fits new paths only.

        return closure

    def _has_moved(self, value: Value, family: Family) -> bool:
        """Whether a value takes the path of an output that goes elsewhere, itself or by a name inside its module."""
        for leaf in walk(value):
            if isinstance(leaf, Output) and leaf.step in self.moved:
                return True
            if isinstance(leaf, Local) and self._has_moved(family.local(leaf.space, leaf.name), family):
                return True
        return False

    def note_moved(self, pair: Pair) -> None:
        """The outputs of a pair's new family go elsewhere; those that read them must not seem to differ for that."""
        self.moved.add(pair.new.name)
        paths = {port: self._old_path(pair, port) for port in pair.new.outputs if port in pair.old.outputs}
        self._unmoved[pair.new.name] = _Unmoved(pair.new, paths)

    def _old_path(self, pair: Pair, port: str) -> Value:
        """A column of the old paths, and the new ones of what is new."""
        before = self.before(pair.old.outputs[port].path, pair.old)
        now = self.now(pair.new.outputs[port].path, pair.new)
        origin = dict(zip(pair.here, pair.there, strict=True))
        keys = pair.new.keys
        cells = [before(origin[n]) if n in origin else now(n) for n in range(len(keys))]
        path = pair.new.outputs[port].path
        table = Table("", (), {"path": cells}, span=path.span)
        return Related(Cell(table, "path", path.type, path.span), keys, keys, path.type, path.span)

    # --- What jobs read -----------------------------------------------------------------------------------------

    def reads_before(self, value: Value, family: Family) -> list[tuple[str, Sources]]:
        """The steps that a value of the old graph comes from, each with the instances for an instance."""
        return feeds(value, family.keys, self._before)

    def reads_now(self, value: Value, family: Family) -> list[tuple[str, Sources]]:
        """The same of the new graph."""
        return feeds(value, family.keys, self._now)

    def origins(self, name: str) -> Sequence[int | None]:
        """Of every job of a step of the new graph its number before, by the step's own pair; None where it is new."""
        if name not in self._origins:
            origins: list[int | None] = [None] * len(self.new.families[name].keys)
            for pair in self.pairing.pairs[name][:1]:
                for there, here in zip(pair.there, pair.here, strict=True):
                    origins[here] = there
            self._origins[name] = origins
        return self._origins[name]

    def partner(self, name: str, number: int) -> tuple[str, int] | None:
        """The step and number before of a job of the new graph; None where it is new."""
        if name not in self._partners:
            self._partners[name] = {
                here: (pair.old.name, there)
                for pair in self.pairing.pairs[name]
                for there, here in zip(pair.there, pair.here, strict=True)
            }
        return self._partners[name].get(number)

    # --- Files of modules ---------------------------------------------------------------------------------------

    def file_digest(self, graph: Graph, emitted: str) -> str:
        """The SHA-256 sum of a module's file. Raises `CompileError` where it cannot be read."""
        source = str(graph.files[emitted].source)
        if source not in self._digests:
            try:
                with open(source, "rb") as file:
                    self._digests[source] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                message = f"cannot read `{source}`: {error.strerror}"
                raise CompileError([UNREADABLE.at(None, message, help="it belongs to a module")]) from None
        return self._digests[source]


def _values(families: Iterable[Family]) -> Iterator[Value]:
    for family in families:
        yield from taken(family).values()
        yield from (output.path for output in family.outputs.values())
