"""Reads the small things that documents are made of: names, texts, values, templates.

A node of the wrong kind has been told of by the schema already; here it counts as absent, so that the rest of the
document can still be checked.
"""

from __future__ import annotations

from sncompile.diagnostics import Diagnostic
from sncompile.faults import documents as faults
from sncompile.syntax.document import Binding, CellDoc, CheckDoc, Constant, EnvDoc, ListValue, MapValue, Named, Value
from sncompile.syntax.expressions import Template
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence
from sncompile.syntax.schema import Path
from sncompile.syntax.source import Source
from sncompile.syntax.templates import UNESCAPED, parse_template, unescaped

# What a named tuple's own constructor comes down to, in half the time: there are some for every step.
_new = tuple.__new__


class Reader:
    """Turns nodes of one source into document values and collects the faults of their expressions."""

    def __init__(self, source: Source, broken: set[Path]) -> None:
        self.source = source
        self.found: list[Diagnostic] = []
        # Every path above a fault is broken too.
        self._broken = {path[:length] for path in broken for length in range(len(path) + 1)}

    def broken_below(self, *path: str | int) -> bool:
        """Whether the schema found a fault at or below a path."""
        return path in self._broken

    def text(self, node: Node | None) -> str:
        """The text of a scalar for people, or of a fixed form; empty where there is none."""
        return node.text.strip() if isinstance(node, Scalar) and node.value is not None else ""

    def prose(self, node: Node | None) -> tuple[str, ...]:
        """The texts of a list for people, each as it stands."""
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(item.text for item in items if isinstance(item, Scalar) and item.value is not None)

    def texts(self, node: Node | None) -> tuple[str, ...]:
        """The texts of a list, or of a single scalar, in which no expression can stand."""
        return tuple(map(unescaped, self.prose(node)))

    def named(self, node: Node | None) -> Named | None:
        """A scalar's text with its place; none where an expression stands, which the schema has told."""
        if not isinstance(node, Scalar) or node.value is None:
            return None
        text = node.text
        if "${" not in text:
            return Named(text, node.span)
        return None if UNESCAPED.search(text) else Named(unescaped(text), node.span)

    def names(self, node: Node | None) -> tuple[Named, ...]:
        """The texts of a list, or of a single scalar, with their places."""
        if node is None:
            return ()
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(name for item in items if (name := self.named(item)) is not None)

    def flag(self, node: Node | None) -> bool:
        """A boolean; false where there is none."""
        return isinstance(node, Scalar) and node.value is True

    def number(self, node: Node | None) -> float | None:
        """A number, or None."""
        if isinstance(node, Scalar) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return node.value
        return None

    def integer(self, node: Node | None) -> int | None:
        """A whole number, or None."""
        number = self.number(node)
        return int(number) if number is not None and number == number and abs(number) < 10**9 else None

    def template(self, node: Node | None) -> Template | None:
        """A scalar as a template (numbers count as their text), or None."""
        if not isinstance(node, Scalar) or node.value is None:
            return None
        template, found = parse_template(node, self.source)
        self.found += found
        return template

    def shell(self, node: Node | None) -> Template | None:
        """The same of a script of bash."""
        if not isinstance(node, Scalar) or node.value is None:
            return None
        template, found = parse_template(node, self.source, script=True)
        self.found += found
        return template

    def cell(self, node: Scalar) -> CellDoc:
        """A cell of a row: a template only where it has expressions, since there may be a million."""
        return (self.template(node) or node) if "${" in node.text else node

    def value(self, node: Node | None) -> Value | None:
        """A value: a constant, a template or a list. None where there is none, or a mapping."""
        if isinstance(node, Scalar):
            if isinstance(node.value, str):
                return self.template(node)
            return Constant(node.value, node.text, node.span)
        if isinstance(node, Sequence):
            items = [self.value(item) for item in node.items]
            return ListValue(tuple(item for item in items if item is not None), node.span)
        if isinstance(node, Mapping):
            self.found.append(
                faults.WRONG_TYPE.at(node.span, "a mapping is not a value", help="give a text, a number or a list")
            )
        return None

    def binding(self, node: Node | None) -> Binding | None:
        """A value where mappings may stand too."""
        if not isinstance(node, Mapping):
            return self.value(node)
        return MapValue(tuple((name, self.binding(value)) for name, value in self.entries(node)), node.span)

    def entries(self, node: Node | None) -> list[tuple[Named, Node]]:
        """The entries of a mapping; nothing where it is none."""
        if not isinstance(node, Mapping):
            return []
        return [(_new(Named, (key.text, key.span)), value) for key, value in node.entries]

    def lets(self, node: Node | None) -> dict[str, tuple[Named, Value]]:
        """The values that a document names (`let`)."""
        return {
            name.name: (name, value) for name, body in self.entries(node) if (value := self.value(body)) is not None
        }

    def checks(self, node: Node | None) -> tuple[CheckDoc, ...]:
        """What must hold of a document's values (`checks`), each a condition or a mapping with one."""
        found = []
        for item in node.items if isinstance(node, Sequence) else ():
            said = item.get("that") if isinstance(item, Mapping) else item
            that = self.value(said)
            if that is not None and said is not None:
                message = self.text(item.get("message")) if isinstance(item, Mapping) else ""
                over = self.named(item.get("over")) if isinstance(item, Mapping) else None
                found.append(CheckDoc(that, message, that.span, over))
        return tuple(found)

    def values(self, node: Node | None) -> dict[str, Value]:
        """A mapping of values."""
        if node is None:
            return {}
        found = {name.name: self.value(value) for name, value in self.entries(node)}
        return {name: value for name, value in found.items() if value is not None}

    def env(self, node: Node | None) -> tuple[EnvDoc, ...]:
        """Environment variables."""
        if node is None:
            return ()
        result = []
        for name, value in self.entries(node):
            if isinstance(value, Mapping):
                result.append(EnvDoc(name, self.value(value.get("value")), self.flag(value.get("secret"))))
            else:
                result.append(EnvDoc(name, self.value(value), False))
        return tuple(result)
