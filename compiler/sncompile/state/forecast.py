"""What a run would take: time, memory, and disk, by what its jobs took before.

It is as good as that: other data, another machine, or a machine that others work on make it wrong. So it says what it
rests on. What the engine itself needs between jobs is no part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sncompile.lowering.amounts import Amounts, SizeOf, sizes_in
from sncompile.lowering.model import JobRef, Task
from sncompile.state.decisions import Decisions, TaskDecisions, Verdict
from sncompile.state.expected import Basis, Expectations, Expected, step_of
from sncompile.state.schedule import Load, Outcome, simulate
from sncompile.uncollected import uncollected


@dataclass(slots=True)
class Grounds:
    """What the expectations of an amount rest on: how many jobs by what, and the steps that nobody measured."""

    jobs: Counter[Basis] = field(default_factory=Counter)
    never: dict[str, Basis] = field(default_factory=dict)

    def note(self, basis: Basis, step: str, jobs: int) -> None:
        """Count jobs."""
        self.jobs[basis] += jobs
        if basis in (Basis.SAID, Basis.NOTHING):
            self.never[step] = basis

    @property
    def known(self) -> bool:
        """Whether anything is known of any job."""
        return any(self.jobs[basis] for basis in (Basis.OWN, Basis.STEP, Basis.SAID))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run with so many cores, and so much memory (megabytes, None for any), would take.

    `least` is if no job runs that only may, `most` if all of them do. `written` are the bytes of all outputs in that
    case, and `temporary` those of them that are deleted again.
    """

    cores: int
    memory: int | None
    jobs: int
    least: Outcome
    most: Outcome
    written: int
    temporary: int
    seconds_by: Grounds
    memory_by: Grounds
    written_by: Grounds
    beyond: Mapping[str, int]
    """Steps whose jobs ask for more memory than there is, and the most that one asks for, in megabytes."""


@uncollected()
def forecast(decisions: Decisions, folder: str, cores: int, memory: int | None) -> Forecast:
    """What the jobs that run, or may, would take; `folder` is their working folder."""
    work = Workload(decisions, folder)
    most = simulate(work.load, cores, memory, all_that_may=True)
    least = most if all(work.load.must) else simulate(work.load, cores, memory, all_that_may=False)
    jobs = sum(work.seconds_by.jobs.values())
    beyond: dict[str, int] = {}
    for job, asked in enumerate(work.load.asked):
        if memory is not None and asked > memory:
            step = work.step_of(job)
            beyond[step] = max(asked, beyond.get(step, 0))
    return Forecast(
        cores, memory, jobs, least, most, work.written, work.temporary, work.seconds_by, work.memory_by,
        work.written_by, beyond,
    )  # fmt: skip


