"""A place in a text of YAML, what stands there, and the events so far."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, NamedTuple, NoReturn

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, ScalarEvent

from sncompile.lazy_regex import regex

MAX_DEPTH = 100
MAX_EVENTS = 2_200_000
"""What nests deeper, or is more, is not followed: whoever builds nodes has refused it by then."""

BLANKS = regex(r"[ \t]*")
AFTER_INDICATOR = " \t\n\0"
FLOW_SIGNS = ",[]{}"
DOCUMENT_MARK = regex(r"(?:---|\.\.\.)(?=[ \t\n\0])")
VALUES = "mapping values are not allowed here"
_PROPERTY = regex(r"&(?P<anchor>[^ \t\n,\[\]{}\0]+)|(?P<tag>!<[^>\n]*>|![^ \t\n,\[\]{}\0]*)")
_ALIAS = regex(r"\*[^ \t\n,\[\]{}\0]+")


class Mark(NamedTuple):
    """A place: its offset, its line and its column, each from 0."""

    index: int  # type: ignore[assignment]  # The name that the other parser gives it.
    line: int
    column: int


class TooMuch(Exception):
    """The text holds more than anybody will take."""


class Properties(NamedTuple):
    """An anchor and a tag, and where they begin; `start` is None where there are none."""

    anchor: str | None = None
    tag: str | None = None
    start: int | None = None
    end: int = 0


class Cursor:
    """Goes through one text, and keeps the events that were found.

    White space that is no break of a line is spaces and tabs; other breaks than `\\n` never come here.
    """

    def __init__(self, text: str) -> None:
        self._end = len(text)
        # No text holds NUL, so that it can stand for the end.
        self._text = text + "\0"
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._at = 0
        self._depth = 0
        self._flows: dict[int, tuple[list[Any], int]] = {}
        self._anchors: set[str] = set()
        self.events: list[Any] = []

    def _mark(self, at: int) -> Mark:
        line = bisect_right(self._starts, at) - 1
        return Mark(at, line, at - self._starts[line])

    def _next_mark(self) -> Mark:
        """Where the next token is. What ends a text without a line break stands on a line of its own."""
        mark = self._mark(self._at)
        return mark._replace(line=mark.line + 1, column=0) if self._at >= self._end and mark.column else mark

    def _line_start(self) -> int:
        return self._starts[bisect_right(self._starts, self._at) - 1]

    def _column(self) -> int:
        return self._at - self._line_start()

    def _fail(
        self, problem: str, at: int | None = None, context: str | None = None, begun: int | None = None
    ) -> NoReturn:
        place = self._mark(self._at if at is None else at)
        raise MarkedYAMLError(context, None if begun is None else self._mark(begun), problem, place)

    def _separate(self) -> tuple[bool, bool]:
        """Go to the next token: whether a line break was crossed, and whether a tab stands before it on its line."""
        text, crossed = self._text, False
        start = at = self._at
        while True:
            begin = at
            at = BLANKS.match(text, at).end()  # type: ignore[union-attr]
            if text[at] == "#" and (at > begin or begin == 0 or text[begin - 1] == "\n"):
                at = text.find("\n", at)
                at = self._end if at < 0 else at
            if text[at] != "\n":
                self._at = at
                return crossed, "\t" in text[begin if crossed else start : at]
            crossed = True
            at += 1

    def _first_of_line(self) -> tuple[bool, bool]:
        """Go to the next token: whether it is the first of its line, and whether a tab stands before it there."""
        self._separate()
        before = self._text[self._line_start() : self._at]
        return not before.strip(" \t"), "\t" in before

    def _at_document_mark(self) -> bool:
        at = self._at
        if at and self._text[at - 1] != "\n":
            return False
        return self._text[at : at + 3] in ("---", "...") and self._text[at + 3 : at + 4] in AFTER_INDICATOR

    def _is_sign(self, sign: str) -> bool:
        """Whether an indicator of block collections stands here."""
        return self._text[self._at] == sign and self._text[self._at + 1] in AFTER_INDICATOR

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooMuch

    def _property(self, props: Properties) -> Properties:
        match = _PROPERTY.match(self._text, self._at)
        if match is None or self._text[match.end()] not in AFTER_INDICATOR + FLOW_SIGNS:
            self._fail("did not find expected alphabetic or numeric character")
        anchor, tag = match["anchor"], match["tag"]
        if (anchor is not None and props.anchor is not None) or (tag is not None and props.tag is not None):
            self._fail("did not find expected key: a node has one anchor and one tag")
        start = self._at if props.start is None else props.start
        self._at = match.end()
        if anchor is not None:
            self._anchors.add(anchor)
        if tag is not None and tag.startswith("!!"):
            tag = f"tag:yaml.org,2002:{tag[2:]}"
        return Properties(anchor or props.anchor, tag or props.tag, start, self._at)

    def _empty(self, at: int, props: Properties | None = None) -> None:
        props = props or Properties()
        mark = self._mark(at if props.start is None else props.start)
        end = mark if props.start is None else self._mark(props.end)
        self.events.append(ScalarEvent(props.anchor, props.tag, (True, False), "", mark, end, style=None))

    def _empty_here(self) -> None:
        mark = self._next_mark()
        self.events.append(ScalarEvent(None, None, (True, False), "", mark, mark, style=None))

    def _scalar(self, props: Properties, value: str, start: int, end: int, style: str | None) -> None:
        mark = self._mark(start if props.start is None else props.start)
        self.events.append(
            ScalarEvent(props.anchor, props.tag, (True, False), value, mark, self._mark(end), style=style)
        )
        if len(self.events) > MAX_EVENTS:
            raise TooMuch

    def _alias(self, props: Properties) -> None:
        start, end = self._at, self._alias_end(self._at)
        if end is None or props.start is not None:
            self._fail("did not find expected alphabetic or numeric character")
        self._at = end
        self.events.append(AliasEvent(self._text[start + 1 : end], self._mark(start), self._mark(end)))

    def _alias_end(self, at: int) -> int | None:
        """Where an alias ends. Names may hold `:`, but `*a: 1` is the key `*a` where there is only that."""
        match = _ALIAS.match(self._text, at)
        if match is None:
            return None
        name = match[0][1:]
        short = name.endswith(":") and name not in self._anchors and name[:-1] in self._anchors
        return match.end() - short
