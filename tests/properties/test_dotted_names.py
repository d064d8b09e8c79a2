"""Dotted names, which most expressions are, are read without Python's parser: to the same tree as with it."""

from __future__ import annotations

import keyword

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sncompile.diagnostics import Span
from sncompile.syntax.expression_parser import BadExpression, parse_expression

NAMES = st.one_of(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True),
    st.sampled_from([*keyword.kwlist, "true", "false", "null", "match", "ﬁ", "ä", ""]),
)


def read(text: str, base: int) -> object:
    """The tree of an expression, or the code that refuses it."""
    try:
        return parse_expression(text, base, lambda a, b: Span("f", 1, a, 1, b), Span("f", 1, 1, 1, 1))
    except BadExpression as bad:
        return bad.diagnostic.code


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(NAMES, min_size=1, max_size=45), st.integers(0, 90))
@example(["a"] * 40, 0)
@example(["a"] * 41, 0)
@example(["a"] * 42, 0)
@example(["true", "x"], 2)
def test_a_dotted_name_is_what_pythons_parser_makes_of_it(names: list[str], base: int) -> None:
    """A blank at the end sends the same text through Python's parser."""
    text = ".".join(names)
    assert read(text, base) == read(f"{text} ", base)
