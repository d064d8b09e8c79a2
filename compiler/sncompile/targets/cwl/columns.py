"""Values of a tool's jobs: those that differ become inputs, and texts of the document refer to them.

CWL looks for `$(` and `${` in texts of a document, and engines differ in how a backslash hides them. So a text that has
`$` or `\\` never stands in one: it is an input's default, or stands in the object that the workflow is run with, where
nothing is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from sncompile.targets.cwl.model import Input, Json, array
from sncompile.targets.cwl.names import ascii_name, unique

MAX_LISTED = 12
"""A list of more texts than this stands in the object and not in the tool."""


class Reference(NamedTuple):
    """A piece of a text: the value of an input."""

    name: str

    def __str__(self) -> str:
        return f"$(inputs.{self.name})"


Piece = str | Reference


class Column(NamedTuple):
    """An input of a tool with its value for every job; `shared`: one value for all of them."""

    input: Input
    values: tuple[Json, ...]
    shared: bool


def plain(text: str) -> bool:
    """Whether a text stands for itself in a document, whatever the engine."""
    return "$" not in text and "\\" not in text


class Columns:
    """The inputs of one tool, for `count` jobs."""

    def __init__(self, count: int, used: set[str]) -> None:
        self._count, self._used = count, used
        self._known: dict[Hashable, Reference] = {}
        self.defaults: list[Input] = []
        self.columns: list[Column] = []

    def name(self, hint: str) -> str:
        """A name for an input that no other has."""
        return unique(ascii_name(hint), self._used)

    def default(self, hint: str, kind: Json, value: Json) -> Reference:
        """An input with a default, which no step sets."""
        key = ("default", repr(kind), repr(value))
        if key not in self._known:
            name = self.name(hint)
            self.defaults.append(Input(name, kind, value))
            self._known[key] = Reference(name)
        return self._known[key]

    def column(self, hint: str, kind: Json, values: Sequence[Json], *, shared: bool = False) -> Reference:
        """An input with a value for every job."""
        key = ("column", repr(kind), repr(values), shared)
        if key not in self._known:
            name = self.name(hint)
            self.columns.append(Column(Input(name, kind), tuple(values), shared))
            self._known[key] = Reference(name)
        return self._known[key]

    def text(self, hint: str, values: Sequence[str]) -> Piece:
        """A text of every job, as a piece of a larger one."""
        if all(value == values[0] for value in values):
            return values[0]
        return self.column(hint, "string", values)

    def texts(self, hint: str, values: Sequence[Sequence[str]], *, data: bool = False) -> list[str]:
        """A list of texts of every job, as arguments; `data`: it comes from a table and may be long."""
        lists = [list(v) for v in values]
        same = all(found == lists[0] for found in lists)
        if same and not lists[0]:
            return []
        if data or (same and len(lists[0]) > MAX_LISTED):
            return [str(self.listed(hint, lists))]
        if all(len(found) == 1 for found in lists):
            return [self.written([self.text(hint, [found[0] for found in lists])], hint)]
        if not same:
            return [str(self.listed(hint, lists))]
        return [self.written([item], hint) for item in lists[0]]

    def listed(self, hint: str, values: Sequence[Sequence[str]]) -> Reference:
        """A list of texts of every job, as one input."""
        lists = [list(v) for v in values]
        return self.column(hint, array("string"), lists, shared=all(found == lists[0] for found in lists))

    def number(self, hint: str, values: Sequence[int]) -> Json:
        """A whole number of every job, as a setting."""
        if all(value == values[0] for value in values):
            return values[0]
        return str(self.column(hint, "long" if max(values) >= 2**31 else "int", values))

    def written(self, pieces: Sequence[Piece], hint: str = "text") -> str:
        """Pieces as one text of the document that gives exactly them, joined."""
        joined = _joined(pieces)
        if len(joined) == 1 and isinstance(joined[0], str):
            return joined[0] if plain(joined[0]) else str(self.default(hint, "string", joined[0]))
        found = []
        for number, piece in enumerate(joined):
            # Engines strip what surrounds a text with references.
            edge = number in (0, len(joined) - 1) and str(piece) != str(piece).strip()
            if isinstance(piece, str) and (edge or not plain(piece)):
                piece = self.default("text", "string", piece)
            found.append(str(piece))
        return "".join(found)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with neighbouring texts made one; one empty text where there is none."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return found or [""]


def safe_suffix(paths: Sequence[str]) -> str:
    """The ending that all of some paths have, where any engine takes it in a file's name.

    >>> safe_suffix(["a/x.tar.gz", "b/y.tar.gz"]), safe_suffix(["x.a", "x.b"]), safe_suffix(["x y.a'"])
    ('.tar.gz', '', '')
    """
    found = {match[0] if (match := re.search(r"(?:\.[A-Za-z0-9]{1,10}){1,3}\Z", path)) else "" for path in paths}
    return found.pop() if len(found) == 1 else ""