class Workload:
    """The jobs that run, or may, as a load.

    `jobs` has the job of each number in it, of a batch its first one, and `sizes` the bytes that it writes in all.
    Files that are asked for stay where they are, be they temporary: these are `kept`, absolute.
    """

    def __init__(self, decisions: Decisions, folder: str, kept: Collection[str] = ()) -> None:
        self.load = Load()
        self.jobs: dict[int, JobRef] = {}
        self.sizes: list[int] = []
        self._tasks = decisions.tasks
        self.written = self.temporary = 0
        self.seconds_by, self.memory_by, self.written_by = Grounds(), Grounds(), Grounds()
        self._numbers: dict[str, dict[int, int]] = {}
        """For each task, what its jobs are called in the load: those of a batch are one."""
        self._met: dict[int, tuple[Sequence[JobRef], int]] = {}
        self._kept = frozenset(kept)
        size_of = sizes_in(folder)
        for rank, name in enumerate(decisions.tasks):
            self._task(decisions.tasks[name], decisions, size_of, rank)
        self._keep_unread()

    def _task(self, made: TaskDecisions, decisions: Decisions, size_of: SizeOf, rank: int) -> None:
        task = made.task
        wanted = set(decisions.wanted.get(task.name, ()))
        busy = [number for number in task.turns if number in wanted and made.verdicts[number]]
        if not busy:
            return
        expectations = Expectations(made, decisions.states, size_of)
        cpus, asked = Amounts(task, "cpus", size_of), Amounts(task, "memory", size_of)
        columns, grounds = list(_columns(task)), []
        numbers = self._numbers[task.name] = {}
        batches: dict[int, int] = {}
        # Those of a priority come first, and then those further on: what they read may be deleted the sooner.
        order = -((task.priority or int(task.urgent)) * len(decisions.tasks) + rank)
        for number in busy:
            each = expectations.of(number)
            if self._kept and not self._kept.isdisjoint(made.outputs[number]):
                each = each._replace(temporary=0)
            grounds.append((step_of(task, number), each.seconds_by, each.memory_by, each.written_by))
            must = made.verdicts[number] is Verdict.RUN
            growth = each.written - each.temporary - each.replaced
            # What only may run may leave what is there.
            growth = growth if must else max(0, growth)
            batch = task.batches[number] if task.batches else None
            if batch in batches:
                job = batches[batch]
                self._join(job, each, growth, must)
            else:
                job = self.load.add(
                    each.seconds, cpus(number) or 1, asked=asked(number) or 0, memory=each.memory, growth=growth,
                    temporary=each.temporary, rank=order, must=must,
                )  # fmt: skip
                self.sizes.append(each.written)
                self.jobs[job] = JobRef(task.name, number)
                if batch is not None:
                    batches[batch] = job
            numbers[number] = job
            self.written += each.written
            self.temporary += each.temporary
            if columns:
                self._wait(job, columns, number)
        self._note(Counter(grounds))

    def id_of(self, job: int) -> str:
        """What a job of the load is called."""
        task, number = self.jobs[job]
        return self._tasks[task].task.ids[number]

    def step_of(self, job: int) -> str:
        """The step of the spec that a job of the load comes from."""
        task, number = self.jobs[job]
        return step_of(self._tasks[task].task, number)

    def _note(self, grounds: Counter[tuple[str, Basis, Basis, Basis]]) -> None:
        for (step, seconds, memory, written), jobs in grounds.items():
            self.seconds_by.note(seconds, step, jobs)
            self.memory_by.note(memory, step, jobs)
            self.written_by.note(written, step, jobs)

    def _join(self, number: int, each: Expected, growth: int, must: bool) -> None:
        """Have a job be done by the one of its batch, after those before it."""
        load = self.load
        load.seconds[number] += each.seconds
        load.memory[number] = max(load.memory[number], each.memory)
        load.growth[number] += growth
        load.temporary[number] += each.temporary
        load.must[number] |= must
        self.sizes[number] += each.written

    def _wait(self, job: int, columns: Sequence[_Column], number: int) -> None:
        for refs_of, reading in columns:
            refs = refs_of[number]
            if len(refs) < _MANY:
                self.load.wait(job, [n for n in map(self._called, refs) if n is not None and n != job])
            else:
                self.load.wait(job, [self._meeting(refs)])
            if reading and self.temporary:
                self._read(job, refs)

    def _called(self, ref: JobRef) -> int | None:
        numbers = self._numbers.get(ref.task)
        return None if numbers is None else numbers.get(ref.number)

    def _meeting(self, refs: Sequence[JobRef]) -> int:
        """The place where many jobs meet, which many others may wait for."""
        known = self._met.get(id(refs))
        if known is None:
            place = self.load.add(0.0, 0)
            self.sizes.append(0)
            self.load.wait(place, [n for n in map(self._called, refs) if n is not None])
            known = self._met[id(refs)] = (refs, place)
        return known[1]

    def _keep_unread(self) -> None:
        """What no job reads that runs is not deleted: somebody asked for it."""
        load = self.load
        for job, size in enumerate(load.temporary):
            if size and not load.readers[job]:
                load.temporary[job] = 0
                load.growth[job] += size
                self.temporary -= size

    def _read(self, job: int, refs: Sequence[JobRef]) -> None:
        reads = self.load.reads.setdefault(job, set())
        for source in map(self._called, refs):
            if source is not None and self.load.temporary[source] and source not in reads:
                reads.add(source)
                self.load.readers[source] += 1


_MANY = 8


class _Column(NamedTuple):
    """For each job of a task, others that it waits for, and whether it reads what they write."""

    refs_of: Sequence[Sequence[JobRef]]
    reading: bool


def _columns(task: Task) -> Iterator[_Column]:
    for port in task.inputs.values():
        if port.makers:
            yield _Column(list(port.sources), True)
    if any(task.taken):
        yield _Column([tuple(each.job for each in taken) for taken in task.taken], True)
    if any(task.ordered):
        yield _Column(list(task.ordered), False)
