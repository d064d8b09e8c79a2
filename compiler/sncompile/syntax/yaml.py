"""Text → located YAML, with every mark kept.

Depth, aliases and duplicate keys are watched while the text is read (see `composer`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import reading
from sncompile.syntax.composer import Composer, YamlError
from sncompile.syntax.nodes import Node
from sncompile.syntax.source import Source, start_of
from sncompile.syntax.yaml_faults import syntax_fault, tab_fault

__all__ = ["YamlError", "parse_yaml"]


# The C parser is stricter here than YAML 1.2: in `{type: file?}` it takes the `?` for a sign of its own.
_OPTIONAL = re.compile(r"\w\?\s*[,}]")
_MAX_PURE = 1_000_000
"""Texts longer than this are not read a second time by the slow parser."""


def _pure_events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yield from YAML(typ="safe", pure=True).parse(text)


def _events(text: str) -> Iterator[Any]:
    try:
        from ruamel.yaml.cyaml import CParser
    except ImportError:  # The C parser is an optional wheel; the pure one takes six times as long.
        yield from _pure_events(text)
        return
    yield from iter(CParser(text).get_event, None)


def _tolerant(source: Source, error: MarkedYAMLError) -> tuple[Composer, Node] | None:
    """What the pure parser makes of a text that only the C parser refuses."""
    mark = error.problem_mark or error.context_mark
    line = source.text.split("\n")[mark.line : mark.line + 1]
    if not line or not _OPTIONAL.search(line[0]) or len(source.text) > _MAX_PURE:
        return None
    composer = Composer(source)
    try:
        return composer, composer.compose(_pure_events(source.text))
    except YAMLError:
        return None


def parse_yaml(source: Source) -> tuple[Node, list[Diagnostic]]:
    """The document of `source`, and the faults that did not keep it from being read (duplicate keys).

    Raises `YamlError` where there is no document to speak of.
    """
    composer = Composer(source)
    try:
        node = composer.compose(_events(source.text))
    except MarkedYAMLError as error:
        found = _tolerant(source, error)
        if found is None:
            raise YamlError(syntax_fault(source, error)) from None
        composer, node = found
    except YAMLError as error:
        message = str(error).strip().split("\n")[0]
        raise YamlError(
            reading.YAML_SYNTAX.at(start_of(source.name), message, help="save the document as plain UTF-8 text")
        ) from None
    _refuse_tabs(source, composer)
    return node, composer.faults


def _refuse_tabs(source: Source, composer: Composer) -> None:
    if "\t" not in source.text:
        return
    inside = composer.inside_scalars()
    for number, line in enumerate(source.text.split("\n"), 1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip() and number not in inside:
            column = indent.index("\t") + 1
            composer.faults.append(tab_fault(Span(source.name, number, column, number, column + 1)))
            if len(composer.faults) > 100:
                return
