"""Which families need which: derived from what each takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Edge, Family, Graph, Relation, relate
from sncompile.ir.values.model import Const, Value


def taken(family: Family) -> dict[str, Value]:
    """Every value of a family that may come from other families, by a name for people: ports, then the rest."""
    found = {name: port.value for name, port in family.inputs.items()}
    if family.params:
        found |= {f"params.{name}": value for name, value in family.params.items()}
    if family.resources:
        found |= {f"resources.{name}": value for name, value in family.resources.items()}
    if family.env:
        found |= {f"env.{v.name}": v.value for v in family.env if v.value is not None}
    if family.container is not None:
        found["container"] = family.container
    return found


def edges_of(families: Mapping[str, Family]) -> tuple[Edge, ...]:
    """An edge for each pair of families that need each other."""
    return tuple([edge for family in families.values() for edge in _edges(family, families)])


def with_families(graph: Graph, families: Mapping[str, Family]) -> Graph:
    """The graph with other families, linked anew."""
    return replace(graph, families=families, edges=edges_of(families))


def _edges(family: Family, families: Mapping[str, Family]) -> list[Edge]:
    ports: dict[str, list[str]] = {}
    linked: set[str] = set()
    for name, value in taken(family).items():
        if isinstance(value, Const):
            continue
        for step, by_link in steps_in(value).items():
            ports.setdefault(step, []).append(name)
            if by_link:
                linked.add(step)
    if family.after:
        linked |= {w.step for w in family.after if w.target.linked(w.source)}

    def relation(source: str) -> Relation:
        return Relation.LINK if source in linked else relate(families[source].keys, family.keys)

    edges = [Edge(source, family.name, relation(source), tuple(names)) for source, names in ports.items()]
    if not family.after:
        return edges
    ordered = dict.fromkeys(w.step for w in family.after if w.step not in ports)
    return edges + [Edge(name, family.name, relation(name), ()) for name in ordered]
