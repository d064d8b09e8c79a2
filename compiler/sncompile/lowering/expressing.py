"""Values that are known when a job is about to run → expressions."""

from __future__ import annotations

from collections.abc import Callable

from sncompile.ir.language.quantities import unit_factor
from sncompile.ir.language.types import NULL
from sncompile.ir.values import model as ir
from sncompile.ir.values.model import Value
from sncompile.lowering.columns import BOUND, Columns
from sncompile.lowering.expressions import (
    Attempt,
    Call,
    Content,
    Expression,
    Granted,
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


def expressed(
    value: Value, columns: Columns, *, running: bool = False, tests: tuple[tuple[Value, bool], ...] = ()
) -> Expression:
    """The expression for a value; where the job is `running` already, its resources are what it was given of them.

    What no engine could compute is a call of what has no form anywhere. `tests` are those of the choices around it that
    are known: a job that they lead elsewhere reads no file for it.
    """

    def inner(value: Value) -> Expression:
        return expressed(value, columns, running=running, tests=tests)

    match value:
        case ir.Attempt():
            return Attempt(value.type, value.span)
        case ir.Size():
            return Size(value.port, value.type, value.span)
        case ir.Content():
            files = _known(_where(tests, value.files), columns)
            assert isinstance(files, (Known, Varying))
            return Content(files, value.type, value.span)
        case ir.Local() if running and value.space == "resources" and columns.late(value):
            return Granted(value.name, value.type, value.span)
        case ir.Local() if value.space in BOUND:
            return inner(columns.family.local(value.space, value.name))
        case _ if not columns.late(value):
            return _known(value, columns)
        case ir.Choice():
            test = inner(value.test)
            then, other = (
                expressed(side, columns, running=running, tests=(*tests, (value.test, way)))
                if not columns.late(value.test)
                else inner(side)
                for side, way in ((value.then, True), (value.other, False))
            )
            return If(test, then, other, value.type, value.span)
        case ir.Text():
            return Joined(tuple(map(inner, value.parts)), value.type, value.span)
        case ir.Items() if not any(item.type.many for item in value.items):
            return Listed(tuple(map(inner, value.items)), value.type, value.span)
        case ir.Apply() if value.function in _UNITS:
            return _scaled(value, inner, columns)
        case ir.Apply():
            return Call(value.function, tuple(map(inner, value.operands)), value.type, value.span)
    return Call(NOTHING, (), value.type, value.span)


def at_most_one(expression: Expression) -> Expression:
    """A value that may be absent, as a list of it: none, or one."""
    kind = expression.type._replace(many=True, optional=True)
    match expression:
        case If():
            then, other = at_most_one(expression.then), at_most_one(expression.other)
            return expression._replace(then=then, other=other, type=kind)
        case Content():
            return expression._replace(type=kind)
        case Known(value=None):
            return Listed((), kind, expression.span)
    return Listed((expression,), kind, expression.span)


def _where(tests: tuple[tuple[Value, bool], ...], files: Value) -> Value:
    """Files, for the jobs for which some tests come out as they are said to; none for others."""
    for test, wanted in reversed(tests):
        nothing = ir.Const(None, NULL, files.span)
        then, other = (files, nothing) if wanted else (nothing, files)
        files = ir.Choice(test, then, other, files.type._replace(optional=True), files.span)
    return files


def _known(value: Value, columns: Columns) -> Expression:
    found = columns.constant(value)
    if found is not None:
        return Known(found[0], value.type, value.span)
    return Varying(columns.column(value, "number" if value.type.base == "number" else "value"), value.type, value.span)


def _scaled(value: ir.Apply, inner: Callable[[Value], Expression], columns: Columns) -> Expression:
    """An amount with its unit: `${attempt}GB`, or a number of bytes or seconds.

    Where one of several texts is taken (`'7GB' if attempt > 1 else '1GB'`), each of them is an amount, and known.
    """
    amount, (kind, over) = value.operands[0], _UNITS[value.function]

    def each(part: Value) -> Value:
        return value._replace(operands=(part,))

    if isinstance(amount, ir.Local):
        return inner(each(columns.family.local(amount.space, amount.name)))
    if isinstance(amount, ir.Choice):
        return inner(amount._replace(then=each(amount.then), other=each(amount.other), type=value.type))
    if isinstance(amount, ir.Apply) and amount.function == "[]" and (items := _written(amount.operands[0])) is not None:
        listed = Listed(tuple([inner(each(item)) for item in items]), value.type._replace(many=True), amount.span)
        return Call("[]", (listed, inner(amount.operands[1])), value.type, value.span)
    if not isinstance(amount, ir.Text):
        if amount.type.textual:
            return Call(NOTHING, (), value.type, value.span)
        return Scaled(inner(amount), 1, over, value.type, value.span)
    number, unit = amount.parts
    factor = unit_factor(str(unit.value) if isinstance(unit, ir.Const) else "", kind) or 1
    return Scaled(inner(number), factor, 1, value.type, value.span)


def _written(value: Value) -> list[Value] | None:
    """The items of a list that is written out; None for any other."""
    if isinstance(value, ir.Items) and not any(item.type.many for item in value.items):
        return list(value.items)
    if isinstance(value, ir.Const) and isinstance(value.value, tuple):
        return [ir.Const(item, value.type._replace(many=False), value.span) for item in value.value]
    return None
