"""Parser events → located nodes, with every limit watched on the way.

The events are composed here and not by the library, since the node tree must carry our spans, and since depth,
aliases and duplicate keys are to be found before they cost anything.

Decision 0009.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sncompile.diagnostics import Diagnostic, Edit, Fix, Related, Span
from sncompile.faults import documents as document_faults
from sncompile.faults import reading
from sncompile.ir.language.scalars import MAX_DIGITS, STARTS, is_long_number, resolve_plain
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence, is_nothing, to_plain
from sncompile.syntax.source import Source, start_of

MAX_DEPTH = 64
MAX_NODES = 1_000_000
"""Nodes of a document. 50,000 written-out steps have half as many, 10,000 with modules written inside them too."""
MAX_ALIASED = 100_000
"""Nodes that aliases may add in all; a million laughs stop here."""

_CORE_TAGS = {"tag:yaml.org,2002:str", "!"}

# What a named tuple's own constructor comes down to, in half the time: there are some for every scalar.
_new = tuple.__new__


class YamlError(Exception):
    """The text is not YAML as we take it; carries the one diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class _Open(NamedTuple):
    """A collection that is still being read: where it began, what came before it in the one around it.

    `nodes` is how many there were when it began, with those that aliases stand for.
    """

    event: Any
    before: list[Node]
    nodes: int


