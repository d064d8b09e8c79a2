"""Where everything stands in a text of YAML: its events, its block collections, its comments, and who owns a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sncompile.lazy_regex import regex

_COMMENT = regex(r"(?:^|(?<=[ \t]))#.*")


class Atom(NamedTuple):
    """A scalar, an alias or a bracket: the event, its extent in the text, and the brackets around it.

    `word` is what a bracket is (`{`, `}`, `[`, `]`), and empty for the rest. `key` says that it is a key.
    """

    event: Any
    start: int
    end: int
    depth: int
    block: Block | None
    key: bool
    word: str = ""


@dataclass(eq=False)
class Block:
    """A mapping or list in block style: at which column it stands, and at which one it is to stand.

    Lines count from 0, the last one exclusive. `entries` are the lines on which its keys stand.
    """

    kind: str
    column: int
    indent: int
    first: int
    last: int
    above: Block | None
    entries: list[int] = field(default_factory=list)


class Comment(NamedTuple):
    """A comment: its line (from 0), its column (from 0), its text from `#` on."""

    line: int
    column: int
    text: str


@dataclass(frozen=True)
class Layout:
    """A text with everything that is in it."""

    text: str
    events: list[Any]
    atoms: list[Atom]
    blocks: list[Block]

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text; after a line feed at the end comes an empty one."""
        return self.text.split("\n")

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which every line starts."""
        return [0, *accumulate(len(line) + 1 for line in self.lines)]

    def line_of(self, offset: int) -> int:
        """The line (from 0) that an offset is on."""
        return bisect_right(self.starts, offset) - 1

    @cached_property
    def literal(self) -> dict[int, Atom]:
        """The lines that are the contents of block scalars (`|`, `>`), with the blank ones that belong to these."""
        found = {}
        for atom in self.atoms:
            if getattr(atom.event, "style", None) in ("|", ">"):
                for line in range(self.line_of(atom.start) + 1, self._literal_end(atom)):
                    found[line] = atom
        return found

    def _literal_end(self, atom: Atom) -> int:
        """The line after the last one of a block scalar."""
        header = self.line_of(self.header(atom))
        column = self.content_column(atom)
        if column is None:
            return header + 1
        last = header + 1
        for line in range(header + 1, len(self.lines)):
            text = self.lines[line]
            if text.strip(" ") and len(text) - len(text.lstrip(" ")) < column:
                break
            # Blank lines at the end are no content unless `+` keeps them.
            if text.strip(" ") or self._keeps(atom):
                last = line + 1
        return min(last, len(self.lines) - 1 if not self.lines[-1] else last)

    def header(self, atom: Atom) -> int:
        """The offset of the `|` or `>` of a block scalar, before which an anchor or a tag may stand."""
        found = re.compile(r"(?:[&!]\S*\s+)*").match(self.text, atom.start)
        return found.end() if found is not None else atom.start

    def _indicator(self, atom: Atom) -> str:
        found = re.compile(r"[|>][-+0-9]*").match(self.text, self.header(atom))
        return found[0] if found is not None else ""

    def _keeps(self, atom: Atom) -> bool:
        return "+" in self._indicator(atom)

    def explicit(self, atom: Atom) -> int | None:
        """How much deeper than what is around it a block scalar says that its content stands; None if it does not."""
        digits = re.sub(r"\D", "", self._indicator(atom))
        return int(digits) if digits else None

    def content_column(self, atom: Atom) -> int | None:
        """The column at which the content of a block scalar starts; None where there is no content."""
        explicit = self.explicit(atom)
        if explicit is not None:
            return explicit + (atom.block.column if atom.block is not None else 0)
        least = atom.block.column if atom.block is not None else -1
        for line in range(self.line_of(self.header(atom)) + 1, len(self.lines)):
            text = self.lines[line]
            if text.strip(" "):
                column = len(text) - len(text.lstrip(" "))
                return column if column > least else None
        return None

    @cached_property
    def continued(self) -> dict[int, Atom]:
        """The lines that go on with a plain or quoted scalar of an earlier one."""
        found = {}
        for atom in self.atoms:
            if type(atom.event) is ScalarEvent and atom.event.style not in ("|", ">"):
                for line in range(self.line_of(atom.start) + 1, self.line_of(max(atom.start, atom.end - 1)) + 1):
                    found[line] = atom
        return found

    @cached_property
    def brackets(self) -> dict[int, tuple[Atom, int]]:
        """The lines that begin inside of brackets, with the outermost one and how many are open."""
        found: dict[int, tuple[Atom, int]] = {}
        opened: list[Atom] = []
        previous = 0
        for atom in self.atoms:
            line = self.line_of(atom.start)
            if opened:
                found |= {n: (opened[0], len(opened)) for n in range(previous + 1, line + 1)}
            previous = line
            if atom.word in ("{", "["):
                opened.append(atom)
            elif atom.word in ("}", "]"):
                opened.pop()
            elif opened:
                end = self.line_of(max(atom.start, atom.end - 1))
                found |= {n: (opened[0], len(opened)) for n in range(line + 1, end + 1)}
                previous = max(previous, end)
        return found

    @cached_property
    def comments(self) -> list[Comment]:
        """Every comment, in order."""
        ends: dict[int, int] = {}
        for atom in self.atoms:
            if getattr(atom.event, "style", None) in ("|", ">") and type(atom.event) is ScalarEvent:
                end = self.header(atom) + 1
            else:
                end = max(atom.end, atom.start)
            last = self.line_of(max(atom.start, end - 1))
            ends[last] = max(ends.get(last, 0), end - self.starts[last])
        found = []
        for number, line in enumerate(self.lines):
            if "#" not in line or number in self.literal:
                continue
            ended = self._ends_later(number)
            match = None if ended else _COMMENT.search(line, ends.get(number, 0))
            if match is not None:
                found.append(Comment(number, match.start(), match[0]))
        return found

    def _ends_later(self, line: int) -> bool:
        """Whether a line ends inside of a plain or quoted scalar that goes on below."""
        return line + 1 in self.continued and self.line_of(self.continued[line + 1].start) <= line


def read_layout(text: str, events: Iterable[Any]) -> Layout:
    """The layout of a text, by the events that a parser made of it."""
    layout = Layout(text, list(events), [], [])
    _Reading(layout).read()
    return layout


class _Reading:
    """Goes through the events of a text."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        # What is open: its event, its block (None for brackets), how many nodes it has so far.
        self._open: list[tuple[Any, Block | None, list[int]]] = []
        self._depth = 0

    def read(self) -> None:
        for event in self._layout.events:
            kind = type(event)
            if kind is ScalarEvent or kind is AliasEvent:
                self._atom(event, event.start_mark.index, event.end_mark.index)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._begin(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end(event)

    def _block(self) -> Block | None:
        return next((block for _, block, _ in reversed(self._open) if block is not None), None)

    def _count(self, event: Any) -> bool:
        """Note a node of the innermost collection; whether it is a key."""
        if not self._open:
            return False
        opened, block, count = self._open[-1]
        key = type(opened) is MappingStartEvent and count[0] % 2 == 0
        count[0] += 1
        if block is not None and (key or block.kind == "list"):
            line = event.start_mark.line
            block.entries.append(line)
            if count[0] == 1 and key:
                block.column, block.first = event.start_mark.column, line
        return key

    def _atom(self, event: Any, start: int, end: int, word: str = "") -> None:
        key = self._count(event) if word not in ("}", "]") else False
        self._layout.atoms.append(Atom(event, start, end, self._depth, self._block(), key, word))

    def _begin(self, event: Any) -> None:
        mapping = type(event) is MappingStartEvent
        start = event.start_mark
        text = self._layout.text
        if event.flow_style:
            word = "{" if mapping else "["
            at = start.index
            if event.anchor is not None or event.tag is not None:
                at = text.find(word, start.index)
            single = text[at : at + 1] != word
            self._atom(event, at, at if single else at + 1, "" if single else word)
            self._depth += 1
            self._open.append((event, None, [0]))
            return
        self._count(event)
        above = self._block()
        indent = above.indent + 2 if above is not None else 0
        column = start.column
        if not mapping and (event.anchor is not None or event.tag is not None):
            column = _dash_below(self._layout, start.line)
        block = Block("mapping" if mapping else "list", column, indent, start.line, -1, above)
        self._layout.blocks.append(block)
        self._open.append((event, block, [0]))

    def _end(self, event: Any) -> None:
        _, block, _ = self._open.pop()
        if block is None:
            self._depth -= 1
            end = event.end_mark.index
            word = self._layout.text[end - 1 : end]
            # A mapping of one pair inside of a list has no brackets of its own.
            if word in ("}", "]") and event.end_mark.index > event.start_mark.index:
                self._atom(event, end - 1, end, word)
            return
        block.last = event.end_mark.line + (1 if event.end_mark.column > block.column else 0)


def _dash_below(layout: Layout, line: int) -> int:
    """The column of the first `-` that begins a line below another one."""
    for text in layout.lines[line + 1 :]:
        if text.lstrip(" ").startswith("-"):
            return len(text) - len(text.lstrip(" "))
    return 0
