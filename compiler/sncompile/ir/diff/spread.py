"""How changes spread: a job changes with what it reads from, whatever it says itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from sncompile.ir.diff.sides import Sides, Sources
from sncompile.ir.diff.tally import Changes
from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import in_turn

Marks = Sequence[int]
"""Of every job of a family the steps whose changes reach it, itself among them: the bit k stands for the step k."""


class Spread:
    """Where changes come from. `marks` has no entry for a family that nothing reaches."""

    def __init__(self, sides: Sides, changes: Mapping[str, Changes]) -> None:
        self._sides, self._changes = sides, changes
        self._names = list(sides.new.families)
        self._bits = {name: 1 << number for number, name in enumerate(self._names)}
        self.marks: dict[str, Marks] = {}
        self.above: dict[str, Counter[int]] = {}
        """Of every family, how many jobs have changed only because of what they read, by the steps it came from."""
        self._fresh: dict[str, Set[int]] = {}
        for name in sides.new.order():
            self._mark(name)

    def _mark(self, name: str) -> None:
        family, own = self._sides.new.families[name], self._changes[name]
        fresh = self._sides.pairing.new[name]
        reads = [
            (step, self.marks[step], sources)
            for value in taken(family).values()
            for step, sources in self._sides.reads_now(value, family)
            if step in self.marks
        ]
        within = [
            sources
            for value in taken(family).values()
            for step, sources in self._sides.reads_now(value, family)
            if step == name
        ]
        if not reads and not own.why and not fresh:
            return
        if within:
            self._mark_chain(name, reads, within)
            return
        marks = [0] * len(family.keys)
        for _, source, numbers in reads:
            _take_over(marks, source, numbers)
        why, new, bit = own.why, set(fresh), self._bits[name]
        if reads:
            touched = (n for n, mark in enumerate(marks) if mark and n not in new and not (why and why[n]))
            self.above[name] = Counter(marks[n] for n in touched)
        if any(self._fresh.get(step) for step, _, _ in reads):
            # That new jobs are read is such a job's own reason: an input that it did not have.
            for number in (n for n, bits in enumerate(why) if bits):
                marks[number] = self._of_old(reads, number)
        for number, bits in enumerate(why):
            if bits:
                marks[number] |= bit
        for number in fresh:
            marks[number] = bit
        self._fresh[name] = new
        if any(marks):
            self.marks[name] = marks

    def _mark_chain(self, name: str, reads: list[tuple[str, Marks, Sources]], within: list[Sources]) -> None:
        """As `_mark`, for a family whose jobs read from each other, one job after the other."""
        family, own = self._sides.new.families[name], self._changes[name]
        why, new, bit = own.why, set(self._sides.pairing.new[name]), self._bits[name]
        marks = [0] * len(family.keys)
        self._fresh[name] = new
        above: Counter[int] = Counter()
        for number in in_turn(len(marks), lambda n: [other for sources in within for other in sources(n)]):
            everything = [*reads, *((name, marks, sources) for sources in within)]
            changed = number < len(why) and why[number]
            if number in new:
                marks[number] = bit
                continue
            fresh = changed and any(self._fresh.get(step) for step, _, _ in everything)
            mark = 0
            for step, source, numbers in everything:
                left_out = self._fresh.get(step, frozenset()) if fresh else frozenset()
                for other in numbers(number):
                    mark |= source[other] if other not in left_out else 0
            if mark and not changed:
                above[mark] += 1
            marks[number] = mark | (bit if changed else 0)
        self.above[name] = above
        if any(marks):
            self.marks[name] = marks

    def _of_old(self, reads: list[tuple[str, Marks, Sources]], number: int) -> int:
        """The marks that a job takes over from jobs that are not new."""
        mark = 0
        for step, source, numbers in reads:
            fresh = self._fresh.get(step, frozenset())
            for other in numbers(number):
                if other not in fresh:
                    mark |= source[other]
        return mark

    def bit(self, name: str) -> int:
        """The mark of a step."""
        return self._bits[name]

    def names(self, mark: int) -> tuple[str, ...]:
        """The steps of a mark, in the spec's order."""
        found = []
        while mark:
            low = mark & -mark
            found.append(self._names[low.bit_length() - 1])
            mark ^= low
        return tuple(found)

    def below(self) -> Counter[str]:
        """How many jobs have changed only because of what they read, by each step whose changes reach them."""
        found: Counter[str] = Counter()
        for counted in self.above.values():
            for mark, jobs in counted.items():
                for name in self.names(mark):
                    found[name] += jobs
        return found


def _take_over(marks: list[int], source: Marks, numbers: Sources) -> None:
    """Every job takes over the marks of those that it reads from."""
    first = source[0]
    if all(mark == first for mark in source):
        # As it is after most edits: whoever reads anything there is reached.
        for here in range(len(marks)):
            if any(True for _ in numbers(here)):
                marks[here] |= first
        return
    everything = 0
    for mark in set(source):
        everything |= mark
    for here, mark in enumerate(marks):
        for number in numbers(here):
            mark |= source[number]
            if mark & everything == everything:
                break
        marks[here] = mark
