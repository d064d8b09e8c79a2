"""Located YAML → settings that take the place of those of steps: `override` of a step, and files of a site."""

from __future__ import annotations

from sncompile.diagnostics import Diagnostic
from sncompile.faults import documents as faults
from sncompile.syntax.document import OverrideDoc
from sncompile.syntax.modules import read_container
from sncompile.syntax.nodes import Mapping, Node
from sncompile.syntax.reader import Reader
from sncompile.syntax.schema import check_schema
from sncompile.syntax.source import Source
from sncompile.syntax.yaml import YamlError, parse_yaml


def read_overrides(reader: Reader, node: Node | None) -> tuple[OverrideDoc, ...]:
    """The settings by patterns of names, in their order."""
    found = []
    for pattern, body in reader.entries(node):
        if isinstance(body, Mapping):
            retries, local = body.get("retries"), body.get("local")
            found.append(
                OverrideDoc(
                    pattern,
                    reader.values(body.get("resources")),
                    reader.integer(retries),
                    read_container(reader, body.get("container")),
                    reader.env(body.get("env")),
                    reader.flag(local) if local is not None else None,
                )
            )
    return tuple(found)


def parse_overrides(source: Source) -> tuple[tuple[OverrideDoc, ...], list[Diagnostic]]:
    """The settings of a site's file, and every fault in it."""
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        return (), [error.diagnostic]
    if not isinstance(node, Mapping):
        help = "such as `align: {resources: {memory: 8GB}}`"
        return (), [*found, faults.NO_DOCUMENT.at(node.span, "a file of overrides is a mapping", help=help)]
    shape, broken = check_schema(node, "override")
    reader = Reader(source, broken)
    read = read_overrides(reader, node)
    return read, [*found, *shape, *reader.found]
