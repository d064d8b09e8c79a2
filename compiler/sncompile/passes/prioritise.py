"""`prioritise`: gives the jobs on the critical path a higher priority, where others compete with them.

    a -> b -> c       a, b, c: priority 1     (the longest way through the graph)
    a -> d       =>   d: none

The length of a way is the sum of its steps' declared times (an hour for a step that declares none), after Kelley and
Walker, "Critical-path planning and scheduling", 1959.
"""

from __future__ import annotations

from dataclasses import replace

from sncompile.ir.graph import Family, Graph
from sncompile.passes.result import Remark, Result
from sncompile.semantics.values import Const

USUAL_MINUTES = 60.0


def prioritise(graph: Graph) -> Result:
    """The graph with a priority for each family of the longest way, unless that is all there is."""
    path = _longest_way(graph)
    if len(path) < 2 or len(path) == len(graph.families):
        return Result(graph)
    wanted = dict.fromkeys(path, 1)
    if all(family.priority == wanted.get(name, 0) for name, family in graph.families.items()):
        return Result(graph)
    families = {n: f if f.priority == wanted.get(n, 0) else replace(f, priority=wanted.get(n, 0))
                for n, f in graph.families.items()}  # fmt: skip
    told = " → ".join(f"`{name}`" for name in (path if len(path) <= 5 else [*path[:3], "…", path[-1]]))
    message = f"the longest way through the pipeline goes first: {told}"
    return Result(replace(graph, families=families), (Remark("prioritise", True, message, graph.span),))


def _longest_way(graph: Graph) -> list[str]:
    length: dict[str, float] = {}
    before: dict[str, str] = {}
    for name in graph.order():
        above = [edge.source for edge in graph.into(name)]
        best = max(above, key=lambda n: length[n], default=None)
        if best is not None:
            before[name] = best
        length[name] = minutes(graph.families[name]) + (length[best] if best is not None else 0)
    found: list[str] = []
    here = max(length, key=lambda n: length[n], default=None)
    while here is not None:
        found.append(here)
        here = before.get(here)
    return found[::-1]


def minutes(family: Family) -> float:
    """The time that a family's jobs declare, in minutes."""
    time = family.resources.get("time")
    known = isinstance(time, Const) and isinstance(time.value, (int, float)) and time.value > 0
    return float(time.value) if known and isinstance(time, Const) else USUAL_MINUTES  # type: ignore[arg-type]
