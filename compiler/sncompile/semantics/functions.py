"""The functions and operators of expressions: their types, and what they compute."""

from __future__ import annotations

import operator
import posixpath
import re
from collections.abc import Callable
from math import ceil
from typing import Any, NamedTuple

from sncompile.semantics.types import BOOLEAN, INTEGER, NUMBER, STRING, UNKNOWN, Type, unify


class TypeFault(ValueError):
    """Operands of the wrong type; `help` says how to mend it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class ValueFault(ValueError):
    """Operands whose values do not serve; `help` says how to mend it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class Function(NamedTuple):
    """A function: how many operands it takes, its result's type, and its computation."""

    least: int
    most: int
    result: Callable[[list[Type]], Type]
    compute: Callable[..., Any]


def to_text(value: Any) -> str:
    """A value as text, as it stands in an argument: booleans as YAML writes them, numbers as Python does."""
    if value is None:
        raise ValueFault("the value is absent", "use `x if condition else y`, or an optional argument")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        raise ValueFault("a list inside text", "use `join(list, ',')`, or give it an argument of its own")
    return str(value)


def _texts(types: list[Type]) -> None:
    for t in types:
        if not t.textual and t.base not in ("unknown", "null"):
            raise TypeFault(f"takes text, not {t}", "turn it into text with `str(…)`")


def _each(result: Type) -> Callable[[list[Type]], Type]:
    """Takes one text or a list of them, and gives as many."""

    def check(types: list[Type]) -> Type:
        _texts(types[:1])
        return result._replace(many=types[0].many)

    return check


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(value: Any, *rest: Any) -> Any:
        if value is None:
            raise ValueFault("the value is absent")
        return tuple(function(v, *rest) for v in value) if isinstance(value, tuple) else function(value, *rest)

    return compute


def _listed(types: list[Type]) -> Type:
    if not types[0].many and types[0].base != "unknown":
        raise TypeFault(f"takes a list, not {types[0]}")
    return types[0]._replace(formats=types[0].formats)


def _joined(types: list[Type]) -> Type:
    if sum(t.many for t in types) > 1 or (any(t.many for t in types) and len(types) > 2):
        raise TypeFault("takes one list and a separator, or single texts that make a path")
    return STRING


def _join(*values: Any) -> str:
    lists = [v for v in values if isinstance(v, tuple)]
    rest = [to_text(v) for v in values if not isinstance(v, tuple)]
    if lists:
        return (rest[0] if rest else ",").join(to_text(v) for v in lists[0])
    return posixpath.join(*rest)


def _zipped(types: list[Type]) -> Type:
    if not all(t.many or t.base == "unknown" for t in types):
        raise TypeFault("takes lists")
    return Type("string", many=True)


def _zip(*values: Any) -> tuple[str, ...]:
    if len({len(v) for v in values}) > 1:
        raise ValueFault(f"the lists have {', '.join(str(len(v)) for v in values)} items, not equally many")
    return tuple(to_text(item) for row in zip(*values, strict=True) for item in row)


def _number(types: list[Type]) -> Type:
    for t in types:
        if t.many or t.base not in ("integer", "number", "unknown"):
            raise TypeFault(f"takes numbers, not {t}", "turn text into a number with `int(…)` or `float(…)`")
    return INTEGER if all(t.base == "integer" for t in types) else NUMBER


def _most(types: list[Type]) -> Type:
    if len(types) == 1 and types[0].many:
        return types[0].one
    return _number(types)


def _integers(types: list[Type]) -> Type:
    _number(types)
    return Type("integer", many=True)


def _scalar(result: Type) -> Callable[[list[Type]], Type]:
    def check(types: list[Type]) -> Type:
        if types[0].many:
            raise TypeFault(f"takes one value, not {types[0]}")
        return result

    return check


def _length(types: list[Type]) -> Type:
    if not types[0].many and not types[0].textual and types[0].base != "unknown":
        raise TypeFault(f"takes a list or text, not {types[0]}")
    return INTEGER


def _range(*values: int) -> tuple[int, ...]:
    found = range(*(int(v) for v in values))
    if len(found) > 1_000_000:
        raise ValueFault("a range of more than a million numbers")
    return tuple(found)


def _int(value: Any) -> int:
    try:
        return int(value) if not isinstance(value, str) else int(value.strip())
    except (TypeError, ValueError, OverflowError):
        raise ValueFault(f"`{value}` is not an integer") from None


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueFault(f"`{value}` is not a number") from None


