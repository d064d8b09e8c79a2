"""What functions and operators have in common: their faults, their limits, and values as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from sncompile.ir.language.types import INTEGER, NUMBER, Type

MAX_TEXT = 1_000_000
MAX_ITEMS = 1_000_000
MAX_BITS = 4_000
"""Limits of what an expression may compute: a few lines of doubling would otherwise fill any memory."""


GOES_ON: Mapping[str, Callable[[Any], bool]] = {
    "and": bool,
    "or": lambda found: not found,
    "coalesce": lambda found: found is None or (isinstance(found, tuple) and None in found),
}
"""Functions whose operands are read one after the other, with what one must be for the next to be read."""


TAKES_GAPS = frozenset(
    (
        "present",
        "coalesce",
        "in",
        "not in",
        "+",
        "[]",
        "@path",
        "@companion",
        "@item",
        "@filled",
        "@integer",
        "@number",
        "@boolean",
    )
)
"""Functions and operators that know what to do with absent items of a list."""


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


class Wants(Enum):
    """What a function or operator takes of what was written in the spec: `1.10` is a text or a number."""

    TEXT = "text"
    NUMBER = "what it reads as"
    LIKE_OTHERS = "text beside a text, else what it reads as"
    EITHER = "what was written; `compute` looks at texts alone"
    UNTOUCHED = "what was written, where nothing else stands beside it; `compute` hands it on"


class Function(NamedTuple):
    """A function or operator: how many operands it takes, its result's type, its computation, and what it wants."""

    least: int
    most: int
    result: Callable[[list[Type]], Type]
    compute: Callable[..., Any]
    wants: Wants = Wants.NUMBER


def to_text(value: Any) -> str:
    """A value as text, as it stands in an argument: booleans as YAML writes them, numbers as Python does
    or, if nothing was computed with them, as they were written.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise ValueFault("the value is absent", "use `x if condition else y`, or an optional argument")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        raise ValueFault("a list inside text", "use `join(list, ',')`, or give it an argument of its own")
    return str(value)


def within_limits(value: Any) -> Any:
    """The value itself. Raises `ValueFault` where it has become too large to go on with."""
    large = False
    if isinstance(value, str):
        large = len(value) > MAX_TEXT
    elif isinstance(value, tuple):
        large = len(value) > MAX_ITEMS
    elif isinstance(value, int):
        large = value.bit_length() > MAX_BITS
    if large:
        raise ValueFault("the value becomes too large", "compute it in the tool")
    return value


def number_type(types: list[Type]) -> Type:
    """The type of arithmetic on operands. Raises `TypeFault`."""
    for t in types:
        if t.many or t.base not in ("integer", "number", "unknown"):
            raise TypeFault(f"takes numbers, not {t}", "turn text into a number with `int(…)` or `float(…)`")
    return INTEGER if all(t.base == "integer" for t in types) else NUMBER
