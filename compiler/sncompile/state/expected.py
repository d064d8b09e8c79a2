"""What jobs are expected to take, by what they took before: time, memory, and what they write.

What nobody measured of a job is taken from the other jobs of its step, by the middle of them; if there are none, from
what the step asks for (`time`, `memory`, `disk`); and if it asks for nothing, it counts as nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from sncompile.lowering.amounts import Amounts, SizeOf
from sncompile.lowering.model import Task
from sncompile.state.decisions import TaskDecisions
from sncompile.state.store import Measured, State
from sncompile.state.versions import size_in


class Basis(StrEnum):
    """What an expectation rests on."""

    OWN = "own"
    """What the job itself took when it last ended."""
    STEP = "step"
    """The middle of its step's other jobs."""
    SAID = "said"
    """What the step asks for."""
    NOTHING = "nothing"
    """Nobody measured it, and nobody said it."""


class Expected(NamedTuple):
    """What a job is expected to take: seconds, megabytes of memory, and the bytes of all that it writes.

    Of these, `temporary` are those that the run deletes again. What each rests on stands behind them. `replaced` are
    the bytes of what the job made before and is still there: they are gone when it starts.
    """

    seconds: float
    memory: float
    written: int
    temporary: int
    seconds_by: Basis
    memory_by: Basis
    written_by: Basis
    replaced: int = 0


class _Took(NamedTuple):
    """What a job took: seconds, megabytes, bytes in all and temporary ones; None for what nobody measured."""

    seconds: float | None = None
    memory: float | None = None
    written: int | None = None
    temporary: int = 0
    sizes: Sequence[int] = ()


_NOTHING = _Took()


class Expectations:
    """What the jobs of a task are expected to take. `states` are those that the decisions rest on."""

    def __init__(self, made: TaskDecisions, states: Mapping[str, State], size_of: SizeOf) -> None:
        self._made, self._states, self._task = made, states, made.task
        ports = [port for _, port in sorted(made.task.outputs.items())]
        self._ports = ports if any(port.temp for port in ports) else []
        self._all_temporary = bool(ports) and all(port.temp for port in ports)
        self._time, self._memory, self._disk = (Amounts(made.task, n, size_of) for n in ("time", "memory", "disk"))
        self._same = self._time.same and self._memory.same and self._disk.same
        self._measures = any(states[root].measures for root in {*made.roots})
        self._middles: dict[str, _Took] | None = None
        self._unknown = _NOTHING if made.task.outputs else _Took(written=0)
        self._never: dict[str, Expected] = {}
        self._ended: dict[int, _Took] = {}

    def of(self, number: int) -> Expected:
        """What a job is expected to take."""
        if self._made.before[number] is not None:
            return self._expected(number)
        step = step_of(self._task, number)
        if step not in self._never:
            found = self._expected(number)
            if not self._same:
                return found
            self._never[step] = found
        return self._never[step]

    def _expected(self, number: int) -> Expected:
        own, step = self._took(number), _NOTHING
        if own.seconds is None or own.written is None or (self._measures and own.memory is None):
            step = self._middle(step_of(self._task, number))
        seconds, seconds_by = _first(own.seconds, step.seconds, self._time, number, 60)
        memory, memory_by = _first(own.memory, step.memory, self._memory, number, 1)
        written, written_by = _first(own.written, step.written, self._disk, number, 1_000_000)
        temporary = own.temporary
        if written_by is Basis.STEP:
            temporary = step.temporary
        elif written_by is Basis.SAID and self._all_temporary:
            temporary = int(written)
        replaced = 0
        for path, size in zip(self._made.outputs[number], own.sizes, strict=False):
            replaced += size if size > 0 and os.path.lexists(path) else 0
        return Expected(seconds, memory, int(written), temporary, seconds_by, memory_by, written_by, replaced)

    def _took(self, number: int) -> _Took:
        """What a job took when it last ended."""
        found = self._ended.get(number)
        if found is None:
            found = self._ended[number] = self._look(number)
        return found

    def _look(self, number: int) -> _Took:
        """How long a job took that was adopted, nobody knows."""
        before = self._made.before[number]
        if before is None:
            return self._unknown
        measured = self._measured(number) if self._measures else None
        sizes = _sizes(before.outputs, measured)
        temporary, written = 0, None if -1 in sizes else sum(sizes)
        if self._ports and written:
            temporary = written if self._all_temporary else self._temporary(number, sizes)
        seconds = _amount(before.seconds) if before.ended else None
        return _Took(seconds, None if measured is None else _amount(measured.memory), written, temporary, sizes)

    def _measured(self, number: int) -> Measured | None:
        return self._states[self._made.roots[number]].measures.get(self._made.keys[number])

    def _temporary(self, number: int, sizes: Sequence[int]) -> int:
        flags = (port.temp for port in self._ports for _ in port.paths[number])
        return sum(size for size, temp in zip(sizes, flags, strict=False) if temp)

    def _middle(self, step: str) -> _Took:
        if self._middles is None:
            self._middles = dict(self._find_middles())
        return self._middles.get(step, _NOTHING)

    def _find_middles(self) -> Iterator[tuple[str, _Took]]:
        """What the jobs of each step took in the middle; of memory the most, as too little of it is worse."""
        found: dict[str, list[_Took]] = {}
        for number, before in enumerate(self._made.before):
            if before is not None:
                found.setdefault(step_of(self._task, number), []).append(self._took(number))
        for step, every in found.items():
            seconds = [each.seconds for each in every if each.seconds is not None]
            memory = [each.memory for each in every if each.memory is not None]
            written = [each.written for each in every if each.written is not None]
            yield (
                step,
                _Took(
                    median(seconds) if seconds else None,
                    max(memory, default=None),
                    int(median(written)) if written else None,
                    int(median(each.temporary for each in every)),
                ),
            )


def _sizes(versions: Sequence[str], measured: Measured | None) -> list[int]:
    """The bytes of a job's outputs, by their versions or as they were measured; -1 where nobody knows."""
    sizes = list(map(size_in, versions))
    if -1 in sizes and measured is not None and len(measured.sizes) == len(sizes):
        return [max(-1, known) if size < 0 else size for size, known in zip(sizes, measured.sizes, strict=True)]
    return sizes


def _first(
    own: float | None, step: float | None, said: Amounts, number: int, unit: int
) -> tuple[float, Basis]:  # fmt: skip
    """The first of these that there is."""
    if own is not None:
        return own, Basis.OWN
    if step is not None:
        return step, Basis.STEP
    asked = said(number)
    return (0.0, Basis.NOTHING) if asked is None else (float(asked * unit), Basis.SAID)


def _amount(told: float | None) -> float | None:
    """An amount that a state tells, where it is one: a state is somebody's file."""
    return told if told is not None and 0 <= told < _NO_AMOUNT else None


_NO_AMOUNT = 1e12


def step_of(task: Task, number: int) -> str:
    """The step of the spec that a job comes from."""
    return task.ids[number].partition("/")[0] if task.made_of else task.name
