"""The parts of a document as a tree, for an editor's outline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import name_span
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence


class Part(NamedTuple):
    """A part of a document: `section`, or what stands in one; `whole` is its stretch, `span` that of its name."""

    name: str
    kind: str
    detail: str
    whole: Span
    span: Span
    parts: tuple[Part, ...]


_NAMED = frozenset(
    ("data", "inputs", "outputs", "params", "let", "tables", "infer", "modules", "steps", "resources")
)  # fmt: skip


def outline(snapshot: Snapshot) -> list[Part]:
    """The sections of a document, and what is declared in them."""
    tree = snapshot.reading.tree
    if not isinstance(tree, Mapping):
        return []
    return list(_sections(tree, snapshot.reading.source.text.count("\n") + 2))


def _sections(tree: Mapping, last: int) -> Iterator[Part]:
    keys = [key for key, _ in tree.entries]
    for number, (key, value) in enumerate(tree.entries):
        end = keys[number + 1].span.line if number + 1 < len(keys) else last
        inner: tuple[Part, ...] = ()
        if key.text in _NAMED and isinstance(value, Mapping):
            inner = tuple(_entries(value, key.text, end))
        detail = value.text if isinstance(value, Scalar) and "\n" not in value.text else ""
        yield _part(key, value, "section", detail[:100], end, inner)


def _entries(node: Mapping, kind: str, last: int) -> Iterator[Part]:
    keys = [key for key, _ in node.entries]
    for number, (key, value) in enumerate(node.entries):
        end = keys[number + 1].span.line if number + 1 < len(keys) else last
        yield _part(key, value, kind, _detail(kind, value), end, ())


def _detail(kind: str, value: Node) -> str:
    wanted = {"steps": "module", "inputs": "type", "outputs": "type", "params": "type", "tables": "key"}.get(kind)
    found = value.get(wanted) if isinstance(value, Mapping) and wanted else value
    if isinstance(found, Sequence):
        return ", ".join(item.text for item in found.items if isinstance(item, Scalar))[:100]
    return found.text.partition("\n")[0][:100] if isinstance(found, Scalar) else ""


def _part(key: Scalar, value: Node, kind: str, detail: str, before: int, parts: tuple[Part, ...]) -> Part:
    """A part that goes on to what begins in the line `before`, or to its own end where that is known."""
    span = name_span(key)
    last = value.span
    end = (max(before - 1, last.end_line, span.line), 1)
    if (last.end_line, last.end_column) > end or end[0] == span.line:
        end = max((last.end_line, last.end_column), (span.line, span.end_column))
    whole = span._replace(end_line=end[0], end_column=end[1])
    return Part(key.text, kind, detail, whole, span, parts)
