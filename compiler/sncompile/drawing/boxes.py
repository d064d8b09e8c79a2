"""Boxes, and how large the text in them is."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from sncompile.drawing.picture import Node

TITLE, LINE = 17.0, 14.0
"""Heights of a box's first line and of each further one, in pixels."""

PAD = 9.0
_WIDE = {"title": 7.4, "line": 6.1}


class Point(NamedTuple):
    """A place, in pixels from the upper left corner."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle by its centre and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """Boxes by node id; of every link, in the picture's order, the points of a Bézier curve and the label's place."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    curves: tuple[tuple[Point, ...], ...]
    labels: tuple[Point | None, ...]


def text_width(text: str, kind: str = "line") -> float:
    """About how wide a text is in the fonts that screens use; `kind` is `title` or `line`."""
    count = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return count * _WIDE[kind]


def rows(node: Node) -> list[str]:
    """The lines below a box's title."""
    return [*node.lines, *([node.size] if node.size else [])]
