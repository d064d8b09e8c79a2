"""Strategies for texts, numbers and chances."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Draw = st.DrawFn

PLAIN_KEYS = ("A01", "01", "1", "1.0", "1e3", "true", "no", "2024-01-01", "0x1F", "0o7")
"""Keys that YAML would take for something else than text, or that only look as if it would."""

_LETTERS = "abA1 '\"$`\\*?[]{}()|&;<>#!~%/.,:=-_@üß漢\u0301"


def hostile(extra: str = "", least: int = 0) -> st.SearchStrategy[str]:
    """Text full of what shells, paths and YAML care about, of at least `least` characters; never the language's `${`.

    `extra` are characters more, such as a newline.
    """
    text = st.text(_LETTERS + extra, min_size=least, max_size=6)
    return text.map(lambda t: t.replace("${", "$ {"))


key_values = st.one_of(st.sampled_from(PLAIN_KEYS), hostile(least=1), hostile("\t\n", least=1))
"""Values of keys: any text that is not empty."""

words = st.sampled_from(["x", "y", "dmso", "it's", "a b"])
mostly = st.integers(0, 9).map(lambda n: n != 7)
seldom = st.integers(0, 200).map(lambda n: n == 137)


def one_in(draw: Draw, number: int) -> bool:
    """True once in so many times."""
    return draw(st.integers(0, number - 1)) == number // 2


def some(draw: Draw, items: list[Any], least: int = 0, most: int | None = None) -> list[Any]:
    """A random part of a list, shuffled."""
    if not items:
        return []
    shuffled: list[Any] = draw(st.permutations(items))
    return shuffled[: draw(st.integers(least, len(items) if most is None else min(most, len(items))))]
