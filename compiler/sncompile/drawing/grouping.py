"""A large picture → views of it: one of its groups, one of each group's inside, and the whole.

A nested pipeline is a group, and so are boxes beside each other whose names differ in numbers alone (`count_01`, …).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape
from sncompile.lazy_regex import regex

GROUP = "group:"
"""What ids of boxes that stand for a group begin with."""

FEW_STEPS = 12
"""A picture of no more steps is drawn as a whole alone."""

ALIKE = 4
"""So many boxes whose names differ in numbers are a group, unless one of them feeds another."""

_NUMBER = regex(r"[0-9]+")
_STRONGEST = (Bond.GATHER, Bond.BROADCAST, Bond.LINK, Bond.MAP, Bond.ORDER)

Way = tuple[str, ...]
"""Where a box stands: the groups that it is in, from the outermost, and then itself."""


class View(NamedTuple):
    """A picture of a part: its `id` is that of the box that it opens; `title` is what it is called."""

    id: str
    title: str
    picture: Picture


def views_of(picture: Picture) -> list[View]:
    """The views of a picture, the one that is to be seen first at the beginning."""
    whole = View("all", "all steps", picture)
    ways = _ways(picture)
    groups = list(dict.fromkeys(way[:depth] for way in ways.values() for depth in range(1, len(way))))
    if not groups or sum(node.shape is Shape.STEP for node in picture.nodes) <= FEW_STEPS:
        return [whole]
    found = [View("overview", "overview", _view(picture, ways, ()))]
    found += [View(group_id(group), " › ".join(group), _view(picture, ways, group)) for group in groups]
    return [*found, whole]


def group_id(group: Sequence[str]) -> str:
    """The id of the box that stands for a group."""
    return GROUP + "/".join(group)


def groups_of(picture: Picture) -> Mapping[str, list[str]]:
    """The id of every box that stands for a group → the steps in it."""
    found: dict[str, list[str]] = {}
    shapes = {node.id: node.shape for node in picture.nodes}
    for name, way in _ways(picture).items():
        for depth in range(1, len(way)):
            if shapes[name] is Shape.STEP:
                found.setdefault(group_id(way[:depth]), []).append(name)
    return found


def _ways(picture: Picture) -> dict[str, Way]:
    """Where every box stands. A group of one is none."""
    parents = {
        node.id: tuple(node.id.split(".")[:-1]) if node.shape is Shape.STEP else (node.shape.value,)
        for node in picture.nodes
    }
    sizes: dict[Way, int] = {}
    for parent in parents.values():
        for depth in range(1, len(parent) + 1):
            sizes[parent[:depth]] = sizes.get(parent[:depth], 0) + 1
    stems = {node.id: _stem(node, parents) for node in picture.nodes}
    alike = Counter(stems.values())
    # What feeds its like is a chain, each of whose links is to be seen.
    for link in picture.links:
        if stems[link.source] == stems[link.target]:
            alike[stems[link.source]] = 0
    found = {}
    for node in picture.nodes:
        parent, stem = stems[node.id]
        step = node.shape is Shape.STEP
        way = [parent[depth] for depth in range(len(parent)) if step and sizes[parent[: depth + 1]] > 1]
        called = stem if step else f"{node.shape.value} {stem}"
        found[node.id] = (*way, *([called] if alike[parent, stem] >= ALIKE else []), node.id)
    return found


def _stem(node: Node, parents: Mapping[str, Way]) -> tuple[Way, str]:
    return parents[node.id], _NUMBER.sub("#", node.title.rpartition(".")[2] if node.shape is Shape.STEP else node.title)


def _view(picture: Picture, ways: Mapping[str, Way], group: Way) -> Picture:
    """What is in a group, with what is linked to it; each other group is one box."""
    stands = {name: _seen_from(way, group) for name, way in ways.items()}
    inside = {stands[name] for name, way in ways.items() if way[: len(group)] == group}
    links: dict[tuple[Way, Way], list[Link]] = {}
    for link in picture.links:
        ends = stands[link.source], stands[link.target]
        if ends[0] != ends[1] and not inside.isdisjoint(ends):
            links.setdefault(ends, []).append(link)
    kept = inside.union(*links) if links else inside
    members: dict[Way, list[Node]] = {}
    for node in picture.nodes:
        if stands[node.id] in kept:
            members.setdefault(stands[node.id], []).append(node)
    ids = {way: _id(way, found) for way, found in members.items()}
    nodes = tuple(_box(way, found, ids[way]) for way, found in members.items())
    drawn = tuple(_link(ids[source], ids[target], found) for (source, target), found in links.items())
    steps = sum(node.shape is Shape.STEP for way, found in members.items() if way in inside for node in found)
    caption = f"{steps:,} steps" if group else picture.caption
    return Picture(picture.name, picture.title, caption, nodes, drawn)


def _seen_from(way: Way, group: Way) -> Way:
    """What a box is seen as from inside a group: itself, or the outermost group of its that does not hold that one."""
    shared = 0
    while shared < min(len(group), len(way) - 1) and way[shared] == group[shared]:
        shared += 1
    return way[: shared + 1]


def _id(way: Way, members: Sequence[Node]) -> str:
    return members[0].id if len(members) == 1 and way[-1] == members[0].id else group_id(way)


def _box(way: Way, members: Sequence[Node], id: str) -> Node:
    first = members[0]
    if id == first.id:
        return first
    steps = first.shape is Shape.STEP
    many = f"{len(members):,} {'steps' if steps else f'{first.shape.value}s'}"
    title = way[-1] if steps else way[-1].removeprefix(f"{first.shape.value} ")
    tip = f"{title}: {many}: {', '.join(node.title for node in members[:8])}{', …' if len(members) > 8 else ''}"
    return Node(id, first.shape, title, (many,), "", tip)


def _link(source: str, target: str, links: Sequence[Link]) -> Link:
    if len(links) == 1:
        return links[0]._replace(source=source, target=target)
    bond = min((link.bond for link in links), key=_STRONGEST.index)
    labels = dict.fromkeys(link.label for link in links)
    label = next(iter(labels)) if len(labels) == 1 else f"{len(links):,} links"
    return Link(source, target, bond, label, "\n".join(_tips(links)), all(link.quiet for link in links))


def _tips(links: Sequence[Link]) -> Iterator[str]:
    yield from (link.tip for link in links[:6])
    if len(links) > 6:
        yield f"and {len(links) - 6:,} more"
