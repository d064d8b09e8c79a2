"""What a run would take, by what its jobs took before."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sncompile.runner.engine import obeying
from sncompile.runner.engine.hooks import EngineJob
from sncompile.runner.engine.obeying import Obedience
from sncompile.runner.machine import this_machine
from sncompile.runner.state.orders import Order, Orders
from sncompile.state.decisions import Verdict
from sncompile.state.store import State, job_rows, log_place, measure_row, open_log, read_state
from sncompile.state.versions import Hashing

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: plate
data: {workspace: results}
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  first:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: bin}}
      shell: "cat ${inputs.i} > ${outputs.o}; head -c 5000 /dev/zero >> ${outputs.o}"
    by: [k]
    with: {i: "${k}.txt"}
    outputs: {o: {temp: true}}
  second:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: directory}}
      shell: "mkdir -p ${outputs.o}/sub; head -c 700 ${inputs.i} > ${outputs.o}/sub/f"
      resources: {memory: 100MB}
    by: [k]
    with: {i: "${first.o}"}
outputs: {all: "${second.o}"}
"""
LATER = SPEC.replace(
    "outputs: {all",
    """\
  third:
    module:
      inputs: {i: {type: directory}}
      outputs: {o: {type: file}}
      shell: touch ${outputs.o}
      resources: {time: 5m}
    by: [k]
    with: {i: "${second.o}"}
  fourth:
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, shell: "touch ${outputs.o}"}
    with: {i: "${third.o}"}
outputs: {end: "${fourth.o}", all""",
)


def plan(folder: Path, *more: str) -> dict[str, Any]:
    """The forecast, for machines."""
    found: dict[str, Any] = json.loads(sncompile(folder, "plan", "spec.yaml", "--json", *more).stdout)["forecast"]
    return found


def told(folder: Path, *more: str) -> str:
    """The forecast, for people: the last part of a plan, in one line."""
    out = sncompile(folder, "plan", "spec.yaml", *more).stdout
    return " ".join(out[out.index("\ntime ") :].split()) if "\ntime " in out else ""


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """A pipeline that has run, of whose jobs the first took ten minutes each, and the second an hour."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    for name in "abcd":
        (tmp_path / f"{name}.txt").write_text(name)
    assert sncompile(tmp_path, "run", "spec.yaml", "-c", "2").returncode == 0
    state = read_state(str(tmp_path / "results"))
    log = open_log(*log_place(state, "later"))
    for key, job in state.jobs.items():
        seconds = 600.0 if key.startswith("first") else 3600.0
        log.write(list(job_rows({key: job._replace(seconds=seconds)}, set())))
    log.close()
    return tmp_path


def test_before_the_first_run_little_is_known(tmp_path: Path) -> None:
    """Only what steps ask for; of times nothing is said."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    for name in "abc":
        (tmp_path / f"{name}.txt").touch()
    found = plan(tmp_path, "--cores", "2")
    assert found["most"] == {"seconds": 0.0, "memory_mb": 200, "disk_bytes": 0}
    assert found["known_by"]["time"]["never_measured"] == {"first": "nothing", "second": "nothing"}
    assert "time nobody knows: none of these jobs was ever measured memory" in told(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("      resources: {memory: 100MB}\n", ""))
    assert told(tmp_path) == ""


def test_jobs_take_what_they_took(done: Path) -> None:
    """By cores; least if none runs that only may, most if all do. Of directories the size is known, too."""
    assert "forecast" not in json.loads(sncompile(done, "plan", "spec.yaml", "--json").stdout), "nothing has to run"
    for name in "ab":
        (done / f"{name}.txt").write_text("other")
    one, two = plan(done, "--cores", "1"), plan(done, "--cores", "2")
    assert (one["least"]["seconds"], one["most"]["seconds"]) == (1200, 2 * 4200)
    assert (two["least"]["seconds"], two["most"]["seconds"]) == (600, 4200)
    assert (two["cores"], two["jobs"]) == (2, 4)
    assert (two["written_bytes"], two["temporary_bytes"]) == (2 * 5001 + 2 * 700, 2 * 5001)
    assert two["known_by"]["time"]["jobs"] == {"own": 4, "step": 0, "said": 0, "nothing": 0}
    assert two["most"]["memory_mb"] == 200
    text = told(done, "--cores", "2")
    assert "time about 70 min at 2 cores; 10 min if no job runs that only may memory" in text
    assert "disk 11 kB written, 10 kB of it deleted again, up to 10 kB more than now at a time known" in text
    assert text.endswith("known from 4 of 4 jobs as they were measured")
    dry = sncompile(done, "run", "spec.yaml", "--dry-run", "--cores", "2").stdout
    assert " ".join(dry.split()).endswith(text)


