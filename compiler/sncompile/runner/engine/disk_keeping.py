"""Keeps what a run writes below a number of bytes: jobs wait until there is room for what they write.

Snakemake can hold jobs to a resource while they run, and forgets it at their end; what they wrote lies there until it
was read. So jobs are held back here. There is an order of all jobs in which, done one by one, they stay below the
budget (`state/disk_order.py`). A job may start before its turn if there is room for what it writes all the while until
its turn comes:

    turn        1    2    3    4        budget 40
    level      10   30   12   22
    with 4 now 20   40   22   22        4 writes 10, and fits in before its turn

So the rest can always be done in that order, and no run comes to a halt with a disk full of files that wait to be read.
A job that writes more than was expected raises all that comes after it; if nothing fits then, the run ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from sncompile.faults.runs import OVER_BUDGET
from sncompile.runner.engine.hooks import EngineJob
from sncompile.runner.engine.jobs import Objection
from sncompile.runner.engine.levels import Levels
from sncompile.views.rounded import size_text

T = TypeVar("T")


class Place(NamedTuple):
    """A job's place in the order: the file that the engine knows it by, the bytes by which the disk is fuller while it
    runs, that level, and the bytes that it writes in all."""

    engine: str
    needs: int
    level: int
    writes: int


class DiskKeeper:
    """Says which jobs may start; a listener of the engine's jobs. `budget` and levels are bytes more than at first.

    `refuse` hears why the run cannot go on.
    """

    def __init__(
        self, budget: int, order: Sequence[Place], working: Path, refuse: Callable[[Objection], None]
    ) -> None:  # fmt: skip
        self._budget, self._order, self._working, self._refuse = budget, order, working, refuse
        self._places = {os.path.normpath(place.engine): number for number, place in enumerate(order)}
        self._levels = Levels([place.level for place in order])
        self._started, self._done = set[int](), set[int]()
        self._turn = 0

    def choose(self, jobs: Iterable[T], plain: Callable[[T], list[EngineJob]]) -> list[T]:
        """Those of some jobs for all of which there is room at once; it is theirs until `give_back`.

        The engine may hand over several jobs as one.
        """
        found = []
        numbered = [([n for each in plain(job) if (n := self._place(each)) >= 0], job) for job in jobs]
        for numbers, job in sorted(numbered, key=lambda each: min(each[0], default=-1)):
            if all(number in self._started or self._fits(number) for number in numbers):
                found.append(job)
                for number in numbers:
                    self._start(number)
        return found

    def give_back(self, jobs: Iterable[EngineJob]) -> None:
        """Jobs that were chosen do not start now."""
        for job in jobs:
            number = self._place(job)
            if number >= 0:
                self._started.discard(number)
                self._levels.lift(self._turn, number, -max(0, self._order[number].needs))

    def stuck(self) -> str:
        """Nothing runs, and for nothing there is room: why."""
        room = size_text(self._budget)
        message = f"no job fits any more into {room}, as jobs wrote more than was expected, or failed"
        self._refuse(Objection(OVER_BUDGET.code, message))
        return message

    def pass_over(self, outputs: Iterable[str]) -> None:
        """A job with such outputs turned out to be current, and has written nothing."""
        self._end(self._named(outputs))

    def begin(self, jobs: list[EngineJob]) -> None:
        """Nothing is to be done then."""

    def prepared(self, job: EngineJob) -> None:
        """Nothing is to be done then."""

    def failing(self, job: EngineJob) -> None:
        """Nothing is to be done then: its room is for its next try."""

    def end(self, job: EngineJob, *, well: bool, whole: bool) -> None:
        """See what a job has written that ended well; more than was expected stays in the way of all others."""
        number = self._place(job)
        if number < 0 or not well:
            return
        more = sum(size_of(self._working / path) for path, _, _ in job.outputs) - self._order[number].writes
        if more > 0:
            self._levels.lift(self._turn, len(self._order), more)
        self._end(number)

    def _place(self, job: EngineJob) -> int:
        return self._named(path for path, _, _ in job.outputs)

    def _named(self, outputs: Iterable[str]) -> int:
        """The place in the order of a job with such outputs; -1 for one that has none, as it writes nothing."""
        return next((n for path in outputs if (n := self._places.get(os.path.normpath(path), -1)) >= 0), -1)

    def _fits(self, number: int) -> bool:
        most = self._levels.highest(number, number + 1)
        if number > self._turn:
            most = max(most, self._levels.highest(self._turn, number) + self._order[number].needs)
        return most <= self._budget

    def _start(self, number: int) -> None:
        if number not in self._started:
            self._started.add(number)
            self._levels.lift(self._turn, number, max(0, self._order[number].needs))

    def _end(self, number: int) -> None:
        if number < 0:
            return
        self._done.add(number)
        while self._turn in self._done:
            self._turn += 1


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a directory."""
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    return sum(size_of(Path(here, name)) for here, _, names in os.walk(path) for name in names)
