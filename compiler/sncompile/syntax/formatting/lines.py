"""A line in our style: its indent, the spaces inside of it, its quotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

from ruamel.yaml.events import ScalarEvent

from sncompile.ir.language.scalars import resolve_plain
from sncompile.lazy_regex import regex
from sncompile.syntax.formatting.layout import Atom, Block, Layout

_DASH = regex(r"-(?=[ \t]|$)")
# A comma apart from what it is behind, at the end of a line.
_LATE_COMMA = regex(r"[ \t]+,(?=[ \t]*(?:[ \t]#.*)?\n)")
_ITEM = regex(r"#+ *-(?= |$)")
_DASHES = regex(r"(?:-[ \t]+)*")
# Words that nobody wonders about without quotes; prose keeps its quotes.
_PLAIN_IN_BLOCK = regex(r"[^\W\d_][\w./+%=()\[\]?@-]*|\.{0,2}/[\w./+-]*")
_PLAIN_IN_BRACKETS = regex(r"[^\W\d_][\w./+%=()@-]*|\.{0,2}/[\w./+-]*")
# What other readers of YAML take for something else than text.
_NO_TEXT = regex(r"(?i)y|n|yes|no|on|off|true|false|null|none|nan|inf|0[xob][\da-f]+|\d+e\d+|[\d:]+")


def relaid(layout: Layout) -> str:
    """The text with its lines in our style, and with line feeds between them."""
    edits = _edits_by_line(layout)
    indents = _Indents(layout)
    columns = {comment.line: comment.column for comment in layout.comments}
    lines = []
    for number, line in enumerate(layout.lines):
        if number in layout.literal:
            lines.append(indents.content(number))
            continue
        lead = len(line) - len(line.lstrip(" \t"))
        if lead == len(line):
            lines.append("")
            continue
        body = _edited(line, lead, edits.get(number, []), columns.get(number))
        if number + 1 in layout.continued and layout.continued[number + 1].event.style == '"' and line.endswith("\\ "):
            body += " "
        lines.append(" " * indents.of(number) + body)
        if number in columns and columns[number] > lead:
            lines[-1] = _with_comment(lines[-1], layout.lines[number][columns[number] :].rstrip(), columns[number])
    return "\n".join(lines)


def _edited(line: str, lead: int, edits: list[tuple[int, int, str]], comment: int | None) -> str:
    """A line without its indent and its comment, with edits made."""
    end = comment if comment is not None and comment > lead else len(line)
    text, at = "", lead
    for start, stop, new in sorted(edits):
        if start >= at and stop <= end:
            text += line[at:start] + new
            at = stop
    return (text + line[at:end]).rstrip(" \t")


def _with_comment(code: str, comment: str, column: int) -> str:
    """A line with the comment at its end, which keeps its column where there is room."""
    return code + " " * max(2, column - len(code)) + comment


def _edits_by_line(layout: Layout) -> dict[int, list[tuple[int, int, str]]]:
    """What is replaced inside of lines: columns and new texts."""
    found: dict[int, list[tuple[int, int, str]]] = {}

    def add(start: int, end: int, new: str) -> None:
        line = layout.line_of(start)
        if layout.text[start:end] != new and "\n" not in layout.text[start:end]:
            base = layout.starts[line]
            found.setdefault(line, []).append((start - base, end - base, new))

    for atom in layout.atoms:
        unquoted = _unquoted(atom, layout)
        if unquoted is not None:
            add(atom.start, atom.end, unquoted)
    for one, other in pairwise(layout.atoms):
        if one.end < other.start or one.word or other.word:
            text = layout.text[one.end : other.start]
            gap = _gap(text, one, other)
            if gap is not None:
                add(one.end, other.start, gap)
            elif one.start < one.end and (comma := _LATE_COMMA.match(text)) is not None:
                add(one.end, one.end + comma.end(), ",")
    for number, line in enumerate(layout.lines):
        lead = len(line) - len(line.lstrip(" "))
        if number in layout.literal or number in layout.continued or number in layout.brackets:
            continue
        at = lead
        while (dash := _DASH.match(line, at)) is not None and line[dash.end() :].strip():
            end = len(line) - len(line[dash.end() :].lstrip(" \t"))
            if line[end] == "#":
                break
            add(layout.starts[number] + at + 1, layout.starts[number] + end, " ")
            at = end
    return found


def _gap(text: str, one: Atom, other: Atom) -> str | None:
    """What is to stand between two neighbours on a line; None where that is left as it is."""
    if one.start == one.end or other.start == other.end:
        return None  # A value that is not there has no place.
    bare = text.strip(" \t")
    if bare == ":" and one.key:
        return ": "
    if not one.depth and not one.word:
        return None
    if bare == "" and (one.word in ("{", "[") or other.word in ("}", "]")):
        return ""
    if bare == "," and other.word in ("}", "]"):
        return ""
    if bare == "," and (other.depth or one.depth):
        return ", "
    return None


def _unquoted(atom: Atom, layout: Layout) -> str | None:
    """A quoted scalar as it is to be written, where that differs."""
    event = atom.event
    if type(event) is not ScalarEvent or event.style not in ("'", '"') or event.anchor or event.tag:
        return None
    raw = layout.text[atom.start : atom.end]
    if "\n" in raw or raw[:1] != event.style:
        return None
    value = event.value
    form = _PLAIN_IN_BRACKETS if atom.depth else _PLAIN_IN_BLOCK
    if form.fullmatch(value) is not None and _NO_TEXT.fullmatch(value) is None and resolve_plain(value) is value:
        return str(value)
    if event.style == "'" and '"' not in value and "\\" not in value and value.isprintable():
        return f'"{value}"'
    return None


class _Indents:
    """Knows how far each line of a text is to be indented."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lists: dict[int, list[Block]] = {}
        self._starts: dict[int, Atom] = {}
        for block in layout.blocks:
            if block.kind == "list":
                self._lists.setdefault(block.column, []).append(block)
        for atom in layout.atoms:
            self._starts.setdefault(layout.line_of(atom.start), atom)
        self._known: dict[int, int] = {}
        self._comments = {comment.line: comment.column for comment in layout.comments}

    def of(self, number: int) -> int:
        """The indent of a line that is not blank."""
        if number not in self._known:
            self._known[number] = self._indent(number)
        return self._known[number]

    def _indent(self, number: int) -> int:
        layout = self._layout
        line = layout.lines[number]
        lead = len(line) - len(line.lstrip(" \t"))
        if number in layout.brackets:
            return self._in_brackets(number, line[lead:])
        if number in layout.continued:
            block = layout.continued[number].block
            return block.indent + 2 if block is not None else 2
        if line[lead] == "#":
            return self._of_comment(number, lead)
        if _DASH.match(line, lead):
            found = self._list_at(lead, number)
            if found is not None:
                return found.indent
        atom = self._starts.get(number)
        if atom is None:
            return self._of_property(number, lead)
        if atom.block is None:
            return 0
        if atom.key and not atom.depth and layout.starts[number] + lead == atom.start:
            return atom.block.indent
        if atom.key and not atom.depth:
            return atom.block.indent
        return atom.block.indent + 2

    def _of_property(self, number: int, lead: int) -> int:
        """The indent of a line that has nothing but an anchor or a sign of the document's."""
        if lead == 0:
            return 0
        around = [b for b in self._layout.blocks if b.first <= number < b.last and b.column < lead]
        return around[-1].indent + 2 if around else 0

    def _list_at(self, column: int, number: int) -> Block | None:
        lists = self._lists.get(column, [])
        at = bisect_right(lists, number, key=lambda block: block.first) - 1
        while at >= 0 and lists[at].last <= number:
            at -= 1
        return lists[at] if at >= 0 else None

    def _in_brackets(self, number: int, text: str) -> int:
        outermost, depth = self._layout.brackets[number]
        line = self._layout.line_of(outermost.start)
        first = self._layout.lines[line].lstrip(" ")
        dashes = _DASHES.match(first)
        base = self.of(line) + 2 * (dashes[0].count("-") if dashes is not None else 0)
        closing = len(re.match(r"[\]}]*", text)[0])  # type: ignore[index]
        return base + 2 * max(0, depth - closing)

    def _of_comment(self, number: int, lead: int) -> int:
        """A comment goes with the line below it where it stands as that does; else with what it stands in."""
        layout = self._layout
        below = next((n for n in range(number + 1, len(layout.lines)) if self._is_code(n)), None)
        above = next((n for n in range(number - 1, -1, -1) if self._is_code(n)), None)
        if below is not None and self._lead(below) == lead:
            return self.of(below)
        # What was opened above, from the inside out.
        opened = [
            b for b in reversed(layout.blocks) if above is not None and b.first <= above < max(b.last, b.first + 1)
        ]
        beside = [block for block in opened if block.column == lead]
        if beside:
            # A list may stand at the column of its key: of the comments there, those that were items belong to it.
            kind = "list" if _ITEM.match(layout.lines[number], lead) else "mapping"
            return next((block for block in beside if block.kind == kind), beside[0]).indent
        within = next((block for block in opened if block.column < lead), None)
        if within is not None and above is not None and (below is None or self._lead(below) < lead):
            return within.indent + (2 if self._opens(above) else 0)
        return self.of(below) if below is not None else 0

    def _opens(self, number: int) -> bool:
        """Whether a line ends with a key whose value would stand below it."""
        comment = self._comments.get(number)
        return self._layout.lines[number][:comment].rstrip().endswith(":")

    def _is_code(self, number: int) -> bool:
        line = self._layout.lines[number].strip()
        return bool(line) and not (line[0] == "#" and number in self._comments) and number not in self._layout.literal

    def _lead(self, number: int) -> int:
        line = self._layout.lines[number]
        return len(line) - len(line.lstrip(" "))

    def content(self, number: int) -> str:
        """A line of a block scalar, at its new place."""
        atom = self._layout.literal[number]
        line = self._layout.lines[number]
        old = self._layout.content_column(atom)
        if old is None:
            return line
        explicit = self._layout.explicit(atom)
        base = atom.block.indent if atom.block is not None else 0
        new = base + (explicit if explicit is not None else 2)
        if len(line) <= old and not line.strip(" "):
            return ""
        return " " * new + line[old:]
