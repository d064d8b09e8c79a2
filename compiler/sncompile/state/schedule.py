"""How jobs would follow each other on one machine: a simulation that starts what is ready and fits, as engines do.

    cores    |##align A##|##align B##|#count#|
             |##align C##|..........|

Jobs wait for those that they read from, and for cores and memory to be free. What they write lies on the disk from
their start; what is temporary goes when all have ended that read it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple


@dataclass(slots=True)
class Load:
    """Jobs by their numbers, in an order in which they could be done: what each takes, and what follows it.

    `asked` is the memory that must be free for a job, in megabytes, `memory` what it is expected to use. `growth` are
    the bytes by which the disk is fuller while it runs and after it, but for those that are `temporary`; `reads` are
    the jobs whose temporary files it reads, and `readers` the number of jobs that read a job's own. What is not `must`
    may turn out to be current, and takes nothing then. Jobs without cpus are places where others meet: they take
    nothing ever.
    """

    seconds: list[float] = field(default_factory=list)
    cpus: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    growth: list[int] = field(default_factory=list)
    temporary: list[int] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    """Of jobs that are ready, those of the lowest rank start first."""
    must: list[bool] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    """How many others each waits for."""
    following: list[list[int]] = field(default_factory=list)
    reads: dict[int, set[int]] = field(default_factory=dict)
    readers: list[int] = field(default_factory=list)

    def add(
        self, seconds: float, cpus: int, *, asked: int = 0, memory: float = 0.0, growth: int = 0, temporary: int = 0,
        rank: int = 0, must: bool = True,
    ) -> int:  # fmt: skip
        """Add a job, and give its number."""
        self.seconds.append(seconds)
        self.cpus.append(cpus)
        self.asked.append(asked)
        self.memory.append(memory)
        self.growth.append(growth)
        self.temporary.append(temporary)
        self.rank.append(rank)
        self.must.append(must)
        self.before.append(0)
        self.readers.append(0)
        self.following.append([])
        return len(self.seconds) - 1

    def wait(self, number: int, sources: Sequence[int]) -> None:
        """Have a job wait for others."""
        self.before[number] += len(sources)
        for source in sources:
            self.following[source].append(number)


class Outcome(NamedTuple):
    """What a schedule comes to: seconds, and the most megabytes of memory and bytes of disk at any one time."""

    seconds: float
    memory: float
    disk: int


_Class = tuple[int, int, int]
"""Jobs that are alike to whoever chooses: their rank, cpus, and memory that must be free."""


def simulate(load: Load, cores: int, memory: int | None, *, all_that_may: bool) -> Outcome:
    """Do all jobs on a machine; those that only may run take nothing, unless `all_that_may` do run."""
    return _Simulation(load, cores, memory, all_that_may).run()


class _Simulation:
    def __init__(self, load: Load, cores: int, memory: int | None, all_that_may: bool) -> None:
        self._load, self._all = load, all_that_may
        self._cores, self._most_cores = cores, cores
        self._most_free, self._used, self._grain = memory, 0, max(1, (memory or 0) // 100)
        self._waiting, self._readers = list(load.before), list(load.readers)
        self._ready: dict[_Class, deque[int]] = {}
        self._classes: list[_Class] = []
        self._running: list[tuple[float, int]] = []
        self._now = 0.0
        self._memory, self._disk = 0.0, 0
        self._peaks = (0.0, 0)

    def run(self) -> Outcome:
        """The whole schedule."""
        self._offer(number for number, count in enumerate(self._load.before) if not count)
        self._start()
        while self._running:
            self._now, number = heappop(self._running)
            self._end(number)
            # What ends at the same moment ends before anything starts.
            while self._running and self._running[0][0] <= self._now:
                self._end(heappop(self._running)[1])
            self._start()
        return Outcome(self._now, *self._peaks)

    def _offer(self, numbers: Iterable[int]) -> None:
        """Have jobs be started when they fit; those that take nothing are done at once."""
        load = self._load
        pending = deque(numbers)
        while pending:
            number = pending.popleft()
            if not self._takes(number):
                self._let_go(number)
                pending.extend(self._released(number))
                continue
            each = (load.rank[number], min(load.cpus[number], self._most_cores), self._asks(number))
            if each not in self._ready:
                self._ready[each] = deque()
                self._classes = sorted(self._ready)
            self._ready[each].append(number)

    def _takes(self, number: int) -> bool:
        """Whether a job takes anything."""
        return bool(self._load.cpus[number]) and (self._all or self._load.must[number])

    def _asks(self, number: int) -> int:
        """The memory that must be free for a job: engines cut down what is more than there is.

        It is rounded up, so that there are few amounts, however many jobs.
        """
        if self._most_free is None:
            return 0
        return min(-(-self._load.asked[number] // self._grain) * self._grain, self._most_free)

    def _released(self, number: int) -> list[int]:
        """Those that wait for nothing more once a job is done."""
        found, waiting = [], self._waiting
        for each in self._load.following[number]:
            waiting[each] -= 1
            if not waiting[each]:
                found.append(each)
        return found

    def _start(self) -> None:
        """Start what fits."""
        load = self._load
        for each in self._classes:
            if not self._cores:
                break
            ready, (_, cpus, asked) = self._ready[each], each
            while ready and cpus <= self._cores and (self._most_free is None or self._used + asked <= self._most_free):
                number = ready.popleft()
                self._cores -= cpus
                self._used += asked
                self._memory += load.memory[number]
                self._disk += load.growth[number] + load.temporary[number]
                heappush(self._running, (self._now + load.seconds[number], number))
        self._peaks = (max(self._peaks[0], self._memory), max(self._peaks[1], self._disk))

    def _end(self, number: int) -> None:
        load = self._load
        self._cores += min(load.cpus[number], self._most_cores)
        self._used -= self._asks(number)
        self._memory -= load.memory[number]
        self._let_go(number)
        if not load.readers[number]:
            self._disk -= load.temporary[number]
        self._offer(self._released(number))

    def _let_go(self, number: int) -> None:
        """Delete the temporary files that a job was the last to read."""
        for source in self._load.reads.get(number, ()):
            self._readers[source] -= 1
            if not self._readers[source] and self._takes(source):
                self._disk -= self._load.temporary[source]
