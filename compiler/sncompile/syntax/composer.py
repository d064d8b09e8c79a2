"""Parser events → located nodes, with every limit watched on the way.

The events are composed here and not by the library, since the node tree must carry our spans, and since depth,
aliases and duplicate keys are to be found before they cost anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sncompile.diagnostics import Diagnostic, Related, Span
from sncompile.faults import documents as document_faults
from sncompile.faults import reading
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence
from sncompile.syntax.scalars import MAX_DIGITS, is_long_number, resolve_plain
from sncompile.syntax.source import Source, start_of

MAX_DEPTH = 64
MAX_NODES = 500_000
"""Nodes of a document; a pipeline of 50,000 steps, all written out, has about as many."""
MAX_ALIASED = 100_000
"""Nodes that aliases may add in all; a million laughs stop here."""

_CORE_TAGS = {"tag:yaml.org,2002:str", "!"}


class YamlError(Exception):
    """The text is not YAML as we take it; carries the one diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class _Open:
    """A collection that is still being read: its children, and how many nodes it holds in all."""

    __slots__ = ("children", "event", "size")

    def __init__(self, event: Any) -> None:
        self.event = event
        self.children: list[Node] = []
        self.size = 1

    def add(self, node: Node, size: int) -> None:
        """Take in a node that stands for `size` nodes."""
        self.children.append(node)
        self.size += size


class Composer:
    """Builds located nodes from parser events, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliased = 0
        self._count = 0
        self._multiline: list[tuple[int, int]] = []

    def inside_scalars(self) -> set[int]:
        """Numbers of the lines that belong to a scalar that began on an earlier line."""
        return {n for first, last in self._multiline for n in range(first + 1, last + 1)}

    def compose(self, events: Iterator[Any]) -> Node:
        """The one document of the stream. Raises `YamlError`."""
        stack: list[_Open] = []
        root: Node | None = None
        documents = 0
        for event in events:
            name = type(event).__name__
            size = 1
            if name == "ScalarEvent":
                node: Node = self._scalar(event)
            elif name == "AliasEvent":
                node, size = self._alias(event)
            elif name in ("MappingStartEvent", "SequenceStartEvent"):
                self._check_collection(event, len(stack))
                stack.append(_Open(event))
                continue
            elif name in ("MappingEndEvent", "SequenceEndEvent"):
                opened = stack.pop()
                node, size = self._close(opened, event), opened.size
                event = opened.event
            else:
                documents += name == "DocumentStartEvent"
                if documents > 1:
                    raise YamlError(self._second_document(event))
                continue
            self._count += 1
            if name != "AliasEvent" and event.anchor is not None:
                self._anchors[event.anchor] = (node, size)
            if stack:
                stack[-1].add(node, size)
            else:
                root = node
        if root is None:
            raise YamlError(self._empty())
        return root

    def _close(self, opened: _Open, end: Any) -> Node:
        start = opened.event.start_mark
        span = self._span(start, end.end_mark, block=not self._flow(start))
        if type(opened.event).__name__ == "SequenceStartEvent":
            return Sequence(tuple(opened.children), span)
        return self._mapping(opened.children, span)

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
                reading.TAG.at(span, f"the tag `{tag}` is not known here", help="remove it; quote text to keep it text")
            )
        if self._count > MAX_NODES:
            raise YamlError(self._too_many(span))
        if plain and is_long_number(text):
            message = f"a number of {len(text):,} digits"
            help = f"a number may have {MAX_DIGITS} digits; quote what is text"
            self.faults.append(document_faults.BAD_VALUE.at(span, message, help=help))
            text = "0"
        return Scalar(resolve_plain(text) if plain and tag is None else text, text, plain, span)

    def _too_many(self, span: Span) -> Diagnostic:
        return reading.TOO_LARGE.at(
            span,
            f"the document has more than {MAX_NODES:,} nodes",
            help="keep large data in a table (`tables: {…: {file: …}}`)",
        )

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
            self.faults.append(reading.TAG.at(span, f"the tag `{event.tag}` is not known here", help="remove it"))

    def _mapping(self, children: list[Node], span: Span) -> Mapping:
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
                self._tell_duplicate(key, entries[key.text][0])
            else:
                entries[key.text] = (key, value)
        for key, value in merged:
            entries.setdefault(key.text, (key, value))
        return Mapping(tuple(entries.values()), span)

    def _tell_duplicate(self, key: Scalar, first: Scalar) -> None:
        help = "keep one of them" if key.text != "<<" else "give one `<<` a list: `<<: [*a, *b]`"
        self.faults.append(
            reading.DUPLICATE_KEY.at(
                key.span,
                f"the key `{key.text}` stands here twice",
                help=help,
                related=(Related("first here", first.span),),
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
