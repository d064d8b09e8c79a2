"""Runs that are asked about: from another terminal, by their record, after a crash; and their end, asked for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

import sncompile
from sncompile.diagnostics import CompileError
from sncompile.runner import ending
from sncompile.runner.find import find_run
from sncompile.runner.lock import FolderLock
from sncompile.runner.processes import Seen, identify, look, members
from sncompile.runner.watch import State, Watch

from ..command_line import SNCOMPILE, finish
from ..command_line import sncompile as asked
from ..runs import SPEC, alive, events, newest_run, record, start, started, until_two_wait
from ..waiting import PATIENCE, until


def status(folder: Path, run: str = ".") -> dict:
    """What `status --json` says."""
    return json.loads(asked(folder, "status", run, "--json").stdout)


@pytest.fixture
def waiting(tmp_path: Path) -> subprocess.Popen[str]:
    """A run whose first jobs wait for the file `wait` to go."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    process = start(tmp_path)
    until_two_wait(tmp_path, process)
    return process


def engine_of(folder: Path) -> int:
    """The process of the latest run's engine."""
    return int(record(newest_run(folder))["pid"])


def test_a_run_is_asked_about_from_elsewhere(waiting: subprocess.Popen[str], tmp_path: Path) -> None:
    """While it works, and once it is done: its state, counts, times and steps."""
    told = status(tmp_path)
    assert (told["state"], told["process_seen"], told["pipeline"]) == ("running", "alive", "small")
    assert told["jobs"] == {"total": 6, "done": 0, "running": 2, "failed": 0, "stopped": 0}
    assert told["steps"][0] == {"name": "first", "total": 3, "done": 0, "running": 2, "failed": 0, "stopped": 0}
    (tmp_path / "wait").unlink()
    followed = asked(tmp_path, "status", "--follow")
    assert finish(waiting)[0] == 0
    assert followed.returncode == 0
    assert "small: done" in followed.stdout
    told = status(tmp_path)
    assert (told["state"], told["ended"] > told["started"]) == ("done", True)
    assert [(s["name"], s["done"]) for s in told["steps"]] == [("first", 3), ("second", 3)]


def test_failures_are_told_with_their_places(tmp_path: Path) -> None:
    """Also when the spec has changed since: what is shown is what was run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "broken").touch()
    assert finish(start(tmp_path, "--keep-going"))[0] == 3
    (tmp_path / "spec.yaml").write_text("# changed\n")
    ended = asked(tmp_path, "status")
    assert ended.returncode == 3
    line = SPEC.split("\n").index("  second:") + 1
    assert f"--> spec.yaml:{line}:3\n{line} |   second:" in ended.stdout
    assert "`second` for k=b failed: exit status 7" in ended.stdout
    assert "| no such plate" in ended.stdout
    (failure,) = status(tmp_path)["failures"]
    assert (failure["step"], failure["key"], failure["status"]) == ("second", {"k": "b"}, "exit status 7")
    assert (failure["diagnostic"]["file"], failure["diagnostic"]["line"]) == ("spec.yaml", line)
    assert Path(failure["logs"][0]).read_text() == "looking at b\nno such plate\n"


def test_a_run_outlives_whoever_watched_it(waiting: subprocess.Popen[str], tmp_path: Path) -> None:
    """SIGKILL of `sncompile run` leaves the engine at work; its end is known, and its record in order."""
    waiting.kill()
    waiting.communicate()
    assert status(tmp_path)["state"] == "running"
    (tmp_path / "wait").unlink()
    assert asked(tmp_path, "status", "--follow").returncode == 0
    told = record(newest_run(tmp_path))
    assert (told["state"], told["code"], told["done"]) == ("done", 0, 6)
    assert (newest_run(tmp_path) / "logs" / "second" / "c.log").is_file()
    assert finish(start(tmp_path))[0] == 0


def test_a_dead_engine_is_a_crash_and_its_jobs_are_ended_by_the_next_run(
    waiting: subprocess.Popen[str], tmp_path: Path
) -> None:
    """SIGKILL of the engine alone: what it had started must not write on while the next run does."""
    waiting.kill()
    waiting.communicate()
    process = identify(engine_of(tmp_path))
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: look(process) is Seen.DEAD)
    assert len(members(process)) >= 2
    told = status(tmp_path)
    assert (told["state"], told["jobs"]["stopped"], told["process_seen"]) == ("crashed", 2, "dead")
    assert asked(tmp_path, "status").returncode == 3
    crashed, begun = newest_run(tmp_path), set(started(tmp_path))
    (tmp_path / "wait").unlink()
    code, _, err = finish(start(tmp_path))
    assert code == 0, err
    assert members(process) == []
    assert record(crashed)["state"] == "crashed"
    assert {log.stem for log in (crashed / "logs" / "first").iterdir()} == begun
    assert status(tmp_path, str(crashed))["state"] == "crashed"


def test_a_reused_process_number_is_not_taken_for_the_engine(tmp_path: Path) -> None:
    """A record whose number now belongs to somebody else, or that is from before a restart, tells of a crash."""
    me = identify(os.getpid())
    assert me is not None
    assert look(me) is Seen.ALIVE
    strangers = (me._replace(started="1"), me._replace(boot="another"))
    for number, process in enumerate(strangers):
        run = tmp_path / "runs" / f"x-{number}"
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"pipeline": "x", "working_folder": str(tmp_path), "started": number}))
        event = {"time": 5.0, "event": "engine_started", "process": process.as_object()}
        (run / "events.jsonl").write_text(json.dumps(event) + '\n{"time": 6.0, "event": "job_in')
        assert Watch(run).look().state is State.CRASHED
        assert ending.cancel(Watch(run)).state is State.CRASHED
    assert look(me) is Seen.ALIVE


def test_a_run_whose_starter_died_before_the_engine_could_speak_is_running(tmp_path: Path) -> None:
    """The engine holds the lock from its first moment on; once nobody does, it is a crash."""
    run = recorded(tmp_path, "x-1", "x", "x.yaml", 1)
    lock = FolderLock(tmp_path)
    lock.acquire(str(run))
    assert Watch(run).look().state is State.RUNNING
    assert Watch(recorded(tmp_path, "x-0", "x", "x.yaml", 0)).look().state is State.CRASHED
    lock.hand_over()
    assert Watch(run).look().state is State.CRASHED


STUBBORN = """\
sncompile: 1
pipeline: stubborn
steps:
  s:
    module:
      outputs: {o: {type: file}}
      shell: |
        trap '' INT TERM
        echo "engine_ended, all done" > pids.txt
        (setsid bash -c 'trap "" INT TERM; echo $$ >> pids.txt; while true; do sleep 0.1; done' &)
        timeout 600 bash -c 'trap "" INT TERM; echo $$ >> pids.txt; while true; do sleep 0.1; done' &
        echo $$ >> pids.txt
        while true; do sleep 0.1; done
        touch ${outputs.o}
