"""Rewrites documents of an earlier version of the language for a later one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from sncompile.diagnostics import Diagnostic, Edit
from sncompile.diagnostics.fixes import edited
from sncompile.syntax.nodes import Mapping as MappingNode
from sncompile.syntax.nodes import Node, Scalar
from sncompile.syntax.source import Source, decode
from sncompile.syntax.yaml import YamlError, parse_yaml

VERSION = 1
"""The version of the language."""

Step = Callable[[Source, MappingNode], Iterable[Edit]]
"""What changes in a document from one version to the next, but for the version itself."""

STEPS: Mapping[int, Step] = MappingProxyType({})
"""The steps, each by the version that it starts from. There is one version, and so there are none."""


def migrate(name: str, text: str, steps: Mapping[int, Step] = STEPS, to: int = VERSION) -> str | Diagnostic:
    """A document as the version `to` has it, or why it cannot be read.

    A text of another language, or of no version that a step starts from, comes back as it is.
    """
    while True:
        source = decode(name, None, text.encode("utf-8", "surrogatepass"))
        if isinstance(source, Diagnostic):
            return source
        try:
            node, _ = parse_yaml(source)
        except YamlError as error:
            return error.diagnostic
        version = _version(node)
        if version is None or version.value >= to or version.value not in steps:
            return text
        assert isinstance(node, MappingNode)
        edits = [*steps[version.value](source, node), Edit(version.span, str(version.value + 1))]
        text = edited(text, edits)


def _version(node: Node) -> Scalar | None:
    """Where a document says its version, if it does."""
    found = node.get("sncompile") if isinstance(node, MappingNode) else None
    return found if isinstance(found, Scalar) and type(found.value) is int else None
