"""`merge`: finds parallel branches and makes each set of corresponding steps one family.

    load_A01 -> seg_A01                     load [branch] -> seg [branch] -> report
    load_A02 -> seg_A02 -> report    =>
    load_A03 -> seg_A03                     over the rows A01, A02, A03

What differs between the steps of a set becomes a column of the table, or is made of its key. The template is the least
general one (anti-unification: Plotkin, "A note on inductive generalization", 1970) over the holes that the steps' shape
leaves open. Shapes are hashed, no two steps are ever compared, so the cost is that of reading the graph once. Jobs keep
their commands, paths, ids and digests.

Decision 0012.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.feeds import reads_optional
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.run_time import dynamic
from sncompile.passes.merging.branches import Placed, place
from sncompile.passes.merging.families import Builder
from sncompile.passes.merging.groups import Group, find_groups
from sncompile.passes.merging.oddities import oddities
from sncompile.passes.merging.shapes import Reference, Shape, Shaper
from sncompile.passes.paths import unmanageable
from sncompile.passes.result import Remark, Result, some


def merge(graph: Graph) -> Result:
    """The graph with a family for each set of corresponding steps."""
    shaper = Shaper(Evaluator(graph.families))
    # Words of files that may not be there are no holes to be filled.
    apart = {
        name
        for name, family in graph.families.items()
        if family.origins
        or graph.feeds_itself(name)
        or _has_sheets(family)
        or reads_optional(family, graph.families)
        or any(map(dynamic, (*family.params.values(), *family.resources.values())))
    }
    shapes = {name: shaper.shape(family) for name, family in graph.families.items() if name not in apart}
    groups = _buildable(graph, find_groups(graph, shapes), shapes)
    placed, builder, merged = _built(graph, groups, shapes)
    odd = oddities(graph, shapes, [Group(found.members) for found in placed])
    if not placed:
        return Result(graph, odd)
    # A family stands where its first step stood.
    home = {member: family for members, family in merged.items() for member in members}
    families: dict[str, Family] = {}
    for name, family in graph.families.items():
        here = home[name] if name in home else builder.relinked(family)
        families.setdefault(here.name, here)
    outputs = {name: builder.links.value(value) for name, value in graph.outputs.items()}
    remarks = [_remark(found, merged[found.members], graph, builder) for found in placed]
    return Result(with_families(replace(graph, outputs=outputs), families), (*remarks, *odd))


def _has_sheets(family: Family) -> bool:
    """Whether tables are made for its jobs: what stands in them is no hole that could be filled by branch."""
    return any(not listed.of_module for listed in family.lists.values())


def _built(
    graph: Graph, groups: list[Group], shapes: Mapping[str, Shape]
) -> tuple[list[Placed], Builder, dict[tuple[str, ...], Family]]:
    """The families of the groups, by their members; without those whose files an engine could not delete or protect."""
    while True:
        placed = place(graph, groups)
        builder = Builder(graph, shapes, placed)
        merged = {found.members: builder.family(found) for found in placed}
        lost = {m for members, family in merged.items() if unmanageable(family) for m in members}
        if not lost:
            return placed, builder, merged
        groups = _buildable(graph, [g for g in groups if not lost.intersection(g.members)], shapes)


def _buildable(graph: Graph, groups: list[Group], shapes: Mapping[str, Shape]) -> list[Group]:
    """The groups whose members' references can be told: where there are keys, they all come from one family."""
    while True:
        group_of = {member: number for number, group in enumerate(groups) for member in group.members}
        kept = [group for group in groups if _one_source_each(graph, group, shapes, group_of)]
        if len(kept) == len(groups):
            return kept
        groups = kept


def _one_source_each(graph: Graph, group: Group, shapes: Mapping[str, Shape], group_of: Mapping[str, int]) -> bool:
    # Branches with several instances go by the keys of one family also where the sources have none themselves.
    keyed = bool(graph.families[group.members[0]].keys.by)
    for holes in zip(*(shapes[member].holes for member in group.members), strict=True):
        found = [e for hole in holes for e in hole.entries if isinstance(e, Reference)]
        steps = {e.step for e in found if keyed or e.value.source.by}
        ports = {e.port for e in found if keyed or e.value.source.by}
        if len(steps) > 1 and (len({group_of.get(step) for step in steps}) > 1 or len(ports) > 1):
            return False
        if len(steps) > 1 and next(iter(steps)) not in group_of:
            return False
    return True


def _remark(found: Placed, family: Family, graph: Graph, builder: Builder) -> Remark:
    steps = sorted(found.members, key=lambda name: graph.families[name].span)
    what = builder.differing(found)
    told = f"they differ in {', '.join(what[:6])}{' and more' if len(what) > 6 else ''}" if what else "they are alike"
    key = family.keys.by[0]
    message = f"{len(steps)} steps became the family `{family.name}`, one for each `{key}`: {some(steps)}; {told}"
    return Remark("merge", True, message, graph.families[steps[0]].span)