"""


@pytest.mark.parametrize("arguments", [("--grace", "0"), ("--now",)])
def test_cancel_ends_what_does_not_want_to_end(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Tools that ignore signals, left the process group, or are daemons of their own by now are gone with the run."""
    (tmp_path / "spec.yaml").write_text(STUBBORN)
    process = start(tmp_path)
    pids = tmp_path / "pids.txt"
    until(lambda: pids.exists() and len(pids.read_text().split("\n")) == 5, process)
    until(lambda: events(newest_run(tmp_path), "job_info"), process)
    numbers = [int(line) for line in pids.read_text().split("\n")[1:4]]
    assert all(map(alive, numbers))
    ended = asked(tmp_path, "cancel", *arguments)
    assert (ended.returncode, "cancelled after 0 of 1 job" in ended.stdout) == (0, True), ended.stdout + ended.stderr
    assert not any(map(alive, [*numbers, engine_of(tmp_path)]))
    assert finish(process)[0] == 3
    assert status(tmp_path)["state"] == "cancelled"
    assert record(newest_run(tmp_path))["state"] == "cancelled"
    again = asked(tmp_path, "cancel")
    assert (again.returncode, "has ended already" in again.stdout) == (0, True)


def test_an_engine_elsewhere_ends_itself_when_it_is_told_to(waiting: subprocess.Popen[str], tmp_path: Path) -> None:
    """All that reaches another machine is the shared folder: `cancel.json` in it is enough."""
    Watch(newest_run(tmp_path)).folder.note_cancellation()
    code, _, err = finish(waiting)
    assert (code, "cancelled" in err) == (3, True)
    assert status(tmp_path)["jobs"]["stopped"] == 2