class Composer:
    """Builds located nodes from parser events, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._name, self._text = source.name, source.text
        self.faults: list[Diagnostic] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliased = 0
        self._count = 0
        self._multiline: list[tuple[int, int]] = []

    def continued_lines(self) -> set[int]:
        """Numbers of the lines that go on with a scalar, or with what stands in brackets, of an earlier line."""
        return {n for first, last in self._multiline for n in range(first + 1, last + 1)}

    def compose(self, events: Iterable[Any]) -> Node:
        """The one document of the stream. Raises `YamlError`."""
        stack: list[_Open] = []
        nodes: list[Node] = []
        documents = 0
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                node: Node = self._scalar(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                opened = stack.pop()
                node = self._close(opened.event, nodes, event)
                nodes, event = opened.before, opened.event
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._check_collection(event, len(stack))
                stack.append(_new(_Open, (event, nodes, self._count + self._aliased)))
                nodes = []
                continue
            elif kind is AliasEvent:
                nodes.append(self._alias(event))
                continue
            else:
                documents += kind is DocumentStartEvent
                if documents > 1:
                    raise YamlError(self._second_document(event))
                continue
            self._count += 1
            nodes.append(node)
            if event.anchor is not None:
                size = 1 if kind is ScalarEvent else self._count + self._aliased - opened.nodes
                self._anchors[event.anchor] = (node, size)
        if not nodes:
            raise YamlError(self._empty())
        return nodes[0]

    def _close(self, begin: Any, children: list[Node], end: Any) -> Node:
        start, stop = begin.start_mark, end.end_mark
        line, column = start.line + 1, start.column + 1
        end_line, end_column = stop.line + 1, stop.column + 1
        if end_line > line:
            if self._text[start.index : start.index + 1] not in ("{", "["):
                # A block collection "ends" where the next token starts; mark its first line only.
                end_line, end_column = line, column + 1
            elif begin.flow_style:
                self._multiline.append((line, end_line))
        span = _new(Span, (self._name, line, column, end_line, end_column))
        if type(begin) is SequenceStartEvent:
            return _new(Sequence, (tuple(children), span))
        return self._mapping(children, span)

    def _empty(self) -> Diagnostic:
        return reading.EMPTY.at(
            start_of(self.source.name),
            "the document is empty",
            help="`sncompile init` writes a small project to start from",
        )

    def _second_document(self, event: Any) -> Diagnostic:
        return reading.YAML_SYNTAX.at(
            self._span(event.start_mark, event.end_mark),
            "a second YAML document in one file",
            help="put each module and pipeline into a file of its own",
        )

    def _span(self, start: Any, end: Any) -> Span:
        return Span(self.source.name, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _scalar(self, event: Any) -> Scalar:
        text, start, end = event.value, event.start_mark, event.end_mark
        line, end_line = start.line + 1, end.line + 1
        span = _new(Span, (self._name, line, start.column + 1, end_line, end.column + 1))
        if end_line > line:
            self._multiline.append((line, end_line if end.column else end_line - 1))
        plain = not event.style
        tag = event.tag
        if tag is not None and tag not in _CORE_TAGS:
            self.faults.append(
                reading.TAG.at(span, f"the tag `{tag}` is not known here", help="remove it; quote text to keep it text")
            )
        if self._count > MAX_NODES:
            raise YamlError(self._too_many(span))
        if "\0" in text:
            hint = "leave it out: no argument, variable or file name can hold it"
            self.faults.append(reading.CONTROL_CHARACTER.at(span, "a text with the character NUL", help=hint))
            text = text.replace("\0", "")
        if plain and len(text) > MAX_DIGITS and is_long_number(text):
            message = f"a number of {len(text):,} digits"
            help = f"a number may have {MAX_DIGITS} digits; quote what is text"
            self.faults.append(document_faults.BAD_VALUE.at(span, message, help=help))
            text = "0"
        odd = plain and tag is None and (not text or text[0] in STARTS)
        return _new(Scalar, (resolve_plain(text) if odd else text, text, plain, span))

    def _too_many(self, span: Span) -> Diagnostic:
        return reading.TOO_LARGE.at(
            span,
            f"the document has more than {MAX_NODES:,} nodes",
            help="keep large data in a table (`tables: {…: {file: …}}`)",
        )

    def _alias(self, event: Any) -> Node:
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
        return node

    def _check_collection(self, event: Any, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise YamlError(
                reading.TOO_DEEP.at(
                    self._span(event.start_mark, event.end_mark),
                    f"nested deeper than {MAX_DEPTH} levels",
                    help="name inner pipelines and use them as modules",
                )
            )
        if event.tag is not None and str(event.tag) != "!":
            span = self._span(event.start_mark, event.end_mark)
            self.faults.append(reading.TAG.at(span, f"the tag `{event.tag}` is not known here", help="remove it"))

    def _mapping(self, children: list[Node], span: Span) -> Mapping:
        keys = children[::2]
        names = {key.text for key in keys if type(key) is Scalar}
        if len(names) == len(keys) and "<<" not in names:
            return _new(Mapping, (tuple(zip(keys, children[1::2], strict=True)), span))
        return self._odd_mapping(children, span)

    def _odd_mapping(self, children: list[Node], span: Span) -> Mapping:
        """A mapping with a key that is no text, that stands twice, or that merges."""
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: list[tuple[Scalar, Node]] = []
        merge_key: Scalar | None = None
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.faults.append(reading.KEY_NOT_TEXT.at(key.span, "a key must be text", help="quote it"))
            elif key.text == "<<" and key.plain:
                if merge_key is not None:
                    self._tell_duplicate(key, merge_key)
                merge_key = key
                merged += self._merge(value)
            elif key.text in entries:
                first = entries[key.text]
                self._tell_duplicate(key, first[0], self._again(key, value, *first))
                if is_nothing(first[1]) and not is_nothing(value):
                    # One that says nothing is the slip, and nothing more is to be told of it.
                    entries[key.text] = (key, value)
            else:
                entries[key.text] = (key, value)
        for key, value in merged:
            entries.setdefault(key.text, (key, value))
        return Mapping(tuple(entries.values()), span)

    def _again(self, key: Scalar, value: Node, first_key: Scalar, first: Node) -> tuple[Fix, ...]:
        """The fix that takes away an entry on a line of its own: an empty first one, or a second that says the same."""
        lines = self.source.text.split("\n")
        if is_nothing(first) and not is_nothing(value):
            number = first_key.span.line
            if re.fullmatch(r"\s*:\s*", lines[number - 1][first_key.span.end_column - 1 :]) is None:
                return ()
            if lines[number - 1][: first_key.span.column - 1].strip():
                return ()
            return (Fix("remove the empty one", (Edit(Span(self._name, number, 1, number + 1, 1), ""),)),)
        number, line = key.span.line, lines[key.span.line - 1]
        alone = not line[: key.span.column - 1].strip() and value.span.end_line == number
        if not alone or to_plain(value) != to_plain(first) or line[value.span.end_column - 1 :].strip():
            return ()
        return (Fix("remove the second one", (Edit(Span(self._name, number, 1, number + 1, 1), ""),)),)

    def _tell_duplicate(self, key: Scalar, first: Scalar, fixes: tuple[Fix, ...] = ()) -> None:
        help = "keep one of them" if key.text != "<<" else "give one `<<` a list: `<<: [*a, *b]`"
        self.faults.append(
            reading.DUPLICATE_KEY.at(
                key.span,
                f"the key `{key.text}` stands here twice",
                help=help,
                related=(Related("first here", first.span),),
                fixes=fixes,
            )
        )

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
                    value.span,
                    f"merges add more than {MAX_ALIASED:,} entries to the document",
                    help="write a table instead",
                )
            )
        return merged
