"""When the jobs of a run worked, as what can be drawn: bars in lanes, or, of very many, how many worked at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sncompile.runner.measures import JobTime

MOST_BARS = 400
MOST_LANES = 24
BUCKETS = 240

_NICE = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60 * n for n in (1, 2, 5, 10, 15, 30)),
    *(3600 * n for n in (1, 2, 3, 6, 12, 24, 48, 96, 168)),
)


class Bar(NamedTuple):
    """A job: its left end and width in per cent of the whole, and the lane in which it stands."""

    left: float
    width: float
    lane: int
    job: JobTime


class Row(NamedTuple):
    """A step: its bars, or, where they are too many, `crowd`: the outline of how many jobs worked at once.

    `crowd` is a polygon in a square of 100 by 100; `most` is how many that was at most.
    """

    step: str
    bars: tuple[Bar, ...]
    lanes: int
    crowd: str
    most: int


class Tick(NamedTuple):
    """A mark of the time axis, in per cent, with the seconds since the start."""

    left: float
    seconds: float


def timeline(steps: Sequence[str], jobs: Sequence[JobTime]) -> tuple[list[Row], list[Tick]]:
    """The rows of all steps that had jobs, and the axis."""
    if not jobs:
        return [], []
    start, end = min(job.started for job in jobs), max(job.ended for job in jobs)
    span = max(end - start, 1e-3)
    by_step: dict[str, list[JobTime]] = {step: [] for step in steps}
    for job in jobs:
        by_step.setdefault(job.name.step, []).append(job)
    rows = [_row(step, sorted(found, key=lambda j: j.started), start, span) for step, found in by_step.items() if found]
    return rows, _ticks(span)


def _row(step: str, jobs: list[JobTime], start: float, span: float) -> Row:
    lanes: list[float] = []
    bars = []
    for job in jobs:
        lane = next((n for n, free in enumerate(lanes) if free <= job.started), len(lanes))
        lanes[lane : lane + 1] = [job.ended]
        if len(lanes) > MOST_LANES:
            break
        left, width = 100 * (job.started - start) / span, 100 * job.seconds / span
        bars.append(Bar(left, width, lane, job))
    most = _most(jobs)
    if len(jobs) > MOST_BARS or len(lanes) > MOST_LANES:
        return Row(step, (), 3, _crowd(jobs, start, span, most), most)
    return Row(step, tuple(bars), len(lanes), "", most)


def _most(jobs: Sequence[JobTime]) -> int:
    """How many jobs worked at once at most."""
    now = most = 0
    for _, change in sorted([(j.started, 1) for j in jobs] + [(j.ended, -1) for j in jobs]):
        now += change
        most = max(most, now)
    return most


def _crowd(jobs: Sequence[JobTime], start: float, span: float, most: int) -> str:
    """How many jobs worked in each part of the time, as a polygon."""
    found = [0.0] * BUCKETS
    wide = span / BUCKETS
    for job in jobs:
        first = min(BUCKETS - 1, int((job.started - start) / wide))
        last = min(BUCKETS - 1, int((job.ended - start) / wide))
        for bucket in range(first, last + 1):
            left, right = start + bucket * wide, start + (bucket + 1) * wide
            found[bucket] += max(0.0, min(right, job.ended) - max(left, job.started)) / wide
    points = ["0,100"]
    for bucket, count in enumerate(found):
        high = 100 - 100 * count / max(most, 1)
        points += [f"{100 * bucket / BUCKETS:.2f},{high:.1f}", f"{100 * (bucket + 1) / BUCKETS:.2f},{high:.1f}"]
    return " ".join([*points, "100,100"])


def _ticks(span: float) -> list[Tick]:
    step = next((nice for nice in _NICE if span / nice <= 7), _NICE[-1] * max(1, round(span / _NICE[-1] / 7)))
    return [Tick(100 * n * step / span, n * step) for n in range(int(span / step) + 1)]
