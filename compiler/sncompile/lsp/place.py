"""Where a cursor is in a document, by the text alone: it may be broken, as texts are while they are typed.

    steps:
      apply:
        with: {image: "${calc.|      path (steps, apply, with, image), a value, in an expression: `calc.`

The lines above with less indentation say which mappings the cursor is in; inside of brackets, the text since these
were opened does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.lazy_regex import regex
from sncompile.lsp.texts import Text
from sncompile.syntax.templates import closing

MAX_LINES = 2_000
"""Lines above the cursor that are looked at for the start of brackets."""

_HEAD = regex(r"(?P<indent> *)(?P<dashes>(?:-(?: +|$))*)(?P<rest>.*)", re.DOTALL)
_KEY = regex(r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'{}\[\],&*!|>%@`-][^:{}\[\]"']*?)\s*:(?:\s+|$)""")
_PROPERTIES = regex(r"(?:[&!]\S*\s+)*")


class Role(Enum):
    """What would stand at a cursor: a key of a mapping, a value, or text in which only expressions mean anything."""

    KEY = "key"
    VALUE = "value"
    TEXT = "text"
    NOTHING = "nothing"


class Place(NamedTuple):
    """Where a cursor is.

    `path` leads to the mapping that a key would stand in, or to the value; items of lists are numbers. `word` is what
    is written of it before the cursor, `span` what of the line would be replaced. `siblings` are the keys that the
    mapping has. `expression` is what stands before the cursor since `${`, None outside of expressions.
    """

    path: tuple[str | int, ...]
    role: Role
    word: str
    span: Span
    siblings: frozenset[str] = frozenset()
    expression: str | None = None
    flow: bool = False
    quote: str = ""
    ended: bool = False
    """Of a key: whether a `:` stands behind it already."""


class _Row(NamedTuple):
    """A line of block style: the columns of its dashes, its key with its column, and where its value starts."""

    indent: int
    dashes: tuple[int, ...]
    column: int
    key: str | None
    value: str
    value_at: int

    @property
    def is_empty(self) -> bool:
        return self.key is None and not self.dashes and (not self.value or self.value.startswith("#"))


def _row(line: str) -> _Row:
    head = _HEAD.fullmatch(line)
    assert head is not None
    indent, start = len(head["indent"]), head.start("rest")
    dashes = tuple(head.start("dashes") + m.start() for m in re.finditer("-", head["dashes"]))
    found = _KEY.match(head["rest"])
    if found is None:
        return _Row(indent, dashes, start, None, head["rest"], start)
    at = start + found.end()
    at += len(_PROPERTIES.match(line, at)[0])  # type: ignore[index]
    return _Row(indent, dashes, start, _plain(found["key"]), line[at:], at)


def _plain(key: str) -> str:
    return key[1:-1] if key[:1] in ("'", '"') and key[-1:] == key[:1] and len(key) > 1 else key


def place_at(text: Text, line: int, column: int) -> Place:
    """Where the cursor before a column of a line is. Never raises, whatever the text is."""
    line = min(max(line, 1), len(text.lines))
    before = text.line(line)[: max(column - 1, 0)]
    column = len(before) + 1
    here = Span("", line, column, line, column)
    lines = text.lines[: line - 1]
    opened = _flow(lines, before)
    if opened is not None:
        start, scan = opened
        above = lines[:start] if start < len(lines) else lines
        row = _row((*lines, before)[start])
        return _in_flow(text, _parents(above, row), scan, here)
    row = _row(before)
    parents, inside = _walk(lines, row)
    if inside:
        return _texted(text, parents, before, here)
    if _in_comment(before):
        return Place((), Role.NOTHING, "", here)
    path = (*parents, *([0] * len(row.dashes)))
    if row.key is not None:
        return _valued(text, (*path, row.key), row.value, here)
    if row.value[:1] in ("'", '"', "$") or (row.dashes and "${" in row.value):
        return _valued(text, path, row.value, here)
    # In a list, it is an item, or the first key of one.
    siblings = frozenset(_siblings(text.lines, line, row.column)) if not row.dashes else frozenset()
    after = text.line(line)[column - 1 :]
    rest = re.match(r"[\w.-]*", after)
    end = column + len(rest[0] if rest else "")
    span = Span("", line, row.column + 1, line, end)
    ended = after[end - column :].lstrip().startswith(":")
    return Place(path, Role.KEY, row.value, span, siblings, ended=ended)