def test_an_engine_elsewhere_that_gives_no_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is guessed of it, and nothing here is ended in its place."""
    me = identify(os.getpid())
    assert me is not None
    monkeypatch.setattr(ending, "PATIENCE", 0.1)
    (tmp_path / "run.json").write_text(json.dumps({"pipeline": "x", "starter": me._replace(host="node7").as_object()}))
    watch = Watch(tmp_path)
    told = watch.look()
    assert (told.state, told.seen) == (State.RUNNING, Seen.ELSEWHERE)
    with pytest.raises(CompileError, match="SN706"):
        ending.cancel(watch, 0)


def test_logs_of_jobs(tmp_path: Path) -> None:
    """All, those of a step, those with a key, failed ones; as they are, each below a line that names the job."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "broken").touch()
    finish(start(tmp_path, "--keep-going"))
    assert asked(tmp_path, "logs", ".", "second", "k=a").stdout == "looking at a\n"
    every = asked(tmp_path, "logs", "spec.yaml", "second").stdout
    assert sorted(line for line in every.split("\n") if line.startswith("==> ")) == [
        "==> second k=a (done): logs/second/a.log",
        "==> second k=b (failed): logs/second/b.log",
        "==> second k=c (done): logs/second/c.log",
    ]
    assert asked(tmp_path, "logs", ".", "--failed").stdout == "looking at b\nno such plate\n"
    assert Path(asked(tmp_path, "logs", ".", "--failed", "--files").stdout.strip()).name == "b.log"
    assert "rule second" in asked(tmp_path, "logs", ".", "--engine").stdout
    for words, told in ((["secund"], "did you mean `second`?"), (["second", "q=1"], "`q`"), (["second", "x"], "KEY=")):
        ended = asked(tmp_path, "logs", ".", *words)
        assert (ended.returncode, told in ended.stderr) == (2, True), ended.stderr


def test_logs_of_the_past_are_not_those_of_a_later_run(tmp_path: Path) -> None:
    """The next run writes the same log; that of the run before is kept."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "broken").touch()
    finish(start(tmp_path, "--keep-going"))
    first = newest_run(tmp_path).name
    (tmp_path / "broken").unlink()
    assert finish(start(tmp_path))[0] == 0
    assert asked(tmp_path, "logs", first, "second", "k=b").stdout == "looking at b\nno such plate\n"
    assert asked(tmp_path, "logs", ".", "second", "k=b").stdout == "looking at b\n"


def test_logs_that_grow_are_followed(tmp_path: Path) -> None:
    """What a job writes is printed while the job works, what comes later too, and the call ends with the run."""
    spec = SPEC.replace("[ -e wait ]", "[ -e never ]")
    waits = "while [ -e wait ]; do sleep 0.1; done\n        echo went on\n        cp"
    (tmp_path / "spec.yaml").write_text(spec.replace("cp ${inputs.i}", f"{waits} ${{inputs.i}}"))
    (tmp_path / "wait").touch()
    process, followed = start(tmp_path), tmp_path / "followed.txt"
    until(lambda: started(tmp_path), process)
    with followed.open("w") as out:
        following = subprocess.Popen([*SNCOMPILE, "logs", ".", "second", "--follow"], cwd=tmp_path, stdout=out)
    until(lambda: "looking at" in followed.read_text(), following)
    assert following.poll() is None
    (tmp_path / "wait").unlink()
    assert finish(process)[0] == 0
    assert following.wait(PATIENCE) == 0
    lines = [line for line in followed.read_text().split("\n") if line and not line.startswith("==>")]
    assert sorted(lines) == [*(f"looking at {k}" for k in "abc"), *(["went on"] * 3)]


def recorded(folder: Path, name: str, pipeline: str, spec: str, started: float) -> Path:
    """A run's folder with as much of a record as finding it takes."""
    run = folder / "runs" / name
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"pipeline": pipeline, "spec": spec, "started": started}))
    return run


def test_which_run_is_meant(tmp_path: Path) -> None:
    """By folder, name, spec, working folder and pipeline; the last one where several fit."""
    for name in ("spec.yaml", "other.yaml", "unused.yaml"):
        (tmp_path / name).write_text(SPEC)
    last = recorded(tmp_path, "small-20260102T000000Z", "small", "spec.yaml", 3)
    first = recorded(tmp_path, "small-20260101T000000Z", "small", "spec.yaml", 1)
    other = recorded(tmp_path, "other-20260103T000000Z", "other", "./other.yaml", 2)
    meant = {
        str(first): first, f"runs/{first.name}": first, first.name: first, "spec.yaml": last, "other.yaml": other,
        "small": last, "other": other, ".": last, "runs": last, str(tmp_path): last,
    }  # fmt: skip
    assert {word: find_run(word, tmp_path) for word in meant} == {word: run.resolve() for word, run in meant.items()}
    for word in ("nothing", "smal", str(tmp_path / "runs" / "gone"), "gone.yaml", "unused.yaml"):
        with pytest.raises(CompileError, match="SN705: there is no run"):
            find_run(word, tmp_path)
    ended = asked(tmp_path, "status", "smal")
    assert (ended.returncode, "there is no run `smal`" in ended.stderr) == (2, True)


