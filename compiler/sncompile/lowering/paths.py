"""Ports → paths, and what a job's own path is made of."""

from __future__ import annotations

from collections.abc import Sequence

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.language.operands import to_text
from sncompile.ir.values import model as ir
from sncompile.ir.values.model import Value
from sncompile.lowering.columns import Columns
from sncompile.lowering.model import Constant, Input, Key, Lazy, Output, Piece


def inputs_of(columns: Columns) -> dict[str, Input]:
    """The input ports of a family."""
    found = {}
    for name, port in columns.family.inputs.items():
        paths = _paths(port.value, columns)
        found[name] = Input(port.base, port.many, paths, _path(port.value, columns), port.value.span)
    return found


def outputs_of(columns: Columns) -> dict[str, Output]:
    """The output ports of a family."""
    found = {}
    for name, port in columns.family.outputs.items():
        found[name] = Output(
            port.base,
            port.many,
            Lazy(len(columns.family.keys), lambda value=port.path: [p or () for p in _of(value, columns)]),  # type: ignore[misc]
            _path(port.path, columns),
            optional=port.optional,
            temp=port.temp,
            protected=port.protected,
            create=port.create,
            span=port.span,
        )
    return found


def _paths(value: Value, columns: Columns) -> Sequence[tuple[str, ...] | None]:
    return Lazy(len(columns.family.keys), lambda: _of(value, columns))


def _of(value: Value, columns: Columns) -> list[tuple[str, ...] | None]:
    return [paths_in(found) for found in columns.cells(value)]


def paths_in(value: object) -> tuple[str, ...] | None:
    """The paths of a port's value; None where it is absent. What is absent in a list is no file."""
    if value is None:
        return None
    return tuple([str(v) for v in value if v is not None]) if isinstance(value, tuple) else (str(value),)


def _path(value: Value, columns: Columns) -> tuple[Piece, ...] | None:
    if value.type.many or value.type.optional or (isinstance(value, ir.Const) and value.value is None):
        return None
    parts = _parts(value, columns.family, columns.graph)
    if parts is None:
        return None
    found: list[Piece] = []
    for part in parts:
        if isinstance(part, Constant) and found and isinstance(found[-1], Constant):
            part = Constant(found.pop().text + part.text)  # type: ignore[union-attr]
        if part != Constant(""):
            found.append(part)
    return tuple(found)


def _parts(value: Value, family: Family, graph: Graph) -> list[Piece] | None:
    """A single path as texts and keys of the family; None where it is made of more than these."""
    match value:
        case ir.Const():
            return [Constant("" if value.value is None else to_text(value.value))]
        case ir.Key():
            return [Key(value.name, value.encoded)]
        case ir.Local() if value.space in ("inputs", "outputs", "params"):
            return _parts(family.local(value.space, value.name), family, graph)
        case ir.Text():
            found = [_parts(part, family, graph) for part in value.parts]
            return None if None in found else [piece for parts in found for piece in parts or ()]
        case ir.Related() if not (value.gathers or value.linked or value.type.many or value.type.optional):
            if isinstance(value.value, ir.Output):
                source = graph.families[value.value.step]
                return _parts(source.outputs[value.value.port].path, source, graph)
            if isinstance(value.value, ir.Text):
                return _parts(value.value, family, graph)
    return None
