"""The files by which an engine knows the jobs of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.targets.snakemake.marking import marks_of, step_mark


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


def effect_marks(graph: Graph, family: Family, former: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Of every instance of a family that writes nothing the file by which it is known that it was done.

    It is the mark of its step, whatever an engine has for one: that instances are done in batches, or in one rule with
    those of other steps, is no reason to do them again. `former` are names that steps had.
    """
    origins = [family.origin(number) for number in range(len(family.keys))]
    last: dict[str, set[str]] = {}
    for origin, key in origins:
        last.setdefault(origin.step, set()).update(key[-1:])
    return [
        step_mark(graph.workspace, former.get(origin.step, origin.step), key, last[origin.step])
        for origin, key in origins
    ]
