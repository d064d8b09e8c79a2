"""`resources`: quantities with units, and the two things that are known only at run time (decision 0093)."""

from __future__ import annotations

from collections.abc import Mapping

from sncompile.diagnostics import Diagnostic, Hint, Report
from sncompile.faults import values as faults
from sncompile.ir.graph.resources import RESOURCES, Unit
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.quantities import unit_factor
from sncompile.ir.language.types import INTEGER
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Apply, Const, Text, Value, is_constant
from sncompile.ir.values.run_time import dynamic
from sncompile.lazy_regex import regex
from sncompile.semantics.scope import Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Value as DocValue


def link_resources(given: Mapping[str, DocValue], scope: Scope, report: Report) -> dict[str, Value]:
    """Typed resources, each as a whole number of its unit, rounded up."""
    typer = Typer(scope, report)
    found: dict[str, Value] = {}
    for name, body in given.items():
        if name not in RESOURCES:
            continue  # The schema of its document has told it.
        value = typer.read(body)
        if value.type.base == "unknown":
            continue
        unit = RESOURCES[name].unit
        told = len(report)
        is_count = unit is Unit.COUNT
        quantity = _count(name, value, report) if is_count else _quantity(name, unit.value, value, report)
        if len(report) == told:
            found[name] = quantity
    return found


def _count(name: str, value: Value, report: Report) -> Value:
    if value.type.base == "integer" and not value.type.many:
        if isinstance(value, Const) and (wrong := too_small(name, value.value)):
            report.add(faults.BAD_QUANTITY.at(value.span, wrong, help=_from(name)))
        return value
    if value.type.base == "number":
        return Apply("ceil", (value,), INTEGER, value.span)
    report.add(faults.BAD_QUANTITY.at(value.span, f"`{name}` is a whole number, not {value.type}", help="such as 4"))
    return Const(1, INTEGER, value.span)


_UNITS = {"megabytes": {c: f"{c}B" for c in "KMGT"}, "minutes": {"H": "h", "M": "m", "S": "s", "D": "d"}}
_NUMBER_AND_WORD = regex(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")


def _bad_quantity(name: str, kind: str, value: Value, fault: ValueFault, example: str) -> Diagnostic:
    """What is told of a quantity whose unit is none; what it begins with says which one was meant."""
    text = value.value if isinstance(value, Const) else None
    found = _NUMBER_AND_WORD.fullmatch(text) if isinstance(text, str) else None
    unit = _UNITS.get(kind, {}).get(found[2][0].upper()) if found is not None else None
    if found is not None and unit is not None:
        known = (fault.help or "").partition("; ")[2]
        told = f"write {found[1]}{unit}" + (f"; {known}" if known else "")
        hint: str = Hint(told, found[0], f"{found[1]}{unit}")
    else:
        hint = fault.help or f"such as {example}"
    return faults.BAD_QUANTITY.at(value.span, f"`{name}`: {fault}", help=hint)


def _quantity(name: str, kind: str, value: Value, report: Report) -> Value:
    example = "4GB" if kind == "megabytes" else "90m"
    quantity = Apply(f"@{kind}", (value,), INTEGER, value.span)
    if value.type.many or value.type.base == "boolean":
        report.add(
            faults.BAD_QUANTITY.at(value.span, f"`{name}` is a quantity, not {value.type}", help=f"such as {example}")
        )
    elif isinstance(value, Const) and not isinstance(value.value, str):
        hint = f"write {value.value}{'MB' if kind == 'megabytes' else 'm'}, for example"
        report.add(faults.BAD_QUANTITY.at(value.span, f"`{name}` needs a unit", help=hint))
    elif is_constant(value):
        try:
            return Const(Evaluator({}).constant(quantity), INTEGER, value.span)
        except ValueFault as fault:
            report.add(_bad_quantity(name, kind, value, fault, example))
    elif dynamic(value) and isinstance(value, Text):
        # Engines compute it themselves, so it must be a number and then a unit: `${2 * attempt}GB`.
        unit = value.parts[-1]
        known = isinstance(unit, Const) and unit_factor(str(unit.value), kind) is not None
        if len(value.parts) != 2 or not known:
            report.add(
                faults.BAD_QUANTITY.at(
                    value.span,
                    f"`{name}`: one expression and a unit is what engines can compute",
                    help=f"such as `${{2 * attempt}}{example[-2:] if kind == 'megabytes' else 'm'}`",
                )
            )
    return quantity


def too_small(name: str, amount: object) -> str | None:
    """Why an amount of a resource is none; None if it is one."""
    return f"`{name}` is {amount}" if isinstance(amount, int) and amount < RESOURCES[name].least else None


def _from(name: str) -> str:
    return f"give a whole number from {RESOURCES[name].least}"