def _suffix(path: str) -> str:
    name = posixpath.basename(path)
    stem = name.lstrip(".")
    return "." + stem.split(".", 1)[1] if "." in stem else ""


def _stem(path: str) -> str:
    name = posixpath.basename(path)
    tail = _suffix(path)
    return name[: -len(tail)] if tail else name


def _sort(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(value, key=lambda v: (v is None, isinstance(v, str), v if v is not None else 0)))


FUNCTIONS: dict[str, Function] = {
    "basename": Function(1, 1, _each(STRING), _over(posixpath.basename)),
    "stem": Function(1, 1, _each(STRING), _over(_stem)),
    "suffix": Function(1, 1, _each(STRING), _over(_suffix)),
    "dirname": Function(1, 1, _each(STRING), _over(posixpath.dirname)),
    "join": Function(1, 16, _joined, _join),
    "len": Function(1, 1, _length, lambda v: len(v) if v is not None else 0),
    "sorted": Function(1, 1, _listed, _sort),
    "unique": Function(1, 1, _listed, lambda v: tuple(dict.fromkeys(v))),
    "zip": Function(1, 16, _zipped, _zip),
    "range": Function(1, 3, _integers, _range),
    "str": Function(1, 1, _scalar(STRING), to_text),
    "int": Function(1, 1, _scalar(INTEGER), _int),
    "float": Function(1, 1, _scalar(NUMBER), _float),
    "upper": Function(1, 1, _each(STRING), _over(str.upper)),
    "lower": Function(1, 1, _each(STRING), _over(str.lower)),
    "replace": Function(3, 3, _each(STRING), _over(lambda v, old, new: v.replace(old, new))),
    "min": Function(1, 16, _most, lambda *v: min(v[0] if isinstance(v[0], tuple) else v)),
    "max": Function(1, 16, _most, lambda *v: max(v[0] if isinstance(v[0], tuple) else v)),
    "ceil": Function(1, 1, lambda types: _number(types) and INTEGER, lambda v: ceil(v)),
}
"""The functions by name; `file` and `lookup` need more than values and are typed apart."""


_MEGABYTES = {
    "kb": 1e-3, "mb": 1, "gb": 1e3, "tb": 1e6, "kib": 1024 / 1e6, "mib": 1024**2 / 1e6, "gib": 1024**3 / 1e6,
    "tib": 1024**4 / 1e6, "b": 1e-6,
}  # fmt: skip
_MINUTES = {"s": 1 / 60, "m": 1, "h": 60, "d": 1440, "min": 1}
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")


def unit_factor(unit: str, kind: str) -> float | None:
    """How many megabytes (`kind` "megabytes") or minutes ("minutes") a unit has; None for an unknown one."""
    return (_MEGABYTES if kind == "megabytes" else _MINUTES).get(unit.strip().lower())


def _quantity(kind: str, bare: float) -> Callable[[Any], int]:
    units = "KB, MB, GB, TB, KiB, MiB, GiB or TiB" if kind == "megabytes" else "s, m, h or d"

    def compute(value: Any) -> int:
        if isinstance(value, str):
            match = _QUANTITY.fullmatch(value)
            factor = unit_factor(match[2], kind) if match and match[2] else None
            if match is None or factor is None:
                example = "4GB" if kind == "megabytes" else "90m"
                raise ValueFault(f"`{value}` is not a number with a unit", f"write {example}; the units are {units}")
            amount = float(match[1]) * factor
        else:
            amount = float(value) * bare
        if amount < 0:
            raise ValueFault("the quantity is negative")
        # Half a byte of a megabyte is noise of the division, not a megabyte more.
        return max(1, ceil(amount - 1e-9)) if amount else 0

    return compute


def _parsed(base: str) -> Callable[[Any], Any]:
    def one(value: Any) -> Any:
        if value is None:
            return None
        if base == "integer":
            return _int(value)
        if base == "number":
            return value if isinstance(value, (int, float)) and not isinstance(value, bool) else _number_of(value)
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise ValueFault(f"`{value}` is neither true nor false")

    return lambda value: tuple(one(v) for v in value) if isinstance(value, tuple) else one(value)


def _number_of(value: Any) -> int | float:
    try:
        return int(value)
    except ValueError:
        return _float(value)


def _given(types: list[Type]) -> Type:
    return types[0]


