"""A parser of YAML 1.2 that takes all of it: text → events, as the C parser gives them, with the same marks.

It is asked only where the C parser refuses a text, which it does with some that are valid (`[http://x/y]`,
`{t: 12:30}`, escaped surrogate pairs). It follows the productions of the specification's chapters 6 to 9, and is looser
than they are in one thing: lines inside of brackets need no indent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sncompile.lazy_regex import regex
from sncompile.syntax.yaml12.cursor import BLANKS, VALUES, Properties, TooMuch
from sncompile.syntax.yaml12.flow import Flow
from sncompile.syntax.yaml12.scalars import PLAIN, PLAIN_MORE

_KEY_PROPERTIES = regex(r"(?:[&!][^ \t\n\0]*[ \t]+)*")
_KEY_TEXT = regex(r"'(?:[^'\n]|'')*'" + r'|"(?:[^"\\\n]|\\[^\n])*"')
_VALUE_SIGN = regex(r"[ \t]*:(?=[ \t\n\0])")


def events_of(text: str) -> Iterator[Any]:
    """The events of the first document of `text`, and the start of a second one. Raises `MarkedYAMLError`."""
    parser = Parser(text)
    with suppress(TooMuch):  # Whoever takes the events counts too, and tells.
        parser.stream()
    return iter(parser.events)


class Parser(Flow):
    """Reads one text, by recursive descent."""

    def stream(self) -> None:
        """The first document, and the start of the second, if there is one."""
        self._document(first=True)
        while self._at < self._end:
            ended = self._text.startswith("...", self._at)
            if ended:
                self._at += 3
                crossed, _ = self._separate()
                if self._at < self._end and not crossed:
                    self._fail("did not find expected <document start>")
                continue
            self._document(first=False)
            return

    def _document(self, *, first: bool) -> None:
        self._separate()
        directives = self._directives()
        at = self._at
        marked = self._at_document_mark() and self._text[at] == "-"
        if directives and not marked:
            self._fail("did not find expected <document start>")
        if marked:
            self._at += 3
        if at < self._end or marked:
            mark = self._mark(at)
            self.events.append(DocumentStartEvent(mark, self._mark(self._at)))
        if not first or (not marked and (at >= self._end or self._at_document_mark())):
            return
        self._block_node(-1, compact=not marked)
        self._separate()
        if self._at < self._end and not self._at_document_mark():
            self._fail("did not find expected <document start>")

    def _directives(self) -> bool:
        found = False
        while self._text[self._at] == "%" and self._column() == 0:
            found = True
            end = self._text.find("\n", self._at)
            self._at = self._end if end < 0 else end
            self._separate()
        return found

    def _block_node(self, indent: int, *, compact: bool, in_mapping: bool = False) -> None:
        """A node of a collection whose column is `indent`; -1 is that of the document.

        `compact`: a collection may begin on this very line. `in_mapping`: a sequence may have the mapping's column.
        """
        self._enter()
        begun = self._at
        may_open, props = compact, Properties()
        fresh = self._at == 0 or compact
        tabbed = False
        while True:
            crossed, tab = self._separate()
            if crossed:
                may_open, tabbed = True, tab
            else:
                tabbed = tabbed or tab
            column = self._column()
            if crossed or fresh:
                lead = self._lead(crossed)
                entry = in_mapping and crossed and column == indent and self._is_sign("-")
                nothing = self._at >= self._end or self._at_document_mark()
                if nothing or (crossed and lead <= indent and not entry):
                    break
            elif self._at >= self._end:
                break
            if self._collection(indent, may_open, tabbed, props):
                self._depth -= 1
                return
            sign = self._text[self._at]
            if sign not in "&!":
                self._content(indent, props)
                self._depth -= 1
                return
            props = self._property(props)
            may_open = fresh = False
        self._empty(begun, props)
        self._depth -= 1

    def _lead(self, crossed: bool) -> int:
        """How many spaces the line begins with; off a line's start the column serves."""
        start = self._line_start()
        line = self._text[start : self._at]
        return len(line) - len(line.lstrip(" ")) if crossed else self._at - start

    def _collection(self, indent: int, may_open: bool, tabbed: bool, props: Properties) -> bool:
        """A block collection, if one begins here."""
        if self._is_sign("-"):
            opens = self._block_sequence
        elif self._is_sign("?") or self._is_sign(":") or (may_open and self._is_key()):
            opens = self._block_mapping
        else:
            return False
        if not may_open:
            problem = "block sequence entries" if self._is_sign("-") else "mapping keys"
            problem = "mapping values" if self._is_sign(":") else problem
            self._fail(f"{problem} are not allowed here" if problem != "mapping values" else VALUES)
        if tabbed:
            self._fail("found character '\\t' that cannot start any token")
        opens(props)
        return True

    def _content(self, indent: int, props: Properties) -> None:
        """A node that is no block collection, outside of brackets."""
        start, sign = self._at, self._text[self._at]
        if sign in "|>":
            self._block_scalar(indent, props)
            return
        if sign in "[{" and start in self._flows and props.start is None:
            kept, self._at = self._flows.pop(start)
            self.events += kept
        elif sign in "[{":
            self._flow_collection(props)
        elif sign == "*":
            self._alias(props)
        elif sign in "'\"":
            self._quoted(props, indent)
        else:
            self._plain(props, indent, PLAIN, PLAIN_MORE)
        end = self._at
        crossed, _ = self._separate()
        if self._at < self._end and not crossed:
            if self._is_sign(":"):
                self._fail(VALUES)
            self._fail("did not find expected <block end>", end if self._text[end] != " " else None)

    def _block_sequence(self, props: Properties) -> None:
        column, begun = self._column(), self._at
        start = self._mark(begun if props.start is None else props.start)
        self.events.append(SequenceStartEvent(props.anchor, props.tag, True, start, self._mark(begun + 1)))
        while True:
            self._at += 1
            self._block_node(column, compact=True)
            if not self._goes_on(column, begun, "block collection", "-"):
                break
        mark = self._next_mark()
        self.events.append(SequenceEndEvent(mark, mark))

    def _goes_on(self, column: int, begun: int, what: str, sign: str = "") -> bool:
        """Whether the next token belongs to the block collection of a column."""
        first, tab = self._first_of_line()
        if self._at >= self._end or self._at_document_mark():
            return False
        here = self._column()
        if here < column:
            return False
        # A sequence may have the column of the mapping around it.
        if here == column and sign and not self._is_sign(sign):
            inside = self._depth > 1
            if not inside:
                self._fail("did not find expected '-' indicator", None, f"while parsing a {what}", begun)
            return False
        if here > column or not first:
            wanted = "'-' indicator" if sign else "key"
            self._fail(f"did not find expected {wanted}", None, f"while parsing a {what}", begun)
        if tab:
            self._fail("found character '\\t' that cannot start any token")
        return True

    def _block_mapping(self, props: Properties) -> None:
        column, begun = self._column(), self._at
        start = self._mark(begun if props.start is None else props.start)
        self.events.append(MappingStartEvent(props.anchor, props.tag, True, start, self._mark(begun)))
        while True:
            if self._is_sign("?"):
                self._at += 1
                self._block_node(column, compact=True, in_mapping=True)
                first, tab = self._first_of_line()
                if first and self._column() == column and self._is_sign(":") and not tab:
                    self._at += 1
                    self._block_node(column, compact=True, in_mapping=True)
                else:
                    self._empty_here()
            else:
                self._block_entry(column, begun)
            if not self._goes_on(column, begun, "block mapping"):
                break
        mark = self._next_mark()
        self.events.append(MappingEndEvent(mark, mark))

    def _block_entry(self, column: int, begun: int) -> None:
        """`key: value`, or `: value`."""
        if self._is_sign(":"):
            self._empty(self._at)
        elif not self._is_key():
            line_end = self._text.find("\n", self._at)
            at = self._end if line_end < 0 else line_end
            self._fail("could not find expected ':'", at, "while scanning a simple key", self._at)
        else:
            self._key()
        self._at = _VALUE_SIGN.match(self._text, self._at).end()  # type: ignore[union-attr]
        self._block_node(column, compact=False, in_mapping=True)

    def _is_key(self) -> bool:
        """Whether what stands here, on one line, is the key of a mapping."""
        text = self._text
        at = _KEY_PROPERTIES.match(text, self._at).end()  # type: ignore[union-attr]
        if text[at] in "[{":
            if at not in self._flows:
                self._flows[at] = self._flow_apart(at)
            end = self._flows[at][1]
            if "\n" in text[at:end]:
                return False
        elif text[at] == "*" and (alias_end := self._alias_end(at)) is not None:
            end = alias_end
        elif (match := (_KEY_TEXT if text[at] in "'\"" else PLAIN).match(text, at)) is not None:
            end = match.end()
        else:
            end = at  # Nothing but an anchor or a tag.
            if at == self._at:
                return False
        return _VALUE_SIGN.match(text, end) is not None

    def _flow_apart(self, at: int) -> tuple[list[Any], int]:
        """The events of a collection in brackets, and where it ends."""
        events, here = self.events, self._at
        self.events, self._at = [], at
        self._flow_collection(Properties())
        found = (self.events, self._at)
        self.events, self._at = events, here
        return found

    def _key(self) -> None:
        props = Properties()
        while self._text[self._at] in "&!":
            props = self._property(props)
            self._at = BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]
        start, sign = self._at, self._text[self._at]
        if self._is_sign(":"):
            self._at = props.end
            self._empty(self._at, props)
        elif sign in "[{":
            kept = self._flows.pop(start, None)
            if kept is not None and props.start is None:
                self.events += kept[0]
                self._at = kept[1]
            else:
                self._flow_collection(props)
        elif sign == "*":
            self._alias(props)
        elif sign in "'\"":
            self._quoted(props, -1)
        else:
            end = PLAIN.match(self._text, start).end()  # type: ignore[union-attr]
            self._scalar(props, self._text[start:end], start, end, None)
            self._at = end
