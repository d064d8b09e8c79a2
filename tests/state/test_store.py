"""The files of a state: whatever is cut off or changed, what is read was once written."""

from __future__ import annotations

import os
import random
from dataclasses import fields
from pathlib import Path

import pytest

from sncompile.state.log import Log, line_of, write_whole
from sncompile.state.store import (
    Done,
    Made,
    Measured,
    State,
    compact,
    folder_of,
    job_rows,
    log_place,
    made_row,
    measure_row,
    open_log,
    put_off_rows,
    read_state,
    rows_of,
    unreadable,
)


def done(number: int) -> Done:
    return Done(f"digest{number}", (f"{number}:in", "-"), (f"{number}:out",), 100.0 + number, 0.5)


def write(root: Path, name: str, jobs: dict[str, Done], forgotten: tuple[str, ...] = ()) -> Path:
    path, generation = log_place(read_state(str(root)), name)
    log = open_log(path, generation)
    for key in forgotten:
        log.write([["x", [key]]])
    for key, job in jobs.items():
        log.write([*job_rows({key: job}, set()), ["f", [f"{key}.in"], [1], [2], [2], [3], ["1:x"]]])
    log.close()
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path, "one", {"a": done(1), "b": done(2)})
    write(tmp_path, "two", {"a": done(3)}, forgotten=("b", "never"))
    state = read_state(str(tmp_path))
    assert {key: (job.digest, tuple(job.inputs), tuple(job.outputs)) for key, job in state.jobs.items()} == {
        "a": ("digest3", ("3:in", "-"), ("3:out",))
    }
    assert state.stamps == {f"{tmp_path}/{key}.in": (1, 2, 2, 3, "1:x") for key in "ab"}


def test_a_log_that_is_cut_off_anywhere_says_less_and_nothing_wrong(tmp_path: Path) -> None:
    """A writer that is killed at any byte: the jobs whose lines were whole are known, as they were."""
    jobs = {f"job {number}": done(number) for number in range(4)}
    path = write(tmp_path, "one", jobs)
    whole = path.read_bytes()
    known = set()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        found = read_state(str(tmp_path)).jobs
        assert all(tuple(found[key].outputs) == tuple(jobs[key].outputs) for key in found)
        known.add(len(found))
    assert known == {0, 1, 2, 3, 4}


def test_a_log_in_which_bytes_have_changed_says_less_and_nothing_wrong(tmp_path: Path) -> None:
    jobs = {f"job {number}": done(number) for number in range(4)}
    path = write(tmp_path, "one", jobs)
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed)
        for key, job in read_state(str(tmp_path)).jobs.items():
            assert tuple(job.outputs) == tuple(jobs[key].outputs)


@pytest.mark.parametrize(
    "row",
    [
        ["j", "a", "d", [], [], 0, 0],
        ["j", ["a"], [1], [[]], [[]], [0], [0]],
        ["j", ["a"], ["d"], ["=unknown"], [[]], [0], [0]],
        ["j", ["a", "b"], ["d"], [[]], [[]], [0], [0]],
        ["f", ["a"], ["big"], [1], [1], [1], ["v"]],
        ["f", ["a"], [1], [1], [1], [1], [1]],
        ["x", "a"],
        ["m", ["a"], [1.5], [1]],
        ["m", ["a"], ["much"], [[1]]],
        ["m", ["a", "b"], [1.5], [[1]]],
        ["s", 1, []],
        ["?"],
        [{}],
        [None],
    ],
)
def test_rows_that_make_no_sense_are_passed_over(row: list[object], tmp_path: Path) -> None:
    path = write(tmp_path, "one", {"kept": done(1)})
    path.write_bytes(path.read_bytes() + line_of(row) + line_of(next(job_rows({"also": done(2)}, set()))))
    assert set(read_state(str(tmp_path)).jobs) == {"kept", "also"}


def test_what_was_measured_is_kept(tmp_path: Path) -> None:
    """As long as its job is known, also where many files become one."""
    path = write(tmp_path, "one", {"a": done(1), "b": done(2)})
    measured = {"a": Measured(12.5, (7, -1)), "b": Measured(None, (3,)), "gone": Measured(1, ())}
    log = open_log(path, 1)
    log.write([measure_row(measured)])
    log.close()
    assert read_state(str(tmp_path)).measures == measured
    for number in range(9):
        write(tmp_path, f"run{number}", {"c": done(number)})
    compact(str(tmp_path), ())
    assert len(list(folder_of(str(tmp_path)).iterdir())) == 1
    assert read_state(str(tmp_path)).measures == {key: measured[key] for key in "ab"}


