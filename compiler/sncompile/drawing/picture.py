"""A picture: nodes and links with everything that is to be read off them, and nothing of how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sncompile.diagnostics.text import visible
from sncompile.lazy_regex import regex

LONGEST = 60
"""Longer texts are cut in the middle: both ends of a path tell something."""

# XML and HTML cannot hold these, not even as escapes.
_UNPRINTABLE = regex("[\ufffe\uffff\ud800-\udfff]")


class Shape(StrEnum):
    """What a node stands for."""

    STEP = "step"
    TABLE = "table"
    FILE = "file"
    OUTPUT = "output"


class Bond(StrEnum):
    """What a link says: how the keys of its ends relate, or that it is order alone."""

    MAP = "map"
    BROADCAST = "broadcast"
    GATHER = "gather"
    LINK = "link"
    ORDER = "order"


class Node(NamedTuple):
    """A box: its title, the lines below it, how many it stands for, and what a pointer that rests on it is told."""

    id: str
    shape: Shape
    title: str
    lines: tuple[str, ...]
    size: str
    tip: str


class Link(NamedTuple):
    """An arrow between two boxes, by their ids. `quiet` ones are of the second rank: values of tables."""

    source: str
    target: str
    bond: Bond
    label: str
    tip: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn. `caption` says in a line what it is."""

    name: str
    title: str
    caption: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


def words(text: str, longest: int = LONGEST) -> str:
    """Somebody else's text as it may be shown: one line, nothing that steers, not too long."""
    line = _UNPRINTABLE.sub("\ufffd", visible(text.replace("\n", " ").replace("\t", " ")))
    if len(line) <= longest:
        return line
    half = (longest - 1) // 2
    return f"{line[:half]}…{line[-half:]}"
