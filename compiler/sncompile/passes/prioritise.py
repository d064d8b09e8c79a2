"""`prioritise`: gives the jobs on the critical path a higher priority, where shorter ways compete with them.

    a -> b -> c -> e              b, c: urgent
    a -> d -> e              =>   d: not, since it can wait

A priority that the spec gives goes before that.

The length of a way is the sum of its steps' declared times (an hour for a step that declares none), after Kelley and
Walker, "Critical-path planning and scheduling", 1959.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.model import Const
from sncompile.passes.result import Remark, Result, some

USUAL_MINUTES = 60.0


def prioritise(graph: Graph) -> Result:
    """The graph with those families of the longest way urgent beside which others could run."""
    order = graph.order()
    left = _left(graph, order)
    path = _longest(graph, order, left)
    urgent = _contested(graph, order, path, left)
    wanted = frozenset(urgent)
    families = {
        name: family if family.urgent == (name in wanted) else family._replace(urgent=name in wanted)
        for name, family in graph.families.items()
    }
    if all(families[name] is family for name, family in graph.families.items()):
        return Result(graph)
    message = f"the longest way through the pipeline leads over {some(urgent)}, ahead of what runs beside"
    remark = Remark("prioritise", True, message, graph.families[urgent[0]].span) if urgent else None
    return Result(replace(graph, families=families), (remark,) if remark is not None else ())


def _left(graph: Graph, order: Sequence[str]) -> dict[str, float]:
    """Minutes from the start of a family to the end of the longest way on."""
    after: dict[str, float] = {}
    left: dict[str, float] = {}
    for name in reversed(order):
        left[name] = minutes(graph.families[name]) + after.get(name, 0.0)
        for source in graph.above(name):
            after[source] = max(after.get(source, 0.0), left[name])
    return left


def _longest(graph: Graph, order: Sequence[str], left: Mapping[str, float]) -> list[str]:
    below: dict[str, str] = {}
    for name in order:
        for source in graph.above(name):
            known = below.get(source)
            if known is None or left[name] > left[known]:
                below[source] = name
    here = max(order, key=lambda name: left[name], default=None)
    path = []
    while here is not None:
        path.append(here)
        here = below.get(here)
    return path


def _contested(graph: Graph, order: Sequence[str], path: Sequence[str], left: Mapping[str, float]) -> list[str]:
    """The families of the path beside which one with less ahead of it could run.

    A family can run beside the part of the path between its last step above and its first step below.
    """
    place = {name: number for number, name in enumerate(path)}
    above = {name: place.get(name, -1) for name in order}
    for name in order:
        above[name] = max([above[name], *(above[source] for source in graph.above(name))])
    below = {name: place.get(name, len(path)) for name in order}
    for name in reversed(order):
        for source in graph.above(name):
            below[source] = min(below[source], below[name])
    # What is left only shrinks along the path, so the steps that have more left than a family are the first ones.
    falling = [-left[name] for name in path]
    starts = [0] * (len(path) + 1)
    for name in order:
        if name not in place:
            start, end = above[name] + 1, min(below[name], bisect_left(falling, -left[name]))
            if start < end:
                starts[start] += 1
                starts[end] -= 1
    return [name for name, beside in zip(path, accumulate(starts), strict=False) if beside]


def minutes(family: Family) -> float:
    """The time that a family's jobs declare, in minutes."""
    time = family.resources.get("time")
    known = time.value if isinstance(time, Const) else None
    return float(known) if isinstance(known, (int, float)) and known > 0 else USUAL_MINUTES
