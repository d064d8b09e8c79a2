"""Runs of a working folder: the list of them, deleting old ones, and what is told of an old one."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

import sncompile as sn

from ..command_line import sncompile
from ..runs import SPEC, newest_run, record, start, until_two_wait


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pipeline that has not run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


def _run(folder: Path, code: int = 0) -> Path:
    """Run it, and give the record."""
    done = sncompile(folder, "run", "spec.yaml", "--cores", "2", "--keep-going")
    assert done.returncode == code, done.stderr
    return newest_run(folder)


def test_runs_are_listed_and_old_ones_deleted(folder: Path) -> None:
    """The newest first; what jobs have made stays, and so do the logs in the working folder."""
    (folder / "broken").touch()
    first = _run(folder, 3)
    (folder / "broken").unlink()
    second = _run(folder)
    listed = json.loads(sncompile(folder, "runs", "--json").stdout)
    assert [(run["run"], run["state"], run["done"]) for run in listed] == [
        (str(second), "done", 1),
        (str(first), "failed", 5),
    ]
    lines = sncompile(folder, "runs", "spec.yaml").stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [[second.name, "done"], [first.name, "failed"]]
    assert "deleted 0 records" in sncompile(folder, "runs", "--prune").stderr
    assert "deleted 1 record of " in sncompile(folder, "runs", "--prune", "--keep", "1").stderr
    assert [path.name for path in (folder / "runs").iterdir()] == [second.name]
    assert (folder / "results" / "second" / "b" / "o.txt").exists()
    assert (folder / "logs" / "second" / "a.log").exists()
    assert sncompile(folder, "status").returncode == 0


def test_what_another_run_needs_is_not_deleted(folder: Path) -> None:
    """The record of a run that died says what is half-written, and which of its jobs may work on."""
    (folder / "wait").touch()
    process = start(folder)
    until_two_wait(folder, process)
    crashed = newest_run(folder)
    os.killpg(record(crashed)["pid"], signal.SIGKILL)
    process.kill()
    process.communicate()
    (folder / "wait").unlink()
    # One that is newer, and put in order: now the crashed one is not the newest.
    later = folder / "runs" / "later"
    later.mkdir()
    (later / "run.json").write_text(json.dumps({"state": "done", "started": time.time() + 60, "pipeline": "small"}))
    assert "deleted 0 records" in sncompile(folder, "runs", "--prune", "--keep", "1").stderr
    listed = json.loads(sncompile(folder, "runs", "--json").stdout)
    assert [run["state"] for run in listed] == ["done", "crashed"]
    _run(folder)
    assert "deleted 1 record" in sncompile(folder, "runs", "--prune", "--keep", "2").stderr
    assert not crashed.exists()


def test_a_run_with_nothing_to_do_leaves_no_record(folder: Path) -> None:
    """No engine is started for it."""
    whole = _run(folder)
    done = sncompile(folder, "run", "spec.yaml")
    assert (done.returncode, done.stderr) == (0, "done: nothing to do: everything is up to date\n")
    assert newest_run(folder) == whole


def test_a_run_of_python_that_does_nothing_leaves_little(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has a run in hand can ask it how it went, also where nothing was to be done."""
    whole = _run(folder)
    monkeypatch.chdir(folder)
    run = sn.load("spec.yaml").run(cores=2)
    run.wait()
    assert run.status == "done"
    little = newest_run(folder)
    sizes = {run["run"]: run["bytes"] for run in json.loads(sncompile(folder, "runs", "--json").stdout)}
    assert sizes[str(little)] < sizes[str(whole)] / 2
    assert not (little / "jobs.jsonl").exists()
    assert "no job was started: everything was up to date" in sncompile(folder, "status").stdout
    assert sncompile(folder, "report").returncode == 0
    assert (little / "report.html").exists()


def test_the_page_about_an_old_run_says_what_has_changed_since(folder: Path) -> None:
    """It looks at the outputs as they are now, and says so."""
    old = _run(folder)
    outputs = [folder / "results" / "second" / k / "o.txt" for k in "ab"]
    outputs[0].unlink()
    later = (record(old)["ended"] or 0) + 100
    os.utime(outputs[1], (later, later))
    sncompile(folder, "report", str(old), "-o", "page.html")
    page = (folder / "page.html").read_text()
    assert '<code>results/second/a/o.txt</code> <span class="soft">is not there now</span>' in page
    link = '<a href="./results/second/{}/o.txt"><code>results/second/{}/o.txt</code></a>'
    assert link.format("b", "b") + ' <span class="soft">was written again since this run, at ' in page
    assert link.format("c", "c") in page
    assert link.format("c", "c") + " <span" not in page
    assert link.format("a", "a") not in page
    assert "Told as they were at " in page
