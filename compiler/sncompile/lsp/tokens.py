"""Where a cursor is in an expression, by the tokens before it."""

from __future__ import annotations

import re
from typing import NamedTuple

from sncompile.lazy_regex import regex

_TOKEN = regex(
    r"""\s+|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<open>["'])"""
    r"|(?P<sign>[<>=!]=|//|.)",
    re.DOTALL,
)


class Cursor(NamedTuple):
    """The dotted name before a cursor without its last part, and what is written of that.

    `call` is the function whose arguments the cursor is in, with the dotted name that stands first in them. `mute`:
    no name can be offered, as the cursor is in a text, which is `word`, or a number.
    """

    chain: tuple[str, ...]
    word: str
    call: str = ""
    first: tuple[str, ...] = ()
    mute: bool = False


def cursor_in(expression: str) -> Cursor:
    """Where the end of a piece of an expression is."""
    names: list[str] = []
    dotted = False
    calls: list[tuple[str, tuple[str, ...]]] = []
    last = ""
    for found in _TOKEN.finditer(expression):
        kind, token = found.lastgroup, found[0]
        if kind is None:
            if not dotted and names:
                names, last = [], ""
            continue
        if kind == "open":
            return Cursor((), expression[found.end() :], calls[-1][0] if calls else "", mute=True)
        if kind == "name":
            names = [*names, token] if dotted else [token]
            last, dotted = token, False
        elif token == ".":
            # `f(x).` and `x[0].` have no name before them.
            dotted = True
        else:
            if token in "([":
                calls.append((last if token == "(" else "", ()))
            elif token in ")]" and calls:
                done = calls.pop()
                names, dotted, last = ([done[0], "()"] if done[0] else ["?"]), False, ""
                continue
            elif token == "," and calls and not calls[-1][1]:
                calls[-1] = (calls[-1][0], tuple(names) or ("?",))
            names, dotted, last = [], False, ""
            if kind in ("number", "text"):
                names, last = ["?"], ""
    call, first = calls[-1] if calls else ("", ())
    if dotted:
        return Cursor(tuple(names) or ("?",), "", call, first)
    if expression[-1:].isspace() or not names:
        return Cursor((), "", call, first)
    if names[-1] in ("?", "()"):
        return Cursor((), "", call, first, mute=True)
    return Cursor(tuple(names[:-1]), names[-1], call, first)
