"""The IR: an immutable graph of job families.

A family stands for all jobs of a step: a command template, typed ports, a container, resources and a key set. The graph
of a pipeline with a million jobs has as many nodes as its spec has steps. Families carry the span they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.fields import identity, keeping, presentation, relation, scheduling
from sncompile.ir.graph.commands import Argument, ListFile, ShellPart, Success, Variable, Waits
from sncompile.ir.graph.files import ModuleFile
from sncompile.ir.graph.resources import unasked
from sncompile.ir.graph.shown import Shown
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.types import Type
from sncompile.ir.values.model import Const, Value

BUILT = ".python"
"""How the place of a pipeline ends that stands in no file: it was built in Python, or came by a pipe."""


class Relation(StrEnum):
    """How the keys of an edge's two ends relate."""

    MAP = "map"
    BROADCAST = "broadcast"
    GATHER = "gather"
    LINK = "link"
    """Told instance by instance: the keys do not say it, but a column names it (`lookup`), or a pass brought steps
    together."""


class Input(NamedTuple):
    """What an input port reads: a path, or a list of paths; absent is a constant None."""

    value: Annotated[Value, identity()]
    base: Annotated[str, identity()]
    many: Annotated[bool, identity()]
    required: Annotated[bool, presentation()] = True
    """Whether there must be something to read; before rows are known nobody can tell whether there is."""


class Output(NamedTuple):
    """What an output port writes. `create`: a directory that has to be there before the command runs. `value`: the type
    of the value that the file holds, where it stands for that.
    """

    path: Annotated[Value, identity()]
    base: Annotated[str, identity()]
    many: Annotated[bool, identity()]
    optional: Annotated[bool, identity()]
    temp: Annotated[bool, keeping()]
    protected: Annotated[bool, keeping()]
    derived: Annotated[bool, keeping()]
    span: Annotated[Span, presentation()]
    create: Annotated[bool, identity()] = False
    value: Annotated[str, identity()] = ""
    report: Annotated[Shown | None, keeping()] = None
    """How it is shown to people; None where it is not."""


class Origin(NamedTuple):
    """The step of the spec that some jobs of a family come from, where a pass made one family of several steps."""

    step: Annotated[str, presentation()]
    span: Annotated[Span, presentation()]


class Edge(NamedTuple):
    """`target` needs `source`: by the data of some ports, or (`ports` empty) by order alone."""

    source: str
    target: str
    relation: Relation
    ports: tuple[str, ...]


class Family(NamedTuple):
    """All jobs of a step, or of several steps that a pass made one. Exactly one of `command` and `shell` is set.

    `origins` leads from the first key of an instance to the step that it comes from; it is empty for a family that is
    a step of the spec itself. `priority` is what a scheduler compares, the higher the sooner; where the spec says
    none, `urgent` jobs come before others. `batch` is how many
    instances one job of an engine may do; `batches`, where there are any, say for each instance which of them does it,
    from 0. `network`: whether a container may use it. `lists` are files that are written before the command runs.
    """

    name: Annotated[str, presentation()]
    title: Annotated[str, presentation()]
    module: Annotated[str, presentation()]
    module_span: Annotated[Span, presentation()]
    keys: Annotated[KeySet, relation()]
    inputs: Annotated[Mapping[str, Input], identity()]
    params: Annotated[Mapping[str, Value], identity("parameters")]
    outputs: Annotated[Mapping[str, Output], identity()]
    command: Annotated[tuple[Argument, ...] | None, identity()]
    shell: Annotated[tuple[ShellPart, ...] | None, identity("script")]
    container: Annotated[Value | None, identity()]
    conda: Annotated[str | None, identity()]
    env: Annotated[tuple[Variable, ...], identity("environment")]
    resources: Annotated[Mapping[str, Value], scheduling()]
    retries: Annotated[int, scheduling("retries")]
    success: Annotated[Success, identity()]
    after: Annotated[tuple[Waits, ...], relation("order")]
    local_rule: Annotated[bool, scheduling("place")]
    tags: Annotated[tuple[str, ...], presentation()]
    span: Annotated[Span, presentation()]
    origins: Annotated[Mapping[str, Origin], presentation()] = MappingProxyType({})
    priority: Annotated[int, scheduling()] = 0
    urgent: Annotated[bool, scheduling(by_pass=True)] = False
    batch: Annotated[int, scheduling()] = 1
    batches: Annotated[tuple[int, ...], scheduling(by_pass=True)] = ()
    network: Annotated[bool, scheduling()] = False
    lists: Annotated[Mapping[str, ListFile], identity("list files")] = MappingProxyType({})

    def origin(self, number: int) -> tuple[Origin, tuple[str, ...]]:
        """The step that an instance comes from, with the instance's key there."""
        key = self.keys.instances[number]
        if not self.origins:
            return Origin(self.name, self.span), key
        return self.origins[key[0]], key[1:]

    def local(self, space: str, name: str) -> Value:
        """What a name of the module stands for in this family."""
        missing = Const(None, Type("null", optional=True), self.span)
        if space == "inputs":
            return self.inputs[name].value
        if space == "params":
            return self.params[name]
        if space == "outputs":
            return self.outputs[name].path
        if space == "lists":
            return self.lists[name].path
        if space == "resources":
            return self.resources.get(name) or unasked(name, self.span)
        return next((v.value for v in self.env if v.name == name and v.value is not None), missing)


