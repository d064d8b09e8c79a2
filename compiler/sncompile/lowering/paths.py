"""Ports → paths, and whom they come from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import feeds, may_lack, steps_in
from sncompile.ir.graph.model import Family
from sncompile.ir.values import model as ir
from sncompile.ir.values.model import Value, walk
from sncompile.ir.values.remote import RemotePort
from sncompile.lowering.columns import Columns
from sncompile.lowering.files import Files
from sncompile.lowering.lazy import Lazy
from sncompile.lowering.model import Input, JobRef, Made, Output, Parameter, paths_in
from sncompile.lowering.row_texts import texts_of
from sncompile.lowering.tracing import Tracing


def inputs_of(columns: Columns, tracing: Tracing, remote: Collection[RemotePort]) -> dict[str, Input]:
    """The input ports of a family."""
    found = {}
    family = columns.family
    for name, port in family.inputs.items():
        files = tracing.files(port.value, family.keys, family)
        found[name] = Input(
            port.base,
            port.many,
            Lazy(len(family.keys), lambda files=files: list(map(paths_in, files.cells))),  # type: ignore[misc]
            files,
            tracing.outside(port.value, family),
            _certain(port.value, columns),
            makers=tuple(steps_in(port.value)),
            sources=sources_of([port.value], columns),
            computed=any(isinstance(leaf, (ir.Apply, ir.Text)) for leaf in walk(port.value)),
            data=from_rows(port.value),
            may_lack=may_lack(port.value, columns.graph.families),
            span=port.value.span,
            required=port.required,
            remote=RemotePort("inputs", name) in remote,
            texts=texts_of(port.value, columns.graph, family),
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
            Lazy(
                len(columns.family.keys),
                lambda value=value: [paths_in(cell) or () for cell in columns.cells(value)],  # type: ignore[misc]
            ),
            value.span,
        )
        for name, value in columns.family.params.items()
        if value.type.base == "path"
    }


def outputs_of(family: Family, tracing: Tracing, remote: Collection[RemotePort]) -> dict[str, Output]:
    """The output ports of a family."""
    found = {}
    for name, port in family.outputs.items():
        files = tracing.output(family.name, name)
        found[name] = Output(
            port.base,
            port.many,
            _listed(files),
            files,
            optional=port.optional,
            temp=port.temp,
            protected=port.protected,
            create=port.create,
            span=port.span,
            path_span=port.path.span,
            remote=RemotePort("outputs", name) in remote,
            report=port.report,
        )
    return found


def _listed(files: Files) -> Sequence[tuple[str, ...]]:
    return Lazy(len(files.cells), lambda: [paths_in(cell) or () for cell in files.cells])


def _certain(value: Value, columns: Columns) -> bool:
    """Whether every job has a value; what rows decide may be otherwise with one row more."""
    if not value.type.optional:
        return True
    return not columns.reads_rows(value) and None not in columns.cells(value)
