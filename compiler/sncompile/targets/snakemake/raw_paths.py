"""The paths that inputs name and no job writes: patterns must not fit them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sncompile.semantics.values import Cell, Items, Made, Output, Related, Value, walk
from sncompile.targets.snakemake.context import FamilyContext
from sncompile.targets.snakemake.patterns import Hole, joined
from sncompile.targets.snakemake.separation import Paths, filled


def raw_inputs(context: FamilyContext) -> Iterator[Paths]:
    """The paths of a family's inputs that no other family writes, in groups. Their owner names them apart."""
    for name, port in context.family.inputs.items():
        for value in _raw_values(port.value):
            yield from _raw_paths(value, name, context)


def _raw_values(value: Value) -> Iterator[Value]:
    """The values inside an input that no other family's output alone gives."""
    if isinstance(value, Items):
        for item in value.items:
            yield from _raw_values(item)
    elif any(isinstance(leaf, Made) for leaf in walk(value)) or not any(isinstance(v, Output) for v in walk(value)):
        yield value.path if isinstance(value, Made) else value


def _raw_paths(value: Value, name: str, context: FamilyContext) -> Iterator[Paths]:
    parts = context.parts(value) if not value.type.many else []
    holes = [p for p in parts if isinstance(p, Hole)]
    pattern = joined(parts, {hole: hole.name for hole in holes}) if parts else None
    if pattern is not None:
        cells = {hole.name: context.hole_cells(hole) for hole in holes}
        loose = any("/" in "".join(column) for column in cells.values())
        yield Paths(context.family.name, pattern, partial(filled, pattern, cells), loose)
        return
    by_depth: dict[int, list[str]] = {}
    for path in _texts_of(value, context):
        by_depth.setdefault(path.count("/"), []).append(path)
    for found in by_depth.values():
        yield Paths(f"{context.family.name}.{name}", _common(found), partial(list, found))


def _texts_of(value: Value, context: FamilyContext) -> list[str]:
    """All paths that a value is made of, each once."""
    cells: Sequence[Any]
    if isinstance(value, Related) and isinstance(value.value, Cell):
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
