"""What a task's jobs must wait for although no input says so: order, and what settings are made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sncompile.ir.graph.commands import Waits
from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import feeds, steps_in, waited_for
from sncompile.ir.graph.model import Edge, Family, Graph
from sncompile.ir.keys.key_set import KeySet, Link
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Apply, Cell, Made, Output, Related, Value, walk
from sncompile.lowering.model import Wait
from sncompile.lowering.tracing import Tracing

Needs = list[set[int]]
"""For every instance, the instances that it needs."""


def waits_of(family: Family, graph: Graph, evaluator: Evaluator, tracing: Tracing) -> tuple[Wait, ...]:
    """What the jobs of a family need beyond what their input files say."""
    edges = graph.into(family.name)
    computed = _computed_inputs(family) if edges else ()
    return tuple(
        [
            Wait(edge.source, tracing.files(waited_for(each, graph), family.keys, family), each in family.after)
            for edge in edges
            for each in _hidden(edge, family, graph, evaluator, computed)
        ]
    )


def _hidden(edge: Edge, family: Family, graph: Graph, evaluator: Evaluator, computed: Collection[str]) -> list[Waits]:
    """What the jobs at an edge's lower end need of those at its upper end, where their input files do not say so.

    `computed` are the family's `_computed_inputs`.
    """
    source = graph.families[edge.source]
    ordered = [w for w in family.after if w.step == source.name]
    if not edge.ports:
        return ordered
    by_keys = Waits(source.name, source.keys, family.keys)
    # Of a path that is computed from paths, the file alone does not say whom its job has to wait for.
    inputs = [p for p in edge.ports if p in family.inputs and p not in computed]
    settings = [port for port in edge.ports if port not in inputs]
    found: list[Waits] = []
    if settings:
        # A parameter or setting is made from one of its paths.
        needs = _needs(settings, family, source, evaluator)
        if not inputs or not _within(needs, _needs(inputs, family, source, evaluator)):
            same = all(set(a) == b for a, b in zip(family.keys.related(source.keys), needs, strict=True))
            found.append(by_keys if same else _told(by_keys, needs))
    if any(_is_plain(family.inputs[port].value, by_keys) for port in inputs):
        # What the keys say is waited for already, by the data.
        ordered = [w for w in ordered if w != by_keys]
    if ordered:
        covered = _needs(edge.ports, family, source, evaluator)
        found += [w for w in ordered if not _within(_of(waited_for(w, graph), family, source, evaluator), covered)]
    return found


def _is_plain(value: Value, by_keys: Waits) -> bool:
    """Whether a port reads from just those instances that the keys name."""
    if not isinstance(value, Related) or not isinstance(value.value, Output) or value.linked:
        return False
    return (value.value.step, value.source, value.target) == by_keys


def _computed_inputs(family: Family) -> set[str]:
    """The inputs of a family that are paths which a function makes of outputs, or that a step wrote down in a table."""
    return {name for name, port in family.inputs.items() if any(_computes(leaf) for leaf in walk(port.value))}


def _computes(value: Value) -> bool:
    if isinstance(value, Made):
        return any(isinstance(leaf, Cell) and leaf.table.late is not None for leaf in walk(value.path))
    return isinstance(value, Apply) and not _passes_on(value) and bool(steps_in(value))


def _passes_on(value: Apply) -> bool:
    """Whether a function gives the paths that it reads as they are."""
    return value.function == "coalesce" or (value.type.many and value.function in _OF_LISTS)


_OF_LISTS = ("present", "sorted", "unique", "zip", "+")


def _told(by_keys: Waits, needs: Needs) -> Waits:
    """What is needed, told instance by instance."""
    link = Link(by_keys.source, [tuple(sorted(found)) for found in needs], False)
    return by_keys._replace(target=KeySet(by_keys.target.rows, by_keys.target.by, link))


def _needs(ports: Sequence[str], family: Family, source: Family, evaluator: Evaluator) -> Needs:
    """What some ports or settings take from the source."""
    found: Needs = [set() for _ in range(len(family.keys))]
    values = taken(family)
    for port in ports:
        for mine, here in zip(found, _of(values[port], family, source, evaluator), strict=True):
            mine |= here
    return found


def _of(value: Value, family: Family, source: Family, evaluator: Evaluator) -> Needs:
    functions = [f for step, f in feeds(value, family.keys, evaluator) if step == source.name]
    return [{j for f in functions for j in f(i)} for i in range(len(family.keys))]


def _within(needs: Needs, covered: Needs) -> bool:
    return all(mine <= there for mine, there in zip(needs, covered, strict=True))
