"""How the paths of a family vary: engines that know a job by its files want the same parts to vary in all of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from sncompile.ir.graph.model import Family
from sncompile.ir.graph.structure import structure
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.values.model import Const, Items, Key, Local, Text, Value


def vary_alike(family: Family) -> bool:
    """Whether the same keys stand in every path, each in a part of its own between slashes.

    `a/${well}/x` and `b/${well}` vary alike. Instead of keys there may be one and the same column.
    """
    paths = [path for output in family.outputs.values() for path in _paths(output.path, family)]
    found = [list(_varying(path, family)) for path in paths]
    names = {frozenset(name for segment in segments for name in segment) for segments in found}
    return len(names) <= 1 and all(len(segment) <= 1 for segments in found for segment in segments)


def unmanageable(family: Family) -> bool:
    """Whether an engine has to delete or protect files one by one whose paths do not tell the jobs apart."""
    return any(o.temp or o.protected for o in family.outputs.values()) and not vary_alike(family)


def _paths(value: Value, family: Family) -> list[Value]:
    if isinstance(value, Local):
        return _paths(family.local(value.space, value.name), family)
    return list(value.items) if isinstance(value, Items) else [value]


def _varying(path: Value, family: Family) -> Iterator[list[Hashable]]:
    """What varies in a path, from slash to slash; all of it in one where a column may hold slashes itself."""
    leaves = list(_leaves(path, family))
    columns = [leaf for leaf in leaves if not isinstance(leaf, (str, Key))]
    segment: list[Hashable] = []
    for leaf in leaves:
        if isinstance(leaf, str):
            if "/" in leaf and not columns:
                yield segment
                segment = []
        elif isinstance(leaf, Key):
            segment.append((leaf.name, leaf.encoded and not _plain(leaf)))
        else:
            segment.append(structure(leaf))
    yield segment


def _leaves(value: Value, family: Family) -> Iterator[str | Value]:
    if isinstance(value, Text):
        for part in value.parts:
            yield from _leaves(part, family)
    elif isinstance(value, Local):
        yield from _leaves(family.local(value.space, value.name), family)
    else:
        yield str(value.value) if isinstance(value, Const) else value


def _plain(key: Key) -> bool:
    """Whether a key reads the same encoded and as it is."""
    return all(encode_key(value) == value for value in set(key.keys.column(key.name)))
