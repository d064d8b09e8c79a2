"""Families of one shape → groups that can be made one family each without a cycle."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from sncompile.ir.graph.model import Graph
from sncompile.passes.merging.shapes import Shape


class Group(NamedTuple):
    """Families of one shape, in the graph's order, that wait for none of each other."""

    members: tuple[str, ...]


def find_groups(graph: Graph, shapes: Mapping[str, Shape]) -> list[Group]:
    """The groups of two families or more, by their first members' order.

    Families are bucketed by shape, so that no two are ever compared. Steps of one shape that stand behind each other,
    as those of a tree of merges do, are told apart by how far they stand from the first of them.
    """
    number: dict[Hashable, int] = {}
    group_of = {name: number.setdefault(shape.key, len(number)) for name, shape in shapes.items()}
    for name in graph.families:
        group_of.setdefault(name, len(number) + len(group_of))
    depth = _depths(graph, group_of)
    members: dict[tuple[int, int], list[str]] = {}
    for name in graph.families:
        members.setdefault((group_of[name], depth.get(name, 0)), []).append(name)
    return [Group(tuple(found)) for found in members.values() if len(found) > 1]


def _depths(graph: Graph, group_of: Mapping[str, int]) -> dict[str, int]:
    """Of every family whose group lies on a cycle of groups: its distance from the first families of that cycle."""
    knot = _knots(graph, group_of)
    depth: dict[str, int] = {}
    if not knot:
        return depth
    for name in graph.downwards():
        here = knot.get(group_of[name])
        if here is None:
            continue
        above = [depth[source] for source in graph.above(name) if knot.get(group_of[source]) == here]
        depth[name] = 1 + max(above, default=-1)
    return depth


def _knots(graph: Graph, group_of: Mapping[str, int]) -> dict[int, int]:
    """Group → the cycle of groups that it lies on, for those that do."""
    below: dict[int, set[int]] = {}
    for upper, lower in {(group_of[edge.source], group_of[edge.target]) for edge in graph.edges}:
        below.setdefault(upper, set()).add(lower)
    loops = {group for group, others in below.items() if group in others}
    for group in loops:
        below[group].discard(group)
    found = {group: -1 - number for number, group in enumerate(sorted(loops))}
    try:
        TopologicalSorter(below).prepare()
    except CycleError:
        found |= _components(below)
    return found


def _components(below: Mapping[int, set[int]]) -> dict[int, int]:
    """The strongly connected components of two or more, numbered."""
    import networkx

    quotient = networkx.DiGraph(below)
    components = [c for c in networkx.strongly_connected_components(quotient) if len(c) > 1]
    return {group: number for number, component in enumerate(components) for group in component}
