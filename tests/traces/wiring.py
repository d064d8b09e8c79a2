"""Which task writes what another one reads, and where every file lies."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate

from tests.traces.paths import plain_path
from tests.traces.tasks import Task

# What sncompile itself writes to in a working folder.
_OURS = frozenset(("logs", "results", "build", "runs", "again"))


@dataclass(slots=True)
class Wires:
    """What a task reads and writes, and what it waits for. Files are known by their names in the trace.

    `reads`: input → the number of the task that writes it, or None. `writes`: output → its path.
    `gone`: inputs that cannot be named as such: what only a later task writes, and what lies in a written folder.
    """

    reads: dict[str, int | None] = field(default_factory=dict)
    writes: dict[str, str] = field(default_factory=dict)
    after: list[int] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)


def wire(tasks: Sequence[Task], steps: Sequence[str]) -> list[Wires]:
    """The wires of each task, in the order of the tasks; `steps` are their names in the spec. There is no ring."""
    numbers = {task.name: number for number, task in reversed(list(enumerate(tasks)))}
    writers = _writers(tasks)
    wires = [_wires(number, task, numbers, writers) for number, task in enumerate(tasks)]
    if _has_ring(wires):
        for number, found in enumerate(wires):
            _cut(number, found)
    _place(tasks, steps, wires)
    return wires


def _wires(number: int, task: Task, numbers: dict[str, int], writers: dict[str, list[int]]) -> Wires:
    parents = dict.fromkeys(numbers[p] for p in task.parents if numbers.get(p, number) != number)
    found = Wires()
    for name in task.inputs:
        path = plain_path(name)
        writer = _writer(writers.get(path, []), number, parents)
        folder = next((a for a in _above(path) if a in writers), None) if writer is None else None
        if folder is None:
            found.reads[name] = writer
        else:
            found.gone.add(name)
            parents |= {w: None for w in writers[folder] if w != number}
    read = set(found.reads.values())
    found.after = [p for p in parents if p not in read]
    return found


def _writers(tasks: Sequence[Task]) -> dict[str, list[int]]:
    """Path → the tasks that write it, in their order."""
    found: dict[str, list[int]] = {}
    for number, task in enumerate(tasks):
        for name in task.outputs:
            found.setdefault(plain_path(name), []).append(number)
    return found


def _writer(writers: list[int], reader: int, parents: Container[int]) -> int | None:
    """Whose file a task reads, where several write one of that name: a parent's, else the last one before it."""
    others = [w for w in writers if w != reader]
    for chosen in ([w for w in others if w in parents], [w for w in others if w < reader]):
        if chosen:
            return chosen[-1]
    return others[0] if others else None


def _needs(wire: Wires) -> set[int]:
    return {w for w in wire.reads.values() if w is not None} | set(wire.after)


def _has_ring(wires: list[Wires]) -> bool:
    try:
        TopologicalSorter({number: _needs(wire) for number, wire in enumerate(wires)}).prepare()
    except CycleError:
        return True
    return False


def _cut(number: int, wire: Wires) -> None:
    """Drop whatever a task needs of later ones."""
    late = {name for name, w in wire.reads.items() if w is not None and w > number}
    wire.gone |= late
    wire.reads = {name: w for name, w in wire.reads.items() if name not in late}
    wire.after = [w for w in wire.after if w < number]


def _place(tasks: Sequence[Task], steps: Sequence[str], wires: list[Wires]) -> None:
    """Give every output a path: its own where that is free, else one in a folder of the step."""
    raw = {plain_path(n) for wire in wires for n, w in wire.reads.items() if w is None}
    written = {plain_path(name) for task in tasks for name in task.outputs}
    taken: set[str] = set(raw)
    for number, task in enumerate(tasks):
        for path, name in {plain_path(name): name for name in reversed(task.outputs)}.items():
            inside = any(above in written or above in raw for above in _above(path))
            if path in taken or inside or path.split("/")[0] in _OURS:
                path = f"again/{steps[number]}/{path.replace('/', '%2F')}"
            taken.add(path)
            wires[number].writes[name] = path


def _above(path: str) -> list[str]:
    """The folders that a path lies in: `a/b/c` in `a` and `a/b`."""
    return list(accumulate(path.split("/")[:-1], "{}/{}".format))
