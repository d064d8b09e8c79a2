"""Ports → paths, and what a job's own path is made of."""

from __future__ import annotations

from collections.abc import Sequence

from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import feeds, steps_in
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.language.operands import to_text
from sncompile.ir.values import model as ir
from sncompile.ir.values.model import Value, walk
from sncompile.lowering.columns import Columns
from sncompile.lowering.model import Constant, Input, JobRef, Key, Lazy, Made, Output, Parameter, Piece


def inputs_of(columns: Columns) -> dict[str, Input]:
    """The input ports of a family."""
    found = {}
    for name, port in columns.family.inputs.items():
        paths = _paths(port.value, columns)
        found[name] = Input(
            port.base,
            port.many,
            paths,
            _path(port.value, columns),
            makers=tuple(steps_in(port.value)),
            sources=sources_of([port.value], columns),
            computed=any(isinstance(leaf, (ir.Apply, ir.Text)) for leaf in walk(port.value)),
            data=from_rows(port.value),
            span=port.value.span,
        )
    return found


def from_rows(value: Value) -> bool:
    """Whether a value is a list that comes out of a table, or from other jobs."""
    return value.type.many and any(isinstance(leaf, (ir.Related, ir.Cell)) for leaf in walk(value))


def sources_of(values: Sequence[Value], columns: Columns) -> Sequence[tuple[JobRef, ...]]:
    """For each job the jobs that some values come from, each once."""
    keys, size = columns.family.keys, len(columns.family.keys)

    def make() -> list[tuple[JobRef, ...]]:
        found = [each for value in values for each in feeds(value, keys, columns.evaluator)]
        return [
            tuple(dict.fromkeys(JobRef(name, j) for name, instances in found for j in instances(i)))
            for i in range(size)
        ]

    return Lazy(size, make) if any(steps_in(value) for value in values) else [()] * size


def taken_outputs(columns: Columns) -> Sequence[tuple[Made, ...]]:
    """For each job the outputs whose paths its parameters and settings are made from."""
    family, size = columns.family, len(columns.family.keys)
    values = [value for name, value in taken(family).items() if name not in family.inputs and steps_in(value)]

    def make() -> list[tuple[Made, ...]]:
        found: list[dict[Made, None]] = [{} for _ in range(size)]
        for value in values:
            named = {(leaf.step, leaf.port) for leaf in walk(value) if isinstance(leaf, ir.Output)}
            for name, instances in feeds(value, family.keys, columns.evaluator):
                ports = [port for port in columns.graph.families[name].outputs if (name, port) in named]
                for i, here in enumerate(found):
                    here |= dict.fromkeys(Made(JobRef(name, j), port) for j in instances(i) for port in ports)
        return list(map(tuple, found))

    return Lazy(size, make) if values else [()] * size


def parameters_of(columns: Columns) -> dict[str, Parameter]:
    """The parameters that are paths."""
    return {
        name: Parameter(
            Lazy(len(columns.family.keys), lambda value=value: [p or () for p in _of(value, columns)]),  # type: ignore[misc]
            value.span,
        )
        for name, value in columns.family.params.items()
        if value.type.base == "path"
    }


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
            path_span=port.path.span,
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
            return [Constant(to_text(value.value))]
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
