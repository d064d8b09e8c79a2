"""Located YAML: every node knows where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sncompile.diagnostics import Span


class Scalar(NamedTuple):
    """A scalar: its value by YAML 1.2's core schema, and its text as written (without quotes)."""

    value: Any
    text: str
    plain: bool
    span: Span


class Sequence(NamedTuple):
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


class Mapping(NamedTuple):
    """A mapping: its entries in order. Keys are strings and differ from each other."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, name: str) -> Node | None:
        """The node at a key, or None."""
        for key, value in self.entries:
            if key.text == name:
                return value
        return None

    def by_name(self) -> dict[str, Node]:
        """The nodes by their keys, for who asks for many."""
        return {key.text: value for key, value in self.entries}

    def key(self, name: str) -> Scalar | None:
        """The key's own node, or None."""
        for key, _ in self.entries:
            if key.text == name:
                return key
        return None


Node = Scalar | Sequence | Mapping


def to_plain(node: Node) -> Any:
    """The value of a node as plain Python data, for JSON Schema."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [to_plain(item) for item in node.items]
    return {key.text: value.value if type(value) is Scalar else to_plain(value) for key, value in node.entries}


@dataclass(frozen=True, slots=True)
class Written:
    """A number or boolean of a file of values, with its text as written: which of the two counts, its taker says."""

    value: int | float | bool
    text: str

    def __str__(self) -> str:
        return self.text


def scalars(node: Node) -> Iterator[Scalar]:
    """Every value inside a node, in order; keys are none."""
    if isinstance(node, Scalar):
        yield node
    else:
        for inner in node.items if isinstance(node, Sequence) else (value for _, value in node.entries):
            yield from scalars(inner)


def key_spans(node: Mapping, prefix: str = "") -> Iterator[tuple[str, Span]]:
    """Where each key of a mapping stands; those of mappings in it have its key before their own: `ref.species`."""
    for key, value in node.entries:
        yield f"{prefix}{key.text}", key.span
        if isinstance(value, Mapping):
            yield from key_spans(value, f"{prefix}{key.text}.")


def to_written(node: Node) -> Any:
    """The value of a node as plain data: numbers and booleans are `Written`, and `$${` is a literal `${`."""
    if isinstance(node, Scalar):
        if isinstance(node.value, (int, float)):
            return Written(node.value, node.text)
        return node.value.replace("$${", "${") if isinstance(node.value, str) else node.value
    if isinstance(node, Sequence):
        return [to_written(item) for item in node.items]
    return {key.text: to_written(value) for key, value in node.entries}


def kind_of(node: Node) -> str:
    """What a node is, in a user's words."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return "a boolean"
    if isinstance(node.value, int):
        return "an integer"
    if isinstance(node.value, float):
        return "a number"
    return "a string"


def is_nothing(node: Node) -> bool:
    """Whether a value is not there at all, as behind `key:`."""
    return isinstance(node, Scalar) and node.text == "" and node.plain
