"""The IR's invariants. They hold after building and after every pass; a breach is a fault of sncompile itself."""

from __future__ import annotations

from collections.abc import Iterator

from sncompile.ir.build import taken
from sncompile.ir.feeds import steps_in
from sncompile.ir.graph import Graph, relate
from sncompile.semantics.values import Key, Related, walk


class InvariantError(Exception):
    """The IR breaks its own rules; the message names the family."""


def verify(graph: Graph) -> Graph:
    """The graph itself, if it keeps every rule. Raises `InvariantError` with all that it breaks."""
    broken = list(_broken(graph))
    if broken:
        raise InvariantError("; ".join(broken))
    return graph


def _broken(graph: Graph) -> Iterator[str]:
    for name, family in graph.families.items():
        if name != family.name:
            yield f"`{name}` holds a family called `{family.name}`"
        if (family.command is None) == (family.shell is None):
            yield f"`{name}` has not exactly one of command and shell"
        for waits in family.after:
            if waits.step not in graph.families:
                yield f"`{name}` waits for `{waits.step}`, which is not there"
        yield from _values(graph, name)
    for edge in graph.edges:
        if edge.source not in graph.families or edge.target not in graph.families:
            yield f"the edge {edge.source} -> {edge.target} has a loose end"
        elif edge.relation != relate(graph.families[edge.source].keys, graph.families[edge.target].keys):
            yield f"the edge {edge.source} -> {edge.target} is no {edge.relation.value}"
    for value in graph.outputs.values():
        for step in steps_in(value):
            if step not in graph.families:
                yield f"an output comes from `{step}`, which is not there"
    try:
        graph.order()
    except ValueError:
        yield "the graph has a cycle"


def _values(graph: Graph, name: str) -> Iterator[str]:
    family = graph.families[name]
    linked = {edge.source for edge in graph.into(name)}
    for what, value in taken(family).items():
        for step in steps_in(value):
            if step not in linked:
                yield f"`{name}` takes `{what}` from `{step}` without an edge"
        for leaf in walk(value):
            if isinstance(leaf, (Related, Key)) and not _visible(leaf, family.keys.by):
                yield f"`{name}` sees `{what}` from keys that it does not range over"


def _visible(leaf: Related | Key, by: tuple[str, ...]) -> bool:
    return set(leaf.target.by if isinstance(leaf, Related) else leaf.keys.by) <= set(by) or not by
