"""How cost grows with the number of jobs, and what it would be where nothing was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tests.bench.measure import Found


class Growth(NamedTuple):
    """`cost = start + factor × jobs ^ exponent`, by least squares of the logarithms over `points` sizes."""

    exponent: float
    factor: float
    start: float
    points: int

    def at(self, jobs: int) -> float:
        """Seconds of CPU time that this foretells."""
        return self.start + self.factor * math.pow(jobs, self.exponent)


def growth_of(series: Sequence[Found]) -> Growth | None:
    """The growth of a series' CPU time; None where too little stands out of the start to tell.

    The smallest size is the cost of starting up: it is taken off, and sizes at which less than a quarter as much comes
    on top of it (or less than 0.05 s, which is noise) are left out. There must be two sizes, a factor of 3 apart.
    """
    points = sorted((found.jobs, found.median_cpu) for found in series if found.measured)
    if len(points) < 3:
        return None
    start = points[0][1]
    above = [(jobs, cpu - start) for jobs, cpu in points[1:] if cpu - start >= max(start / 4, 0.05)]
    if len(above) < 2 or above[-1][0] < 3 * above[0][0]:
        return None
    xs, ys = [math.log(jobs) for jobs, _ in above], [math.log(cost) for _, cost in above]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    exponent = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
    return Growth(exponent, math.exp(y - exponent * x), start, len(above))


def foretold(series: Sequence[Found], jobs: int) -> float | None:
    """Seconds of CPU time that a run of `jobs` jobs is likely to take; None where nothing was measured.

    From the last size, with the exponent of the series, or as if it were 1 where that cannot be told yet.
    """
    points = sorted((found.jobs, found.median_cpu) for found in series if found.measured)
    if not points:
        return None
    growth = growth_of(series)
    last_jobs, last_cpu = points[-1]
    start = points[0][1] if len(points) > 1 else last_cpu
    exponent = growth.exponent if growth is not None else 1.0
    return start + (last_cpu - start) * math.pow(jobs / last_jobs, exponent)


def estimated(series: Sequence[Found], name: str, jobs: int) -> Found:
    """What a size that was left out would cost, marked as an estimate."""
    cost, growth = foretold(series, jobs), growth_of(series)
    if cost is None or growth is None:
        return Found(name, jobs, note="not run")
    return Found(name, jobs, cpu=[cost], note=f"estimated, jobs^{growth.exponent:.2f}")
