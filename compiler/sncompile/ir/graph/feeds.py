"""Which jobs a value comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from graphlib import CycleError

from sncompile.ir.graph.commands import Waits
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import GOES_ON
from sncompile.ir.language.types import Type
from sncompile.ir.values.evaluate import AtRunTime, Closure, Evaluator
from sncompile.ir.values.model import Apply, Choice, Const, Local, Made, Output, Related, Value, children, lenient, walk
from sncompile.ir.values.relating import see

Sources = Callable[[int], Iterable[int]]


def feeds(value: Value, at: KeySet, evaluator: Evaluator) -> list[tuple[str, Sources]]:
    """Of a value at `at`: each step that it comes from, with a function from an instance to that step's instances."""
    if not steps_in(value):
        return []
    if isinstance(value, Related):
        return _through(value, at, evaluator)
    if isinstance(value, Choice):
        arms = feeds(value.then, at, evaluator), feeds(value.other, at, evaluator)
        tested = feeds(value.test, at, evaluator)
        if not any(arms):
            return tested
        try:
            test = evaluator.closure(value.test, at)
        except AtRunTime:
            return [*arms[0], *arms[1], *tested]  # Either may be what is read.
        return [*_when(arms[0], lambda i: bool(test(i))), *_when(arms[1], lambda i: not test(i)), *tested]
    if isinstance(value, Apply) and value.function in GOES_ON and not value.type.many:
        return _one_after_the_other(value, at, evaluator)
    if isinstance(value, Local):
        return []
    if isinstance(value, Made):
        return [found for source in value.sources for found in feeds(source, at, evaluator)]
    return [found for child in children(value) for found in feeds(child, at, evaluator)]


def _when(found: list[tuple[str, Sources]], chosen: Callable[[int], bool]) -> list[tuple[str, Sources]]:
    def only(sources: Sources) -> Sources:
        return lambda i: sources(i) if chosen(i) else ()

    return [(step, only(sources)) for step, sources in found]


def _one_after_the_other(value: Apply, at: KeySet, evaluator: Evaluator) -> list[tuple[str, Sources]]:
    """Operands that are read for as long as those before them leave open what comes out."""
    on = GOES_ON[value.function]
    before: list[Closure] = []
    found: list[tuple[str, Sources]] = []
    for operand in value.operands:
        earlier = tuple(before)
        found += _when(feeds(operand, at, evaluator), _all_go_on(earlier, on))
        before.append(evaluator.closure(operand, at))
    return found


def _all_go_on(earlier: tuple[Closure, ...], on: Callable[[object], bool]) -> Callable[[int], bool]:
    return lambda i: all(on(value(i)) for value in earlier)


def _through(value: Related, at: KeySet, evaluator: Evaluator) -> list[tuple[str, Sources]]:
    inner: list[tuple[str, Sources]]
    if isinstance(value.value, Output):
        inner = [(value.value.step, lambda j: (j,))]
    else:
        inner = feeds(value.value, value.source, evaluator)
    if not inner:
        return []
    related = value.target.related(value.source)
    place = at.related(value.target) if at is not value.target else None

    def outer(sources: Sources) -> Sources:
        def found(i: int) -> Iterable[int]:
            here = place[i][0] if place is not None else i
            return (k for j in related[here] for k in sources(j))

        return found

    return [(step, outer(sources)) for step, sources in inner]


def waited_for(waits: Waits, graph: Graph) -> Value:
    """What a family waits for, as a value: the first output of the other, or a mark that stands for none."""
    source = graph.families[waits.step]
    port, output = next(iter(source.outputs.items()), ("", None))
    kind = Type(output.base, output.many) if output is not None else Type("file")
    value: Value = Output(source.name, port, kind, source.span)
    if source.keys is not waits.source:
        value = see(value, source.keys, waits.source, source.span)
    # Who has nothing to wait for waits for nothing, here or further inside.
    return lenient(see(value, waits.source, waits.target, source.span))


def needed(graph: Graph, wanted: Collection[str]) -> set[str]:
    """Some families with all that they need, directly or through others."""
    found: set[str] = set()
    pending = [name for name in wanted if name in graph.families]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [edge.source for edge in graph.into(name)]
            for output in graph.families[name].outputs.values():
                # A path may be made from a path.
                if not isinstance(output.path, Const):
                    pending += steps_in(output.path)
    return found


def for_effect(graph: Graph) -> list[str]:
    """The families that write nothing and that nobody who is needed waits for: they are there for what they do.

    No file leads to them, so an engine that works back from files has to be asked for them.
    """
    silent = [name for name, family in graph.families.items() if not family.outputs]
    wanted = {step for value in graph.outputs.values() for step in steps_in(value)}
    served = {edge.source for name in needed(graph, [*silent, *wanted]) for edge in graph.into(name)}
    return [name for name in silent if name not in served]


def may_lack(value: Value, families: Mapping[str, Family]) -> bool:
    """Whether files of a value may not be there when all that it comes from is done: outputs that are optional."""
    if isinstance(value, Const):
        return False
    return any(
        isinstance(leaf, Output) and leaf.step in families and _optional(families[leaf.step], leaf.port)
        for leaf in walk(value)
    )


def _optional(family: Family, port: str) -> bool:
    return port in family.outputs and family.outputs[port].optional


def reads_optional(family: Family, families: Mapping[str, Family]) -> bool:
    """Whether a family reads files that may not be there."""
    return any(may_lack(port.value, families) for port in family.inputs.values())


def steps_in(value: Value) -> dict[str, bool]:
    """The steps that a value comes from, for any instance, each with whether a link says for which."""
    if isinstance(value, Related) and isinstance(value.value, Output):
        return {value.value.step: value.linked}
    if isinstance(value, Const):
        return {}  # As of most.
    found: dict[str, bool] = {}
    pending: list[tuple[Value, bool]] = [(value, False)]
    while pending:
        here, linked = pending.pop()
        if isinstance(here, Output):
            found[here.step] = linked or found.get(here.step, False)
        linked = linked or (isinstance(here, Related) and here.linked)
        pending += [(child, linked) for child in children(here)]
    return found


def in_turn(size: int, needs: Callable[[int], Iterable[int]]) -> Sequence[int]:
    """The numbers below `size`, each after those that it needs, in their own order where that is free.

    Raises `CycleError`, with the numbers of the ring as its second argument: each needs the next one.

    >>> in_turn(4, {0: [2], 1: [], 2: [3], 3: []}.__getitem__)
    [3, 2, 0, 1]
    """
    found: list[int] = []
    state = bytearray(size)  # 1: begun, 2: done.
    for start in range(size):
        path = [(start, iter(needs(start)))] if not state[start] else []
        state[start] = state[start] or 1
        while path:
            here, rest = path[-1]
            below = next((n for n in rest if state[n] != 2), None)
            if below is None:
                path.pop()
                state[here] = 2
                found.append(here)
            elif state[below] == 1:
                ring = [number for number, _ in path]
                raise CycleError("instances need each other", [*ring[ring.index(below) :], below])
            else:
                state[below] = 1
                path.append((below, iter(needs(below))))
    return found
