"""Groups → branches: which member of one group goes with which of another.

Two members belong to one branch where one reads from, or waits for, the other alone, and is the only one of its group
that does. Groups whose members correspond so share a table, a row for each branch; a branch may lack a step. Where the
steps' names tell the branches apart in the same words (`load_A01`, `seg_A01`), the names say which goes with which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from sncompile.ir.graph.model import Graph
from sncompile.passes.merging.groups import Group
from sncompile.passes.merging.naming import varying

Around = dict[int, dict[int, dict[str, str]]]
"""Group → the groups that correspond to it → its members with their partners there."""


class Placed(NamedTuple):
    """A group's members in the order of their branches, each branch a row of the table of that number."""

    members: tuple[str, ...]
    table: int
    rows: tuple[int, ...]


def place(graph: Graph, groups: Sequence[Group]) -> list[Placed]:
    """The groups with their branches; members of a group are reordered by their branch."""
    around: Around = {}
    for (upper, lower), found in _pairs(graph, groups).items():
        if found:
            around.setdefault(upper, {})[lower] = found
            around.setdefault(lower, {})[upper] = {b: a for a, b in found.items()}
    placed: dict[int, tuple[int, dict[str, int]]] = {}
    tables = 0
    for number in range(len(groups)):
        if number not in placed:
            _lay_out(number, groups, around, placed, tables)
            tables += 1
    return [_sorted(groups[n], *placed[n]) for n in range(len(groups))]


def _lay_out(
    first: int, groups: Sequence[Group], around: Around, placed: dict[int, tuple[int, dict[str, int]]], table: int
) -> None:
    """Lay a group over a new table, and then every group that corresponds to one that lies there, the best first."""
    size = 0
    labelled: dict[str, int] = {}
    pending = [(0, first)]
    while pending:
        _, group = heappop(pending)
        if group in placed:
            continue
        rows: dict[str, int] = {}
        neighbours = around.get(group, {})
        there = [n for n in neighbours if n in placed and placed[n][0] == table]
        members = groups[group].members
        labels = dict(zip(members, varying(members), strict=True))
        known = {member: labelled[label] for member, label in labels.items() if label in labelled}
        if 2 * len(known) <= len(members):
            known = _known(group, sorted(there, key=lambda n: -len(neighbours[n])), around, placed)
        for member in members:
            rows[member] = known.get(member, size)
            size += member not in known
            labelled.setdefault(labels[member], rows[member])
        placed[group] = (table, rows)
        for other, pairs in neighbours.items():
            if other not in placed:
                heappush(pending, (-len(pairs), other))


def _known(
    group: int, there: Sequence[int], around: Around, placed: Mapping[int, tuple[int, dict[str, int]]]
) -> dict[str, int]:
    """The rows of those members whose partners lie on the table; where partners disagree, the first counts."""
    known: dict[str, int] = {}
    used: set[int] = set()
    for neighbour in there:
        for member, partner in around[group][neighbour].items():
            row = placed[neighbour][1][partner]
            if member not in known and row not in used:
                known[member] = row
                used.add(row)
    return known


def _sorted(group: Group, table: int, rows: Mapping[str, int]) -> Placed:
    ordered = tuple(sorted(group.members, key=rows.__getitem__))
    return Placed(ordered, table, tuple([rows[member] for member in ordered]))


def _pairs(graph: Graph, groups: Sequence[Group]) -> dict[tuple[int, int], dict[str, str] | None]:
    """Of two groups with edges between them: the pairs of members, where each has one partner at most; else None."""
    group_of = {member: number for number, group in enumerate(groups) for member in group.members}
    found: dict[tuple[int, int], dict[str, str] | None] = {}
    back: dict[tuple[int, int], set[str]] = {}
    for edge in graph.edges:
        upper, lower = group_of.get(edge.source), group_of.get(edge.target)
        if upper is None or lower is None:
            continue
        pair = (upper, lower)
        known = found.setdefault(pair, {})
        if known is None:
            continue
        taken = back.setdefault(pair, set())
        if edge.source in known or edge.target in taken:
            found[pair] = None
        else:
            known[edge.source] = edge.target
            taken.add(edge.target)
    return found
