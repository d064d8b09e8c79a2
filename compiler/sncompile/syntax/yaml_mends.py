"""Mends of text that is no YAML: each is tried, and offered only if the text can be read with it.

A parser stumbles where it understands nothing any more, which may be lines below the mistake. A mend that makes the
text readable says where the mistake is, and what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sncompile.diagnostics import Edit, Fix, Span
from sncompile.diagnostics.fixes import edited
from sncompile.lazy_regex import regex

MOST_TRIED = 24
"""Mends of one text that are tried."""
MAX_TRIED = 200_000
"""Texts of more characters are not read again and again."""

_VALUE = regex(r"(\s*(?:- +)*(?:[\w.-]+: +)?)(\S.*?)\s*$")
_EXPRESSION = regex(r"""[^\s"',\[\]{}]*\$\{[^{}"\n]*\}[^\s"',\[\]{}]*""")
_TYPE = regex(r"(?<![\w\"'])\w+(?:\[\]\??|\?)(?=\s*[,}])")
_SIGN = regex(r"[{\[@`%]|[*!][^{\[]*$")
_NO_COLON = regex(r"(\s*(?:- +)?)([a-z_]+)( +)(?=[^\s:#][^:]*$)")
_NO_SPACE = regex(r"(\s*(?:- +)?[a-z_]+:)(?=[^\s:/])")
_ITEM = regex(r"(\s*)- +([\w.-]+):(?=\s|$)")
_ODD_SPACE = regex("^[ \t]*[\u00a0\u2000-\u200b\u202f\u3000\t][\\s\u200b]*")
_QUOTE_SIGNS = "\u201c\u201d\u201e\u00ab\u00bb"
_ODD_QUOTES = regex(f'[{_QUOTE_SIGNS}]([^{_QUOTE_SIGNS}"\n]*)[{_QUOTE_SIGNS}]')


class Mend(NamedTuple):
    """A mend: what is wrong, what to do about it, the same as a fix."""

    message: str
    help: str
    fix: Fix


def mend_of(name: str, text: str, number: int, reads: Callable[[str], bool]) -> Mend | None:
    """The first mend with which a text can be read (`reads`) that a parser refused on a line (from 0), or None."""
    if len(text) > MAX_TRIED:
        return None
    lines = text.split("\n")
    tried = 0
    for kind in _KINDS:
        for at in _suspects(lines, number):
            for message, help, edits, safe in kind(lines[at], at, lines):
                placed = tuple(Edit(Span(name, at + 1, a + 1, at + 1, b + 1), new) for a, b, new in edits)
                tried += 1
                if tried > MOST_TRIED:
                    return None
                if reads(edited(text, placed)):
                    return Mend(message, help, Fix(help, placed, safe))
    return None


def _suspects(lines: list[str], number: int) -> list[int]:
    """The line that a parser refused and those with something on them above it, the nearest first."""
    above = [n for n in range(number - 1, -1, -1) if lines[n].strip() and not lines[n].lstrip().startswith("#")]
    return [number, *above[:3]]


_Tried = Iterator[tuple[str, str, list[tuple[int, int, str]], bool]]
"""What is wrong, what to do, the columns (from 0) with new texts, and whether that is safe."""


def _odd_space(line: str, at: int, lines: list[str]) -> _Tried:
    found = _ODD_SPACE.match(line)
    if found is not None:
        around = [len(lines[n]) - len(lines[n].lstrip(" ")) for n in (at - 1, at + 1) if 0 <= n < len(lines)]
        what = "a tab" if "\t" in found[0] else "a space that is none"
        for width in dict.fromkeys([len(found[0]), *around, len(found[0].expandtabs(2))]):
            yield f"{what} in the indent", "indent with spaces", [(0, found.end(), " " * width)], True


def _odd_quotes(line: str, at: int, lines: list[str]) -> _Tried:
    found = [(m.start(), m.end(), f'"{m[1]}"') for m in _ODD_QUOTES.finditer(line)]
    if found:
        yield "typographic quotes, which quote nothing", 'write straight quotes: "', found, True


def _bare_expression(line: str, at: int, lines: list[str]) -> _Tried:
    found = [m for m in _EXPRESSION.finditer(line) if not _inside_quotes(line, m.start())]
    if found and not line.lstrip().startswith("#"):
        first = found[0][0]
        edits = [(m.start(), m.end(), f'"{m[0]}"') for m in found]
        yield "`${…}` without quotes inside of brackets", f'quote it: "{first}"', edits, True


