"""Has Snakemake choose the jobs that start next without a look at each of those that wait, whenever one has ended.

Of 10,000 jobs that could start it looks at all 10,000 each time: it asks the system for the sizes of all that they read
(of a file elsewhere its server, twice), and has a solver weigh them. That takes longer than short jobs do, and grows by
the square. So sizes are asked for once, those of files elsewhere never; and of each rule only some jobs are shown. The
jobs of a rule ask mostly for the same, so more of them than can start now decide nothing. Where they ask for what their
inputs need, large ones leave room that only small ones fill: so the first and the last in order are shown.

    jobs of a rule that wait, by (priority, temporary bytes, bytes) of what they read, for 1 free core
    9G 8G 8G 7G … 3G 2M 1M 1M       shown: the 17 on the left, from which Snakemake takes one, and the 17 on the right
    8G 8G 7G … 3G 2M 1M 1M          the next time: another one has moved up

Decision 0102.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
_REPLACED = ("open_jobs", "remaining_jobs", "update_input_sizes", "_schedule_reevalutation")
Waiting = tuple[float, float, float, int]
"""A job's place in the order of its rule's: what comes first is heavier, or came earlier."""

SPARE = 16
"""So many jobs more than can start are shown from each end."""

SCHEDULER = "greedy"
"""What chooses, unless somebody asks for another one. Snakemake's own choice is a solver of linear programs, for whose
answer every job waits some 20 ms."""


class Weighed(NamedTuple, Generic[T]):
    """A job that could start: its rule, its priority, the bytes of temporary files that it reads, and those of all."""

    job: T
    rule: object
    priority: float
    temporary: float
    read: float


class Window(Generic[T]):
    """The jobs that could start, by their rules and in order, and some of them to choose from."""

    def __init__(self) -> None:
        self._known: dict[T, tuple[object, Waiting]] = {}
        self._rules: dict[object, tuple[list[Waiting], list[T]]] = {}
        self._turn = 0

    def shown(self, ready: set[T], free: int, weigh: Callable[[Iterable[T]], Iterable[Weighed[T]]]) -> list[T]:
        """Of all jobs that could start those to choose from, where `free` can start at most.

        `weigh` is asked for those that were not there the last time.
        """
        for job in set(self._known).difference(ready):
            rule, waiting = self._known.pop(job)
            places, jobs = self._rules[rule]
            place = bisect_left(places, waiting)
            del places[place], jobs[place]
        for job, rule, priority, temporary, read in weigh(ready.difference(self._known)):
            self._turn += 1
            waiting = (-priority, -temporary, -read, self._turn)
            places, jobs = self._rules.setdefault(rule, ([], []))
            place = bisect_left(places, waiting)
            places.insert(place, waiting)
            jobs.insert(place, job)
            self._known[job] = rule, waiting
        most = free + SPARE
        held = [jobs for _, jobs in self._rules.values()]
        return [job for jobs in held for job in (jobs if len(jobs) <= 2 * most else (*jobs[:most], *jobs[-most:]))]


def choose_quickly(*, from_few: bool) -> None:
    """Have Snakemake ask for sizes once, wake once a second and, if `from_few`, look at some of the jobs that wait.

    A version that chooses in another way is left to it.
    """
    import_module("snakemake.cli")
    scheduler: Any = import_module("snakemake.scheduling.job_scheduler").JobScheduler
    if not all(hasattr(scheduler, name) for name in _REPLACED):
        return
    scheduler.update_input_sizes = _ask_once
    waking = Waking()
    scheduler._schedule_reevalutation = lambda self, delay: waking.wake_after(self, delay)
    if from_few:
        scheduler.open_jobs = property(functools.partial(_some, Window[Any]()))
    scheduler.remaining_jobs = property(functools.partial(_Remaining, scheduler.remaining_jobs.fget))


async def _ask_once(self: Any, jobs: Iterable[Any]) -> None:
    """Add the sizes of what jobs read, where they are not known yet."""
    known = self._input_sizes
    for path in {path for job in jobs for path in job.input if path not in known}:
        known[path] = 0 if path.is_storage else await path.size() if await path.exists() else None


def _some(window: Window[Any], self: Any) -> list[Any]:
    ready = self.workflow.dag.ready_jobs
    # A machine has cores, a cluster is given so many jobs at once.
    free = min(len(ready), *(self.resources.get(name, sys.maxsize) for name in ("_cores", "_nodes")))
    return window.shown(ready, free, functools.partial(_weigh, self))


def _weigh(self: Any, jobs: Iterable[Any]) -> Iterator[Weighed[Any]]:
    new = list(jobs)
    self.workflow.async_run(_ask_once(self, new))
    sizes = self._input_sizes
    for job in new:
        temporary = sum(sizes[path] or 0 for path in job.input if path.is_flagged("temp"))
        rule = job.groupid if job.is_group() else job.rule
        yield Weighed(job, rule, job.priority, temporary, sum(sizes[path] or 0 for path in job.input))


class Waking:
    """Has the scheduler look once more after some time, since it lets only so many jobs start in a second.

    Each of its looks asks for another one. All of them kept, there are as many a second as jobs have ended so far.
    """

    def __init__(self) -> None:
        self._due = 0.0

    def wake_after(self, scheduler: Any, delay: float) -> None:
        """Have it look in `delay` seconds, unless it will before."""
        now = time.monotonic()
        if now < self._due <= now + delay:
            return
        self._due = now + delay
        timer = threading.Timer(delay, scheduler._open_jobs.release)
        timer.daemon = True  # The run may end before.
        timer.start()


class _Remaining:
    """The jobs that are still to be done, looked for once somebody asks: whoever chooses greedily never does."""

    def __init__(self, find: Callable[[Any], Sequence[Any]], scheduler: Any) -> None:
        self._find, self._scheduler = find, scheduler

    def __iter__(self) -> Iterator[Any]:
        return iter(self._find(self._scheduler))

    def __len__(self) -> int:
        return len(self._find(self._scheduler))
