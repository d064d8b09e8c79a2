"""The IR's invariants. They hold after building and after every pass; a breach is a fault of sncompile itself."""

from __future__ import annotations

from collections.abc import Iterator

from sncompile.ir.graph.edges import edges_of, taken
from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Graph
from sncompile.ir.values.model import Key, Related, Value, children


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
        yield from _values(graph, name)
    named = {step for value in _all_values(graph) for step in steps_in(value)}
    named |= {waits.step for family in graph.families.values() for waits in family.after}
    if named <= graph.families.keys():
        for edge in set(graph.edges) ^ set(edges_of(graph.families)):
            yield f"the edge {edge.source} -> {edge.target} does not follow from the families"
    else:
        yield f"these are named and not there: {', '.join(sorted(named - graph.families.keys()))}"
        return
    for value in graph.outputs.values():
        for step in steps_in(value):
            if step not in graph.families:
                yield f"an output comes from `{step}`, which is not there"
    try:
        graph.order()
    except ValueError:
        yield "the graph has a cycle"


def _all_values(graph: Graph) -> Iterator[Value]:
    for family in graph.families.values():
        yield from taken(family).values()


def _values(graph: Graph, name: str) -> Iterator[str]:
    family = graph.families[name]
    linked = {edge.source for edge in graph.into(name)}
    for what, value in taken(family).items():
        for step in steps_in(value):
            if step not in linked:
                yield f"`{name}` takes `{what}` from `{step}` without an edge"
        if not _visible(value, family.keys.by):
            yield f"`{name}` sees `{what}` from keys that it does not range over"


def _visible(value: Value, by: tuple[str, ...]) -> bool:
    """Whether a value is seen from no other keys than `by`; what a relation holds is seen from its source's."""
    if isinstance(value, Related):
        return (set(value.target.by) <= set(by) or not by) and _visible(value.value, value.source.by)
    if isinstance(value, Key):
        return set(value.keys.by) <= set(by)
    return all(_visible(child, by) for child in children(value))
