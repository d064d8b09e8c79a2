"""The operators of expressions: their types, and what they compute."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sncompile.ir.language.operands import Function, TypeFault, ValueFault, Wants, number_type
from sncompile.ir.language.types import BOOLEAN, NUMBER, STRING, UNKNOWN, Type, unify


def _plus(types: list[Type]) -> Type:
    left, right = types
    if left.base == "unknown" or right.base == "unknown":
        return UNKNOWN
    if left.many and right.many:
        return unify(left, right) or UNKNOWN
    if left.many or right.many:
        raise TypeFault(f"joins two lists, not {left} and {right}", "write a list of one: `list + [item]`")
    if left.textual and right.textual and not left.many and not right.many:
        return STRING
    if (left.textual or right.textual) and not left.many and not right.many:
        hint = "use `str(…)` or `int(…)`"
        raise TypeFault(f"joins two texts or adds two numbers, not {left} and {right}", hint)
    return number_type(types)


def _division(types: list[Type]) -> Type:
    number_type(types)
    return NUMBER


def _equal(types: list[Type]) -> Type:
    left, right = types
    bases = {left.base, right.base}
    if bases & {"unknown", "null"}:
        return BOOLEAN
    if left.many != right.many:
        raise TypeFault(f"{left} is never equal to {right}", "look into a list with `in`, or at its `len(…)`")
    if (left.textual != right.textual) or ("boolean" in bases and len(bases) > 1):
        hint = "cells of text tables are text: compare with '1', or use `int(…)`"
        if "boolean" in bases:
            hint = "what is true or false stands by itself: `x`, or `not x`; a text is compared with a text: 'true'"
        raise TypeFault(f"{left} is never equal to {right}", hint)
    return BOOLEAN


def _order(types: list[Type]) -> Type:
    left, right = types
    if left.textual and right.textual and not left.many and not right.many:
        return BOOLEAN
    if (left.textual or right.textual) and "unknown" not in (left.base, right.base):
        raise TypeFault(
            f"{left} and {right} have no order", "cells of text tables are text: use `int(…)` or `float(…)`"
        )
    number_type(types)
    return BOOLEAN


def _inside(types: list[Type]) -> Type:
    left, right = types
    if right.many or (right.textual and left.textual) or "unknown" in (left.base, right.base):
        return BOOLEAN
    raise TypeFault(f"looks into a list or a text, not {right}", "compare with `==`")


def truth_type(types: list[Type]) -> Type:
    """The type of `and`, `or` and `not`. Raises `TypeFault`."""
    for t in types:
        if t.base not in ("boolean", "unknown") or t.many:
            raise TypeFault(f"takes true or false, not {t}", "compare it: `x == 'yes'`, `len(x) > 0`")
    return BOOLEAN


def _divide(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(left: Any, right: Any) -> Any:
        if right == 0:
            raise ValueFault("a division by zero", "test the divisor first: `x / n if n > 0 else 0`")
        return compute(left, right)

    return checked


def _compare(compute: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def checked(left: Any, right: Any) -> bool:
        if left is None or right is None:
            raise ValueFault("an absent value has no order", "test it first: `x != null and x > 1`")
        return compute(left, right)

    return checked


OPERATORS: dict[tuple[str, int], Function] = {
    (sign, operands): Function(operands, operands, result, compute, wants)
    for sign, operands, result, compute, wants in (
        ("+", 2, _plus, operator.add, Wants.LIKE_OTHERS),
        ("-", 2, number_type, operator.sub, Wants.NUMBER),
        ("*", 2, number_type, operator.mul, Wants.NUMBER),
        ("/", 2, _division, _divide(operator.truediv), Wants.NUMBER),
        ("//", 2, number_type, _divide(operator.floordiv), Wants.NUMBER),
        ("%", 2, number_type, _divide(operator.mod), Wants.NUMBER),
        ("-", 1, number_type, operator.neg, Wants.NUMBER),
        ("+", 1, number_type, operator.pos, Wants.NUMBER),
        ("not", 1, truth_type, lambda v: not v, Wants.NUMBER),
        ("==", 2, _equal, operator.eq, Wants.LIKE_OTHERS),
        ("!=", 2, _equal, operator.ne, Wants.LIKE_OTHERS),
        ("<", 2, _order, _compare(operator.lt), Wants.LIKE_OTHERS),
        ("<=", 2, _order, _compare(operator.le), Wants.LIKE_OTHERS),
        (">", 2, _order, _compare(operator.gt), Wants.LIKE_OTHERS),
        (">=", 2, _order, _compare(operator.ge), Wants.LIKE_OTHERS),
        ("in", 2, _inside, lambda item, group: item in (group or ()), Wants.LIKE_OTHERS),
        ("not in", 2, _inside, lambda item, group: item not in (group or ()), Wants.LIKE_OTHERS),
    )
}
"""The operators by sign and number of operands; `and` and `or` are computed by the evaluator, which stops early."""
