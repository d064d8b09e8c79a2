"""What has to run, and why.

A job is *current* when it does what it did when it last ended well, when its inputs are what they were then, and when
its outputs are as it left them. Otherwise it runs. A job that reads what another one is about to write *may* run: if
that turns out to be the same again, it stays as it is.

    align   A01  run    its input raw/A01.fq changed
            A02  stays
    count   A01  may    after align A01
            A02  stays
    report       may    after count A01

An output that is `temp` counts as there once it was deleted. If a job that reads it runs, its maker has to run first.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import compress
from typing import NamedTuple

from sncompile.ir.language.locations import is_url, servers_of
from sncompile.lowering.model import Input, JobRef, Lowered, Output, Task
from sncompile.remote.servers import Servers
from sncompile.state.job_files import JobFiles
from sncompile.state.meaning import Meaning, Meanings
from sncompile.state.places import Places
from sncompile.state.store import Done, State, stamps_of
from sncompile.state.versions import ABSENT, Hashing, Looker


class Verdict(IntEnum):
    """What becomes of a job."""

    STAYS = 0
    MAY = 1
    RUN = 2


class Why(StrEnum):
    """Why a job runs, or may."""

    UNKNOWN = "unknown"
    """No run is known to have made its results."""
    UNFINISHED = "unfinished"
    """It failed when it last ran, or was stopped."""
    CHANGED = "changed"
    """It does something else than it did."""
    INPUT = "input"
    """An input is not what it was."""
    INPUTS = "inputs"
    """It reads more files than it did, or fewer."""
    OUTPUT = "output"
    """An output is not as the job left it."""
    GONE = "gone"
    """An output is not there."""
    HALF = "half"
    """A run died while it was being made."""
    NEEDED = "needed"
    """Its temporary output was deleted, and is needed again."""
    AFTER = "after"
    """A job that it reads from runs."""
    ASKED = "asked"
    """Somebody asked for it."""


NEVER_DONE = frozenset({Why.UNKNOWN, Why.UNFINISHED})
"""The reasons of jobs of which no results are known."""


class Reason(NamedTuple):
    """The first reason, and what of: parts of a digest, a path, or the id of a job."""

    why: Why
    what: str = ""


@dataclass(slots=True)
class TaskDecisions:
    """The decisions about the jobs of a task, each list with an item for each job.

    `keys` are by what the state knows them, in the root `roots`. `inputs` and `outputs` are absolute paths, and
    `before` what is known of their last end.
    """

    task: Task
    keys: list[str]
    roots: list[str]
    digests: list[str]
    inputs: list[tuple[str, ...]]
    outputs: list[tuple[str, ...]]
    verdicts: list[Verdict]
    reasons: list[Reason | None]
    before: list[Done | None]


class Elsewhere(NamedTuple):
    """Results of a job that lie in another place, and how they were made.

    `outputs` are where they are, absolute, in the order of the job's own; `mark` is the mark of a job that writes
    nothing. `whose` says whose they are: a step, or a folder. If it `moves` they are taken away from there.
    """

    done: Done
    outputs: tuple[str, ...]
    mark: str
    whose: str
    moves: bool


@dataclass(frozen=True, slots=True)
class Decisions:
    """What becomes of each job of a pipeline, by task, and of which jobs that is asked (`wanted`)."""

    tasks: Mapping[str, TaskDecisions]
    wanted: Mapping[str, Sequence[int]]
    looker: Looker
    """Who has looked at the files."""
    gone: Mapping[str, str]
    """Temporary outputs that were deleted, and count as there: their versions."""
    brought: Mapping[tuple[str, int], Elsewhere]
    """The jobs that need not run, or may not have to, once these results are in their places: by task and number."""
    states: Mapping[str, State]
    """What is known in each root."""

    def count(self, name: str) -> Counter[Verdict]:
        """How many of a task's wanted jobs stay, may run and run."""
        verdicts = self.tasks[name].verdicts
        return Counter(verdicts[number] for number in self.wanted.get(name, ()))

    def total(self) -> Counter[Verdict]:
        """The same of all tasks."""
        return sum((self.count(name) for name in self.tasks), Counter[Verdict]())

    def jobs(self) -> Iterator[tuple[TaskDecisions, int]]:
        """The wanted jobs that run or may run."""
        for name, numbers in self.wanted.items():
            found = self.tasks[name]
            yield from ((found, number) for number in numbers if found.verdicts[number])


