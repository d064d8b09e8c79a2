"""What differs in the jobs of one family, gathered job by job or all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.diff.likeness import same_plain
from sncompile.ir.diff.model import Kind, Reason, common
from sncompile.ir.graph.model import Family
from sncompile.ir.jobs.expansion import job_id


class Tally:
    """One thing that differs, and in how many jobs; the first of them is the example."""

    def __init__(self, kind: Kind, name: str, span: Span, there: tuple[bool, bool] = (True, True)) -> None:
        self.kind, self.name, self.span, self.there = kind, name, span, there
        self.jobs = 0
        self.bit = 0
        self._uniform = True
        self._old: Any = None
        self._new: Any = None
        self._number = 0

    def see(self, number: int, old: Any, new: Any, jobs: int = 1) -> None:
        """Note a job (or several that had and have the same) by the number of the first."""
        if not self.jobs:
            self._old, self._new, self._number = old, new, number
        elif self._uniform:
            self._uniform = same_plain(self._core(old, new), self._core(self._old, self._new))
        self.jobs += jobs

    def _core(self, old: Any, new: Any) -> tuple[Any, Any]:
        """What of two values differs: commands hold paths too, which differ between jobs."""
        if self.kind is not Kind.COMMAND or old is None or old.__class__ is not new.__class__:
            return old, new
        if isinstance(old, str):
            old, new = tuple(old.splitlines()), tuple(new.splitlines())
        start, end = common(old, new)
        return old[start : len(old) - end], new[start : len(new) - end]

    def reason(self, family: Family) -> Reason:
        """What was gathered."""
        example = job_id(family, self._number)
        return Reason(
            self.kind, self.name, self._old, self._new, self.jobs, self._uniform, example, *self.there, self.span
        )

    @property
    def label(self) -> str:
        """The reason in short, for a list of jobs."""
        return f"{self.kind.value} {self.name}".rstrip()


class Changes:
    """What differs in the jobs of one family of the new graph by themselves.

    `why[n]` has the bits of the tallies that count the job number n; it is empty where nothing differs.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self.tallies: list[Tally] = []
        self.settings: list[Tally] = []
        self.why: list[int] = []

    def job(self, tally: Tally, number: int, old: Any, new: Any) -> None:
        """A job differs."""
        tally.see(number, old, new)
        self._mark(tally, (number,))

    def all(self, tally: Tally, numbers: Sequence[int], old: Any, new: Any) -> None:
        """All of some jobs differ in the same way."""
        if numbers:
            tally.see(numbers[0], old, new, len(numbers))
            self._mark(tally, numbers)

    def _mark(self, tally: Tally, numbers: Iterable[int]) -> None:
        if not tally.bit:
            tally.bit = 1 << len(self.tallies)
            self.tallies.append(tally)
        if not self.why:
            self.why = [0] * len(self.family.keys)
        for number in numbers:
            self.why[number] |= tally.bit

    def untouched(self, number: int) -> bool:
        """Whether nothing of a job differs by itself."""
        return not self.why or not self.why[number]

    def labels(self, number: int) -> tuple[str, ...]:
        """The reasons of a job, in short."""
        bits = self.why[number] if self.why else 0
        return tuple(tally.label for tally in self.tallies if bits & tally.bit)
