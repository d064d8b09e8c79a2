"""Runs: failures in the user's terms, going on after one, Ctrl-C, a dead engine, two at once."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path

from ..command_line import begin, finish, plain_snakemake, sncompile
from ..runs import SPEC, alive, newest_run, record, start, started, until_two_wait
from ..waiting import until


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
    assert record(newest_run(tmp_path))["state"] == "failed"
    assert (newest_run(tmp_path) / "logs" / "second" / "b.log").read_text() == "looking at b\nno such plate\n"
    assert {p.name for p in newest_run(tmp_path).iterdir()} >= {"spec", "emitted", "events.jsonl", "engine.log", "logs"}

    (tmp_path / "broken").unlink()
    code, out, err = finish(begin(Path.cwd(), "run", "--resume", str(newest_run(tmp_path))))
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
    """A job's output is gone while what was made from it still stands: it is made anew, and found to be the same."""
    (tmp_path / "spec.yaml").write_text(SPEC.replace("[{k: a}, {k: b}, {k: c}]", "[{k: a}]"))
    assert finish(start(tmp_path))[0] == 0
    (tmp_path / "results" / "first" / "a" / "o.txt").unlink()
    code, _, err = finish(start(tmp_path))
    assert code == 0
    assert "done: 1 job " in err
    code, _, err = finish(start(tmp_path))
    assert "nothing to do" in err


def test_interrupted_jobs_are_ended_and_not_counted_as_done(tmp_path: Path) -> None:
    """Ctrl-C ends the tools; the half-written file is made anew by the next run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    process = start(tmp_path)
    until_two_wait(tmp_path, process)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert code == 3
    assert "ending: jobs have 10 s to end by themselves; Ctrl-C again ends them at once" in err
    assert "cancelled" in err
    (tmp_path / "wait").unlink()
    assert finish(start(tmp_path))[0] == 0
    for key in "abc":
        assert (tmp_path / "results" / "second" / key / "o.txt").read_text() == "whole\n"


BATCHED = """\
sncompile: 1
pipeline: small
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  first:
    by: k
    batch: 3
    with: {k: "${k}"}
    module:
      outputs: {o: {type: file}}
      params: {k: {type: string}}
      shell: |
        echo ${params.k} >> started.txt
        if [ ${params.k} = b ]; then while [ -e wait ]; do sleep 0.1; done; fi
        echo ${params.k} > ${outputs.o}
"""


def test_what_an_interrupted_batch_has_done_stays_done(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(BATCHED)
    (tmp_path / "wait").touch()
    process = start(tmp_path, "-O2")
    until(lambda: started(tmp_path) == ["a", "b"], process)
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 3
    (tmp_path / "wait").unlink()
    plan = sncompile(tmp_path, "plan", "spec.yaml", "-O2", "--jobs").stdout
    assert "first/a" not in plan.partition("to run")[2]
    assert finish(start(tmp_path, "-O2"))[0] == 0
    assert started(tmp_path) == ["a", "b", "b", "c"]


def test_a_lock_whose_owner_was_killed_heals(tmp_path: Path) -> None:
    """After SIGKILL of both the run and its engine the next run starts, and finishes the half-written files."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    process = start(tmp_path)
    until_two_wait(tmp_path, process)
    engine = record(newest_run(tmp_path))["pid"]
    process.kill()
    process.communicate()
    os.killpg(engine, signal.SIGKILL)
    (tmp_path / "wait").unlink()
    until(lambda: not alive(engine))
    code, _, err = finish(start(tmp_path))
    assert code == 0, err
    for key in "abc":
        assert (tmp_path / "results" / "first" / key / "o.txt").read_text() == "whole\n"


def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
    """The second is refused clearly, with a command that can be pasted, and nothing of the first is harmed."""
    folder = tmp_path / "two runs"
    folder.mkdir()
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "wait").touch()
    first = start(folder)
    until_two_wait(folder, first)
    code, _, err = finish(start(folder))
    assert code == 3
    assert "error[SN703]: another run works in" in err
    assert f"sncompile cancel {shlex.quote(str(newest_run(folder)))}" in err
    (folder / "wait").unlink()
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
    compiled = sncompile(tmp_path, "spec.yaml")
    assert compiled.returncode == 0, compiled.stderr
    assert compiled.stdout == "build/small: 3 rules for 6 jobs; Snakefile of " + compiled.stdout.split("of ")[-1]
    plain_snakemake(tmp_path, "build/small/Snakefile")
    assert (tmp_path / "results" / "second" / "c" / "o.txt").read_text() == "whole\n"
