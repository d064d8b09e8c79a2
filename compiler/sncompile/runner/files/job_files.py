"""The files by which an engine knows the jobs of a graph."""

from __future__ import annotations

from collections.abc import Iterator

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.state.decisions import EffectMarks
from sncompile.targets.snakemake.batching import instance_mark
from sncompile.targets.snakemake.marking import marks_of


def first_files(family: Family, evaluator: Evaluator) -> Iterator[str | None]:
    """Of every instance the first file that it writes; None where it writes none."""
    for output in family.outputs.values():
        for value in evaluator.column(output.path, family.keys, family):
            yield str(value[0]) if isinstance(value, tuple) else str(value)
        return
    yield from [None] * len(family.keys)


def marks(graph: Graph, family: Family) -> Iterator[str]:
    """Of every instance the file that the target uses as a mark where a rule has no output that could be asked for."""
    return map(marks_of(graph, family), range(len(family.keys)))


def effect_marks(graph: Graph, family: Family) -> list[EffectMarks]:
    """Of every instance of a family that writes nothing the files by which it is known that it was done.

    What it is called there does not hang on whether it was done in a batch, and in which.
    """
    alone = list(marks(graph, family._replace(batches=())))
    batched = [instance_mark(graph.workspace, family, number) for number in range(len(family.keys))]
    # The mark of a batch may be called as that of an instance is otherwise.
    batches = set(marks(graph, family)) if family.batches else set()
    return [
        EffectMarks(own, (in_batch,) if own in batches else (own, in_batch))
        for own, in_batch in zip(alone, batched, strict=True)
    ]