def _in_comment(before: str) -> bool:
    quote = ""
    for number, char in enumerate(before):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and (number == 0 or before[number - 1] in " [{,:-"):
            quote = char
        elif char == "#" and (number == 0 or before[number - 1] in " \t"):
            return True
    return False


def _parents(lines: list[str], row: _Row) -> tuple[str | int, ...]:
    """The path to what a row's value is."""
    path, _ = _walk(lines, row)
    return (*path, *([0] * len(row.dashes)), *([row.key] if row.key is not None else []))


def _walk(lines: list[str], row: _Row) -> tuple[tuple[str | int, ...], bool]:
    """The path to the mapping or list that a row stands in, and whether that is a text in fact (`|`, `>`)."""
    path: list[str | int] = []
    limit, dashed = (row.dashes[0], True) if row.dashes else (row.column, False)
    for line in reversed(lines):
        if limit <= 0 and not dashed:
            break
        stripped = line.lstrip(" ")
        indent = len(line) - len(stripped)
        if not stripped or stripped[0] == "#" or indent > limit or (indent == limit and not dashed):
            continue
        above = _row(line)
        if above.key is not None and (above.column < limit or (dashed and above.column == limit and not above.dashes)):
            path.append(above.key)
            if above.value[:1] in ("|", ">"):
                path += [0] * len(above.dashes)
                first = above.dashes[0] if above.dashes else above.column
                rest, inside = _walk_on(lines, line, first, bool(above.dashes))
                return (*rest, *reversed(path)), not inside
            limit, dashed = above.column, False
        for dash in reversed(above.dashes):
            if dash < limit:
                path.append(0)
                limit, dashed = dash, True
    return tuple(reversed(path)), False


def _walk_on(lines: list[str], line: str, column: int, dashed: bool) -> tuple[tuple[str | int, ...], bool]:
    number = len(lines) - 1 - lines[::-1].index(line)
    row = _Row(column, (column,) if dashed else (), column, None, "", column)
    return _walk(lines[:number], row)


def _siblings(lines: list[str], line: int, column: int) -> Iterator[str]:
    """The keys of the mapping whose keys stand in a column, around a line."""
    for numbers in (range(line - 2, -1, -1), range(line, len(lines))):
        for number in numbers:
            row = _row(lines[number])
            if row.is_empty:
                continue
            if row.key is not None and row.column == column:
                yield row.key
            # The first key of an item stands behind its dash.
            if row.indent < column:
                break


def _valued(text: Text, path: tuple[str | int, ...], value: str, here: Span) -> Place:
    """A cursor in a value of block style, of which `value` stands before it."""
    quote = value[:1] if value[:1] in ("'", '"') else ""
    written = value[len(quote) :]
    if quote and quote in written:
        return Place(path, Role.NOTHING, "", here)
    if value[:1] in ("|", ">"):
        return Place(path, Role.NOTHING, "", here)
    return _scalar(text, path, written, here, quote, frozenset())


def _texted(text: Text, path: tuple[str | int, ...], before: str, here: Span) -> Place:
    """A cursor in a text of several lines."""
    expression = open_expression(before)
    if expression is None:
        return Place(path, Role.TEXT, "", here)
    return Place(path, Role.TEXT, "", _word_span(text, here), expression=expression)


def _scalar(
    text: Text, path: tuple[str | int, ...], written: str, here: Span, quote: str, siblings: frozenset[str],
    *, flow: bool = False,
) -> Place:  # fmt: skip
    expression = open_expression(written)
    if expression is not None:
        return Place(path, Role.VALUE, "", _word_span(text, here), siblings, expression, flow, quote)
    if "${" in written:
        return Place(path, Role.TEXT, "", here)
    rest = re.match(r"[^\s,\]}\"'#]*", text.line(here.line)[here.column - 1 :])
    end = here.column + len(rest[0] if rest else "")
    start = max(here.column - len(written), 1)
    return Place(path, Role.VALUE, written, Span("", here.line, start, here.line, end), siblings, None, flow, quote)


def _word_span(text: Text, here: Span) -> Span:
    """The name of an expression that a cursor is in or behind."""
    line = text.line(here.line)
    start = end = here.column
    while start > 1 and (line[start - 2].isalnum() or line[start - 2] == "_"):
        start -= 1
    while end <= len(line) and (line[end - 1].isalnum() or line[end - 1] == "_"):
        end += 1
    return Span("", here.line, start, here.line, end)


