"""Where the boxes and arrows of a picture stand: by Graphviz where it is installed, else by a simpler way."""

from __future__ import annotations

from collections.abc import Mapping

from sncompile.diagnostics import CompileError
from sncompile.drawing.boxes import LINE, PAD, TITLE, Box, Layout, Point, rows, text_width
from sncompile.drawing.layered import layered
from sncompile.drawing.picture import Node, Picture

_LEAST = 90.0
"""The width of the narrowest box, in pixels."""


def lay_out(picture: Picture, more: Mapping[str, tuple[float, float]] | None = None) -> Layout:
    """The layout of a picture; `more` is what some boxes hold beside their text, by node id: its width and height."""
    sizes = {node.id: _size(node, *(more or {}).get(node.id, (0.0, 0.0))) for node in picture.nodes}
    try:
        return _by_graphviz(picture, sizes)
    except CompileError:
        return layered(picture, sizes)


def _size(node: Node, wide: float, more: float) -> tuple[float, float]:
    lines = rows(node)
    widest = max([wide, text_width(node.title, "title"), *(text_width(line) for line in lines)])
    return max(_LEAST, widest + 2 * PAD + 8), TITLE + LINE * len(lines) + 2 * PAD + more


def _by_graphviz(picture: Picture, sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """Graphviz's `dot`. Nothing of the picture but its shape is handed over."""
    from sncompile.drawing.graphviz import draw

    numbers = {node.id: number for number, node in enumerate(picture.nodes)}
    lines = ["digraph g {", "graph [rankdir=TB, nodesep=0.3, ranksep=0.5];"]
    lines += ["node [shape=box, fixedsize=true, label=x];", "edge [dir=none, fontsize=10];"]
    for name, (width, height) in sizes.items():
        lines.append(f"n{numbers[name]} [width={width / 72:.4f}, height={height / 72:.4f}];")
    for link in picture.links:
        label = f' [label="{"m" * round(len(link.label) * 0.7 + 1)}"]' if link.label else ""
        lines.append(f"n{numbers[link.source]} -> n{numbers[link.target]}{label};")
    return _read_plain(draw("\n".join([*lines, "}"]), "plain").decode(), picture, sizes)


def _read_plain(text: str, picture: Picture, sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """Graphviz's `plain` form: inches, from the lower left corner."""
    width = height = 0.0
    boxes: dict[str, Box] = {}
    found: dict[tuple[int, int], list[tuple[tuple[Point, ...], Point | None]]] = {}

    def point(x: str, y: str) -> Point:
        return Point(float(x) * 72, height - float(y) * 72)

    for line in text.splitlines():
        kind, *words = line.split()
        if kind == "graph":
            width, height = float(words[1]) * 72, float(words[2]) * 72
        elif kind == "node":
            name = picture.nodes[int(words[0][1:])].id
            boxes[name] = Box(*point(words[1], words[2]), *sizes[name])
        elif kind == "edge":
            count = int(words[2])
            numbers = words[3 : 3 + 2 * count]
            curve = tuple(point(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True))
            rest = words[3 + 2 * count :]
            label = point(rest[1], rest[2]) if len(rest) > 3 else None
            found.setdefault((int(words[0][1:]), int(words[1][1:])), []).append((curve, label))
    places = {node.id: number for number, node in enumerate(picture.nodes)}
    links = [found[places[link.source], places[link.target]].pop(0) for link in picture.links]
    return Layout(width, height, boxes, tuple(c for c, _ in links), tuple(p for _, p in links))
