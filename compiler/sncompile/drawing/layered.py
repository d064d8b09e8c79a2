"""A layout in layers, for where Graphviz is not installed: every box below all that it needs.

The method is Sugiyama's (K. Sugiyama, S. Tagawa, M. Toda, 1981), with its steps at their simplest: layers by the
longest path, points on the way for arrows that pass layers, and an order in each layer by the mean of the neighbours'
places.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from sncompile.drawing.boxes import LINE, Box, Layout, Point, text_width
from sncompile.drawing.picture import Picture

_GAP_X, _GAP_Y, _SWEEPS, _THIN = 26.0, 54.0, 6, 10.0

Layer = list[str]


def layered(picture: Picture, sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """The layout of a picture; links that close a ring lead upwards."""
    rank = _ranks(picture)
    paths = [_path(number, rank[link.source], rank[link.target]) for number, link in enumerate(picture.links)]
    chains = [[link.source, *between, link.target] for link, between in zip(picture.links, paths, strict=True)]
    layers: list[Layer] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node in picture.nodes:
        layers[rank[node.id]].append(node.id)
    for link, between in zip(picture.links, paths, strict=True):
        for step, name in enumerate(between, 1):
            layers[rank[link.source] + step].append(name)
    pairs = [(one, other) for chain in chains for one, other in pairwise(chain)]
    _order(layers, pairs)
    return _place(picture, layers, chains, sizes)


def _ranks(picture: Picture) -> dict[str, int]:
    """The longest path to every node; a source stands right above the first that needs it."""
    from graphlib import TopologicalSorter

    above: dict[str, set[str]] = {node.id: set() for node in picture.nodes}
    below: dict[str, set[str]] = {node.id: set() for node in picture.nodes}
    for source, target in _forward(picture):
        above[target].add(source)
        below[source].add(target)
    rank: dict[str, int] = {}
    for name in TopologicalSorter(above).static_order():
        rank[name] = max((rank[other] + 1 for other in above[name]), default=0)
    for name, needed in above.items():
        if not needed and below[name]:
            rank[name] = min(rank[other] for other in below[name]) - 1
    return rank


def _forward(picture: Picture) -> list[tuple[str, str]]:
    """The links without those that close a ring, as groups of steps may: what is found twice on one way leads back."""
    below: dict[str, list[str]] = {node.id: [] for node in picture.nodes}
    for link in picture.links:
        below[link.source].append(link.target)
    found: list[tuple[str, str]] = []
    left: set[str] = set()
    for node in picture.nodes:
        way = [(node.id, iter(below[node.id]))] if node.id not in left else []
        on_the_way = {node.id}
        while way:
            name, rest = way[-1]
            target = next(rest, None)
            if target is None:
                left.add(name)
                on_the_way.discard(name)
                way.pop()
            elif target not in on_the_way:
                found.append((name, target))
                if target not in left:
                    on_the_way.add(target)
                    way.append((target, iter(below[target])))
    return found


def _path(number: int, start: int, end: int) -> list[str]:
    """Names for the points on the way of a link that passes layers."""
    return [f"\0{number}:{rank}" for rank in range(start + 1, end)]


def _order(layers: list[Layer], pairs: list[tuple[str, str]]) -> None:
    """Put each layer into the order of its neighbours, from above and from below in turn."""
    up: dict[str, list[str]] = {}
    down: dict[str, list[str]] = {}
    for one, other in pairs:
        up.setdefault(other, []).append(one)
        down.setdefault(one, []).append(other)
    for sweep in range(_SWEEPS):
        near, order = (up, layers[1:]) if sweep % 2 == 0 else (down, layers[-2::-1])
        place = {name: i / max(1, len(layer)) for layer in layers for i, name in enumerate(layer)}
        for layer in order:
            means = {
                name: sum(place[n] for n in near[name]) / len(near[name]) if near.get(name) else place[name]
                for name in layer
            }
            layer.sort(key=means.__getitem__)
            place |= {name: i / max(1, len(layer)) for i, name in enumerate(layer)}


def _place(
    picture: Picture, layers: list[Layer], chains: list[list[str]], sizes: Mapping[str, tuple[float, float]]
) -> Layout:
    wide = [sum(sizes.get(n, (_THIN, 0))[0] + _GAP_X for n in layer) - _GAP_X for layer in layers]
    width = max(wide, default=0.0) + 2 * _GAP_X
    boxes: dict[str, Box] = {}
    y = _GAP_X
    for layer, taken in zip(layers, wide, strict=True):
        high = max((sizes.get(n, (0, 0))[1] for n in layer), default=0.0)
        x = (width - taken) / 2
        for name in layer:
            w, h = sizes.get(name, (_THIN, high))
            boxes[name] = Box(x + w / 2, y + high / 2, w, h)
            x += w + _GAP_X
        y += high + _GAP_Y
    curves = tuple(_curve([boxes[name] for name in chain]) for chain in chains)
    real = {node.id: boxes[node.id] for node in picture.nodes}
    labels = _labels(picture, chains, boxes, curves)
    return Layout(width, max(y - _GAP_Y + _GAP_X, 0.0), real, curves, labels)


def _labels(
    picture: Picture, chains: list[list[str]], boxes: Mapping[str, Box], curves: tuple[tuple[Point, ...], ...]
) -> tuple[Point | None, ...]:
    """A place for every label that covers nothing; one that would is left out: its arrow's colour tells the same."""
    taken = [boxes[node.id] for node in picture.nodes]
    found: list[Point | None] = []
    for link, chain, curve in zip(picture.links, chains, curves, strict=True):
        on_the_way = boxes[chain[len(chain) // 2]]
        place = _middle(curve[:4]) if len(chain) == 2 else Point(on_the_way.x, on_the_way.y)
        box = Box(*place, text_width(link.label) + 8, LINE)
        free = bool(link.label) and not any(_meet(box, other) for other in taken)
        taken += [box] if free else []
        found.append(place if free else None)
    return tuple(found)


def _meet(one: Box, other: Box) -> bool:
    across = abs(one.x - other.x) < (one.width + other.width) / 2
    return across and abs(one.y - other.y) < (one.height + other.height) / 2


def _curve(chain: list[Box]) -> tuple[Point, ...]:
    """From the foot of the first box to the head of the last, straight down past those between."""
    stops = [Point(chain[0].x, chain[0].y + chain[0].height / 2)]
    for box in chain[1:-1]:
        stops += [Point(box.x, box.y - box.height / 2), Point(box.x, box.y + box.height / 2)]
    stops.append(Point(chain[-1].x, chain[-1].y - chain[-1].height / 2))
    points = [stops[0]]
    for one, other in pairwise(stops):
        half = (one.y + other.y) / 2
        points += [Point(one.x, half), Point(other.x, half), other]
    return tuple(points)


def _middle(curve: tuple[Point, ...]) -> Point:
    """The point half-way along a piece of a curve."""
    weights = (0.125, 0.375, 0.375, 0.125)
    return Point(
        sum(w * p.x for w, p in zip(weights, curve, strict=True)),
        sum(w * p.y for w, p in zip(weights, curve, strict=True)),
    )