FUNCTIONS |= {
    # What the compiler itself puts around a value; the sign keeps them out of the language.
    "@integer": Function(1, 1, _given, _parsed("integer")),
    "@number": Function(1, 1, _given, _parsed("number")),
    "@boolean": Function(1, 1, _given, _parsed("boolean")),
    "@megabytes": Function(1, 1, _given, _quantity("megabytes", 1e-6)),
    "@minutes": Function(1, 1, _given, _quantity("minutes", 1 / 60)),
}


def _plus(types: list[Type]) -> Type:
    left, right = types
    if left.base == "unknown" or right.base == "unknown":
        return UNKNOWN
    if left.many and right.many:
        return unify(left, right) or UNKNOWN
    if left.textual and right.textual and not left.many and not right.many:
        return STRING
    if (left.textual or right.textual) and not left.many and not right.many:
        raise TypeFault(f"`+` joins two texts or adds two numbers, not {left} and {right}", "use `str(…)` or `int(…)`")
    return _number(types)


def _division(types: list[Type]) -> Type:
    _number(types)
    return NUMBER


def _equal(types: list[Type]) -> Type:
    left, right = types
    bases = {left.base, right.base}
    if bases & {"unknown", "null"} or left.many != right.many:
        return BOOLEAN
    if (left.textual != right.textual) or ("boolean" in bases and len(bases) > 1):
        hint = "cells of text tables are text: compare with '1', or use `int(…)`"
        raise TypeFault(f"{left} is never equal to {right}", hint)
    return BOOLEAN


def _order(types: list[Type]) -> Type:
    left, right = types
    if left.textual and right.textual and not left.many and not right.many:
        return BOOLEAN
    if (left.textual or right.textual) and "unknown" not in (left.base, right.base):
        raise TypeFault(f"{left} and {right} have no order", "cells of text tables are text: use `int(…)` or `float(…)`")
    _number(types)
    return BOOLEAN


def _inside(types: list[Type]) -> Type:
    left, right = types
    if right.many or (right.textual and left.textual) or "unknown" in (left.base, right.base):
        return BOOLEAN
    raise TypeFault(f"`in` looks into a list or a text, not {right}")


def _truth(types: list[Type]) -> Type:
    for t in types:
        if t.base not in ("boolean", "unknown") and not t.many and not t.optional:
            raise TypeFault(f"takes true or false, not {t}", "compare it: `x == 'yes'`, `len(x) > 0`")
    return BOOLEAN


def _divide(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(left: Any, right: Any) -> Any:
        if right == 0:
            raise ValueFault("a division by zero")
        return compute(left, right)

    return checked


def _times(left: Any, right: Any) -> Any:
    return left * right


def _compare(compute: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def checked(left: Any, right: Any) -> bool:
        if left is None or right is None:
            raise ValueFault("an absent value has no order", "test it first: `x != null and x > 1`")
        return compute(left, right)

    return checked


OPERATORS: dict[tuple[str, int], Function] = {
    ("+", 2): Function(2, 2, _plus, operator.add),
    ("-", 2): Function(2, 2, _number, operator.sub),
    ("*", 2): Function(2, 2, _number, _times),
    ("/", 2): Function(2, 2, _division, _divide(operator.truediv)),
    ("//", 2): Function(2, 2, _number, _divide(operator.floordiv)),
    ("%", 2): Function(2, 2, _number, _divide(operator.mod)),
    ("-", 1): Function(1, 1, _number, operator.neg),
    ("+", 1): Function(1, 1, _number, operator.pos),
    ("not", 1): Function(1, 1, _truth, lambda v: not v),
    ("==", 2): Function(2, 2, _equal, operator.eq),
    ("!=", 2): Function(2, 2, _equal, operator.ne),
    ("<", 2): Function(2, 2, _order, _compare(operator.lt)),
    ("<=", 2): Function(2, 2, _order, _compare(operator.le)),
    (">", 2): Function(2, 2, _order, _compare(operator.gt)),
    (">=", 2): Function(2, 2, _order, _compare(operator.ge)),
    ("in", 2): Function(2, 2, _inside, lambda item, group: item in (group or ())),
    ("not in", 2): Function(2, 2, _inside, lambda item, group: item not in (group or ())),
}
"""The operators by sign and number of operands; `and` and `or` are computed by the evaluator, which stops early."""


def truth_type(types: list[Type]) -> Type:
    """The type of `and` and `or`. Raises `TypeFault`."""
    return _truth(types)