def test_a_file_in_the_working_folder_does_not_stand_in_for_pythons(tmp_path: Path) -> None:
    """A project may hold a `json.py`; the engine does not import it."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    for name in ("json.py", "snakemake.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')")
    code, _, err = finish(start(tmp_path))
    assert code == 0, err


MERGED = """\
sncompile: 1
pipeline: merged
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}, {k: d}]}}
steps:
  seg_A: &seg
    module:
      outputs: {labels: {type: file}}
      params: {x: {type: string}}
      shell: |
        echo "seg "${params.x}
        if [ -e broken ] && [ ${params.x} = A ]; then exit 4; fi
        echo ${params.x} > ${outputs.labels}
    with: {x: A}
  seg_B: {<<: *seg, with: {x: B}}
  many:
    by: [k]
    batch: 2
    with: {k: "${k}"}
    module:
      outputs: {o: {type: file}}
      params: {k: {type: string}}
      shell: |
        echo "this is "${params.k}
        echo ${params.k} > ${outputs.o}
  report:
    module:
      inputs: {all: {type: "file[]"}, more: {type: "file[]"}}
      outputs: {html: {type: file}}
      shell: "cat ${inputs.all} ${inputs.more} > ${outputs.html}"
    with: {all: ["${seg_A.labels}", "${seg_B.labels}"], more: "${many.o}"}
outputs: {html: "${report.html}", o: "${many.o}"}
"""


def test_steps_that_share_a_rule_are_told_apart(tmp_path: Path) -> None:
    """Two steps are one rule, and four jobs are two: status, failures and logs are in the terms of the spec."""
    (tmp_path / "spec.yaml").write_text(MERGED)
    (tmp_path / "broken").touch()
    assert finish(start(tmp_path, "-O", "2", "--keep-going"))[0] == 3
    assert "rule seg:" in (tmp_path / "build" / "merged" / "Snakefile").read_text()
    told = status(tmp_path)
    steps = {s["name"]: (s["total"], s["done"], s["failed"]) for s in told["steps"]}
    assert steps == {"seg_A": (1, 0, 1), "seg_B": (1, 1, 0), "many": (2, 2, 0), "report": (1, 0, 0)}
    (failure,) = told["failures"]
    assert (failure["step"], failure["diagnostic"]["line"]) == ("seg_A", 5)
    assert asked(tmp_path, "logs", ".", "seg_B").stdout == "seg B\n"
    assert "this is d" in asked(tmp_path, "logs", ".", "many", "k=d").stdout
    (tmp_path / "broken").unlink()
    assert finish(start(tmp_path, "-O", "2"))[0] == 0
    # What a rule only has a mark for is looked for all the same.
    (tmp_path / "results" / "many" / "d" / "o").unlink()
    code, _, err = finish(start(tmp_path, "-O", "2", "--target", "o"))
    assert (code, "done: 1 job " in err) == (0, True), err
    assert (tmp_path / "results" / "many" / "d" / "o").read_text() == "d\n"


def test_an_engine_that_cannot_start_leaves_no_lock(tmp_path: Path) -> None:
    """What Snakemake itself refuses is told, and the next run may begin."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    code, _, err = finish(start(tmp_path, "--", "--default-storage-provider", "moon"))
    assert (code, "SN702" in err) == (3, True)
    assert "Traceback" not in err
    assert status(tmp_path)["state"] == "failed"
    assert finish(start(tmp_path))[0] == 0


def test_a_run_whose_engine_never_lived_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python itself cannot be started, and the starter lives on: the record says so, and the folder is free."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC)
    false = tmp_path / "no-python"
    false.write_text("#!/bin/sh\necho 'no such interpreter' >&2\nexit 1\n")
    false.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", str(false))
        with pytest.raises(CompileError, match="no such interpreter"):
            sncompile.load("spec.yaml").run(cores=2)
    assert Watch(newest_run(tmp_path)).look().state is State.FAILED
    assert sncompile.load("spec.yaml").run(cores=2).wait() == "done"


def test_a_plan_says_that_a_run_is_at_work(waiting: subprocess.Popen[str], tmp_path: Path) -> None:
    """What that is doing is not done yet, and the reader of the plan should know why."""
    told = asked(tmp_path, "plan", "spec.yaml")
    assert "note: a run is at work, and what it has not ended counts as not done: `small` in `" in told.stderr
    (tmp_path / "wait").unlink()
    assert finish(waiting)[0] == 0
    assert "at work" not in asked(tmp_path, "plan", "spec.yaml").stderr
