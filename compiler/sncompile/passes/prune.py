"""`prune`: drops what no requested output needs.

    families  a -> b, a -> c          families  a -> b
    outputs   result = b.out     =>   outputs   result = b.out

A step that writes nothing is there for its effect and is kept, with all that it needs.
"""

from __future__ import annotations

from collections.abc import Collection

from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.feeds import needed, steps_in
from sncompile.ir.graph.model import Graph
from sncompile.passes.result import Remark, Result


def prune(graph: Graph, keep: Collection[str] = ()) -> Result:
    """The graph with only those families that an output, a step without outputs, or one of `keep` needs."""
    wanted = {step for value in graph.outputs.values() for step in steps_in(value)}
    silent = [name for name, family in graph.families.items() if not family.outputs]
    found = needed(graph, [*keep, *wanted, *silent])
    gone = [family for name, family in graph.families.items() if name not in found]
    if not gone:
        return Result(graph)
    kept = {name: family for name, family in graph.families.items() if name in found}
    remarks = tuple(
        Remark("prune", True, f"`{f.name}` is left out: no output of the pipeline needs it", f.span) for f in gone
    )
    return Result(with_families(graph, kept), remarks)
