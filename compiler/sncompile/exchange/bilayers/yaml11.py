"""What a plain scalar of a Bilayers spec means: Bilayers reads YAML 1.1, in which `no` and `on` are booleans."""

from __future__ import annotations

from typing import Any

from sncompile.lazy_regex import regex
from sncompile.syntax.nodes import Node, Scalar, Sequence

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUES = frozenset(word for base in ("yes", "true", "on") for word in (base, base.title(), base.upper()))
_FALSES = frozenset(word for base in ("no", "false", "off") for word in (base, base.title(), base.upper()))
_INT = regex(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)")
# A number needs a point, and its exponent a sign: `1e-3` is text.
_FLOAT = regex(r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?")
_INFINITE = regex(r"([-+]?)\.(?:inf|Inf|INF)")
_MAX_DIGITS = 400


def plain_value(node: Node) -> Any:
    """The value of a node as plain data."""
    if isinstance(node, Scalar):
        return _resolve(node.text) if node.plain else node.text
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    return {key.text: plain_value(value) for key, value in node.entries}


def _resolve(text: str) -> str | int | float | bool | None:
    if text in _NULLS:
        return None
    if text in _TRUES or text in _FALSES:
        return text in _TRUES
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    found = _INFINITE.fullmatch(text)
    if found:
        return float(f"{found[1]}inf")
    return float("nan") if text in (".nan", ".NaN", ".NAN") else text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    body = digits.lstrip("+-")
    base = {"0b": 2, "0x": 16}.get(body[:2], 8 if body.startswith("0") and body != "0" else 10)
    try:
        return int(digits, base)
    except ValueError:  # Underscores alone, after a sign for the base.
        return text
