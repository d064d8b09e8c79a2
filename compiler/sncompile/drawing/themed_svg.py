"""Picture → SVG that takes its colours from the page around it, with the state of every step where there is one.

The page gives the colours with the style sheet `templates/graph/themed.css`; the text is that of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from sncompile.drawing.boxes import LINE, PAD, TITLE, Box, Layout, Point, rows, text_width
from sncompile.drawing.grouping import GROUP, View
from sncompile.drawing.layout import lay_out
from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape, words

_BAR = 5.0
_ROUND = {Shape.STEP: 7, Shape.TABLE: 2, Shape.FILE: 2, Shape.OUTPUT: 14}


class Mark(NamedTuple):
    """What a step's box shows of a run: its `state`, a line of words, and the parts of its bar.

    `parts` are pairs of a state and its share of the whole, from 0 to 1.
    """

    state: str
    says: str
    parts: Sequence[tuple[str, float]]


def to_themed_views(views: Sequence[View], marks: Mapping[str, Mark] | None = None) -> str:
    """Views as one `<svg>` each, of which the first is shown and the page's script opens the others."""
    return "\n".join(
        to_themed_svg(view.picture, marks, f'data-view="{_text(view.id)}" data-title="{_text(view.title)}"{hidden}')
        for view, hidden in zip(views, ["", *[" hidden"] * len(views)], strict=False)
    )


def to_themed_svg(picture: Picture, marks: Mapping[str, Mark] | None = None, attributes: str = "") -> str:
    """The picture as an `<svg>` to stand inside of a page; `marks` are those of boxes, by node id."""
    marks = marks or {}
    ids = {node.id for node in picture.nodes}
    marks = {name: mark for name, mark in marks.items() if name in ids}
    more = {name: (text_width(mark.says) * 1.1, LINE + _BAR + 4) for name, mark in marks.items()}
    layout = lay_out(picture, more)
    width, height = layout.width + 8, layout.height + 8
    head = (
        f'<svg class="sn-graph" xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{_text(picture.caption)}" {attributes}>'
    )
    parts = [_arrow(link, curve) for link, curve in zip(picture.links, layout.curves, strict=True)]
    parts += [_node(node, layout.boxes[node.id], marks.get(node.id)) for node in picture.nodes]
    parts += _labels(picture, layout)
    return "\n".join([head, *parts, "</svg>"])


def _text(text: str) -> str:
    return escape(words(text, 300), quote=True)


def _kind(link: Link) -> str:
    """The class of a link; `sn-link` is that of all."""
    return "column" if link.bond is Bond.LINK else link.bond.value


def _labels(picture: Picture, layout: Layout) -> list[str]:
    found = []
    for link, place in zip(picture.links, layout.labels, strict=True):
        if place is not None and link.label:
            wide = text_width(link.label) * 0.9 + 6
            found.append(
                f'<g class="sn-label sn-{_kind(link)}"><rect x="{place.x - wide / 2:.1f}" y="{place.y - 7:.1f}" '
                f'width="{wide:.1f}" height="14" rx="3"/>{_line(link.label, place.x, place.y + 3.5, "sn-says")}</g>'
            )
    return found


def _line(text: str, x: float, y: float, name: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{_text(text)}</text>'


def _arrow(link: Link, curve: Sequence[Point]) -> str:
    start, *rest = curve
    path = f"M{start.x:.1f},{start.y:.1f}C" + " ".join(f"{p.x:.1f},{p.y:.1f}" for p in rest)
    end, before = curve[-1], next((p for p in reversed(curve) if p != curve[-1]), curve[0])
    quiet = " sn-quiet" if link.quiet else ""
    ends = f'data-source="{_text(link.source)}" data-target="{_text(link.target)}"'
    return (
        f'<g class="sn-link sn-{_kind(link)}{quiet}" {ends}><title>{_text(link.tip)}</title><path d="{path}"/>'
        f'<polygon points="{_head(before, end)}"/></g>'
    )


def _head(before: Point, end: Point) -> str:
    """An arrow's head at `end`, as it comes from `before`."""
    dx, dy = end.x - before.x, end.y - before.y
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length, dy / length
    corners = [end, *(Point(end.x - 7 * dx + s * 3.2 * dy, end.y - 7 * dy - s * 3.2 * dx) for s in (1, -1))]
    return " ".join(f"{p.x:.1f},{p.y:.1f}" for p in corners)


def _node(node: Node, box: Box, mark: Mark | None) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    state = f" sn-is-{mark.state}" if mark is not None else ""
    group = " sn-group" if node.id.startswith(GROUP) else ""
    head = (
        f'<g class="sn-node sn-{node.shape.value}{group}{state}" data-id="{_text(node.id)}">'
        f"<title>{_text(node.tip)}</title>"
        f'<rect class="sn-box" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
        f'rx="{_ROUND[node.shape]}"/>'
    )
    parts = [head, _line(node.title, box.x, top + PAD + 12, "sn-title")]
    y = top + PAD + TITLE + 9
    for line in rows(node):
        parts.append(_line(line, box.x, y, "sn-line"))
        y += LINE
    if mark is not None:
        parts.append(_line(mark.says, box.x, y, "sn-line sn-state"))
        parts += _bar(mark, left + PAD, y + 6, box.width - 2 * PAD)
    return "".join([*parts, "</g>"])


def _bar(mark: Mark, x: float, y: float, width: float) -> list[str]:
    found = [f'<rect class="sn-bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}" rx="2"/>']
    for state, share in mark.parts:
        if share > 0:
            found.append(
                f'<rect class="sn-part sn-is-{state}" x="{x:.1f}" y="{y:.1f}" width="{width * share:.1f}" '
                f'height="{_BAR}" rx="2"/>'
            )
            x += width * share
    return found
