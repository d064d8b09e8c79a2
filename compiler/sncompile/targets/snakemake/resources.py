"""Resources → `threads:` and `resources:`; what is known only at run time becomes Python."""

from __future__ import annotations

import json

from sncompile.ir.language.quantities import unit_factor
from sncompile.ir.values.model import Apply, Attempt, Const, Size, Text, Value, walk
from sncompile.ir.values.run_time import dynamic
from sncompile.targets.snakemake.context import FamilyContext, texts
from sncompile.targets.snakemake.inputs import list_code
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import RESOURCES, item_name
from sncompile.targets.snakemake.python_code import Atom, Call, Code, flat, string
from sncompile.targets.snakemake.run_time import RunTime, bare


def thread_entry(context: FamilyContext) -> Entry | None:
    """What stands under `threads:`."""
    value = context.family.resources.get("cpus")
    return None if value is None else Entry("", _code(value, "cpus", context), value.span)


def resource_entries(context: FamilyContext) -> list[Entry]:
    """What stands under `resources:`."""
    return [
        Entry(snakemake, _code(value, name, context), value.span)
        for name, snakemake in RESOURCES.items()
        if (value := context.family.resources.get(name)) is not None
    ]


def _code(value: Value, name: str, context: FamilyContext) -> Code:
    if isinstance(value, Const):
        return Atom(str(value.value))
    if dynamic(value):
        return _run_time(value, context)
    column = context.column(value)
    if len(set(column)) == 1:
        return Atom(str(column[0]))
    return Call(f"{context.wildcards()}int", (_cell(texts(column), name, context),))


def _cell(cells: list[str], name: str, context: FamilyContext) -> Code:
    base = dict(context.cells)
    variable, column = context.around.sidecars.add_column(context.family.name, base, item_name(name), cells)
    return Call(f"{variable}.value", (string(column), Atom("wildcards")))


def _run_time(value: Value, context: FamilyContext) -> Code:
    """A function of the attempt and of the inputs' sizes."""
    leaves = list(walk(value))
    needs = [n for n, kind in (("input", Size), ("attempt", Attempt)) if any(isinstance(v, kind) for v in leaves)]
    if any(isinstance(v, Size) for v in leaves):
        context.around.functions.add("size")
    head = f"lambda {', '.join(['wildcards', *needs])}: "
    printed, whole = _amount(value, context)
    if whole:
        return Atom(head + printed)
    context.around.functions.add("ceil")
    # Noise of fractions is not one more.
    return Call(f"{head}ceil", (Atom(f"{printed} - 1e-9"),))


def _amount(value: Value, context: FamilyContext) -> tuple[str, bool]:
    """A resource as Python, and whether that is a whole number."""
    run_time = RunTime(context, lambda port: _sized(port, context), lambda cells, v: _looked_up(cells, v, context))
    if not isinstance(value, Apply) or value.function not in ("@megabytes", "@minutes"):
        return bare(run_time.code(value)), value.type.base == "integer"
    inner, kind = value.operands[0], value.function[1:]
    if isinstance(inner, Text):
        number, unit = inner.parts
        factor = unit_factor(str(unit.value) if isinstance(unit, Const) else "", kind) or 1
        whole = number.type.base == "integer" and factor == int(factor)
        code = run_time.code(number)
        if number.type.textual:
            code = f"float({bare(code)})"
        return (bare(code) if factor == 1 else f"{code} * {int(factor) if factor == int(factor) else factor}"), whole
    return f"{run_time.code(inner)} / {1_000_000 if kind == 'megabytes' else 60}", False


def _sized(port: str, context: FamilyContext) -> str:
    """The paths of a port: what Snakemake has as its input, unless that is a mark; an absent port has none."""
    parameter = context.around.marks.parameter(context.family.name, "inputs", port)
    if parameter is not None:
        return flat(list_code(context.family.params[parameter], port, context)).rpartition("lambda wildcards: ")[2]
    value = context.family.inputs[port].value
    if isinstance(value, Const) and value.value is None:
        return "[]"
    return f"input.{item_name(port)}"


def _looked_up(column: list[object], value: Value, context: FamilyContext) -> str:
    """A value that differs between instances, by its sidecar."""
    # A number may be whole in one row and a fraction in another.
    if value.type.many or value.type.optional or value.type.base in ("boolean", "number"):
        hint = "number" if value.type.base == "number" else "value"
        cell = _cell([json.dumps(found) for found in column], hint, context)
        context.around.functions.add("json")
        return f"json.loads({flat(cell)})"
    cell = _cell(texts(column), "text" if value.type.textual else "number", context)
    if value.type.textual:
        return flat(cell)
    return f"int({flat(cell)})"
