"""The passes in their order, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import signature
from typing import NamedTuple

from sncompile.ir.graph.model import Graph
from sncompile.ir.graph.verify import verify
from sncompile.passes.batch import batch
from sncompile.passes.dedupe import dedupe
from sncompile.passes.fold import fold
from sncompile.passes.fuse import fuse
from sncompile.passes.merge import merge
from sncompile.passes.prioritise import prioritise
from sncompile.passes.prune import prune
from sncompile.passes.reduce import reduce
from sncompile.passes.result import Remark, Result
from sncompile.passes.temp import temp


class Pass(NamedTuple):
    """A pass with the level from which on it is run, and what it does in a word."""

    name: str
    run: Callable[..., Result]
    level: int
    title: str

    @property
    def takes(self) -> tuple[str, ...]:
        """What it is told beside the graph: its further parameters, which are called as those of `optimize` are."""
        return tuple(signature(self.run).parameters)[1:]


PASSES = (
    Pass("prune", prune, 1, "drops what no requested output needs"),
    Pass("fold", fold, 1, "computes what is constant"),
    Pass("dedupe", dedupe, 1, "makes identical steps one"),
    Pass("merge", merge, 1, "makes corresponding steps of parallel branches one family"),
    Pass("reduce", reduce, 1, "drops ordering edges that others imply"),
    Pass("fuse", fuse, 2, "makes chains of map-linked steps one job"),
    Pass("batch", batch, 2, "has one job do many instances of a small step"),
    Pass("temp", temp, 2, "marks intermediates that nobody wants kept"),
    Pass("prioritise", prioritise, 1, "gives jobs on the critical path a higher priority"),
)

LEVELS = (0, 1, 2)
DEFAULT_LEVEL = 1


def optimize(
    graph: Graph,
    level: int = DEFAULT_LEVEL,
    *,
    on: Collection[str] = (),
    off: Collection[str] = (),
    keep: Collection[str] = (),
    seconds: Mapping[str, float] | None = None,
    check: bool = False,
) -> Result:
    """The graph after all passes of a level, with their remarks.

    `on` and `off` name single passes that are run, or left out, whatever the level. `keep` names steps that are wanted
    although no output needs them. `seconds` are the times of jobs in an earlier run, by id. `check` verifies the
    graph's invariants after each pass. Raises `InvariantError` where one is broken, `KeyError` for an unknown name.
    """
    unknown = {*on, *off} - {each.name for each in PASSES}
    if unknown:
        raise KeyError(f"no such pass: {', '.join(sorted(unknown))}")
    given = {"keep": keep, "seconds": seconds}
    remarks: list[Remark] = []
    for each in PASSES:
        if each.name in off or (each.level > level and each.name not in on):
            continue
        graph, found = each.run(graph, **{name: given[name] for name in each.takes})
        remarks += found
        if check:
            verify(graph)
    return Result(graph, tuple(remarks))
