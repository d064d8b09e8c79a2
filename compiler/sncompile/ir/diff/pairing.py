"""Which job of the old graph is which of the new.

Jobs are the same by their id: step and keys. Of what is left, a step is another one renamed where both are the same but
for their names; and a job is another one where it writes the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sncompile.ir.diff.likeness import Likeness
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Output


class Pair(NamedTuple):
    """Jobs of two families that are the same before and after: number `there[k]` is number `here[k]` now.

    `keyed`: each has the keys that it had.
    """

    old: Family
    new: Family
    there: Sequence[int]
    here: Sequence[int]
    keyed: bool

    @property
    def aligned(self) -> bool:
        """Whether every job stands where it stood."""
        return isinstance(self.there, range) and isinstance(self.here, range)


class Pairing(NamedTuple):
    """`pairs` holds, for every family of the new graph, its pairs, that of the step itself first.

    `new`, `gone` are the numbers of the jobs without a partner, by family of the new and of the old graph.
    """

    pairs: Mapping[str, Sequence[Pair]]
    new: Mapping[str, Sequence[int]]
    gone: Mapping[str, Sequence[int]]


# --- Steps --------------------------------------------------------------------------------------------------------


def names_before(old: Graph, new: Graph) -> dict[str, str]:
    """The old name of every step of the new graph that was there before, under its own or another name."""
    was = {name: name for name in new.families if name in old.families}
    forms: dict[Any, list[str]] = {}
    for name, family in new.families.items():
        if name not in was:
            forms.setdefault(_form(family, {}), []).append(name)
    if not forms:
        return was
    now: dict[str, str] = dict(was)
    # In the order of the data, so that what a step reads from has its new name already.
    for name in old.order():
        if name in new.families:
            continue
        alike = forms.get(_form(old.families[name], now))
        if alike:
            now[name] = alike.pop(0)
            was[now[name]] = name
    return was


def _form(family: Family, names: Mapping[str, str]) -> Any:
    """All of a family but its name and the paths derived from it; two with one form are the same step."""
    paths = [(port, None if output.derived else output.path) for port, output in family.outputs.items()]
    inputs = [(port, taken.value) for port, taken in family.inputs.items()]
    parts = (
        family.keys, inputs, list(family.params.items()), paths, family.command, family.shell,
        [(name, file.value, file.ended_by) for name, file in family.lists.items()],
        family.container, family.conda, family.env,
    )  # fmt: skip
    return form_of(parts, names)


def form_of(value: Any, names: Mapping[str, str]) -> Any:
    """Values as nested tuples to be compared: without places in files, tables by name, steps by what `names` has."""
    if isinstance(value, KeySet):
        return (value.by, tuple(table.name for table in value.rows.tables))
    if isinstance(value, Table):
        return value.name
    if isinstance(value, Output):
        return ("output", names.get(value.step, value.step), value.port)
    if isinstance(value, (tuple, list)):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return tuple([form_of(item, names) for item in value])
        kept = [form_of(getattr(value, n), names) for n in fields if n not in ("span", "type")]
        return (type(value).__name__, *kept)
    # Floats by their text: 0.0 and -0.0 are equal, and no tool takes them for the same.
    return (type(value).__name__, repr(value) if isinstance(value, float) else value)


# --- Jobs ---------------------------------------------------------------------------------------------------------


def pair_jobs(old: Graph, new: Graph, was: Mapping[str, str], alike: Likeness) -> Pairing:
    """Every job's partner, by the steps' names before and the keys; then by the file that is written."""
    pairs: dict[str, list[Pair]] = {name: [] for name in new.families}
    fresh: dict[str, Sequence[int]] = {}
    gone: dict[str, Sequence[int]] = {name: range(len(family.keys)) for name, family in old.families.items()}
    for name, family in new.families.items():
        before = old.families[was[name]] if name in was else None
        if before is None:
            fresh[name] = range(len(family.keys))
            continue
        pair, gone[before.name], fresh[name] = _by_keys(before, family, alike)
        pairs[name].append(pair)
    _by_files(old, new, pairs, fresh, gone)
    return Pairing(pairs, fresh, gone)


def _by_keys(old: Family, new: Family, alike: Likeness) -> tuple[Pair, Sequence[int], Sequence[int]]:
    """The jobs with the same keys; and the numbers of those without a partner, before and now."""
    everything = range(len(new.keys))
    if alike.keys(old.keys, new.keys) or old.keys.instances == new.keys.instances:
        return Pair(old, new, everything, everything, True), (), ()
    position = old.keys.position
    there: list[int] = []
    here: list[int] = []
    fresh: list[int] = []
    for number, key in enumerate(new.keys.instances):
        found = position.get(key)
        if found is None:
            fresh.append(number)
        else:
            there.append(found)
            here.append(number)
    kept = set(there)
    return Pair(old, new, there, here, True), [i for i in range(len(old.keys)) if i not in kept], fresh


def _by_files(
    old: Graph,
    new: Graph,
    pairs: dict[str, list[Pair]],
    fresh: dict[str, Sequence[int]],
    gone: dict[str, Sequence[int]],
) -> None:
    """Pair new jobs with gone ones that wrote the same file. Takes them out of `fresh` and `gone`."""
    if not any(fresh.values()) or not any(gone.values()):
        return
    writers: dict[Any, tuple[str, int]] = {}
    for name, path, number in _first_paths(old, gone):
        writers[path] = (name, number)
    found: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
    for name, path, number in _first_paths(new, fresh):
        writer = writers.pop(path, None)
        if writer is not None:
            there, here = found.setdefault((writer[0], name), ([], []))
            there.append(writer[1])
            here.append(number)
    for (before, name), (there, here) in found.items():
        pairs[name].append(Pair(old.families[before], new.families[name], there, here, False))
        gone[before] = _without(gone[before], there)
        fresh[name] = _without(fresh[name], here)


def _without(numbers: Sequence[int], taken: Iterable[int]) -> list[int]:
    left_out = set(taken)
    return [n for n in numbers if n not in left_out]


def _first_paths(graph: Graph, numbers: Mapping[str, Sequence[int]]) -> Iterable[tuple[str, Any, int]]:
    """Of some jobs the first path (or paths) that was said by hand: derived ones hold the step's name."""
    evaluator = Evaluator(graph.families)
    for name, some in numbers.items():
        family = graph.families[name]
        first = next((output for output in family.outputs.values() if not output.derived), None)
        if not some or first is None:
            continue
        path = evaluator.closure(first.path, family.keys, family)
        for number in some:
            yield name, path(number), number
