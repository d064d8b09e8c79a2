"""What a plain scalar means: YAML 1.2's core schema (section 10.3.2), in which `no` and `on` are strings."""

from __future__ import annotations

from sncompile.lazy_regex import regex

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = regex(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = regex(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
STARTS = frozenset("0123456789+-.~nNtTfF")
"""Only a scalar that starts like this, or is empty, can be anything but a string."""
_LETTERS = frozenset("nNtTfF")

MAX_DIGITS = 400
"""Of a number in a spec."""


def is_long_number(text: str) -> bool:
    """Whether an unquoted scalar is a number with more digits than any quantity has."""
    return len(text) > MAX_DIGITS and _FLOAT.fullmatch(text) is not None


def resolve_plain(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar."""
    if text and text[0] not in STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _LETTERS:
        return text
    if len(text) <= MAX_DIGITS and _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _INFINITE.get(text, text)


_PLAIN_NUMBER = regex(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Decimals(float):
    """A number that looks in text as it was written (`1.10`, `1e-5`); what is computed of it is a plain number."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str) -> Decimals:
        made = super().__new__(cls, written)
        made.written = written
        return made

    def __str__(self) -> str:
        return self.written


def is_plain_number(text: str) -> bool:
    """Whether a text is a decimal number that every tool reads alike.

    >>> [text for text in ("1.10", "-2e3", "010", "+1", ".5", "0x1F", "1_000") if is_plain_number(text)]
    ['1.10', '-2e3']
    """
    return _PLAIN_NUMBER.fullmatch(text) is not None


def number_of(text: str) -> int | float:
    """The number that a text stands for, by YAML's rules for plain scalars. Raises `ValueError`.

    >>> number_of("010"), number_of("0x1F"), str(number_of("1.10")), number_of("1.10") + 1
    (10, 31, '1.10', 2.1)
    """
    text = text.strip()
    found = resolve_plain(text)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        # Python's underscores between digits are none of ours.
        if "_" in text:
            raise ValueError(text)
        return float(text)
    if isinstance(found, float) and is_plain_number(text) and repr(found) != text:
        return Decimals(text)
    return found
