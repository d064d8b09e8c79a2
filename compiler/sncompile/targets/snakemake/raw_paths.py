"""The paths that inputs name and no job writes: patterns must not fit them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sncompile.ir.values.branches import Branch, branches
from sncompile.ir.values.model import Cell, Made, Output, Related, Value, walk
from sncompile.targets.snakemake.context import FamilyContext
from sncompile.targets.snakemake.patterns import Hole, filled, joined
from sncompile.targets.snakemake.separation import Paths


def raw_inputs(context: FamilyContext) -> Iterator[Paths]:
    """The paths of a family's inputs that no other family writes, in groups. Their owner names them apart."""
    for name, port in context.family.inputs.items():
        for value in _raw_values(port.value):
            yield from _raw_paths(value, name, context)


def _raw_values(value: Value) -> Iterator[Branch]:
    """The parts of an input that no other family's output alone gives."""
    for part in branches(value):
        inside = list(walk(part.value))
        if any(isinstance(leaf, Made) for leaf in inside) or not any(isinstance(leaf, Output) for leaf in inside):
            yield part._replace(value=part.value.path) if isinstance(part.value, Made) else part


def _raw_paths(part: Branch, name: str, context: FamilyContext) -> Iterator[Paths]:
    value = part.value
    parts = context.parts(value) if not (value.type.many or part.tests) else []
    holes = [p for p in parts if isinstance(p, Hole)]
    pattern = joined(parts, {hole: hole.name for hole in holes}) if parts else None
    if pattern is not None:
        cells = {hole.name: context.hole_cells(hole) for hole in holes}
        loose = any("/" in "".join(column) for column in cells.values())
        yield Paths(context.family.name, pattern, partial(filled, pattern, cells), loose)
        return
    by_depth: dict[int, list[str]] = {}
    for path in _texts_of(part, context):
        by_depth.setdefault(path.count("/"), []).append(path)
    for found in by_depth.values():
        yield Paths(f"{context.family.name}.{name}", _common(found), partial(list, found))


def _texts_of(part: Branch, context: FamilyContext) -> list[str]:
    """All paths that a part is made of, each once."""
    value = part.value
    cells: Sequence[Any]
    if part.tests:
        closure = context.closure(value)
        taken = part.taken(context.keys, context.around.evaluator, context.family)
        cells = [closure(number) for number in range(len(context.keys)) if taken(number)]
    elif isinstance(value, Related) and isinstance(value.value, Cell):
        cells = value.value.table.columns[value.value.column]
    else:
        cells = context.column(value)
    if set(map(type, cells)) == {str}:
        return list(dict.fromkeys(cells))
    found: dict[str, None] = {}
    for cell in cells:
        for item in cell if isinstance(cell, tuple) else (cell,):
            if isinstance(item, str):
                found.setdefault(item)
    return list(found)


def _common(paths: list[str]) -> str:
    """A pattern that all of some paths of one depth fit: what they begin with, between slashes."""
    parts = []
    for column in zip(*(path.split("/") for path in paths), strict=True):
        first, last = min(column), max(column)
        same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
        parts.append(first if first == last else f"{first[:same]}{{any}}")
    return "/".join(parts)