def test_new_jobs_take_what_their_step_takes_in_the_middle(done: Path) -> None:
    """A new row, and steps that never ran: by their `time`, or as nothing, and so the whole is told as the least."""
    (done / "spec.yaml").write_text(LATER.replace("{k: c}]", "{k: c}, {k: d}]"))
    found = plan(done, "--cores", "1")
    assert found["most"]["seconds"] == 600 + 3600 + 4 * 300
    assert found["known_by"]["time"] == {
        "jobs": {"own": 0, "step": 2, "said": 4, "nothing": 1},
        "never_measured": {"third": "said", "fourth": "nothing"},
    }
    text = told(done, "--cores", "1")
    assert "time perhaps about 1 h 30 min at 1 core memory" in text
    assert text.endswith("known 2 jobs as the middle of their step; by their `time`: third; as nothing: fourth")
    assert "known 1 job as the middle of its step" in told(done, "--cores", "1", "--only", "step:first")


def test_memory_that_was_measured(done: Path) -> None:
    """By `--benchmark`; it is kept, and wins over what the step asks for."""
    (done / "a.txt").write_text("other")
    assert sncompile(done, "run", "spec.yaml", "-c", "2", "--benchmark").returncode == 0
    state = read_state(str(done / "results"))
    assert [held.sizes for key, held in state.measures.items() if key.startswith("second/a")] == [(700,)]
    log = open_log(*log_place(state, "last"))
    log.write([measure_row({key: held._replace(memory=42.5) for key, held in state.measures.items()})])
    log.close()
    (done / "a.txt").write_text("again")
    found = plan(done)
    assert found["known_by"]["memory"]["jobs"]["own"] >= 1
    assert found["most"]["memory_mb"] in (42, 43)


def test_what_asks_for_more_memory_than_there_is_is_told(done: Path) -> None:
    """As a run would not start."""
    (done / "a.txt").write_text("other")
    (done / "spec.yaml").write_text(SPEC.replace("100MB", "900TB"))
    assert plan(done)["beyond_memory_mb"] == {"second": 900_000_000}
    assert "too little, as second asks for 900 TB" in told(done)


def test_with_more_cores_than_there_are_it_is_another_machine(done: Path) -> None:
    """Of whose memory nobody knows; a number that makes no sense is refused."""
    (done / "a.txt").write_text("other")
    machine = this_machine()
    assert plan(done)["memory_mb"] == machine.memory
    assert plan(done, "--cores", str(machine.cores + 1))["memory_mb"] is None
    for wrong in ("0", "-1", "many"):
        assert sncompile(done, "plan", "spec.yaml", "--cores", wrong).returncode == 2


@pytest.mark.parametrize("jobs", [1, 4])
def test_what_an_engine_measures(jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a job stands beside it. Jobs of a batch share its time, and nobody knows which held how much."""
    monkeypatch.setattr(obeying, "time", SimpleNamespace(time=count(1000.0, 8.0).__next__))
    (tmp_path / "b.tsv").write_text("s\tmax_rss\tcpu_time\n8\t321.5\t2\n")
    orders = []
    for number in range(jobs):
        (tmp_path / f"out{number}").mkdir()
        (tmp_path / f"out{number}" / "f").write_bytes(b"x" * 70)
        (tmp_path / f"mark{number}").touch()
        orders.append(
            Order("first", f"step/{number}", Verdict.RUN, str(tmp_path), f"out{number}", "digest", (),
                  (str(tmp_path / f"out{number}"),), None, False, *([f"mark{number}", ""] if jobs > 1 else []))
        )  # fmt: skip
    log = open_log(tmp_path / ".sncompile" / "state" / "0000000001-run.log", 1)
    state = State(str(tmp_path))
    keeper = Obedience(Orders({"first": orders}), {state.root: state}, {state.root: log}, Hashing.SMALL, tmp_path)
    job = EngineJob((("first", False, False),), (), "b.tsv")
    keeper.begin([job])
    for number in range(jobs):
        (tmp_path / f"mark{number}").touch()
    keeper.end(job, well=True, whole=True)
    log.close()
    found = read_state(str(tmp_path))
    assert found.jobs["out0"].seconds == 8 / jobs
    assert {key: tuple(held) for key, held in found.measures.items()} == {
        f"out{number}": (321.5 if jobs == 1 else None, (70,)) for number in range(jobs)
    }
