"""What was written in the spec or a cell, and what it is where a value of some type is wanted.

A plain scalar of YAML (`0123`, `1.10`, `yes`) is text until something else is wanted: it is carried as it was written,
and its type says what it reads as (`Type.written`). Here it becomes one or the other, once, at the place that wants it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sncompile.semantics.operands import ValueFault, to_text
from sncompile.semantics.types import Type
from sncompile.syntax.scalars import Decimals, number_of

if TYPE_CHECKING:
    from sncompile.semantics.values import Value


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


def as_text(value: Value) -> Value:
    """A value where text is wanted: what was written, as it was."""
    from sncompile.semantics.values import Related

    if not value.type.written:
        return value
    found = value._replace(type=value.type.as_text)
    # The type of a cell says what its table gives.
    return found._replace(value=as_text(found.value)) if isinstance(found, Related) else found


def as_read(value: Value) -> Value:
    """A value where what it stands for is wanted: what was written becomes the number or boolean that it reads as."""
    from sncompile.semantics.values import Apply, Cell, Const, Related

    if not value.type.written:
        return value
    kind = value.type._replace(written=False)
    if isinstance(value, Const):
        return Const(converted(value.value, kind.base), kind, value.span)
    cell = value.value if isinstance(value, Related) else None
    if isinstance(value, Related) and isinstance(cell, Cell) and cell.table.looks_as_read(cell.column):
        # It is a column of its table still, and needs none of its own where it is written out.
        return value._replace(value=cell._replace(type=cell.type._replace(written=False)), type=kind)
    return Apply(f"@{kind.base}", (value,), kind, value.span)


def fitted(value: Value, kind: Type) -> Value:
    """A value beside others whose common type is `kind`."""
    if not value.type.written or kind.written:
        return value
    return as_text(value) if kind.textual else as_read(value)
