"""Which jobs are compared: all of a small pipeline, and of a large one some of each kind."""

from __future__ import annotations

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.model import Related

ALL_JOBS = 400
"""A pipeline of so many jobs is compared whole."""

SAMPLED = 120
"""Of a larger one about so many jobs are compared, and of each family at least `LEAST`."""

LEAST = 3


def sampled(family: Family, graph: Graph, jobs: int) -> list[int]:
    """The instances of a family that are compared: all of a small pipeline (`jobs` in all), else some of each kind."""
    count = len(family.keys)
    if jobs <= ALL_JOBS:
        return list(range(count))
    chosen: dict[int, None] = {}
    most = 1
    for port in family.inputs.values():
        value = port.value
        if isinstance(value, Related) and value.gathers and value.target is family.keys and count > 1:
            sizes = list(map(len, family.keys.related(value.source)))
            chosen |= {sizes.index(min(sizes)): None, sizes.index(max(sizes)): None}
            most = max(most, sum(sizes) // count)
    # A job that gathers much stands for many.
    chosen |= dict.fromkeys(spread(count, max(LEAST, SAMPLED // len(graph.families) // most)))
    if family.origins and len(family.origins) <= SAMPLED:
        seen: dict[str, int] = {}
        for number, key in enumerate(family.keys.instances):
            seen.setdefault(key[0], number)
        chosen |= dict.fromkeys(seen.values())
    return sorted(chosen)


def spread(count: int, most: int) -> list[int]:
    """So many places from the first to the last of `count`.

    >>> spread(10, 4), spread(3, 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    return [round(n * (count - 1) / (most - 1)) for n in range(most)]
