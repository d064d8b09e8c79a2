"""How jobs would follow each other: with cores, memory, files that go again, and jobs that may not run."""

from __future__ import annotations

import random

import pytest

from sncompile.state.schedule import Load, simulate


def chain(load: Load, *seconds: float, **more: int) -> list[int]:
    """Jobs that come one after the other."""
    found: list[int] = []
    for each in seconds:
        found.append(load.add(each, 1, **more))
        load.wait(found[-1], found[-2:-1])
    return found


def seconds(load: Load, cores: int, memory: int | None = None) -> float:
    return simulate(load, cores, memory, all_that_may=True).seconds


def test_cores_are_shared() -> None:
    """What does not fit waits; a job that wants more cores than there are has all of them to itself."""
    load = Load()
    for _ in range(4):
        load.add(10, 1)
    assert [seconds(load, cores) for cores in (1, 2, 3, 9)] == [40, 20, 20, 10]
    load.add(5, 64)
    assert [seconds(load, cores) for cores in (1, 2, 9)] == [45, 25, 15]


def test_jobs_wait_for_others() -> None:
    """By themselves, and by a place where many meet, which takes nothing."""
    load = Load()
    a, b = chain(load, 1, 2), chain(load, 4, 8)
    meeting = load.add(0, 0)
    load.wait(meeting, [a[-1], b[-1]])
    for _ in range(3):
        load.wait(load.add(10, 1), [meeting])
    assert (seconds(load, 2), seconds(load, 3)) == (12 + 20, 12 + 10)


def test_memory_is_shared() -> None:
    """Jobs side by side fit into it; one that asks for more than there is has all of it."""
    load = Load()
    for asked in (6, 6, 6, 99):
        load.add(10, 1, asked=asked, memory=asked - 1)
    alone = simulate(load, 8, 10, all_that_may=True)
    assert (alone.seconds, alone.memory) == (40, 98)
    assert simulate(load, 8, 12, all_that_may=True).seconds == 30
    assert simulate(load, 8, None, all_that_may=True)[:2] == (10, 3 * 5 + 98)


def test_temporary_files_go_when_all_have_read_them() -> None:
    """The last reader lets them go; those further on come first, so that they do."""
    load = Load()
    for _ in range(3):
        source = load.add(1, 1, temporary=100, rank=0)
        readers = [load.add(1, 1, growth=1, rank=-1) for _ in range(2)]
        for reader in readers:
            load.wait(reader, [source])
            load.reads[reader] = {source}
            load.readers[source] += 1
    assert simulate(load, 1, None, all_that_may=True).disk == 100 + 6
    assert simulate(load, 3, None, all_that_may=True).disk == 300 + 3


def test_what_nobody_reads_goes_at_once() -> None:
    """And what is replaced makes room."""
    load = Load()
    load.wait(load.add(1, 1, growth=-50), [load.add(1, 1, temporary=100)])
    load.add(9, 1, growth=30)
    assert simulate(load, 2, None, all_that_may=True).disk == 130
    assert simulate(load, 1, None, all_that_may=True).disk == 100


def test_jobs_that_may_run() -> None:
    """They take nothing where they do not, and whoever waits for them goes on; others' files go all the same."""
    load = Load()
    first = load.add(10, 1, temporary=100)
    may = load.add(100, 1, temporary=7, memory=5, must=False)
    last = load.add(1, 1)
    load.wait(may, [first])
    load.wait(last, [may])
    load.reads = {may: {first}, last: {may}}
    load.readers = [1, 1, 0]
    assert simulate(load, 1, None, all_that_may=True) == (111, 5, 107)
    assert simulate(load, 1, None, all_that_may=False) == (11, 0, 100)


@pytest.mark.parametrize("seed", range(20))
def test_random_loads_are_done_within_bounds(seed: int) -> None:
    """On one core a job after the other; never faster than the longest chain, or than all cores at work."""
    chance = random.Random(seed)
    load, longest = Load(), []
    for number in range(60):
        load.add(chance.randint(1, 9), 1, asked=chance.randint(0, 5), growth=1)
        sources = chance.sample(range(number), min(number, chance.randint(0, 3)))
        load.wait(number, sources)
        longest.append(load.seconds[number] + max((longest[each] for each in sources), default=0))
    whole = sum(load.seconds)
    assert seconds(load, 1) == whole
    for cores in (2, 5):
        found = simulate(load, cores, 5, all_that_may=True)
        assert max(*longest, whole / cores) <= found.seconds <= whole
        assert found.disk == 60
