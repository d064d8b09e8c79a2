"""Source → checked document: YAML, then the schema, then the tree."""

from __future__ import annotations

from sncompile.diagnostics import Diagnostic, meaning, nearest
from sncompile.faults import documents as faults
from sncompile.syntax.document import Document, Named
from sncompile.syntax.modules import read_module
from sncompile.syntax.nodes import Mapping, Node, Scalar
from sncompile.syntax.pipelines import read_pipeline
from sncompile.syntax.reader import Reader
from sncompile.syntax.schema import check_schema, load_schema
from sncompile.syntax.source import Source
from sncompile.syntax.yaml import YamlError, parse_yaml


def parse(source: Source) -> tuple[Document | None, list[Diagnostic]]:
    """The document of a source (None where there is nothing to go on with) and every fault in it."""
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        return None, [error.diagnostic]
    return parse_tree(source, node, found)


def parse_tree(source: Source, node: Node, found: list[Diagnostic]) -> tuple[Document | None, list[Diagnostic]]:
    """The document of a tree that was read already, with what was found then."""
    if not isinstance(node, Mapping):
        return None, [
            *found,
            faults.NO_DOCUMENT.at(node.span, "a spec is a mapping", help="start with `sncompile: 1`"),
        ]
    kinds = [kind for kind in ("pipeline", "module") if node.key(kind) is not None]
    if len(kinds) != 1:
        return None, [*found, _no_kind(node, len(kinds))]
    kind = kinds[0]
    shape, broken = check_schema(node, kind)
    if () in broken:
        # What stands under a misspelt `tables` or `steps` would be missed everywhere else.
        return None, [*found, *shape]
    reader = Reader(source, broken)
    name_node = node.get(kind)
    name = reader.named(name_node) or Named(
        name_node.text if isinstance(name_node, Scalar) else "", name_node.span if name_node else node.span
    )
    document = (read_pipeline if kind == "pipeline" else read_module)(reader, node, name)
    return document, [*found, *shape, *reader.found]


# What other languages call our kinds of documents.
_ELSEWHERE = {"workflow": "pipeline", "process": "module", "tool": "module", "task": "module", "rule": "module"}


def _no_kind(node: Mapping, count: int) -> Diagnostic:
    if count:
        key = node.key("module")
        return faults.NO_DOCUMENT.at(
            key.span if key else node.span,
            "a document is a pipeline or a module, not both",
            help="put the module into a file of its own, or write it inside a step",
        )
    first = node.entries[0][0] if node.entries else None
    hint = "add `pipeline: NAME` or `module: NAME` below `sncompile: 1`"
    for key, value in node.entries:
        # A key that belongs to documents, such as `modules`, is no slip of what they are called.
        known = any(key.text in load_schema(kind)["properties"] for kind in ("pipeline", "module"))
        guess = _ELSEWHERE.get(key.text) or (nearest(key.text, ("pipeline", "module")) if not known else None)
        if guess is not None and isinstance(value, Scalar):
            hint = meaning(key.text, guess, safe=True)
            return faults.NO_DOCUMENT.at(key.span, f"`{key.text}` names no kind of document", help=hint)
    return faults.NO_DOCUMENT.at(first.span if first else node.span, "the document does not say what it is", help=hint)
