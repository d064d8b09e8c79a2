"""Values that are known when a job is about to run → expressions."""

from __future__ import annotations

from sncompile.ir.language.quantities import unit_factor
from sncompile.ir.values import model as ir
from sncompile.ir.values.model import Value
from sncompile.lowering.columns import BOUND, Columns
from sncompile.lowering.expressions import (
    Attempt,
    Call,
    Expression,
    If,
    Joined,
    Known,
    Listed,
    Scaled,
    Size,
    Varying,
)

NOTHING = "this"
"""What stands in an expression for what cannot be one; no language has a form for it."""

_UNITS = {"@megabytes": ("megabytes", 1_000_000), "@minutes": ("minutes", 60)}
"""What is put around the amount of a resource: its unit, and how many of what a bare number counts make one."""


def expressed(value: Value, columns: Columns) -> Expression:
    """The expression for a value. What no engine could compute is a call of what has no form anywhere."""
    match value:
        case ir.Attempt():
            return Attempt(value.type, value.span)
        case ir.Size():
            return Size(value.port, value.type, value.span)
        case ir.Local() if value.space in BOUND:
            return expressed(columns.family.local(value.space, value.name), columns)
        case _ if not columns.late(value):
            return _known(value, columns)
        case ir.Choice():
            test, then, other = (expressed(v, columns) for v in (value.test, value.then, value.other))
            return If(test, then, other, value.type, value.span)
        case ir.Text():
            return Joined(tuple([expressed(part, columns) for part in value.parts]), value.type, value.span)
        case ir.Items() if not any(item.type.many for item in value.items):
            return Listed(tuple([expressed(item, columns) for item in value.items]), value.type, value.span)
        case ir.Apply() if value.function in _UNITS:
            return _scaled(value, columns)
        case ir.Apply():
            operands = tuple([expressed(operand, columns) for operand in value.operands])
            return Call(value.function, operands, value.type, value.span)
    return Call(NOTHING, (), value.type, value.span)


def _known(value: Value, columns: Columns) -> Expression:
    cells = columns.cells(value)
    if all(cell == cells[0] for cell in cells):
        return Known(cells[0], value.type, value.span)
    return Varying(columns.column(value, "number" if value.type.base == "number" else "value"), value.type, value.span)


def _scaled(value: ir.Apply, columns: Columns) -> Scaled:
    """An amount with its unit: `${attempt}GB`, or a number of bytes or seconds."""
    inner, (kind, over) = value.operands[0], _UNITS[value.function]
    if not isinstance(inner, ir.Text):
        return Scaled(expressed(inner, columns), 1, over, value.type, value.span)
    number, unit = inner.parts
    factor = unit_factor(str(unit.value) if isinstance(unit, ir.Const) else "", kind) or 1
    return Scaled(expressed(number, columns), factor, 1, value.type, value.span)
