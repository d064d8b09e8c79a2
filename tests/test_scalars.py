"""What a scalar without quotes means, by itself: as in YAML 1.2's core schema, section 10.3.2."""

from __future__ import annotations

import math

import pytest

from sncompile.ir.language.scalars import is_long_number, resolve_plain

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (("", "~", "null", "Null", "NULL"), None),
        (("true", "True", "TRUE"), True),
        (("false", "False", "FALSE"), False),
        (("12", "+12", "012", "0xC", "0xc", "0o14"), 12),
        (("-12",), -12),
        (("0.5", ".5", "+.5", "5e-1", "5E-1", "+0.5", "0.50"), 0.5),
        (("5.", "5e0", "5e+0", "0.5e1"), 5.0),
        ((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "1e999"), INFINITE),
        (("-.inf", "-.Inf", "-.INF", "-1e999"), -INFINITE),
    ],
)
def test_plain_scalars(texts: tuple[str, ...], value: object) -> None:
    found = [resolve_plain(text) for text in texts]
    assert found == [value] * len(texts)
    assert {type(each) for each in found} == {type(value)}


def test_what_is_no_number() -> None:
    assert all(math.isnan(float(str(resolve_plain(text)))) for text in (".nan", ".NaN", ".NAN"))


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "off", "y", "nULL", "tRUE", "0b1", "0x", "0xG", "0o8", "1_000", "1:30", ".", "+", "-", "1e",
     "e1", "inf", "nan", ".iNF", ".Nan", "+.nan", "0X1F", "- 1", "1 2", "--1", "1.2.3", "2024-01-02"],
)  # fmt: skip
def test_all_else_is_text(text: str) -> None:
    assert resolve_plain(text) == text


@pytest.mark.parametrize(("digits", "long"), [(400, False), (401, True)])
def test_a_number_of_many_digits(digits: int, long: bool) -> None:
    """Longer ones are not read as whole numbers, which would take ever longer."""
    text = "1" * digits
    assert is_long_number(text) == long
    assert not is_long_number("x" * digits)
    assert isinstance(resolve_plain(text), float if long else int)