@dataclass(frozen=True)
class Graph:
    """The families of a pipeline with the edges between them, and what the pipeline is for.

    `roots` are the data roots by their names, the workspace among them. `steps` are the steps of the spec in its order,
    whatever families they have become part of. `outputs` are seen from outside, where there are no keys. `folder` is
    the jobs' working folder and is never written into a file. `origins` has what documents from outside of the project
    are called on every machine, by what they are called in messages. `later` are steps that are not here, since which
    jobs they have is known after others have run. `row_sources` are outputs, by step and port, that rows are read from.
    """

    name: str
    title: str
    spec: str
    folder: str
    workspace: str
    roots: Mapping[str, str]
    steps: tuple[str, ...]
    families: Mapping[str, Family]
    edges: tuple[Edge, ...]
    outputs: Mapping[str, Value]
    files: Mapping[str, ModuleFile]
    origins: Mapping[str, str]
    spec_digest: str
    span: Span
    later: tuple[str, ...] = ()
    row_sources: frozenset[tuple[str, str]] = frozenset()
    sums: Mapping[str, str] = field(default_factory=dict)
    """What files of inputs must hold: path → SHA-256. It is no part of what a job does: another sum is another file."""

    def into(self, name: str) -> list[Edge]:
        """The edges that lead into a family, from itself too (`feeds_itself`)."""
        return self._into.get(name, [])

    def above(self, name: str) -> list[str]:
        """The other families that a family needs directly."""
        return [edge.source for edge in self.into(name) if edge.source != name]

    def feeds_itself(self, name: str) -> bool:
        """Whether some instances of a family need others of it."""
        return any(edge.source == name for edge in self.into(name))

    @cached_property
    def _into(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    def order(self) -> list[str]:
        """Family names, each after all that it needs; in the spec's order where that is free."""
        from graphlib import TopologicalSorter

        waits: dict[str, set[str]] = {name: set() for name in self.families}
        for edge in self.edges:
            if edge.source != edge.target:
                waits[edge.target].add(edge.source)
        rank = {name: number for number, name in enumerate(self.families)}
        sorter = TopologicalSorter(waits)
        sorter.prepare()
        found: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=rank.__getitem__)
            found += ready
            sorter.done(*ready)
        return found

    def downwards(self) -> Iterable[str]:
        """Family names, each after all that it needs, in any such order: that of the graph itself where it serves."""
        seen: set[str] = set()
        for name in self.families:
            if not seen.issuperset(self.above(name)):
                return self.order()
            seen.add(name)
        return self.families

    def job_count(self) -> int:
        """How many jobs there are in all."""
        return sum(len(family.keys) for family in self.families.values())


def relate(source: KeySet, target: KeySet) -> Relation:
    """How the keys of two ends relate."""
    if source.by == target.by or set(source.by) == set(target.by):
        return Relation.MAP
    return Relation.BROADCAST if set(source.by) < set(target.by) else Relation.GATHER
