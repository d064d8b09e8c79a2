"""`reduce`: drops ordering edges that others imply.

    a -> b -> c, and c after a   =>   a -> b -> c

An edge goes only where every job of its lower end waits for the same jobs through another way.
"""

from __future__ import annotations

from sncompile.ir.graph.commands import Waits
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.jobs.expansion import Expansion
from sncompile.passes.result import Remark, Result

MOST = 200_000
"""Jobs looked at for one edge; beyond that the edge stays."""


def reduce(graph: Graph) -> Result:
    """The graph without implied ordering edges."""
    ordered = [f for f in graph.families.values() if f.after and len(list(graph.into(f.name))) > 1]
    if not ordered:
        return Result(graph)
    expansion = Expansion(graph)
    families = dict(graph.families)
    remarks = []
    for family in ordered:
        kept = tuple(w for w in family.after if not _implied(w, family, graph, expansion))
        if len(kept) < len(family.after):
            families[family.name] = family._replace(after=kept)
            gone = ", ".join(f"`{w.step}`" for w in family.after if w not in kept)
            message = f"`{family.name}` waits for {gone} through other steps: no edge of its own is needed"
            remarks.append(Remark("reduce", True, message, family.span))
    return Result(with_families(graph, families), tuple(remarks)) if remarks else Result(graph)


def _implied(waits: Waits, family: Family, graph: Graph, expansion: Expansion) -> bool:
    """Whether each job waits for all that the edge asks for by way of others of its needs."""
    between = [
        edge.source
        for edge in graph.into(family.name)
        if edge.source != waits.step and waits.step in expansion.above(edge.source)
    ]
    if not between or len(family.keys) * len(graph.families[waits.step].keys) > MOST:
        return False
    return not any(
        source == waits.step for number in range(len(family.keys)) for source, _ in expansion.after(family.name, number)
    )