def open_expression(written: str) -> str | None:
    """What stands since the last `${` that is still open, None where there is none."""
    at = 0
    while (start := written.find("${", at)) >= 0:
        if start > 0 and written[start - 1] == "$":
            at = start + 2
            continue
        end = closing(written, start + 2)
        if end is None:
            return written[start + 2 :]
        at = end + 1
    return None


@dataclass
class _Frame:
    """An open bracket."""

    is_map: bool
    key: str | None = None
    keys: list[str] = field(default_factory=list)


class _Scan(NamedTuple):
    """What is open at the end of a text in flow style, and what is written of the scalar there."""

    frames: list[_Frame]
    written: str
    quote: str
    comment: bool


def _flow(lines: list[str], before: str) -> tuple[int, _Scan] | None:
    """The brackets that the cursor is in, with the number of the line on which the first of them opens."""
    smallest: int | None = None
    every = (*lines, before)
    for number in range(len(lines), max(len(lines) - MAX_LINES, -1), -1):
        line = every[number]
        stripped = line.lstrip(" ")
        indent = len(line) - len(stripped)
        if smallest is not None and (not stripped or stripped[0] == "#" or indent >= smallest):
            continue
        row = _row(line)
        if row.value[:1] in ("{", "["):
            scan = _scanned("\n".join((line[row.value_at :], *every[number + 1 :])))
            if scan is not None:
                return number, scan
        if number < len(lines) and (row.key is not None and row.value[:1] in ("", "|", ">", "#")):
            return None
        smallest = indent if stripped else len(before) if smallest is None else smallest
        if smallest == 0:
            return None
    return None


_FLOW_TOKEN = regex(r"""[{}\[\],]|:(?=[\s{}\[\],]|$)|"|'|(?<!\S)#[^\n]*|\s+|[^{}\[\],:"'\s]+|.""", re.DOTALL)


def _scanned(text: str) -> _Scan | None:
    """The brackets that are open at the end of a text, None where all are closed before."""
    frames: list[_Frame] = []
    written = ""
    at = 0
    while at < len(text):
        found = _FLOW_TOKEN.match(text, at)
        assert found is not None
        token, at = found[0], found.end()
        if token in ("{", "["):
            frames.append(_Frame(token == "{"))
            written = ""
        elif token in ("}", "]"):
            frames.pop()
            written = ""
            if not frames:
                return None
        elif token == ",":
            frames[-1].key = None
            written = ""
        elif token == ":":
            if frames[-1].is_map and frames[-1].key is None:
                frames[-1].key = written.strip()
                frames[-1].keys.append(written.strip())
            written = ""
        elif token in ("'", '"') and not written.strip():
            end = _string_end(text, at, token)
            if end is None:
                return _Scan(frames, text[at:].rpartition("\n")[2], token, False)
            written, at = text[at:end], end + 1
        elif token.startswith("#") and len(token) > 1 and at == len(text):
            return _Scan(frames, "", "", True)
        elif not token.startswith("#"):
            written = (written + token).lstrip()
    return _Scan(frames, written, "", False)


def _string_end(text: str, at: int, quote: str) -> int | None:
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 1
        elif text[at] == quote:
            return at
        at += 1
    return None


def _in_flow(text: Text, path: tuple[str | int, ...], scan: _Scan, here: Span) -> Place:
    if scan.comment:
        return Place((), Role.NOTHING, "", here)
    for frame in scan.frames[:-1]:
        path = (*path, (frame.key or "") if frame.is_map else 0)
    last = scan.frames[-1]
    if last.is_map and last.key is None:
        after = text.line(here.line)[here.column - 1 :]
        rest = re.match(r"[\w.-]*", after)
        end = here.column + len(rest[0] if rest else "")
        start = max(here.column - len(scan.written), 1)
        behind = re.match(r"[^{}\[\]]*", after)
        later = re.findall(r"([A-Za-z_]\w*)\s*:", behind[0] if behind else "")
        span = Span("", here.line, start, here.line, end)
        ended = after[end - here.column :].lstrip().startswith(":")
        return Place(path, Role.KEY, scan.written, span, frozenset((*last.keys, *later)), flow=True, ended=ended)
    path = (*path, last.key if last.is_map and last.key is not None else 0)
    return _scalar(text, path, scan.written, here, scan.quote, frozenset(last.keys), flow=True)
