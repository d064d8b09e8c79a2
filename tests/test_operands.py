"""What operators and functions have in common: values as text, limits, quantities, and what was written."""

from __future__ import annotations

from typing import Any

import pytest

from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import MAX_BITS, MAX_ITEMS, MAX_TEXT, ValueFault, to_text, within_limits
from sncompile.ir.language.quantities import quantity, unit_factor
from sncompile.ir.language.scalars import Decimals
from sncompile.ir.language.written import converted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (0.5, "0.5"),
        (1e-7, "1e-07"),
        (Decimals("1.50"), "1.50"),
    ],
)
def test_values_as_text(value: Any, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(("value", "why"), [(None, "the value is absent"), ((), "a list inside text")])
def test_values_that_are_no_text(value: Any, why: str) -> None:
    with pytest.raises(ValueFault, match=why):
        to_text(value)


def test_limits() -> None:
    """What a few lines of doubling come to is refused; nothing else is."""
    assert (MAX_TEXT, MAX_ITEMS, MAX_BITS) == (1_000_000, 1_000_000, 4_000)
    for fits, too_large in (
        ("x" * MAX_TEXT, "x" * (MAX_TEXT + 1)),
        ((0,) * MAX_ITEMS, (0,) * (MAX_ITEMS + 1)),
        (2**MAX_BITS - 1, 2**MAX_BITS),
    ):
        assert within_limits(fits) is fits
        with pytest.raises(ValueFault, match="too large"):
            within_limits(too_large)
    assert (within_limits(None), within_limits(1e300)) == (None, 1e300)
    assert len(FUNCTIONS["range"].compute(1_000_000)) == 1_000_000
    with pytest.raises(ValueFault, match="more than a million"):
        FUNCTIONS["range"].compute(1_000_001)
    replace = FUNCTIONS["replace"].compute
    assert len(replace("x" * (MAX_TEXT // 2), "x", "yy")) == MAX_TEXT
    with pytest.raises(ValueFault, match="too large"):
        replace("x" * (MAX_TEXT // 2 + 1), "x", "yy")


@pytest.mark.parametrize(
    ("kind", "unit", "factor"),
    [
        ("megabytes", "MB", 1),
        ("megabytes", " gb ", 1000),
        ("megabytes", "KiB", 0.001024),
        ("megabytes", "TiB", 1099511.627776),
        ("minutes", "h", 60),
        ("minutes", "s", 1 / 60),
        ("minutes", "d", 1440),
        ("minutes", "GB", None),
        ("megabytes", "h", None),
    ],
)
def test_units(kind: str, unit: str, factor: float | None) -> None:
    assert unit_factor(unit, kind) == factor


@pytest.mark.parametrize(
    ("kind", "bare", "value", "found"),
    [
        ("megabytes", 1.0, "1.5GB", 1500),
        ("megabytes", 1.0, " 1 MB ", 1),
        ("megabytes", 1.0, "1B", 1),
        ("megabytes", 1.0, "0GB", 0),
        ("megabytes", 1e-6, 1_000_000, 1),
        ("megabytes", 1e-6, 1_000_001, 2),
        ("megabytes", 1e-6, 1, 1),
        ("megabytes", 1e-6, 0, 0),
        ("minutes", 1 / 60, 120, 2),
        ("minutes", 1 / 60, 121.0, 3),
        # Ten thirds of a second are not ten and a bit of noise.
        ("minutes", 1.0, "0.1h", 6),
        ("minutes", 1.0, "1.1h", 66),
    ],
)
def test_quantities(kind: str, bare: float, value: Any, found: int) -> None:
    """Whole ones, rounded up; what is more than nothing is one at least."""
    assert quantity(kind, bare)(value) == found


@pytest.mark.parametrize("value", ["GB", "1", "-1GB", "1.GB", "1 G B", "1h", -1])
def test_what_is_no_quantity(value: Any) -> None:
    with pytest.raises(ValueFault):
        quantity("megabytes", 1.0)(value)


@pytest.mark.parametrize(
    ("function", "values", "found"),
    [
        ("@sorted", ("10", "9", "1.50", "0x5"), ("1.50", "0x5", "9", "10")),
        ("@sorted", ("true", "FALSE"), ("FALSE", "true")),
        ("@unique", ("1", "1.0", "1"), ("1", "1.0")),
        ("@min", ("10", "9"), "9"),
        ("@max", ("9", "10"), "10"),
        ("@item", "x", ("x",)),
        ("@path", ("-x", None, "a-x"), ("./-x", None, "a-x")),
        ("@path", None, None),
        ("sorted", ("10", "9"), ("10", "9")),
        ("sorted", (10, 9.5), (9.5, 10)),
    ],
)
def test_what_was_written_is_kept(function: str, values: Any, found: Any) -> None:
    """It is ordered as it reads, and comes out as it was written."""
    assert FUNCTIONS[function].compute(values) == found


@pytest.mark.parametrize(
    ("value", "base", "found"),
    [
        ("010", "integer", 10),
        ("1.0", "integer", 1),
        ("1e3", "integer", 1000),
        (2.0, "integer", 2),
        (None, "integer", None),
        ("9007199254740993.0", "integer", 9007199254740993),
        ("1.50", "number", 1.5),
        (3, "number", 3),
        ("True", "boolean", True),
        (" false ", "boolean", False),
        (True, "boolean", True),
        (1.5, "string", "1.5"),
        (("1", None), "integer", (1, None)),
    ],
)
def test_conversions(value: Any, base: str, found: Any) -> None:
    made = converted(value, base)
    assert (made, type(made)) == (found, type(found)) or isinstance(made, Decimals)
    assert made == found


@pytest.mark.parametrize(
    ("value", "base", "why"),
    [
        ("1.5", "integer", "`1.5` is not an integer"),
        ("x", "integer", "`x` is not an integer"),
        (True, "integer", "`True` is not an integer"),
        ("x", "number", "`x` is not a number"),
        ("1_0", "number", "`1_0` is not a number"),
        ("yes", "boolean", "`yes` is neither true nor false"),
        ("1", "boolean", "`1` is neither true nor false"),
    ],
)
def test_what_cannot_be_converted(value: Any, base: str, why: str) -> None:
    with pytest.raises(ValueFault) as caught:
        converted(value, base)
    assert str(caught.value) == why
