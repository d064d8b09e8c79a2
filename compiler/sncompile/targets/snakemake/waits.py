"""What a family's jobs must wait for although no port reads from it: order, and what settings are made from."""

from __future__ import annotations

from sncompile.ir.build import taken
from sncompile.ir.feeds import feeds, steps_in, waited_for
from sncompile.ir.graph import Edge, Family, Graph, Relation
from sncompile.semantics.evaluate import Evaluator
from sncompile.semantics.keys import KeySet, Link
from sncompile.semantics.program import Waits
from sncompile.semantics.values import Value

Needs = list[set[int]]
"""For every instance, the instances that it needs."""


def hidden_waits(edge: Edge, family: Family, graph: Graph, evaluator: Evaluator) -> list[Waits]:
    """What the jobs at an edge's lower end need of those at its upper end, where their input files do not say so."""
    source = graph.families[edge.source]
    ordered = [w for w in family.after if w.step == source.name]
    if not edge.ports:
        return ordered
    found: list[Waits] = []
    read = any(port in family.inputs for port in edge.ports)
    if not all(port in family.inputs for port in edge.ports):
        # A parameter or setting is made from one of its paths.
        found = [_by_data(edge, family, source, evaluator)] if not read or edge.relation is Relation.LINK else []
    # Where keys say who reads what, they say the same of who waits.
    if not read or edge.relation is Relation.LINK:
        covered = _needs(edge, family, source, evaluator, inputs=read)
        found += [w for w in ordered if not _within(_of(waited_for(w, graph), family, source, evaluator), covered)]
    return found


def _by_data(edge: Edge, family: Family, source: Family, evaluator: Evaluator) -> Waits:
    """That every instance needs what its settings are made from: by the keys where these say it."""
    needs = _needs(edge, family, source, evaluator, inputs=False)
    by_keys = Waits(source.name, source.keys, family.keys)
    if edge.relation is not Relation.LINK:
        return by_keys
    link = Link(source.keys, [tuple(sorted(found)) for found in needs], False)
    return by_keys._replace(target=KeySet(family.keys.rows, family.keys.by, link))


def _needs(edge: Edge, family: Family, source: Family, evaluator: Evaluator, *, inputs: bool) -> Needs:
    """What the input ports, or all other values, take from the source."""
    found: Needs = [set() for _ in range(len(family.keys))]
    values = taken(family)
    for port in edge.ports:
        if (port in family.inputs) is inputs and source.name in steps_in(values[port]):
            for mine, here in zip(found, _of(values[port], family, source, evaluator), strict=True):
                mine |= here
    return found


def _of(value: Value, family: Family, source: Family, evaluator: Evaluator) -> Needs:
    functions = [f for step, f in feeds(value, family.keys, evaluator) if step == source.name]
    return [{j for f in functions for j in f(i)} for i in range(len(family.keys))]


def _within(needs: Needs, covered: Needs) -> bool:
    return all(mine <= there for mine, there in zip(needs, covered, strict=True))