def test_all_that_is_known_of_a_job_outlives_that_many_files_become_one() -> None:
    """Each field of a state, but for what tells of the files themselves."""
    before = State("/base", "/base")
    before.jobs["k"] = Done("d", ["1:x"], ["2:y"], 1.0, 2.0)
    before.measures["k"] = Measured(3.5, (4,))
    before.stamps["/base/b"] = (4, 5, 5, 6, "w")
    before.made["k"] = Made("main", ("k", "k.more"))
    before.put_off.add("k")
    before.begun.add("l")
    after = State("/base", "/base")
    for row in rows_of(before):
        after.take(row)
    for field in fields(State):
        if field.name not in ("lists", "generation", "rows", "lines"):
            assert getattr(before, field.name), field.name
            assert getattr(after, field.name) == getattr(before, field.name), field.name


def test_jobs_that_stand_in_a_line_each_become_few_lines(tmp_path: Path) -> None:
    """As a run leaves them: they take several times as long to be read."""
    jobs = {f"job {number}": done(number) for number in range(1500)}
    path = write(tmp_path, "run", jobs)
    before = read_state(str(tmp_path))
    assert before.lines > len(jobs)
    compact(str(tmp_path), ())
    after = read_state(str(tmp_path))
    assert (after.jobs, after.stamps) == (before.jobs, before.stamps)
    assert after.lines < 10
    assert not path.exists()


def test_lists_of_many_jobs_do_not_have_a_state_written_again(tmp_path: Path) -> None:
    """Each has a line of its own, also where all is one file."""
    lists = {n: Done("d", [f"{n}:{k}" for k in range(20)], ["1:o"], 1.0, 1.0) for n in map(str, range(1500))}
    write(tmp_path, "run", lists)
    compact(str(tmp_path), ())
    (one,) = folder_of(str(tmp_path)).iterdir()
    before = one.stat()
    compact(str(tmp_path), ())
    assert one.stat().st_ino == before.st_ino


def test_temporary_outputs_wait_until_they_are_deleted_or_made_again() -> None:
    state = State("/base")
    for row in put_off_rows({"a": True, "b": True, "c": True}):
        state.take(row)
    state.take(["x", ["a"]])
    for row in put_off_rows({"b": False}):
        state.take(row)
    assert state.put_off == {"c"}
    state.take(["t", ["c"], [0]])
    assert state.put_off == {"c"}, "a row that makes no sense"


def test_a_later_form_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "one", {"a": done(1)})
    path.write_bytes(path.read_bytes().replace(line_of(["h", 1, 1]), line_of(["h", 2, 1])))
    assert not read_state(str(tmp_path)).jobs


def test_what_a_full_disk_cuts_off_leaves_the_next_line_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path / "log", 1)
    write_some = os.write
    with monkeypatch.context() as full:
        full.setattr("os.write", lambda file, data: write_some(file, data[:7]))
        with pytest.raises(OSError, match="space"):
            log.write(list(job_rows({"lost": done(1)}, set())))
    log.write(list(job_rows({"kept": done(2)}, set())))
    (tmp_path / ".sncompile" / "state").mkdir(parents=True)
    (tmp_path / "log").rename(tmp_path / ".sncompile" / "state" / "0000000001-x.log")
    assert set(read_state(str(tmp_path)).jobs) == {"kept"}


