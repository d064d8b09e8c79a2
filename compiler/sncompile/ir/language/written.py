"""What was written in the spec or a cell, and what it is where a value of some type is wanted.

A plain scalar of YAML (`0123`, `1.10`, `yes`) is text until something else is wanted: it is carried as it was written,
and its type says what it reads as (`Type.written`). Here it becomes one or the other, once, at the place that wants it.

Decision 0053.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.scalars import Decimals, number_of


def converted(value: Any, base: str) -> Any:
    """A value, or each of a list, as the type `base` wants it; what is absent stays so. Raises `ValueFault`.

    >>> converted("010", "integer"), converted("0123", "string"), converted(("1", "2.50"), "number")
    (10, '0123', (1, 2.5))
    """
    if isinstance(value, tuple):
        return tuple(_one(item, base) for item in value)
    return _one(value, base)


def _one(value: Any, base: str) -> Any:
    if value is None:
        return None
    if base == "integer":
        return _integer(value)
    if base == "number":
        return _number(value)
    if base == "boolean":
        return _boolean(value)
    return to_text(value)


def _integer(value: Any) -> int:
    number = _number(value, "an integer")
    if isinstance(number, int):
        return number
    if not number.is_integer():
        raise ValueFault(f"`{value}` is not an integer", "round it: `int(…)`")
    return int(Decimal(str(number))) if isinstance(number, Decimals) else int(number)


def _number(value: Any, what: str = "a number") -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        return number_of(value)
    except (TypeError, ValueError, AttributeError):
        raise ValueFault(f"`{value}` is not {what}") from None


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() in ("true", "false"):
        return str(value).strip().lower() == "true"
    raise ValueFault(f"`{value}` is neither true nor false")
