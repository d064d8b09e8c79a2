"""Which families need which: derived from what each takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Edge, Family, Graph, Relation, relate
from sncompile.ir.keys.table import Table
from sncompile.ir.values.model import VALUES, Cell, Const, Lookup, Value, inside, value_fields, walk

_OF_ITS_OWN = frozenset(("outputs", "command", "shell", "lists"))
"""Fields that hold values of the family's own: paths that it writes, and what its module's names stand for."""

_VALUES = frozenset(VALUES)


@cache
def _taking() -> tuple[str, ...]:
    return tuple([name for name in value_fields(Family) if name not in _OF_ITS_OWN])


def taken(family: Family) -> dict[str, Value]:
    """Every value of a family that may come from other families, by a name for people: ports, then the rest."""
    found: dict[str, Value] = {}
    for field in _taking():
        held = getattr(family, field)
        if not held:
            continue
        if field == "inputs":
            found |= {name: port.value for name, port in family.inputs.items()}
        else:
            found.update(_within(field, held))
    return found


def _within(name: str, held: Any) -> Iterator[tuple[str, Value]]:
    """The values in what a field holds, each by a name for people: `params.dose`, `env.MODE`."""
    kind: Any = held.__class__
    if kind in _VALUES:
        yield name, held
    elif isinstance(held, Mapping):
        for key, each in held.items():
            yield from _within(f"{name}.{key}", each)
    elif kind is tuple:
        for each in held:
            yield from _within(f"{name}.{each.name}", each)
    elif held is not None:
        for field in inside(held):
            yield from _within(name, getattr(held, field))


def unknown_tables(family: Family) -> list[Table]:
    """The tables whose rows are not known yet, of those that a family ranges over or takes a column of."""
    seen = dict.fromkeys(family.keys.rows.tables)
    for value in taken(family).values():
        if not isinstance(value, Const):
            seen |= dict.fromkeys(leaf.table for leaf in walk(value) if isinstance(leaf, Cell | Lookup))
    return [table for table in seen if table.late is not None and not table.late.known]


def edges_of(
    families: Mapping[str, Family], given: Mapping[str, Mapping[str, Value]] | None = None
) -> tuple[Edge, ...]:
    """An edge for each pair of families that need each other. `given` is what each takes, for who knows it already."""
    if given is None:
        given = {name: taken(family) for name, family in families.items()}
    return tuple([edge for name, family in families.items() for edge in _edges(family, given[name], families)])


def with_families(graph: Graph, families: Mapping[str, Family]) -> Graph:
    """The graph with other families, linked anew."""
    return replace(graph, families=families, edges=edges_of(families))


def _edges(family: Family, given: Mapping[str, Value], families: Mapping[str, Family]) -> list[Edge]:
    ports: dict[str, list[str]] = {}
    linked: set[str] = set()
    for name, value in given.items():
        if isinstance(value, Const):
            continue
        for step, by_link in steps_in(value).items():
            ports.setdefault(step, []).append(name)
            if by_link:
                linked.add(step)
    if not ports and not family.after:
        return []
    if family.after:
        linked |= {w.step for w in family.after if w.target.linked(w.source)}

    def relation(source: str) -> Relation:
        return Relation.LINK if source in linked else relate(families[source].keys, family.keys)

    edges = [Edge(source, family.name, relation(source), tuple(names)) for source, names in ports.items()]
    if not family.after:
        return edges
    ordered = dict.fromkeys(w.step for w in family.after if w.step not in ports)
    return edges + [Edge(name, family.name, relation(name), ()) for name in ordered]