def test_many_files_become_one(tmp_path: Path) -> None:
    """Those of runs that are over; what is read is the same before and after, and after a death in between."""
    long = tuple(f"{n}:x" for n in range(20))
    for number in range(6):
        write(tmp_path, f"run{number}", {f"job {number}": done(number), "again": done(number)})
    state = read_state(str(tmp_path))
    state.jobs["gathers"] = state.jobs["too"] = Done("d", long, ("1:o",), 1.0, 2.0)
    write_whole(folder_of(str(tmp_path)) / "0000000007-run6.log", 7, rows_of(state))
    before = read_state(str(tmp_path))
    names = {path.name: path.read_bytes() for path in folder_of(str(tmp_path)).iterdir()}
    compact(str(tmp_path), {"run2"})
    assert {path.name for path in folder_of(str(tmp_path)).iterdir()} == set(names)  # Not while a run writes.
    compact(str(tmp_path), ())
    after = read_state(str(tmp_path))
    assert (after.jobs.keys(), after.stamps) == (before.jobs.keys(), before.stamps)
    assert all(list(after.jobs[key].inputs) == list(before.jobs[key].inputs) for key in before.jobs)
    assert [path.name for path in folder_of(str(tmp_path)).iterdir()] == ["0000000007-~all.log"]
    for name, held in names.items():  # As if it had died before it took them away.
        (folder_of(str(tmp_path)) / name).write_bytes(held)
    again = read_state(str(tmp_path))
    assert {k: v.digest for k, v in again.jobs.items()} == {k: v.digest for k, v in before.jobs.items()}


def test_paths_are_relative_to_the_root(tmp_path: Path) -> None:
    """So a project that has moved as a whole is known again."""
    root = tmp_path / "one" / "results"
    root.mkdir(parents=True)
    state = State(str(root))
    state.stamps = {f"{tmp_path}/one/raw/a": (1, 2, 2, 3, "v"), f"{root}/b": (4, 5, 5, 6, "w")}
    state.jobs["k"] = done(1)
    folder_of(str(root)).mkdir(parents=True)
    write_whole(folder_of(str(root)) / "0000000001-x.log", 1, rows_of(state))
    (tmp_path / "one").rename(tmp_path / "two")
    found = read_state(f"{tmp_path}/two/results")
    assert found.stamps == {f"{tmp_path}/two/raw/a": (1, 2, 2, 3, "v"), f"{tmp_path}/two/results/b": (4, 5, 5, 6, "w")}


def test_whose_a_job_is_is_kept_with_it(tmp_path: Path) -> None:
    """As long as it is known how it was made; who has a job last has it."""
    log = open_log(*log_place(read_state(str(tmp_path)), "one"))
    for key, pipeline in (("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")):
        log.write([*job_rows({key: done(1)}, set()), made_row({key: Made(pipeline, (key, f"{key}.more"))})])
    log.write([["x", ["c"]], ["o", "x", ["d"], [[1]]], ["o", 1, ["e"], [[]]]])
    log.close()
    state = read_state(str(tmp_path))
    kept = {"a": Made("x", ("a", "a.more")), "b": Made("y", ("b", "b.more"))}
    assert {key: state.made[key] for key in state.jobs} == kept
    again = State(str(tmp_path))
    for row in rows_of(state):
        again.take(row)
    assert again.made == kept


def test_a_job_that_began_and_has_not_ended_well_is_told_apart(tmp_path: Path) -> None:
    """Until it ends well, or its files are deleted; also where all files of the state have become one."""
    write(tmp_path, "one", {"a": done(1), "b": done(2), "c": done(3)}, forgotten=("a", "d"))
    write(tmp_path, "two", {}, forgotten=("b", "c"))
    path, generation = log_place(read_state(str(tmp_path)), "three")
    log = open_log(path, generation)
    log.write([["d", ["c"]]])
    log.close()
    assert read_state(str(tmp_path)).begun == {"b", "d"}
    for number in range(4):
        write(tmp_path, f"more{number}", {})
    compact(str(tmp_path), ())
    state = read_state(str(tmp_path))
    assert state.begun == {"b", "d"}
    assert set(state.jobs) == {"a"}


def test_a_state_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of somebody else may be. Else every job was simply not known."""
    folder = tmp_path / ".sncompile" / "state"
    assert unreadable(str(tmp_path)) is None
    folder.mkdir(parents=True)
    (folder / "0000000001-one.log").touch()
    assert unreadable(str(tmp_path)) is None
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert unreadable(str(tmp_path)) == f"`{folder}/0000000001-one.log`: Permission denied"
    (folder / "0000000001-one.log").unlink()
    folder.rmdir()
    folder.touch()
    assert unreadable(str(tmp_path)) == f"`{folder}`: Not a directory"
