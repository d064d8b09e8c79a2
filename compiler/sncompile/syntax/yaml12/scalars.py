"""Scalars of YAML: plain ones, in quotes, and blocks of lines."""

from __future__ import annotations

import re

from sncompile.lazy_regex import regex
from sncompile.syntax.yaml12.cursor import BLANKS, DOCUMENT_MARK, Cursor, Properties

# One line of a plain scalar, outside of brackets and inside.
PLAIN = regex(
    r"(?:[^ \t\n\0\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^ \t\n\0]))"
    r"(?:[ \t]*(?:[^ \t\n\0:#]+|:(?=[^ \t\n\0])|(?<=[^ \t\n])#))*"
)
PLAIN_MORE = regex(r"(?:[ \t]*(?:[^ \t\n\0:#]+|:(?=[^ \t\n\0])|(?<=[^ \t\n])#))*")
FLOW_PLAIN = regex(
    r"(?:[^ \t\n\0\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^ \t\n\0,\[\]{}]))"
    r"(?:[ \t]*(?:[^ \t\n\0:#,\[\]{}]+|:(?=[^ \t\n\0,\[\]{}])|(?<=[^ \t\n])#))*"
)
FLOW_PLAIN_MORE = regex(r"(?:[ \t]*(?:[^ \t\n\0:#,\[\]{}]+|:(?=[^ \t\n\0,\[\]{}])|(?<=[^ \t\n])#))*")
_SINGLE = regex(r"'((?:[^']|'')*)'")
_DOUBLE = regex(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = regex(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0abt\tnvfre \"/\\N_LP])|(\n)[ \t]*|(.|\Z))",
    re.DOTALL,
)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_FOLDED_BREAK = regex(r"[ \t]*\n(?:[ \t]*\n)*[ \t]*")
_HEADER = regex(r"[|>](?:([1-9])([-+])?|([-+])([1-9])?)?(?:[ \t]+(?:#[^\n]*)?)?(?=[\n\0])")
_EMPTY_LINE = regex(r"[ \t]*\n[ \t]*")


class Scalars(Cursor):
    """Reads scalars. `indent` is the column of the block around them; -1 is that of the document, or of brackets."""

    def _plain(self, props: Properties, indent: int, first: re.Pattern[str], more: re.Pattern[str]) -> None:
        text, start = self._text, self._at
        match = first.match(text, start)
        if match is None:
            sign = text[start]
            self._fail(f"found character '{sign}' that cannot start any token")
        self._at = end = match.end()
        value = text[start:end]
        while True:
            at = BLANKS.match(text, end).end()  # type: ignore[union-attr]
            if text[at] != "\n":
                break
            breaks = 0
            while text[at] == "\n":
                begin = at + 1
                at = BLANKS.match(text, begin).end()  # type: ignore[union-attr]
                breaks += 1
            self._at = begin
            lead = at - begin - len(text[begin:at].lstrip(" "))
            if at >= self._end or lead <= indent or text[at] == "#" or self._at_document_mark():
                break
            line = more.match(text, at)
            if line is None or line.end() == at:
                break
            value += " " if breaks == 1 else "\n" * (breaks - 1)
            value += text[at : line.end()]
            end = line.end()
        self._at = end
        self._scalar(props, value, start, end, None)

    def _quoted(self, props: Properties, indent: int) -> None:
        text, start = self._text, self._at
        double = text[start] == '"'
        match = (_DOUBLE if double else _SINGLE).match(text, start)
        what = f"while scanning a {'double' if double else 'single'}-quoted scalar"
        if match is None or match.end() > self._end:
            self._fail("found unexpected end of stream", self._end, what, start)
        inner, end = match[1], match.end()
        if "\n" in inner:
            self._check_lines(start, end, indent, what)
        value = self._unescaped(inner, start) if double else _unquoted(inner)
        self._at = end
        self._scalar(props, value, start, end, text[start])

    def _check_lines(self, start: int, end: int, indent: int, what: str) -> None:
        """The lines of a text in quotes are indented more than what is around it, and none is a document's mark."""
        at = start
        while (at := self._text.find("\n", at, end) + 1) > 0:
            lead = at
            while self._text[lead] == " ":
                lead += 1
            if DOCUMENT_MARK.match(self._text, at):
                self._fail("found unexpected document indicator", at, what, start)
            if lead - at <= indent and self._text[lead] not in "\n" and lead < end:
                self._fail("found a line that is not indented enough", lead, what, start)

    def _unescaped(self, inner: str, start: int) -> str:
        if "\\" not in inner and "\n" not in inner:
            return inner
        found: list[str] = []
        at, high = 0, ""
        for match in _ESCAPE.finditer(inner):
            between = inner[at : match.start()]
            broken = match[5] is not None
            if broken:
                # Of a line that a `\` ends, what stands before it stays.
                between = _folded_text(between)
            elif "\n" in between:
                between = _folded_text(between)
            code = match[1] or match[2] or match[3]
            place = start + 1 + match.start()
            if match[6] is not None or (code and int(code, 16) > 0x10FFFF):
                problem = "found unknown escape character"
                self._fail(problem, place, "while parsing a quoted scalar", start)
            char = chr(int(code, 16)) if code else _ESCAPES.get(match[4] or "", "")
            if high:
                if between or not "\udc00" <= char <= "\udfff":
                    self._fail("found half of a surrogate pair", place, "while parsing a quoted scalar", start)
                char = (high + char).encode("utf-16", "surrogatepass").decode("utf-16")
                high = ""
            elif "\ud800" <= char <= "\udbff":
                high, char = char, ""
            elif "\udc00" <= char <= "\udfff":
                self._fail("found half of a surrogate pair", place, "while parsing a quoted scalar", start)
            found += (between, char)
            at = match.end()
            if broken:
                at = self._after_break(inner, at, found)
        if high:
            self._fail("found half of a surrogate pair", start, "while parsing a quoted scalar", start)
        found.append(_folded_text(inner[at:]))
        return "".join(found)

    def _after_break(self, inner: str, at: int, found: list[str]) -> int:
        """Empty lines after an escaped break are breaks of the text."""
        while (match := _EMPTY_LINE.match(inner, at)) is not None:
            found.append("\n")
            at = match.end()
        return at

    def _block_scalar(self, indent: int, props: Properties) -> None:
        text, start = self._text, self._at
        header = _HEADER.match(text, start)
        if header is None:
            problem = "did not find expected comment or line break"
            self._fail(problem, start + 1, "while scanning a block scalar", start)
        digit, chomp = header[1] or header[4], header[2] or header[3]
        at = min(header.end() + 1, self._end)
        lines: list[str] = []
        end, unbroken = at, False
        width = max(indent, 0) + int(digit) if digit else self._detected(at, indent, start)
        while at < self._end:
            stop = text.find("\n", at)
            stop = self._end if stop < 0 else stop
            line = text[at:stop]
            lead = len(line) - len(line.lstrip(" "))
            if lead < width and lead < len(line):
                if line[lead] == "\t" and not line.strip(" \t"):
                    break_off = "found a tab character where an indentation space is expected"
                    self._fail(break_off, at + lead, "while scanning a block scalar", start)
                break
            if width == 0 and DOCUMENT_MARK.match(text, at):
                break
            if stop == self._end and lead == len(line) and lead < width:
                # White space on a last line that no break ends.
                break
            lines.append(line[width:])
            # Without its break the last line ends the text, unless it is white space alone.
            unbroken = stop == self._end and bool(line.strip(" \t"))
            at = end = min(stop + 1, self._end)
        self._at = at
        value = _chomped(lines, chomp, folded=text[start] == ">")
        value = value.removesuffix("\n") if unbroken else value
        self._scalar(props, value, start, end, text[start])

    def _detected(self, at: int, indent: int, start: int) -> int:
        """The column of a block scalar's text: that of its first line that is not empty."""
        text, most = self._text, 0
        while at < self._end:
            stop = text.find("\n", at)
            stop = self._end if stop < 0 else stop
            lead = stop - at - len(text[at:stop].lstrip(" "))
            if lead < stop - at:
                if lead > indent and most > lead:
                    problem = "found a leading line with more spaces than the text has"
                    self._fail(problem, at, "while scanning a block scalar", start)
                if lead <= indent and text[at + lead] == "\t" and not text[at:stop].strip(" \t"):
                    problem = "found a tab character where an indentation space is expected"
                    self._fail(problem, at + lead, "while scanning a block scalar", start)
                return max(lead, indent + 1)
            most = max(most, lead)
            at = stop + 1
        return max(most, indent + 1)


def _folded(match: re.Match[str]) -> str:
    breaks = match[0].count("\n")
    return " " if breaks == 1 else "\n" * (breaks - 1)


def _unquoted(text: str) -> str:
    return _folded_text(text).replace("''", "'")


def _folded_text(text: str) -> str:
    return _FOLDED_BREAK.sub(_folded, text) if "\n" in text else text


def _chomped(lines: list[str], chomp: str | None, *, folded: bool) -> str:
    """The text of a block scalar's lines."""
    last = len(lines)
    while last and not lines[last - 1]:
        last -= 1
    body, empty = lines[:last], len(lines) - last
    value = _folded_lines(body) if folded else "\n".join(body)
    if chomp == "+":
        return value + "\n" * (empty + bool(body))
    return value + "\n" if body and chomp != "-" else value


def _folded_lines(lines: list[str]) -> str:
    """Lines joined by spaces; those that begin with white space, and empty ones, keep their breaks."""
    if not lines:
        return ""
    found = ""
    empty, before = 0, ""
    started = False
    for line in lines:
        if not line:
            empty += 1
            continue
        if not started:
            found = "\n" * empty + line
        else:
            spaced = line[0] in " \t" or before[0] in " \t"
            joint = "\n" * (empty + 1) if spaced else "\n" * empty if empty else " "
            found += joint + line
        started, empty, before = True, 0, line
    return found
