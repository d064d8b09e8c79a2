"""Orders of jobs that need little of the disk, and jobs that are held to them side by side."""

from __future__ import annotations

import random
from itertools import permutations
from pathlib import Path

import pytest

from sncompile.runner.engine.disk_keeping import DiskKeeper, Place
from sncompile.runner.engine.hooks import EngineJob
from sncompile.runner.engine.levels import Levels
from sncompile.state.disk_order import smallest_order
from sncompile.state.schedule import Load


def random_load(seed: int, jobs: int) -> Load:
    """Jobs that read from others; some delete what they wrote, some replace what was there."""
    chance = random.Random(seed)
    load = Load()
    for number in range(jobs):
        temporary = chance.choice([0, 0, chance.randint(1, 20)])
        load.add(1, 1, growth=chance.randint(-2, 6), temporary=temporary)
        sources = chance.sample(range(number), min(number, chance.randint(0, 2)))
        load.wait(number, sources)
        reads = {each for each in sources if load.temporary[each]}
        load.reads[number] = reads
        for each in reads:
            load.readers[each] += 1
    return load


def levels_of(load: Load, order: list[int]) -> list[int]:
    """How full the disk is while each job of an order runs; the jobs that one waits for must come before it."""
    level, found, readers, done = 0, [], list(load.readers), set()
    for number in order:
        assert all(number not in load.following[later] for later in set(range(len(load.before))) - done - {number})
        done.add(number)
        level += load.growth[number] + load.temporary[number]
        found.append(level)
        for source in load.reads.get(number, ()):
            readers[source] -= 1
            level -= load.temporary[source] if not readers[source] else 0
        level -= load.temporary[number] if not load.readers[number] else 0
    return found


@pytest.mark.parametrize("seed", range(30))
def test_orders_are_orders_and_near_the_best(seed: int) -> None:
    """All jobs, each after those it waits for, with the levels that they come to; never twice what is needed."""
    load = random_load(seed, 7)
    found = smallest_order(load)
    order = [turn.job for turn in found.turns]
    assert [turn.level for turn in found.turns] == levels_of(load, order)
    assert found.peak == max(0, *levels_of(load, order))
    assert sum(found.held.values()) == found.peak
    best = None
    for each in permutations(range(7)):
        try:
            peak = max(0, *levels_of(load, list(each)))
        except AssertionError:
            continue
        best = peak if best is None else min(best, peak)
    assert best is not None
    assert best <= found.peak <= max(1.5 * best, best + 6)


def test_chains_are_done_one_after_the_other() -> None:
    """Also where two files are read together, and where many small ones are."""
    load = Load()
    pairs = [[load.add(1, 1, temporary=100) for _ in range(2)] for _ in range(50)]
    for pair in pairs:
        reader = load.add(1, 1, growth=1)
        load.wait(reader, pair)
        load.reads[reader] = set(pair)
        for each in pair:
            load.readers[each] += 1
    assert smallest_order(load).peak == 200 + 50


@pytest.mark.parametrize("sizes", [range(1, 41), range(40, 0, -1)])
def test_the_chain_that_needs_most_is_done_first(sizes: range) -> None:
    """Where all leave something: a file that is thinned out to half of it, which waits for all to be gathered."""
    load = Load()
    halves = []
    for size in sizes:
        whole, half = load.add(1, 1, temporary=2 * size), load.add(1, 1, temporary=size)
        load.wait(half, [whole])
        load.reads[half], load.readers[whole] = {whole}, 1
        halves.append(half)
    gather = load.add(1, 1, growth=1)
    load.wait(gather, halves)
    load.reads[gather] = set(halves)
    for half in halves:
        load.readers[half] = 1
    assert smallest_order(load).peak == max(sum(range(size + 1, 41)) + 3 * size for size in sizes)


@pytest.mark.parametrize("seed", range(10))
def test_levels_are_those_of_a_list(seed: int) -> None:
    """Raised and asked for at random."""
    chance = random.Random(seed)
    plain = [chance.randint(-5, 5) for _ in range(chance.randint(1, 20))]
    levels = Levels(plain)
    for _ in range(100):
        start = chance.randrange(len(plain))
        end = chance.randint(start + 1, len(plain))
        if chance.random() < 0.5:
            by = chance.randint(-9, 9)
            levels.lift(start, end, by)
            plain[start:end] = [each + by for each in plain[start:end]]
        assert levels.highest(start, end) == max(plain[start:end])
    levels.lift(0, 0, 5)
    assert levels.highest(0, len(plain)) == max(plain)


@pytest.mark.parametrize("seed", range(40))
def test_jobs_side_by_side_stay_below_the_budget(seed: int, tmp_path: Path) -> None:
    """They start and end at random, as many at once as the keeper lets: the budget holds, and all are done."""
    chance = random.Random(seed)
    load = random_load(seed, 40)
    order = smallest_order(load)
    budget = order.peak + chance.choice([0, 5, 50])
    names = {number: f"f{number}" for number in range(40)}
    places = [Place(names[turn.job], turn.needs, turn.level, 0) for turn in order.turns]
    keeper = DiskKeeper(budget, places, tmp_path, lambda objection: None)
    jobs = {number: EngineJob(((name, False, False),), ()) for number, name in names.items()}
    waiting, readers = list(load.before), list(load.readers)
    running, done, level, most = set[int](), set[int](), 0, 0
    while len(done) < 40:
        ready = [number for number in jobs if not waiting[number] and number not in running | done]
        chosen = keeper.choose(ready, lambda number: [jobs[number]])
        started = {number for number in chosen if chance.random() < 0.8}
        keeper.give_back([jobs[number] for number in chosen if number not in started])
        assert chosen or running, "the run has come to a halt"
        for number in started:
            level += load.growth[number] + load.temporary[number]
        running |= started
        most = max(most, len(running))
        assert level <= budget
        if not running:
            continue
        number = chance.choice(sorted(running))
        running.remove(number)
        done.add(number)
        if chance.random() < 0.8:
            keeper.end(jobs[number], well=True, whole=True)
        else:
            keeper.pass_over([names[number]])
        for source in load.reads.get(number, ()):
            readers[source] -= 1
            level -= load.temporary[source] if not readers[source] else 0
        level -= load.temporary[number] if not load.readers[number] else 0
        for each in load.following[number]:
            waiting[each] -= 1
    assert most > 1 or budget < order.peak + 50


def test_room_that_was_given_back_is_free(tmp_path: Path) -> None:
    """Jobs that were chosen and did not start may be chosen again, and others in their place."""
    places = [Place(f"f{number}", 10, 10 * (number + 1), 10) for number in range(3)]
    keeper = DiskKeeper(30, places, tmp_path, lambda objection: None)
    jobs = [EngineJob(((place.engine, False, False),), ()) for place in places]
    for _ in range(3):
        assert keeper.choose(jobs, lambda job: [job]) == jobs
        keeper.give_back(jobs[1:])
    assert keeper.choose(jobs[2:], lambda job: [job]) == jobs[2:]
    tight = DiskKeeper(30, [places[0], Place("f1", 20, 30, 20)], tmp_path, lambda objection: None)
    for job in (jobs[1], jobs[0]):
        assert tight.choose([job], lambda job: [job]) == [job]
        tight.give_back([job])
