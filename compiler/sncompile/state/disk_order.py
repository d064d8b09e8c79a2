"""An order in which jobs can be done one by one so that the disk never gets fuller than need be.

    align A  +10       align A  +10        the same jobs: in the first order two large files
    align B  +20       count A  +1         lie there at once, in the second one
    count A  +11       align B  +11
    count B   +2       count B  +2

The best order of all is hard to find (it is NP-hard), so three ways are tried, and the best one is taken: to go on with
what was begun last, to do first what lets the most be deleted, and to begin with the chain of jobs that leaves least of
what it needs: where all leave something, the one that needs most is best done while there is room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from sncompile.state.schedule import Load

_Rank = tuple[int, ...]


class Turn(NamedTuple):
    """A job, the bytes that it adds to the disk while it runs, and by how much that is fuller then than at first."""

    job: int
    needs: int
    level: int


class DiskOrder(NamedTuple):
    """An order, the highest level in it, and what makes that up: the bytes of each job that lie there then."""

    turns: tuple[Turn, ...]
    peak: int
    held: Counter[int]


def smallest_order(load: Load) -> DiskOrder:
    """The order that needs least of those that are tried."""
    return min(
        (_Ordering(load, rank).order() for rank in (_begun_last, _frees_most, _falls_most)),
        key=lambda order: order.peak,
    )


class _Ordering:
    """Does jobs one by one; of those that are ready, the one of the lowest rank."""

    def __init__(self, load: Load, rank: Callable[[_Ordering, int], _Rank]) -> None:
        self.load, self._rank = load, rank
        self.waiting, self.readers = list(load.before), list(load.readers)
        self._reading: dict[int, list[int]] = {}
        for reader, sources in load.reads.items():
            for source in sources:
                self._reading.setdefault(source, []).append(reader)
        self._ready: list[tuple[_Rank, int, int]] = []
        self._done = [False] * len(load.before)
        self._count = 0
        self._level = 0
        self._turns: list[Turn] = []
        self._changes: list[tuple[int, int]] = []
        """By how many bytes more or less of each job there is, one change after the other."""
        self._peak = self._until_peak = 0
        self._falls: dict[int, tuple[int, int]] = {}

    def order(self) -> DiskOrder:
        """The whole order."""
        # What is offered last is done first.
        for number in reversed(range(len(self.load.before))):
            if not self.load.before[number]:
                self._offer(number)
        while self._ready:
            _, _, number = heappop(self._ready)
            if not self._done[number]:
                self._do(number)
        held: Counter[int] = Counter()
        for number, change in self._changes[: self._until_peak]:
            held[number] += change
        return DiskOrder(tuple(self._turns), self._peak, held)

    def frees(self, number: int) -> int:
        """The bytes of temporary files that go when a job has read them."""
        return sum(self.load.temporary[each] for each in self.load.reads.get(number, ()) if self.readers[each] == 1)

    def nearest(self, number: int) -> int:
        """Of the jobs that read a job's temporary files: how many others the one waits for that waits for fewest."""
        return min((self.waiting[reader] for reader in self._reading.get(number, ())), default=0)

    def fall(self, number: int) -> int:
        """By how much the disk becomes emptier again once a chain is done that begins with a job: jobs of which each
        waits for the one before alone."""
        chain = [number]
        while chain[-1] not in self._falls:
            following = self.load.following[chain[-1]]
            if len(following) != 1 or self.load.before[following[0]] != 1:
                break
            chain.append(following[0])
        peak, rest = self._falls.get(chain[-1], (0, 0))
        for each in reversed(chain if chain[-1] not in self._falls else chain[:-1]):
            needs = self.load.growth[each] + self.load.temporary[each]
            read = (source for source in self.load.reads.get(each, ()) if self.load.readers[source] == 1)
            left = needs - sum(self.load.temporary[source] for source in read)
            peak, rest = max(needs, left + peak), left + rest
            self._falls[each] = peak, rest
        peak, left = self._falls[number]
        return peak - left

    def _offer(self, number: int) -> None:
        self._count += 1
        heappush(self._ready, (self._rank(self, number), -self._count, number))

    def _do(self, number: int) -> None:
        load = self.load
        self._done[number] = True
        if load.cpus[number]:
            needs = load.growth[number] + load.temporary[number]
            self._change(number, needs)
            self._turns.append(Turn(number, needs, self._level))
            if self._level > self._peak:
                self._peak, self._until_peak = self._level, len(self._changes)
        for source in load.reads.get(number, ()):
            self.readers[source] -= 1
            if not self.readers[source]:
                self._change(source, -load.temporary[source])
        if not load.readers[number]:
            self._change(number, -load.temporary[number])
        self._release(number)

    def _change(self, number: int, size: int) -> None:
        self._level += size
        self._changes.append((number, size))

    def _release(self, number: int) -> None:
        for each in self.load.following[number]:
            self.waiting[each] -= 1
            if not self.waiting[each]:
                self._offer(each)
            elif self.waiting[each] < _FEW:
                # What it still waits for has come nearer to being deleted.
                for source in self.load.reads.get(each, ()):
                    if not self._done[source] and not self.waiting[source]:
                        self._offer(source)


_FEW = 8


def _begun_last(ordering: _Ordering, number: int) -> _Rank:
    """First what makes the disk emptier, then what was made ready last."""
    net = ordering.load.growth[number] - ordering.frees(number)
    return (0, net) if not ordering.load.readers[number] and net <= 0 else (1,)


def _frees_most(ordering: _Ordering, number: int) -> _Rank:
    """First what makes the disk emptier, then what is nearest to being read, and last what stays for ever."""
    load = ordering.load
    net = load.growth[number] - ordering.frees(number)
    if not load.readers[number]:
        return (0, net) if net <= 0 else (2, net)
    return (1, ordering.nearest(number), net + load.temporary[number])


def _falls_most(ordering: _Ordering, number: int) -> _Rank:
    """First what makes the disk emptier, then what begins the chain that leaves least of what it needs."""
    load = ordering.load
    net = load.growth[number] + (load.temporary[number] if load.readers[number] else 0) - ordering.frees(number)
    return (0, net) if net <= 0 else (1, -ordering.fall(number))
