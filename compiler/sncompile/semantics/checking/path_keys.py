"""Paths of outputs must hold the keys of their step, or two of its jobs would write one file."""

from __future__ import annotations

from collections.abc import Mapping

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.faults import graph as faults
from sncompile.ir.values.model import Cell, Items, Key, Local, Lookup, Output, Related, Value, children
from sncompile.semantics.program import OutputPath, Program, Step


def parts_of(step: Step, value: Value) -> list[Value]:
    """A value and all that it is made of, through the names of the step."""
    found = [value]
    if isinstance(value, Local) and value.space in ("inputs", "params", "outputs"):
        found += parts_of(step, step.local(value.space, value.name))
    for child in children(value):
        found += parts_of(step, child)
    return found


def keys_in(step: Step, value: Value, steps: Mapping[str, Step]) -> set[str]:
    """The keys of a step that a path holds, by itself or through a path or cell that it is made from."""
    if isinstance(value, Key):
        return {value.name}
    if isinstance(value, Local):
        return keys_in(step, step.local(value.space, value.name), steps)
    if isinstance(value, Related):
        if value.gathers:
            return set()
        if isinstance(value.value, Output):
            source = steps.get(value.value.step)
            return keys_in(source, source.outputs[value.value.port].path, steps) if source is not None else set()
        # A table's column may tell its rows apart; whether it does is seen when the paths are written out.
        return set(value.source.by) if isinstance(value.value, Cell) else keys_in(step, value.value, steps)
    if isinstance(value, Lookup):
        return set(step.keys.by)
    return {key for child in children(value) for key in keys_in(step, child, steps)}


def check_keys(program: Program, step: Step, port: str, output: OutputPath, report: Report) -> bool:
    """Whether a path said by hand holds every key of its step; told where it does not."""
    items = output.path.items if isinstance(output.path, Items) else (output.path,)
    for item in items:
        held = keys_in(step, item, program.steps)
        lacking = [key for key in step.keys.by if key not in held]
        if lacking:
            names = " and ".join(f"`{key}`" for key in lacking)
            signs = "/".join(f"${{{key}}}" for key in lacking)
            report.add(
                faults.PATH_LACKS_KEY.at(
                    item.span if item.span.file == step.span.file else step.span,
                    f"the path of `{step.name}.{port}` lacks the key{'s' if len(lacking) > 1 else ''} {names}",
                    help=f"put `{signs}` into it, or leave the path out: it is derived then",
                    related=(Place("the step ranges over it here", step.span),),
                )
            )
            return False
    return True
