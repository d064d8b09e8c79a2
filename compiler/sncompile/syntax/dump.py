"""The document tree as plain data, for `--emit ast`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from sncompile.diagnostics import Span
from sncompile.syntax.source import Source


def dump(node: Any) -> Any:
    """A document node as JSON data: `kind`, `at` (line:column) and its parts; what is empty is left out."""
    if isinstance(node, Span):
        return f"{node.line}:{node.column}"
    if isinstance(node, Source):
        return node.name
    if is_dataclass(node) and not isinstance(node, type):
        return _members(type(node).__name__, {f.name: getattr(node, f.name) for f in fields(node)})
    if isinstance(node, tuple) and hasattr(node, "_asdict"):
        return _members(type(node).__name__, node._asdict())
    if isinstance(node, dict):
        return {key: dump(value) for key, value in node.items()}
    if isinstance(node, (tuple, list)):
        return [dump(item) for item in node]
    return node


def _members(kind: str, members: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind}
    if isinstance(members.get("span"), Span):
        found["at"] = dump(members["span"])
    for name, value in members.items():
        if name not in ("span", "spans", "row_spans") and value not in (None, (), {}, ""):
            found[name] = dump(value)
    return found
