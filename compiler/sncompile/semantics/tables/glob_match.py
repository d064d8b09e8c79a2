"""Matches paths with patterns in bounded time, and finds out whether there is another way to read one.

A regular expression can take longer than anybody lives for a pattern of many parts. Here the ends that each part can
have are worked out from the last part to the first, so time grows with the square of a name's length at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sncompile.ir.language.patterns import matches

HIDDEN = "."
"""With what names begin that no sign of a pattern stands for."""


class Token(NamedTuple):
    """A part of a pattern: `kind` is `literal`, `name`, `star` (`*`) or `folders` (`**/`).

    `text` is a literal's text, a name's constraint (empty: none).
    """

    kind: str
    text: str = ""
    name: str = ""

    @property
    def asks_for_hidden(self) -> bool:
        """Whether it may begin a name that begins with a dot, as its constraint says it does."""
        return self.kind == "name" and self.text.startswith(("\\.", "[.]"))


def ends_of(token: Token, path: str, start: int) -> Iterator[int]:
    """Where a token that starts at `start` can end, shortest first."""
    if token.kind == "literal":
        if path.startswith(token.text, start):
            yield start + len(token.text)
        return
    if path.startswith(HIDDEN, start) and (start == 0 or path[start - 1] == "/") and not token.asks_for_hidden:
        if token.kind == "folders":
            yield start  # None at all.
        return
    if token.kind == "folders":
        yield start
        while (slash := path.find("/", start)) > start:
            start = slash + 1
            yield start
            if path.startswith(HIDDEN, start):
                return
        return
    stop = path.find("/", start)
    stop = len(path) if stop < 0 or token.text else stop
    for end in range(start if token.kind == "star" or token.text else start + 1, stop + 1):
        if not token.text or matches(token.text, path[start:end]):
            yield end


def read(tokens: tuple[Token, ...], path: str) -> Iterator[dict[str, str]]:
    """The columns of a path, read with the longest parts first and then with the shortest; nothing where it fits not.

    >>> tokens = (Token("name", name="a"), Token("literal", "_"), Token("name", name="b"))
    >>> [way["b"] for way in read(tokens, "x_y_z")]
    ['z', 'y_z']
    """
    able = _able(tokens, path)
    if 0 not in able[0]:
        return
    for longest in (True, False):
        columns: dict[str, str] = {}
        at = 0
        for number, token in enumerate(tokens):
            ends = [end for end in ends_of(token, path, at) if end in able[number + 1]]
            end = ends[-1] if longest else ends[0]
            if token.kind == "name" and columns.setdefault(token.name, path[at:end]) != path[at:end]:
                return  # A name that stands twice must be the same both times.
            at = end
        yield columns


def _able(tokens: tuple[Token, ...], path: str) -> list[set[int]]:
    """Of every token the places from which it and those after it fit."""
    able: list[set[int]] = [set() for _ in tokens] + [{len(path)}]
    for number in range(len(tokens) - 1, -1, -1):
        after = able[number + 1]
        able[number] = {s for s in range(len(path) + 1) if any(e in after for e in ends_of(tokens[number], path, s))}
    return able
