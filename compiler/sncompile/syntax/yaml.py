"""Text → located YAML, with every mark kept and every limit watched while it is read.

The C parser's events are composed here and not by the library, since the node tree must carry our spans, and since
depth, aliases and duplicate keys are to be found before they cost anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sncompile.diagnostics import Diagnostic, Related, Span
from sncompile.faults import reading
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence
from sncompile.syntax.scalars import resolve_plain
from sncompile.syntax.source import Source, start_of

MAX_DEPTH = 64
MAX_ALIASED = 100_000
"""Nodes that aliases may add in all; a million laughs stop here."""

_CORE_TAGS = {"tag:yaml.org,2002:str", "!"}


class YamlError(Exception):
    """The text is not YAML as we take it; carries the one diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def _events(text: str) -> Iterator[Any]:
    try:
        from ruamel.yaml.cyaml import CParser
    except ImportError:  # The C parser is an optional wheel; the pure one takes six times as long.
        from ruamel.yaml import YAML

        yield from YAML(typ="safe", pure=True).parse(text)
        return
    parser = CParser(text)
    while parser.check_event():
        yield parser.get_event()


def parse_yaml(source: Source) -> tuple[Node, list[Diagnostic]]:
    """The document of `source`, and the faults that did not keep it from being read (duplicate keys).

    Raises `YamlError` where there is no document to speak of.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    composer = _Composer(source)
    try:
        node = composer.compose(_events(source.text))
    except MarkedYAMLError as error:
        raise YamlError(_syntax_fault(source, error)) from None
    except YAMLError as error:
        message = str(error).strip().split("\n")[0]
        raise YamlError(reading.YAML_SYNTAX.at(start_of(source.name), message)) from None
    _refuse_tabs(source, composer)
    return node, composer.faults


def _syntax_fault(source: Source, error: Any) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    lines = source.text.split("\n")
    number = min(mark.line, len(lines) - 1)
    line = lines[number]
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        column = indent.index("\t") + 1
        return _tab_fault(Span(source.name, number + 1, column, number + 1, column + 1))
    column = min(mark.column, len(line)) + 1
    span = Span(source.name, number + 1, column, number + 1, column + 1)
    related: tuple[Related, ...] = ()
    context = error.context_mark
    if context is not None and error.context and context.line != mark.line:
        at = Span(source.name, context.line + 1, context.column + 1, context.line + 1, context.column + 2)
        related = (Related(str(error.context), at),)
    problem = str(error.problem or error.context)
    return reading.YAML_SYNTAX.at(
        span, f"not valid YAML: {problem}", related=related, help=_syntax_help(problem, line)
    )


def _syntax_help(problem: str, line: str) -> str | None:
    if (listed := re.search(r"\b(\w+\[\]\??)", line)) and "{" in line:
        return f'inside `{{…}}` quote it: "{listed[1]}"'
    if "mapping values are not allowed" in problem:
        return "quote a value that holds `: `, and give keys of one mapping the same indent"
    if "cannot start any token" in problem:
        return "quote a value that starts with `@`, `` ` ``, `%` or another of YAML's signs"
    if "expected ',' or" in problem:
        return "a `[` or `{` is not closed, or a comma is missing; quote values with `,`, `[`, `{` or `: `"
    if "block mapping" in problem or "block end" in problem or "block sequence" in problem:
        return "check the indent of this line against the lines above it"
    if "undefined alias" in problem:
        return "define it with `&name` before it is used, or quote a value that starts with `*`"
    if "quoted scalar" in problem:
        return "close the quote"
    return "check quotes, brackets and indents up to here"


def _tab_fault(span: Span) -> Diagnostic:
    return reading.TAB.at(span, "a tab in the indent", help="indent with spaces")


def _refuse_tabs(source: Source, composer: _Composer) -> None:
    if "\t" not in source.text:
        return
    for number, line in enumerate(source.text.split("\n"), 1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip() and number not in composer.inside_scalars():
            column = indent.index("\t") + 1
            composer.faults.append(_tab_fault(Span(source.name, number, column, number, column + 1)))


class _Composer:
    """Builds located nodes from parser events, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliased = 0
        self._multiline: list[tuple[int, int]] = []

    def inside_scalars(self) -> set[int]:
        """Numbers of the lines that belong to a scalar that began on an earlier line."""
        return {n for first, last in self._multiline for n in range(first + 1, last + 1)}

    def compose(self, events: Iterator[Any]) -> Node:
        """The one document of the stream."""
        # A frame is an open collection: [kind, children, start mark, anchor, nodes so far].
        stack: list[tuple[str, list[Node], Any, str | None, list[int]]] = []
        root: Node | None = None
        documents = 0
        for event in events:
            name = type(event).__name__
            node: Node
            if name == "ScalarEvent":
                node, size, anchor = self._scalar(event), 1, event.anchor
            elif name == "AliasEvent":
                node, size = self._alias(event)
                anchor = None
            elif name in ("MappingStartEvent", "SequenceStartEvent"):
                self._check_collection(event, len(stack))
                stack.append((name, [], event.start_mark, event.anchor, [1]))
                continue
            elif name in ("MappingEndEvent", "SequenceEndEvent"):
                kind, children, start, anchor, count = stack.pop()
                span = self._span(start, event.end_mark, block=not self._flow(start))
                if kind == "SequenceStartEvent":
                    node = Sequence(tuple(children), span)
                else:
                    node = self._mapping(children, span)
                size = count[0]
            else:
                if name == "DocumentStartEvent":
                    documents += 1
                    if documents > 1:
                        raise YamlError(self._second_document(event))
                continue
            if anchor is not None:
                self._anchors[anchor] = (node, size)
            if stack:
                stack[-1][1].append(node)
                stack[-1][4][0] += size
            else:
                root = node
        if root is None:
            raise YamlError(
                reading.EMPTY.at(
                    start_of(self.source.name),
                    "the document is empty",
                    help="`sncompile init` writes a small project to start from",
                )
            )
        return root

    def _second_document(self, event: Any) -> Diagnostic:
        return reading.YAML_SYNTAX.at(
            self._span(event.start_mark, event.end_mark),
            "a second YAML document in one file",
            help="put each module and pipeline into a file of its own",
        )

    def _flow(self, start: Any) -> bool:
        return self.source.text[start.index : start.index + 1] in ("{", "[")

    def _span(self, start: Any, end: Any, *, block: bool = False) -> Span:
        end_line, end_column = end.line + 1, end.column + 1
        if block and end_line > start.line + 1:
            # A block collection "ends" where the next token starts; mark its first line only.
            end_line, end_column = start.line + 1, start.column + 2
        return Span(self.source.name, start.line + 1, start.column + 1, end_line, end_column)

    def _scalar(self, event: Any) -> Scalar:
        text = event.value
        span = self._span(event.start_mark, event.end_mark)
        if event.end_mark.line > event.start_mark.line:
            last = event.end_mark.line + (1 if event.end_mark.column else 0)
            self._multiline.append((span.line, last))
        plain = not event.style
        tag = str(event.tag) if event.tag is not None else None
        if tag is not None and tag not in _CORE_TAGS:
            self.faults.append(
                reading.TAG.at(
                    span, f"the tag `{tag}` is not known here", help="remove it; quote text to keep it text"
                )
            )
        return Scalar(resolve_plain(text) if plain and tag is None else text, text, plain, span)

    def _alias(self, event: Any) -> tuple[Node, int]:
        span = self._span(event.start_mark, event.end_mark)
        found = self._anchors.get(event.anchor)
        if found is None:
            raise YamlError(
                reading.YAML_SYNTAX.at(
                    span,
                    f"not valid YAML: undefined alias `*{event.anchor}`",
                    help="define it with `&name` before it is used, or quote a value that starts with `*`",
                )
            )
        node, size = found
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise YamlError(
                reading.ALIAS_BOMB.at(
                    span,
                    f"aliases add more than {MAX_ALIASED:,} nodes to the document",
                    help="write a table instead of aliases of aliases",
                )
            )
        return node, size

    def _check_collection(self, event: Any, depth: int) -> None:
        span = self._span(event.start_mark, event.end_mark)
        if depth >= MAX_DEPTH:
            raise YamlError(
                reading.TOO_DEEP.at(
                    span,
                    f"nested deeper than {MAX_DEPTH} levels",
                    help="name inner pipelines and use them as modules",
                )
            )
        if event.tag is not None and str(event.tag) != "!":
            self.faults.append(
                reading.TAG.at(span, f"the tag `{event.tag}` is not known here", help="remove it")
            )

    def _mapping(self, children: list[Node], span: Span) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: list[tuple[Scalar, Node]] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.faults.append(
                    reading.KEY_NOT_TEXT.at(key.span, "a key must be text", help="quote it")
                )
            elif key.text == "<<" and key.plain:
                merged += self._merge(value)
            elif key.text in entries:
                first = entries[key.text][0]
                self.faults.append(
                    reading.DUPLICATE_KEY.at(
                        key.span,
                        f"the key `{key.text}` stands here twice",
                        help="keep one of them",
                        related=(Related("first here", first.span),),
                    )
                )
            else:
                entries[key.text] = (key, value)
        for key, value in merged:
            entries.setdefault(key.text, (key, value))
        return Mapping(tuple(entries.values()), span)

    def _merge(self, value: Node) -> list[tuple[Scalar, Node]]:
        parts = value.items if isinstance(value, Sequence) else (value,)
        merged: list[tuple[Scalar, Node]] = []
        for part in parts:
            if isinstance(part, Mapping):
                merged += part.entries
                self._aliased += len(part.entries)
            else:
                self.faults.append(
                    reading.BAD_MERGE.at(
                        part.span, "`<<` takes a mapping, or a list of mappings", help="give it an alias"
                    )
                )
        if self._aliased > MAX_ALIASED:
            raise YamlError(
                reading.ALIAS_BOMB.at(
                    value.span, f"merges add more than {MAX_ALIASED:,} entries to the document"
                )
            )
        return merged
