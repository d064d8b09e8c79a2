"""What a family's jobs must wait for although no port reads from it: order, and what settings are made from."""

from __future__ import annotations

from sncompile.ir.build import taken
from sncompile.ir.feeds import feeds, waited_for
from sncompile.ir.graph import Edge, Family, Graph, Relation
from sncompile.semantics.evaluate import Evaluator
from sncompile.semantics.keys import KeySet, Link
from sncompile.semantics.program import Waits
from sncompile.semantics.values import Output, Related, Value

Needs = list[set[int]]
"""For every instance, the instances that it needs."""


def hidden_waits(edge: Edge, family: Family, graph: Graph, evaluator: Evaluator) -> list[Waits]:
    """What the jobs at an edge's lower end need of those at its upper end, where their input files do not say so."""
    source = graph.families[edge.source]
    ordered = [w for w in family.after if w.step == source.name]
    if not edge.ports:
        return ordered
    by_keys = Waits(source.name, source.keys, family.keys)
    plain = any(port in family.inputs and _is_plain(family.inputs[port].value, by_keys) for port in edge.ports)
    found: list[Waits] = []
    if not plain and not all(port in family.inputs for port in edge.ports):
        # A parameter or setting is made from one of its paths.
        found.append(by_keys if edge.relation is not Relation.LINK else _by_data(edge, family, source, evaluator))
    # What the keys say is waited for already, by the data.
    doubtful = [w for w in ordered if not plain or w != by_keys]
    if doubtful:
        covered = _needs(edge, family, source, evaluator)
        found += [w for w in doubtful if not _within(_of(waited_for(w, graph), family, source, evaluator), covered)]
    return found


def _is_plain(value: Value, by_keys: Waits) -> bool:
    """Whether a port reads from just those instances that the keys name."""
    if not isinstance(value, Related) or not isinstance(value.value, Output) or value.linked:
        return False
    return (value.value.step, value.source, value.target) == by_keys


def _by_data(edge: Edge, family: Family, source: Family, evaluator: Evaluator) -> Waits:
    """That every instance needs what its settings are made from, instance by instance."""
    needs = _needs(edge, family, source, evaluator)
    link = Link(source.keys, [tuple(sorted(found)) for found in needs], False)
    return Waits(source.name, source.keys, KeySet(family.keys.rows, family.keys.by, link))


def _needs(edge: Edge, family: Family, source: Family, evaluator: Evaluator) -> Needs:
    """What the data of an edge takes from the source."""
    found: Needs = [set() for _ in range(len(family.keys))]
    values = taken(family)
    for port in edge.ports:
        for mine, here in zip(found, _of(values[port], family, source, evaluator), strict=True):
            mine |= here
    return found


def _of(value: Value, family: Family, source: Family, evaluator: Evaluator) -> Needs:
    functions = [f for step, f in feeds(value, family.keys, evaluator) if step == source.name]
    return [{j for f in functions for j in f(i)} for i in range(len(family.keys))]


def _within(needs: Needs, covered: Needs) -> bool:
    return all(mine <= there for mine, there in zip(needs, covered, strict=True))
