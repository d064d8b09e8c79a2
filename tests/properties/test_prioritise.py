"""What is urgent lies on the longest way, and could be kept waiting by something that has less ahead of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sncompile.api import check, graph_of
from sncompile.passes.prioritise import prioritise

Order = Mapping[str, frozenset[str]]
"""The steps that each waits for."""

STEPS = "abcdefg"


@st.composite
def orders(draw: st.DrawFn) -> tuple[dict[str, frozenset[str]], dict[str, int]]:
    """Steps that wait for each other, with times no two sums of which are equal."""
    names = STEPS[: draw(st.integers(1, len(STEPS)))]
    order = {
        name: frozenset(draw(st.sets(st.sampled_from(names[:number])))) if number else frozenset[str]()
        for number, name in enumerate(names)
    }
    return order, dict(zip(names, draw(st.permutations([2**n for n in range(len(names))])), strict=True))


def ways(order: Order, start: str) -> Iterator[tuple[str, ...]]:
    """Every way from a step to an end."""
    below = [name for name, above in order.items() if start in above]
    if not below:
        yield (start,)
    for name in below:
        yield from ((start, *way) for way in ways(order, name))


def expected(order: Order, times: Mapping[str, int]) -> set[str]:
    """What is urgent, by all ways there are."""

    def length(way: tuple[str, ...]) -> int:
        return sum(times[name] for name in way)

    longest = {name: max(ways(order, name), key=length) for name in order}
    path = max(longest.values(), key=length)
    reached = {name: {step for way in ways(order, name) for step in way} for name in order}
    return {
        name
        for name in path
        for other in order
        if other not in path
        and other not in reached[name]
        and name not in reached[other]
        and length(longest[other]) < length(longest[name])
    }


@settings(max_examples=60, deadline=None)
@given(orders())
def test_urgent_is_what_others_could_keep_waiting(case: tuple[dict[str, frozenset[str]], dict[str, int]]) -> None:
    order, times = case
    steps = "".join(
        f"  {name}: {{after: [{', '.join(sorted(above))}], resources: {{time: {times[name]}m}},"
        f" module: {{command: [tell, {name}]}}}}\n"
        for name, above in order.items()
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "main.yaml"
        place.write_text(f"sncompile: 1\npipeline: main\nsteps:\n{steps}")
        found = prioritise(graph_of(check(place).require()))
    urgent = {name for name, family in found.graph.families.items() if family.urgent}
    assert urgent == expected(order, times)
    assert bool(found.remarks) == bool(urgent)
    # A second time changes nothing.
    assert prioritise(found.graph).graph is found.graph
