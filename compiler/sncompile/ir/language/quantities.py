"""Quantities with units: what `4GB` and `90m` mean."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Any

from sncompile.ir.language.operands import ValueFault
from sncompile.lazy_regex import regex

_MEGABYTES = {
    "kb": 1e-3, "mb": 1, "gb": 1e3, "tb": 1e6, "kib": 1024 / 1e6, "mib": 1024**2 / 1e6, "gib": 1024**3 / 1e6,
    "tib": 1024**4 / 1e6, "b": 1e-6,
}  # fmt: skip
_MINUTES = {"s": 1 / 60, "m": 1, "h": 60, "d": 1440, "min": 1}
_QUANTITY = regex(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")


def unit_factor(unit: str, kind: str) -> float | None:
    """How many megabytes (`kind` "megabytes") or minutes ("minutes") a unit has; None for an unknown one."""
    return (_MEGABYTES if kind == "megabytes" else _MINUTES).get(unit.strip().lower())


def quantity(kind: str, bare: float) -> Callable[[Any], int]:
    """Reads a quantity as whole megabytes or minutes, rounded up; a number without a unit counts `bare` of them."""

    def compute(value: Any) -> int:
        amount = _amount(value, kind, bare)
        # Half a byte of a megabyte is noise of the division, not a megabyte more.
        return max(1, ceil(amount - 1e-9)) if amount else 0

    return compute


def size_in_bytes(value: str) -> int:
    """A size with a unit in bytes. What may be used at most is not rounded up.

    >>> size_in_bytes("2.5MB"), size_in_bytes("1KiB"), size_in_bytes("18.1 GB")
    (2500000, 1024, 18100000000)
    """
    return floor(_amount(value, "megabytes", 1e-6) * 1e6 + 1e-3)


def _amount(value: Any, kind: str, bare: float) -> float:
    """A quantity in megabytes or minutes. Raises `ValueFault`."""
    units = "KB, MB, GB, TB, KiB, MiB, GiB or TiB" if kind == "megabytes" else "s, m, h or d"
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
    return amount
