"""Which of the jobs that could start the engine chooses from."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from sncompile.runner.engine.choosing import SPARE, Waking, Weighed, Window


class Job(NamedTuple):
    rule: str
    size: int
    number: int


def weigh(jobs: Iterable[Job]) -> Iterable[Weighed[Job]]:
    return (Weighed(job, job.rule, 0, 0, job.size) for job in sorted(jobs, key=lambda job: job.number))


def test_few_jobs_are_all_shown() -> None:
    ready = {Job("a", size, size) for size in range(2 * SPARE)}
    assert {*Window[Job]().shown(ready, 0, weigh)} == ready


def test_of_many_the_heaviest_and_the_lightest_of_each_rule_are_shown() -> None:
    """What asks for little fits beside what asks for much."""
    ready = {Job(rule, size, size) for rule in "ab" for size in range(1_000)}
    most = SPARE + 4
    expected = {*range(most), *range(1_000 - most, 1_000)}
    shown = Window[Job]().shown(ready, 4, weigh)
    assert len(shown) == len({*shown}) == 4 * most
    for rule in "ab":
        assert {job.size for job in shown if job.rule == rule} == expected


def test_of_equal_jobs_the_first_to_come_are_first() -> None:
    ready = {Job("a", 5, number) for number in range(100)}
    window = Window[Job]()
    window.shown(ready, 1, weigh)
    late = Job("a", 5, 1_000)
    shown = window.shown({*ready, late}, 1, weigh)
    assert [job.number for job in shown[: SPARE + 1]] == [*range(SPARE + 1)]
    assert shown[-1] == late


@pytest.mark.parametrize("seed", range(20))
def test_what_is_shown_is_what_a_look_at_all_would_show(seed: int) -> None:
    """While jobs start, fail and wait again, and others come."""
    rng = random.Random(seed)
    window, ready, running = Window[Job](), set[Job](), set[Job]()
    order: dict[Job, int] = {}
    for turn in range(200):
        for _ in range(rng.randrange(0, 12)):
            ready.add(Job(rng.choice("abc"), rng.randrange(9), len(order) + turn * 1000))
        for job in [job for job in running if rng.random() < 0.5]:
            running.discard(job)
            if rng.random() < 0.3:
                ready.add(job)
        order = {job: place for job, place in order.items() if job in ready}
        for job in sorted(ready - order.keys(), key=lambda job: job.number):
            order[job] = max(order.values(), default=0) + 1
        free = rng.randrange(4)
        shown = window.shown(ready, free, weigh)
        expected: list[Job] = []
        for rule in "abc":
            every = sorted((j for j in ready if j.rule == rule), key=lambda j: (-j.size, order[j]))
            most = free + SPARE
            expected += every if len(every) <= 2 * most else [*every[:most], *every[-most:]]
        assert sorted(shown) == sorted(expected)
        started = set(rng.sample(shown, min(free, len(shown))))
        ready -= started
        running |= started


def test_jobs_are_weighed_once() -> None:
    """Every look at what a job reads asks the system, or a server."""
    asked: list[Job] = []

    def counting(jobs: Iterable[Job]) -> Iterable[Weighed[Job]]:
        new = list(jobs)
        asked.extend(new)
        return weigh(new)

    window = Window[Job]()
    ready = {Job("a", size, size) for size in range(300)}
    while ready:
        ready -= {*window.shown(ready, 2, counting)[:2]}
    assert len(asked) == 300


def test_many_that_ask_for_a_look_get_one() -> None:
    """Each look asks for another one: all of them kept, they would grow with the jobs that have ended."""
    scheduler = SimpleNamespace(_open_jobs=threading.Semaphore(0))
    waking, before = Waking(), {*threading.enumerate()}
    for delay in (1_000.0, *[500.0] * 50, 0.0):
        waking.wake_after(scheduler, delay)
    timers = [
        thread for thread in threading.enumerate() if thread not in before and isinstance(thread, threading.Timer)
    ]
    assert scheduler._open_jobs.acquire(timeout=10)
    assert sorted(timer.interval for timer in timers)[-2:] == [500.0, 1_000.0]
    assert len(timers) <= 3, "the one without a delay may be over"
    for timer in timers:
        timer.cancel()