def _bare_type(line: str, at: int, lines: list[str]) -> _Tried:
    found = [m for m in _TYPE.finditer(line) if not _inside_quotes(line, m.start())]
    if found and not line.lstrip().startswith("#"):
        edits = [(m.start(), m.end(), f'"{m[0]}"') for m in found]
        yield f"`{found[0][0]}` inside of `{{…}}`", f'inside `{{…}}` quote it: "{found[0][0]}"', edits, True


def _open_quote(line: str, at: int, lines: list[str]) -> _Tried:
    bare = re.sub(r"\\.", "", line)
    if bare.count('"') % 2 and not line.lstrip().startswith("#"):
        end = len(line.rstrip())
        inside = _quote_ends(line, line.rindex('"') + 1)
        if inside is not None:
            yield "a quote is not closed", 'close it: "', [(inside, inside, '"')], True
        missing = _missing(line[:end] + '"')
        for new in dict.fromkeys(['"', f'"{missing}']):
            yield "a quote is not closed", f"close it: {new}", [(end, end, new)], True


def _quote_ends(line: str, start: int) -> int | None:
    """Where a text that begins at a column was meant to end inside of brackets: before one that is not its own."""
    depth = 0
    for at in range(start, len(line)):
        if line[at] in "[{(":
            depth += 1
        elif depth == 0 and line[at] in "]},":
            return at
        elif line[at] in "]})":
            depth -= 1
    return None


def _open_bracket(line: str, at: int, lines: list[str]) -> _Tried:
    missing = _missing(line.rstrip())
    if missing:
        end = len(line.rstrip())
        yield f"a `{_OPENED[missing[0]]}` is not closed", f"close it: {missing}", [(end, end, missing)], True


def _no_colon(line: str, at: int, lines: list[str]) -> _Tried:
    found = _NO_COLON.match(line)
    if found is not None:
        word = found[2]
        yield f"no colon behind `{word}`", f"write `{word}:`", [(found.end(2), found.end(2), ":")], True
    found = _NO_SPACE.match(line)
    if found is not None:
        yield "no space behind a colon", "put one there", [(found.end(), found.end(), " ")], True


def _bare_text(line: str, at: int, lines: list[str]) -> _Tried:
    found = _VALUE.match(line)
    # `module: a: b` may be anything; `title: On this: that` is prose.
    prose = found is not None and (_SIGN.match(found[2]) is not None or " " in found[2].partition(": ")[0])
    if found is not None and prose and found[2][0] not in "\"'|>&#" and not found[2].endswith(","):
        quoted = f'"{found[2]}"' if not set('"\\') & set(found[2]) else "'" + found[2].replace("'", "''") + "'"
        safe = _SIGN.match(found[2]) is not None and found[1].strip() != ""
        yield "a text that YAML reads as more than one", f"quote it: {quoted}", [(*found.span(2), quoted)], safe


def _stray_dash(line: str, at: int, lines: list[str]) -> _Tried:
    """An item of a list among keys, which are written without `-`."""
    found = _ITEM.match(line)
    if found is not None:
        help = f"keys stand without `-`: write `{found[2]}:`"
        yield "an item of a list among keys", help, [(found.end(1), found.start(2), "")], False


def _odd_indent(line: str, at: int, lines: list[str]) -> _Tried:
    indent = len(line) - len(line.lstrip(" "))
    around = [n for n in (*range(at - 1, at - 4, -1), *range(at + 1, at + 3)) if 0 <= n < len(lines)]
    widths = [len(lines[n]) - len(lines[n].lstrip(" ")) for n in around if lines[n].strip()]
    if line.rstrip().endswith(":"):
        # What stands below such a key is mostly its value, and so has to be deeper than the key.
        below = next((len(text) - len(text.lstrip(" ")) for text in lines[at + 1 :] if text.strip()), 0)
        widths.sort(key=lambda width: width >= below)
    for width in dict.fromkeys(w for w in widths if w != indent and abs(w - indent) < 3):
        help = f"indent it by {width}, as the lines around it"
        yield f"indented by {indent}, unlike its neighbours", help, [(0, indent, " " * width)], False


_OPENED = {"]": "[", "}": "{"}
_KINDS = (
    _odd_space, _odd_quotes, _bare_expression, _bare_type, _open_quote, _open_bracket, _no_colon, _bare_text,
    _stray_dash, _odd_indent,
)  # fmt: skip


def _inside_quotes(line: str, at: int) -> bool:
    quote = ""
    for char in line[:at]:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
    return bool(quote)


def _missing(line: str) -> str:
    """The brackets that a line opens outside of quotes and does not close, as they would be closed."""
    opened = ""
    quote = ""
    for char in line:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "[{":
            opened += "]" if char == "[" else "}"
        elif char in "]}" and opened.endswith(char):
            opened = opened[:-1]
    return opened[::-1]