Finder = Callable[[TaskDecisions, int], Iterable[Elsewhere]]
"""From a job to results elsewhere that the same job has made."""


def decide(
    lowered: Lowered,
    places: Places,
    states: Mapping[str, State],
    wanted: Mapping[str, Sequence[int]],
    marks: Mapping[str, Sequence[str]],
    *,
    hashing: Hashing = Hashing.SMALL,
    half: Collection[str] = (),
    asked: Callable[[str, int], bool] | None = None,
    looker: Looker | None = None,
    finders: Sequence[Finder] = (),
    servers: Servers | None = None,
) -> Decisions:
    """What becomes of each job of a pipeline.

    `states` are those of all written roots, by root; the first one has what lies in none of them. `marks` has the mark
    of each job of the tasks that write nothing. `half` are the outputs, absolute, that a dead run left half-written.
    `asked` says of which jobs it was asked that they run whatever is known of them. `finders` are asked for results of
    jobs that would have to run. `servers` are asked for what URLs name. Raises `OSError` for a
    file of a module that cannot be read.
    """
    return _Deciding(
        lowered, places, states, wanted, marks, hashing, frozenset(half), asked, looker, finders, servers
    ).decide()


_FEW = 2
"""A list of more inputs may be one that many jobs read."""


class _Deciding:
    def __init__(
        self, lowered: Lowered, places: Places, states: Mapping[str, State], wanted: Mapping[str, Sequence[int]],
        marks: Mapping[str, Sequence[str]], hashing: Hashing, half: frozenset[str],
        asked: Callable[[str, int], bool] | None, looker: Looker | None, finders: Sequence[Finder],
        servers: Servers | None,
    ) -> None:  # fmt: skip
        self._lowered, self._states, self._wanted = lowered, states, wanted
        self._half, self._asked, self._finders = half, asked, finders
        self._files = JobFiles(lowered, states, marks)
        self._meanings = Meanings(lowered.files, places)
        servers = Servers(servers_of(lowered.roots.values()), lowered.sums) if servers is None else servers
        self._looker = looker or Looker(stamps_of(states), hashing, servers=servers)
        self._temp: dict[str, tuple[str, int, str]] = {}
        """Temporary outputs that were deleted: who makes them, and their version."""
        self._brought: dict[tuple[str, int], Elsewhere] = {}
        self._elsewhere_gone: dict[str, str] = {}
        """Temporary outputs of jobs that are not wanted that were deleted, and their versions."""
        self._there: dict[str, str] = {}
        """Outputs that are brought from elsewhere, and their versions."""
        self._pending: set[str] = set()
        """Outputs that are made anew: what they are now says nothing."""
        self._same: dict[tuple[int, int], str | None] = {}

    def decide(self) -> Decisions:
        self._ask_servers()
        found: dict[str, TaskDecisions] = {}
        for name, task in self._lowered.tasks.items():
            self._look_for_gone(task)
            if name in self._wanted:
                found[name] = self._task(task, found)
        while self._remake(found):
            for each in found.values():
                self._follow(each, found)
        gone = {**self._elsewhere_gone, **{path: version for path, (_, _, version) in self._temp.items()}}
        brought = {
            (name, number): results
            for (name, number), results in self._brought.items()
            if found[name].verdicts[number] is not Verdict.RUN
        }
        return Decisions(found, self._wanted, self._looker, gone, brought, self._states)

    def _ask_servers(self) -> None:
        """Ask for everything elsewhere at once: one by one it would take its time."""
        if self._looker.servers is None:
            return
        for name, numbers in self._wanted.items():
            task = self._lowered.tasks[name]
            ports: tuple[Input | Output, ...] = (*task.inputs.values(), *task.outputs.values())
            columns = [port.paths for port in ports if port.remote]
            self._looker.servers.ask(
                path for paths in columns for number in numbers for path in paths[number] or () if is_url(path)
            )

    def _look_for_gone(self, task: Task) -> None:
        """Temporary outputs of jobs that are not wanted count as there, too, once a run has deleted them."""
        left = set(range(len(task))) - set(self._wanted.get(task.name, ()))
        temp = self._files.temporary(task) if left else frozenset()
        if not temp:
            return
        outputs = self._files.absolute([o.paths for _, o in sorted(task.outputs.items())], len(task))
        for number, first in enumerate(self._files.firsts(task, len(task))):
            root, key = self._files.home(first)
            before = self._states[root].jobs.get(key) if number in left else None
            if before is None or len(before.outputs) != len(outputs[number]):
                continue
            for path, known in zip(outputs[number], before.outputs, strict=True):
                if path in temp and self._looker.version(path) == ABSENT:
                    self._there[path] = self._elsewhere_gone[path] = known

    # --- One job at a time ------------------------------------------------------------------------------------------

    def _task(self, task: Task, above: Mapping[str, TaskDecisions]) -> TaskDecisions:
        size = len(task)
        inputs = self._files.absolute(
            [i.paths for _, i in sorted(task.inputs.items())], size, self._files.parameters(task)
        )
        outputs = self._files.absolute([o.paths for _, o in sorted(task.outputs.items())], size)
        firsts = self._files.firsts(task, size, outputs)
        roots, keys = self._files.homes(firsts)
        made = TaskDecisions(
            task,
            keys,
            roots,
            self._meanings.of(task),
            inputs,
            outputs,
            [Verdict.STAYS] * size,
            [None] * size,
            [None] * size,
        )
        temp = self._files.temporary(task)
        done = {root: state.jobs for root, state in self._states.items()}
        for number in self._wanted[task.name]:
            made.before[number] = done[roots[number]].get(keys[number])
        current = self._plainly_current(made, temp)
        for number in self._in_turn(task):
            if number in current:
                continue
            reason = self._reason(made, number, made.before[number], firsts[number], temp)
            if reason is not None and not self._bring(made, number, reason, temp):
                made.verdicts[number], made.reasons[number] = Verdict.RUN, reason
                # A later job of the same task may read it.
                self._pending.update(outputs[number])
        self._follow(made, {**above, task.name: made})
        if any(made.verdicts):
            self._pending.update(path for v, paths in zip(made.verdicts, outputs, strict=True) if v for path in paths)
        return made

    def _plainly_current(self, made: TaskDecisions, temp: Collection[str]) -> Collection[int]:
        """Jobs that have no reason to run, as far as that is seen of many at once: of those that stay it is nearly
        all, and each is decided on many times as fast."""
        task, before, outputs, inputs = made.task, made.before, made.outputs, made.inputs
        if self._asked is not None or self._half or self._there or temp or task.reads_itself or any(task.taken):
            return ()
        known = [
            (number, done)
            for number in self._wanted[task.name]
            if (done := before[number]) is not None
            and done.digest == made.digests[number]
            and len(done.outputs) == len(outputs[number]) > 0
            and len(done.inputs) == len(inputs[number])
        ]
        there = self._looker.unchanged((outputs[number], done.outputs) for number, done in known)
        known = list(compress(known, there))
        few = [(number, done) for number, done in known if len(done.inputs) <= _FEW]
        same = self._looker.unchanged((inputs[number], done.inputs) for number, done in few)
        found = {number for number, _ in compress(few, same)}
        if len(few) < len(known):
            other: set[tuple[int, int]] = set()
            found.update(
                number
                for number, done in known
                if len(done.inputs) > _FEW and self._is_plainly_same(inputs[number], done.inputs, other)
            )
        return found

    def _is_plainly_same(self, inputs: tuple[str, ...], known: Sequence[str], other: set[tuple[int, int]]) -> bool:
        """Whether a list of inputs is what it was. Of one that is not, as are those in `other`, nothing is kept for
        later: jobs that are decided on before it is asked for again may be about to make what has changed."""
        both = (id(inputs), id(known))
        if both not in self._same and both not in other:
            if self._unchanged(inputs, known):
                self._same[both] = None
            else:
                other.add(both)
        return both not in other and self._same[both] is None

    def _reason(
        self, made: TaskDecisions, number: int, before: Done | None, first: str, temp: Collection[str]
    ) -> Reason | None:
        """Why a job has to run, by what is known of itself."""
        if self._asked is not None and self._asked(made.task.name, number):
            return Reason(Why.ASKED)
        outputs = made.outputs[number]
        if self._half and not self._half.isdisjoint(outputs):
            return Reason(Why.HALF, next(path for path in outputs if path in self._half))
        if before is None:
            begun = made.keys[number] in self._states[made.roots[number]].begun
            return Reason(Why.UNFINISHED if begun else Why.UNKNOWN)
        if before.digest != made.digests[number]:
            parts = list(Meaning.differing(before.digest, made.digests[number]))
            then, now = len(before.inputs), len(made.inputs[number])
            return (
                Reason(Why.INPUTS, f"{then} → {now}")
                if parts == ["paths"] and then != now
                else Reason(Why.CHANGED, ", ".join(parts))
            )
        if len(before.outputs) != len(outputs) or len(before.inputs) != len(made.inputs[number]):
            return Reason(Why.CHANGED, "paths")
        if temp or not self._unchanged(outputs, before.outputs):
            for path, known in zip(outputs, before.outputs, strict=True):
                # One that was adopted after it had been deleted is known to be absent, and made when it must be read.
                if self._looker.same(path, known) and not (known == ABSENT and path in temp):
                    continue
                if self._looker.version(path) != ABSENT:
                    return Reason(Why.OUTPUT, path)
                if path in temp:
                    self._temp[path] = (made.task.name, number, known)
                    continue
                return Reason(Why.GONE, path)
        if not outputs and not os.path.lexists(first):
            return Reason(Why.GONE, first)
        changed = self._changed_input(made.inputs[number], before.inputs)
        return None if changed is None else Reason(Why.INPUT, changed)

    def _bring(self, made: TaskDecisions, number: int, reason: Reason, temp: Collection[str]) -> bool:
        """Whether a job need not run, as its results are elsewhere."""
        if reason.why is Why.ASKED or any(map(is_url, made.outputs[number])):
            return False  # No file at a server is moved or linked.
        for results in (each for finder in self._finders for each in finder(made, number)):
            done, outputs = results.done, made.outputs[number]
            if len(done.outputs) != len(outputs) or len(done.inputs) != len(made.inputs[number]):
                continue
            gone = [n for n, place in enumerate(results.outputs) if not self._looker.same(place, done.outputs[n])]
            if any(outputs[n] not in temp or self._looker.version(results.outputs[n]) != ABSENT for n in gone):
                continue
            if not outputs and not os.path.lexists(results.mark):
                continue
            if self._changed_input(made.inputs[number], done.inputs) is not None:
                continue
            self._temp.update({outputs[n]: (made.task.name, number, done.outputs[n]) for n in gone})
            self._there.update(zip(outputs, done.outputs, strict=True))
            self._brought[made.task.name, number] = results
            made.before[number] = done
            return True
        return False

    def _changed_input(self, inputs: tuple[str, ...], known: Sequence[str]) -> str | None:
        """The first input that is not what it was."""
        if len(inputs) <= _FEW:
            return self._first_changed(inputs, known)
        # A list that many jobs read is looked at once.
        both = (id(inputs), id(known))
        if both not in self._same:
            self._same[both] = self._first_changed(inputs, known)
        return self._same[both]

    def _first_changed(self, inputs: tuple[str, ...], known: Sequence[str]) -> str | None:
        if not self._there and self._unchanged(inputs, known):
            return None
        return next((p for p, k in zip(inputs, known, strict=True) if not self._is_same(p, k)), None)

    def _unchanged(self, paths: Sequence[str], known: Sequence[str]) -> bool:
        return next(self._looker.unchanged([(paths, known)]))

    def _is_same(self, path: str, known: str) -> bool:
        if path in self._there:
            return self._there[path] == known
        if self._looker.same(path, known) or path in self._pending:
            return True
        gone = self._temp.get(path)
        return gone is not None and gone[2] == known

    # --- What follows from others -----------------------------------------------------------------------------------

    def _follow(self, made: TaskDecisions, found: Mapping[str, TaskDecisions]) -> None:
        """Jobs that read from jobs that run, or may, may run."""
        task = made.task
        makers = {name for port in task.inputs.values() for name in port.makers}
        columns = [port.sources for port in task.inputs.values() if port.makers]

        def first_running(jobs: tuple[JobRef, ...]) -> JobRef | None:
            return next((j for j in jobs if j.task in running and found[j.task].verdicts[j.number]), None)

        running = {n for n in makers if n in found and (n == task.name or any(found[n].verdicts))}
        taken = [number for number in self._in_turn(task) if task.taken[number]] if len(task.taken) else []
        for number in taken:
            for each in task.taken[number]:
                source = found.get(each.job.task)
                if source is not None and source.verdicts[each.job.number] and not made.verdicts[number]:
                    made.verdicts[number] = Verdict.MAY
                    made.reasons[number] = Reason(Why.AFTER, source.task.ids[each.job.number])
        if not running:
            return
        for number in self._in_turn(task):
            if made.verdicts[number]:
                continue
            for column in columns:
                after = first_running(column[number])
                if after is not None:
                    made.verdicts[number] = Verdict.MAY
                    made.reasons[number] = Reason(Why.AFTER, found[after.task].task.ids[after.number])
                    break

    def _in_turn(self, task: Task) -> Sequence[int]:
        """The wanted jobs of a task, each after those of the same task that it reads from."""
        wanted = self._wanted[task.name]
        if not task.reads_itself:
            return wanted
        there = set(wanted)
        return [number for number in task.turns if number in there]

    def _remake(self, found: Mapping[str, TaskDecisions]) -> bool:
        """Have deleted files made again that jobs read which run, or may; whether there were any new ones."""
        new = False
        for made in reversed(list(found.values())) if self._temp else ():
            for number in self._wanted[made.task.name]:
                if not made.verdicts[number]:
                    continue
                for path in made.inputs[number]:
                    name, maker, _ = self._temp.get(path, ("", 0, ""))
                    if not name or found[name].verdicts[maker] is Verdict.RUN:
                        continue
                    if made.verdicts[number] is Verdict.RUN or self._depends(made.task, number, (name, maker), found):
                        found[name].verdicts[maker] = Verdict.RUN
                        found[name].reasons[maker] = Reason(Why.NEEDED, made.task.ids[number])
                        new = True
        return new

    def _depends(self, task: Task, number: int, apart: tuple[str, int], found: Mapping[str, TaskDecisions]) -> bool:
        """Whether a job may run for another one than that which is set `apart`: that one makes itself what it reads."""
        return any(
            (job.task, job.number) != apart and job.task in found and found[job.task].verdicts[job.number]
            for job in (
                *(job for port in task.inputs.values() for job in port.sources[number]),
                *(each.job for each in task.taken[number]),
            )
        )


def temporary_flags(task: Task, number: int) -> list[bool]:
    """Of each output of a job whether it is temporary, in the order of `TaskDecisions.outputs`."""
    return [port.temp for _, port in sorted(task.outputs.items()) for _ in port.paths[number]]
