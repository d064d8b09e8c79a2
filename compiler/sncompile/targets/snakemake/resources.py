"""Resources → `threads:` and `resources:`; what is known only at run time becomes Python."""

from __future__ import annotations

from sncompile.semantics.quantities import unit_factor
from sncompile.semantics.resources import dynamic
from sncompile.semantics.values import Apply, Attempt, Choice, Const, Local, Size, Text, Value, walk
from sncompile.targets.snakemake.context import FamilyContext, texts
from sncompile.targets.snakemake.inputs import list_code
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Atom, Call, Code, flat, string

_NAMES = {"memory": "mem_mb", "disk": "disk_mb", "time": "runtime", "gpus": "gpu"}


def thread_entry(context: FamilyContext) -> Entry | None:
    """What stands under `threads:`."""
    value = context.family.resources.get("cpus")
    return None if value is None else Entry("", _code(value, "cpus", context), value.span)


def resource_entries(context: FamilyContext) -> list[Entry]:
    """What stands under `resources:`."""
    return [
        Entry(snakemake, _code(value, name, context), value.span)
        for name, snakemake in _NAMES.items()
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
    context.around.functions.add("ceil")
    if any(isinstance(v, Size) for v in leaves):
        context.around.functions.add("size")
    return Call(f"lambda {', '.join(['wildcards', *needs])}: ceil", (Atom(_quantity(value, context)),))


def _quantity(value: Value, context: FamilyContext) -> str:
    if not isinstance(value, Apply) or value.function not in ("@megabytes", "@minutes"):
        return _python(value, context)
    inner, kind = value.operands[0], value.function[1:]
    if isinstance(inner, Text):
        number, unit = inner.parts
        factor = unit_factor(str(unit.value) if isinstance(unit, Const) else "", kind) or 1
        return _scaled(_python(number, context), factor)
    return f"{_python(inner, context)} / {1_000_000 if kind == 'megabytes' else 60}"


def _sized(port: str, context: FamilyContext) -> str:
    """The paths of a port: what Snakemake has as its input, unless that is a mark."""
    parameter = context.around.marks.parameter(context.family.name, "inputs", port)
    if parameter is None:
        return f"input.{item_name(port)}"
    return flat(list_code(context.family.params[parameter], port, context)).rpartition("lambda wildcards: ")[2]


def _scaled(number: str, factor: float) -> str:
    if factor == 1:
        return number
    return f"{number} * {int(factor) if factor == int(factor) else factor}"


def _python(value: Value, context: FamilyContext) -> str:
    """An expression as Python; what does not depend on the run is written out."""
    match value:
        case Attempt():
            return "attempt"
        case Size():
            return f"size({_sized(value.port, context)})"
        case Local() if value.space in ("params", "resources"):
            return _python(context.family.local(value.space, value.name), context)
        case Apply() if dynamic(value):
            operands = [_python(o, context) for o in value.operands]
            if value.function.isidentifier() and value.function not in ("and", "or", "not", "in"):
                return f"{value.function}({', '.join(operands)})"
            if len(operands) == 1:
                return (
                    f"({value.function} {operands[0]})"
                    if value.function == "not"
                    else f"({value.function}{operands[0]})"
                )
            return f"({f' {value.function} '.join(operands)})"
        case Choice() if dynamic(value):
            test, then, other = (_python(v, context) for v in (value.test, value.then, value.other))
            return f"({then} if {test} else {other})"
    column = context.column(value)
    if len(set(column)) == 1:
        return string(column[0]).text if isinstance(column[0], str) else repr(column[0])
    cell = _cell(texts(column), "number", context)
    assert isinstance(cell, Call)
    return f"float({cell.head}({', '.join(a.text for a in cell.arguments if isinstance(a, Atom))}))"
