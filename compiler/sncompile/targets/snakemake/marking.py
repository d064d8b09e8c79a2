"""Families whose outputs have no name in common.

Snakemake finds a job by the wildcards of the path that is asked for, so all outputs of a rule must hold the same ones.
Where the paths of a family vary each in its own way, its rule has a mark as its output,
`results/STEP/.sncompile/done/KEY.done`, where no output may be; the paths themselves are parameters. The job makes room
for them and is done only when all of them are there; who reads from it waits for the mark.

This is a rewriting of the graph before it is lowered: ports that are no paths of Snakemake's become parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import below, encode_key
from sncompile.ir.language.types import STRING
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Choice, Items, Key, Local, Made, Output, Related, Text, Value, children, text
from sncompile.targets.snakemake.names import ending, unique

MARKER = ".done"


@dataclass(frozen=True, slots=True)
class Marks:
    """Which families are known by a mark, which of these are batches, and which ports of any family stand among its
    parameters, by what names."""

    families: frozenset[str] = frozenset()
    batched: frozenset[str] = frozenset()
    ports: Mapping[tuple[str, str, str], str] | None = None

    def parameter(self, family: str, space: str, port: str) -> str | None:
        """The parameter that holds a port's paths, where Snakemake does not."""
        return (self.ports or {}).get((family, space, port))

    def waits(self, value: Value) -> bool:
        """Whether a value comes from a family that is known by its mark."""
        return bool(self.families) and any(step in self.families for step in steps_in(value))


def marker(workspace: str, family: Family) -> Value:
    """The path of a family's mark, at its own instances."""
    parts: list[Value] = [text(mark_start(workspace, family), family.span)]
    for key in family.keys.by:
        parts += [text("/", family.span), Key(family.keys, key, True, STRING, family.span)]
    return Text((*parts, text(mark_ending(family.keys), family.span)), STRING, family.span)


def mark_start(workspace: str, family: Family) -> str:
    """What the marks of a family begin with: the folder of its keys, or all but the ending.

    They lie with the results of the step, so that who deletes these has its jobs done again.
    """
    keyed = f"{family.name}/{OWN_FOLDER}/done"
    return below(workspace, keyed if family.keys.by else f"{OWN_FOLDER}/done/{family.name}")


def mark_ending(keys: KeySet) -> str:
    """What stands after the last key of a mark."""
    return ending(map(encode_key, set(keys.column(keys.by[-1]))), MARKER) if keys.by else MARKER


def marks_of(graph: Graph, family: Family) -> Callable[[int], str]:
    """The function from an instance to its mark, or to that of the batch that it is done in."""
    start = mark_start(graph.workspace, family)
    if family.batches:
        batches, width = family.batches, len(str(max(family.batches) + 1))
        return lambda number: f"{start}/{str(batches[number] + 1).zfill(width)}{MARKER}"
    keys, end = family.keys.instances, mark_ending(family.keys)
    return lambda number: "/".join((start, *map(encode_key, keys[number]))) + end


def with_marks(graph: Graph, marked: Collection[str], batched: frozenset[str] = frozenset()) -> tuple[Graph, Marks]:
    """The graph with ports made parameters, in the marked families and in those that read from them."""
    families = frozenset(marked)
    ports: dict[tuple[str, str, str], str] = {}
    plain = Marks(families)
    made = {}
    for name, family in graph.families.items():
        moved = [("inputs", n, p.value) for n, p in family.inputs.items() if plain.waits(p.value)]
        if name in batched:
            moved = []  # Its script has all paths.
        elif name in families:
            moved += [("outputs", n, o.path) for n, o in family.outputs.items()]
        params, used = dict(family.params), set(family.params)
        for space, port, value in moved:
            ports[name, space, port] = parameter = unique(port, used)
            params[parameter] = value
        made[name] = _moved(family._replace(params=params), ports) if moved else family
    return replace(graph, families=made), Marks(families, batched, ports)


def _moved(family: Family, ports: Mapping[tuple[str, str, str], str]) -> Family:
    """The family with its commands reading those ports from parameters."""

    def move(value: Value) -> Value:
        if isinstance(value, Local):
            found = ports.get((family.name, value.space, value.name))
            return value if found is None else value._replace(space="params", name=found)
        return map_children(value, move)

    return map_family(family, move)


class Waiting:
    """What Snakemake waits for where a port reads from marked families: their marks, and other paths as they are."""

    def __init__(self, graph: Graph, marks: Marks, evaluator: Evaluator) -> None:
        self._graph, self._marks, self._evaluator = graph, marks, evaluator

    def by_mark(self, value: Value) -> Value | None:
        """A value of the marks alone, where one relation says all: a path that can be a pattern."""
        if not isinstance(value, Related) or not isinstance(value.value, Output):
            return None
        source = self._graph.families[value.value.step]
        kind = value.type._replace(many=value.gathers)
        return value._replace(value=marker(self._graph.workspace, source), type=kind)

    def paths(self, value: Value, at: KeySet, family: Family) -> Closure:
        """The function from an instance to the paths that it waits for, each once."""
        inner = self._closure(value, at, family)
        return lambda i: tuple(dict.fromkeys(inner(i)))

    def _closure(self, value: Value, at: KeySet, family: Family | None) -> Closure:
        if not self._marks.waits(value):
            plain = self._evaluator.closure(value, at, family)
            return lambda i: _listed(plain(i))
        if isinstance(value, Made):
            return self._made(value, at, family)
        if isinstance(value, Related):
            return self._related(value, at)
        if isinstance(value, Items):
            items = [self._closure(item, at, family) for item in value.items]
            return lambda i: tuple(path for item in items for path in item(i))
        if isinstance(value, Choice):
            test = self._evaluator.closure(value.test, at, family)
            then, other = (self._closure(v, at, family) for v in (value.then, value.other))
            return lambda i: then(i) if test(i) else other(i)
        # Anything else is computed from paths: what it is made of is waited for.
        inside = [self._closure(child, at, family) for child in children(value) if steps_in(child)]
        return lambda i: tuple(path for child in inside for path in child(i))

    def _made(self, value: Made, at: KeySet, family: Family | None) -> Closure:
        marks = [self._closure(s, at, family) for s in value.sources if self._marks.waits(s)]
        path = self._evaluator.closure(value.path, at, family)
        return lambda i: tuple(found for mark in marks for found in mark(i)) or _listed(path(i))

    def _related(self, value: Related, at: KeySet) -> Closure:
        if isinstance(value.value, Output):
            source = self._graph.families[value.value.step]
            home = self._evaluator.closure(marker(self._graph.workspace, source), source.keys, source)
            inner: Closure = lambda i: (home(i),)  # noqa: E731
        else:
            inner = self._closure(value.value, value.source, None)
        related = value.target.related(value.source)
        place = at.related(value.target) if at is not value.target else None

        def found(i: int) -> tuple[str, ...]:
            here = place[i][0] if place is not None else i
            return tuple(path for j in related[here] for path in inner(j))

        return found


def _listed(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)
