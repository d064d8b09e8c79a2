"""The paths that inputs name and no job writes: patterns must not fit them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from sncompile.lowering.model import Outside
from sncompile.targets.snakemake.context import TaskContext
from sncompile.targets.snakemake.patterns import Hole, filled, joined, path_parts
from sncompile.targets.snakemake.separation import Paths
from sncompile.targets.snakemake.storage import copy_of


def raw_inputs(context: TaskContext) -> Iterator[Paths]:
    """The paths of a task's inputs that no other task writes, in groups. Their owner names them apart."""
    for name, port in context.task.inputs.items():
        for part in port.outside:
            yield from (
                _named(map(copy_of, part.paths), name, context) if port.remote else _raw_paths(part, name, context)
            )


def _raw_paths(part: Outside, name: str, context: TaskContext) -> Iterator[Paths]:
    parts = path_parts(part.pieces, context.around.plainness)
    holes = [p for p in parts if isinstance(p, Hole)]
    pattern = joined(parts, {hole: hole.name for hole in holes})
    if pattern is not None:
        cells = {hole.name: context.hole_cells(hole) for hole in holes}
        loose = any("/" in "".join(column) for column in cells.values())
        yield Paths(context.name, pattern, partial(filled, pattern, cells), loose)
        return
    yield from _named(part.paths, name, context)


def _named(paths: Iterable[str], name: str, context: TaskContext) -> Iterator[Paths]:
    """Paths one by one, in groups of one depth."""
    by_depth: dict[int, list[str]] = {}
    for path in paths:
        by_depth.setdefault(path.count("/"), []).append(path)
    for found in by_depth.values():
        yield Paths(f"{context.name}.{name}", _common(found), partial(list, found))


def _common(paths: list[str]) -> str:
    """A pattern that all of some paths of one depth fit: what they begin with, between slashes."""
    parts = []
    for column in zip(*(path.split("/") for path in paths), strict=True):
        first, last = min(column), max(column)
        same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
        parts.append(first if first == last else f"{first[:same]}{{any}}")
    return "/".join(parts)
