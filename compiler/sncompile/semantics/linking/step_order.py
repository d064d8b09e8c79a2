"""In which order steps that are pipelines are linked: what an inner pipeline gives is known only once it is linked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from sncompile.syntax.document import Binding, ListValue, MapValue, StepDoc
from sncompile.syntax.expressions import (
    Attribute,
    Call,
    Conditional,
    Expr,
    Given,
    Index,
    ListOf,
    Name,
    Operation,
    Template,
)


class Order(NamedTuple):
    """Steps, each after those that it names; and the rings of steps that name each other, which have no order."""

    steps: list[str]
    rings: list[list[str]]


def order_by_names(steps: dict[str, StepDoc]) -> Order:
    """The order of `steps` by the names in what `with` gives them."""
    waits = {name: names_in(step) & set(steps) for name, step in steps.items()}
    rings: list[list[str]] = []
    while True:
        sorter = TopologicalSorter(waits)
        try:
            return Order(list(sorter.static_order()), rings)
        except CycleError as error:
            # The ring comes as steps that each wait for the one before it, the first one again at the end.
            ring: list[str] = list(reversed(error.args[1]))
            rings.append(ring)
            for name in ring:
                waits[name] = set()


def names_in(step: StepDoc) -> set[str]:
    """Every name that the values of a step's `with` use."""
    return {
        node.id
        for _, value in step.bindings.values()
        if value is not None
        for node in expressions_in(value)
        if isinstance(node, Name)
    }


def expressions_in(value: Binding) -> Iterator[Expr]:
    """Every expression of a value, with all that stands in it."""
    return (node for expr in _expressions(value) for node in _nodes(expr))


def _expressions(value: Binding) -> Iterator[Expr]:
    if isinstance(value, Template):
        yield from value.expressions
    elif isinstance(value, ListValue):
        for item in value.items:
            yield from _expressions(item)
    elif isinstance(value, MapValue):
        for _, member in value.entries:
            yield from _expressions(member) if member is not None else ()


def _nodes(expr: Expr) -> Iterator[Expr]:
    yield expr
    for child in _inside(expr):
        yield from _nodes(child)


def _inside(expr: Expr) -> Iterable[Expr]:
    match expr:
        case Attribute():
            return (expr.target,)
        case Index():
            return (expr.target, expr.item)
        case Call():
            return (*expr.arguments, *(value for _, value in expr.keywords))
        case Operation():
            return expr.operands
        case Conditional():
            return (expr.test, expr.then, expr.other)
        case ListOf():
            return expr.items
        case Given():
            return _expressions(expr.value)
        case _:
            return ()
