"""Jobs share the memory of the machine that they run on, and what asks for more than there is does not start."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sncompile.runner.engine.options import Asked, Verdict
from sncompile.runner.limits import limits_of
from sncompile.runner.machine import Machine, this_machine
from sncompile.targets.emitted import Emitted

from ..command_line import sncompile
from ..runs import events, newest_run, record

SPEC = """\
sncompile: 1
pipeline: large
tables: {{t: {{key: [k], rows: [{{k: a}}, {{k: b}}]}}}}
steps:
  load:
    module:
      inputs: {{i: {{type: file}}}}
      outputs: {{o: {{type: file}}}}
      shell: cp ${{inputs.i}} ${{outputs.o}}
      resources:
        {resources}
    by: [k]
    with: {{i: "in.txt"}}
"""


@pytest.fixture
def more_than_half() -> str:
    """Memory of which this machine has enough for one job, and not for two."""
    memory = this_machine().memory
    assert memory is not None
    return f"{memory * 6 // 10}MB"


def run(folder: Path, resources: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the pipeline on two cores, with what its jobs ask for."""
    (folder / "spec.yaml").write_text(SPEC.format(resources=resources))
    (folder / "in.txt").touch()
    return sncompile(folder, "run", "spec.yaml", "-c", "2", *more)


def side_by_side(folder: Path) -> int:
    """How many jobs were at work at once at most, in the latest run."""
    most = now = 0
    for event in events(newest_run(folder)):
        now += {"job_info": 1, "job_finished": -1}.get(event["event"], 0)
        most = max(most, now)
    return most


def test_jobs_that_do_not_fit_together_run_one_by_one(more_than_half: str, tmp_path: Path) -> None:
    """And what they share is told by `status`, and stands in the record."""
    assert run(tmp_path, f"memory: {more_than_half}").returncode == 0
    assert side_by_side(tmp_path) == 1
    assert f"mem_mb={this_machine().memory} (this machine's)" in sncompile(tmp_path, "status").stdout
    assert record(newest_run(tmp_path))["taken"]["shared"] == {"mem_mb": this_machine().memory}


@pytest.mark.parametrize("place", ["arguments", "profile"])
def test_somebody_may_say_otherwise(place: str, more_than_half: str, tmp_path: Path) -> None:
    """After `--` or in a profile: what is said there holds, be it more than there is."""
    large = "mem_mb=9000000000000"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "config.yaml").write_text(f"resources:\n- {large}\n")
    more = ["--", "--resources", large] if place == "arguments" else ["--profile", "own"]
    assert run(tmp_path, f"memory: {more_than_half}", *more).returncode == 0
    assert side_by_side(tmp_path) == 2
    (tmp_path / "in.txt").write_text("other")
    assert run(tmp_path, "memory: 9000TB", *more).returncode == 0


def test_other_resources_leave_memory_alone(more_than_half: str, tmp_path: Path) -> None:
    """Who holds down another resource has not said how much memory there is."""
    assert run(tmp_path, f"memory: {more_than_half}", "--", "--resources", "disk_mb=1").returncode == 0
    assert side_by_side(tmp_path) == 1


def test_jobs_that_say_nothing_run_side_by_side(tmp_path: Path) -> None:
    """Nobody knows what they need, and nothing is told of memory."""
    assert run(tmp_path, "time: 5m").returncode == 0
    assert side_by_side(tmp_path) == 2
    assert record(newest_run(tmp_path))["taken"]["shared"] == {}


@pytest.mark.parametrize("asked", ["9000TB", '"${9 * inputs.i.size * 1000000 * 1000000000}"'])
def test_more_than_the_machine_has_is_told_before_the_start(asked: str, tmp_path: Path) -> None:
    """With the place where it is asked for, and what to do; nothing has run then."""
    (tmp_path / "in.txt").write_text("x")
    done = run(tmp_path, f"memory: {asked}")
    assert done.returncode == 3
    assert "error[SN726]: `load` (2 jobs, such as `load/a`) asks for 9000 TB of memory, and " in done.stderr
    assert "spec.yaml:11:" in done.stderr
    assert "`-- --resources mem_mb=9000000000`" in done.stderr
    assert not (tmp_path / "results" / "load").exists()
    assert not list((tmp_path / "runs").iterdir())


def test_what_is_current_may_ask_for_anything(tmp_path: Path) -> None:
    """Only jobs that run, or may, have to find room; and one that was given other amounts is left to who gave them."""
    assert run(tmp_path, "memory: 1MB").returncode == 0
    done = run(tmp_path, "memory: 9000TB")
    assert (done.returncode, "nothing to do" in done.stderr) == (0, True), done.stderr
    other = '{inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}'
    spec = SPEC.format(resources="memory: 9000TB") + f"  other: {{module: {other}, with: {{i: spec.yaml}}}}\n"
    (tmp_path / "spec.yaml").write_text(spec)
    assert sncompile(tmp_path, "run", "spec.yaml").returncode == 0, "only the other one runs"
    (tmp_path / "in.txt").write_text("other")
    done = run(tmp_path, "memory: 9000TB")
    assert (done.returncode, "SN726" in done.stderr) == (3, True)
    assert run(tmp_path, "memory: 9000TB", "--", "--set-resources", "load:mem_mb=1").returncode == 0


def test_more_cpus_than_cores_are_told(tmp_path: Path) -> None:
    """They run, one at a time, with as many as there are."""
    done = run(tmp_path, "cpus: 64")
    assert done.returncode == 0
    assert "warning[SN727]: `load` asks for 64 cpus, and the run has 2 cores: its jobs get 2" in done.stderr
    assert "spec.yaml:11:" in done.stderr
    assert side_by_side(tmp_path) == 1
    (tmp_path / "in.txt").write_text("other")
    assert "SN727" not in run(tmp_path, "cpus: 2").stderr


def test_where_others_run_the_jobs_this_machine_is_no_limit() -> None:
    """Whoever says so: a profile, or an option after `--`."""
    emitted = Emitted({"Snakefile.map.json": json.dumps({"rules": {"load_": {"step": "load"}}}).encode()}, "")
    machine = Machine(8, 1000)
    assert limits_of(Verdict((), (), None, Asked("slurm", 100)), machine, "all", emitted)[:3] == (None, None, False)
    assert limits_of(Verdict((), ()), machine, "all", emitted)[:3] == (8, 1000, False)
    assert limits_of(Verdict((), ()), machine, "3", emitted)[:3] == (3, 1000, False)
    asked = Asked("local", 4, {"mem_mb": 70}, frozenset({"load_"}))
    assert limits_of(Verdict((), (), None, asked), machine, "3", emitted) == (4, 70, True, machine, frozenset({"load"}))
    assert Verdict.from_object(json.loads(json.dumps(Verdict((), (), None, asked).as_object()))).asked == asked
