"""Runs: failures in the user's terms, going on after one, Ctrl-C, a dead engine, two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SPEC = """\
sncompile: 1
pipeline: small
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  first:
    module:
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      shell: |
        echo ${params.k} >> started.txt
        echo half > ${outputs.o}
        while [ -e wait ]; do sleep 0.1; done
        echo whole > ${outputs.o}
    by: [k]
    with: {k: "${k}"}
  second:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      shell: |
        echo "looking at "${params.k}
        if [ ${params.k} = b ] && [ -e broken ]; then echo "no such plate" >&2; exit 7; fi
        cp ${inputs.i} ${outputs.o}
    by: [k]
    with: {k: "${k}", i: "${first.o}"}
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`sncompile run` in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "sncompile.cli.main", "run", "spec.yaml", "--cores", "2", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end: exit status, standard output and standard error."""
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def started(folder: Path) -> list[str]:
    """Which jobs of the first step were started, in order."""
    path = folder / "started.txt"
    return path.read_text().split() if path.exists() else []


def newest_run(folder: Path) -> Path:
    """The folder of the latest run."""
    return max((folder / "runs").iterdir(), key=lambda p: p.stat().st_mtime)


def test_a_failure_is_told_in_the_users_terms_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """Step, key, exit status, the log's end, the command, the line of YAML; what is done is not done again."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "broken").touch()
    code, out, err = finish(start(tmp_path, "--keep-going"))
    assert code == 3
    assert out == ""
    assert "error[SN701]: `second` for k=b failed: exit status 7" in err
    line = SPEC.split("\n").index("  second:") + 1
    assert f"--> spec.yaml:{line}:3" in err
    assert "| no such plate" in err
    assert "bash -euo pipefail -c" in err
    assert "Traceback" not in err
    record = json.loads((newest_run(tmp_path) / "run.json").read_text())
    assert record["state"] == "failed"
    assert (newest_run(tmp_path) / "logs" / "second" / "b.log").read_text() == "looking at b\nno such plate\n"
    assert {p.name for p in newest_run(tmp_path).iterdir()} >= {"spec", "emitted", "events.jsonl", "engine.log", "logs"}

    (tmp_path / "broken").unlink()
    again = [sys.executable, "-m", "sncompile.cli.main", "run", "--resume", str(newest_run(tmp_path))]
    code, out, err = finish(subprocess.Popen(again, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    assert code == 0
    assert "again: sncompile run spec.yaml --cores 2 --keep-going" in err
    assert sorted(started(tmp_path)) == ["a", "b", "c"]
    assert "results/second/a/o.txt and 2 more" in out


def test_a_quiet_engine_is_still_heard(tmp_path: Path) -> None:
    """`--quiet` has Snakemake keep its events to itself; what a run has done is told all the same."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    code, _, err = finish(start(tmp_path, "--", "-q", "all", "--force-use-threads"))
    assert code == 0
    assert "done: 6 jobs" in err


def test_a_stale_result_is_never_called_done(tmp_path: Path) -> None:
    """A failed job's output is gone while what was made from it still stands: it is made anew."""
    (tmp_path / "spec.yaml").write_text(SPEC.replace("[{k: a}, {k: b}, {k: c}]", "[{k: a}]"))
    assert finish(start(tmp_path))[0] == 0
    (tmp_path / "results" / "first" / "a" / "o.txt").unlink()
    code, _, err = finish(start(tmp_path))
    assert code == 0
    assert "done: 2 jobs" in err
    code, _, err = finish(start(tmp_path))
    assert "nothing to do" in err


def test_interrupted_jobs_are_ended_and_not_counted_as_done(tmp_path: Path) -> None:
    """Ctrl-C ends the tools; the half-written file is made anew by the next run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    process = start(tmp_path)
    until(lambda: len(started(tmp_path)) == 2)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert code == 3
    assert "cancelled" in err
    (tmp_path / "wait").unlink()
    assert finish(start(tmp_path))[0] == 0
    for key in "abc":
        assert (tmp_path / "results" / "second" / key / "o.txt").read_text() == "whole\n"


def test_a_lock_whose_owner_was_killed_heals(tmp_path: Path) -> None:
    """After SIGKILL of both the run and its engine the next run starts, and finishes the half-written files."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    process = start(tmp_path)
    until(lambda: len(started(tmp_path)) == 2)
    engine = json.loads((newest_run(tmp_path) / "run.json").read_text())["pid"]
    process.kill()
    process.communicate()
    os.killpg(engine, signal.SIGKILL)
    (tmp_path / "wait").unlink()
    until(lambda: not _alive(engine))
    code, _, err = finish(start(tmp_path))
    assert code == 0, err
    for key in "abc":
        assert (tmp_path / "results" / "first" / key / "o.txt").read_text() == "whole\n"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"


def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
    """The second is refused clearly, and nothing of the first is harmed."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    first = start(tmp_path)
    until(lambda: len(started(tmp_path)) == 2)
    code, _, err = finish(start(tmp_path))
    assert code == 3
    assert "error[SN703]: another run works in" in err
    (tmp_path / "wait").unlink()
    assert finish(first)[0] == 0


def test_what_only_the_engine_finds_is_led_back(tmp_path: Path) -> None:
    """A file that vanishes between check and run is told by the step that needs it, without a traceback."""
    spec = SPEC.replace(
        "outputs: {o: {type: file, format: txt}}",
        "inputs: {x: {type: file}}\n      outputs: {o: {type: file, format: txt}}",
        1,
    )
    spec = spec.replace('with: {k: "${k}"}', 'with: {k: "${k}", x: gone.txt}', 1)
    (tmp_path / "spec.yaml").write_text(spec)
    code, _, err = finish(start(tmp_path))
    assert code == 1
    assert "SN511" in err
    assert "gone.txt" in err
    assert "`first` → `second`" in err


def test_emitted_folder_runs_with_plain_snakemake(tmp_path: Path) -> None:
    """Without sncompile on the path, from the spec's folder, with the same files as the result."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    compiled = subprocess.run(
        [sys.executable, "-m", "sncompile.cli.main", "spec.yaml"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert compiled.stdout == "build/small: 3 rules for 6 jobs; Snakefile of " + compiled.stdout.split("of ")[-1]
    blocked = "import sys; sys.modules['sncompile'] = None; from snakemake.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "-s", "build/small/Snakefile", "--cores", "2", "-q"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "results" / "second" / "c" / "o.txt").read_text() == "whole\n"
