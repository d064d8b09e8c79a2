"""Failures that a tool does not notice itself: what the run says of them, and that its help works when it is pasted."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from sncompile.runner.causes import cause_of
from sncompile.runner.progress import JobRecord
from sncompile.runner.watch import Watch
from tests.command_line import sncompile
from tests.made_runs import BEGAN, make_run


def _spec(folder: Path, module: str) -> None:
    (folder / "s.yaml").write_text(f"sncompile: 1\npipeline: s\nsteps:\n  s:\n    module:\n{module}")


@pytest.mark.parametrize("run", ['command: [touch, "${outputs.o}"]', "shell: |\n        :\n        touch ${outputs.o}"])
@pytest.mark.parametrize(
    ("success", "told"),
    [
        ("{non_empty: true}", "an output is empty, which `success` does not allow"),
        (
            "{sha256: {o: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b899}}",
            "an output has another SHA-256 sum than `success` says",
        ),
    ],
)
def test_an_output_that_is_not_as_promised_is_named(tmp_path: Path, success: str, told: str, run: str) -> None:
    """And its command leads nothing of the shell that it is pasted into to its log."""
    _spec(tmp_path, f"      outputs: {{o: {{type: file}}}}\n      success: {success}\n      {run}\n")
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert done.returncode == 3
    assert f"`s` failed: exit status 0, but {told}" in done.stderr
    assert "not there, or not as it should be: results/s/o" in done.stderr
    assert "&>" not in done.stderr


@pytest.mark.parametrize("end", ["exit 0", "exec true", "find() { printf 'a\\nb\\n'; }", "PATH=/nowhere"])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_no_script_passes_its_criteria_by(tmp_path: Path, end: str, level: str) -> None:
    """What counts as done is looked at after the script and outside of it, however that ends."""
    _spec(
        tmp_path,
        "      outputs: {o: {type: directory}}\n      success: {min_files: {o: 2}}\n      shell: |\n"
        f"        mkdir -p ${{outputs.o}}\n        {end}\n",
    )
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1", level)
    assert done.returncode == 3, done.stderr
    assert "holds fewer than 2 files" in done.stderr


def test_directories_of_many_outputs_are_counted_by_one_function(tmp_path: Path) -> None:
    """It is not the script's to change, and says which of them lacks files."""
    _spec(
        tmp_path,
        "      outputs: {o: {type: directory}, p: {type: directory}, q: {type: directory}}\n"
        "      success: {min_files: {o: 1, p: 2, q: 1}}\n      shell: |\n"
        "        mkdir -p ${outputs.o} ${outputs.p} ${outputs.q}; touch ${outputs.o}/a ${outputs.p}/b ${outputs.q}/c\n"
        "        test ! -e more || touch ${outputs.p}/d\n        holds_at_least() { return 0; }\n",
    )
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert done.returncode == 3, done.stderr
    assert "results/s/p holds fewer than 2 files" in done.stderr
    assert (tmp_path / "build" / "s" / "Snakefile").read_text().count("find ") == 1
    (tmp_path / "more").touch()
    assert sncompile(tmp_path, "run", "s.yaml", "--cores", "1").returncode == 0


def test_the_command_to_repeat_a_job_can_be_pasted(tmp_path: Path) -> None:
    """Also with a here-document, and where the engine took away the folder of the output."""
    _spec(
        tmp_path,
        "      outputs: {o: {type: file}}\n      shell: |\n        cat <<END > ${outputs.o}\n"
        "        it's here\n        END\n        exit 3\n",
    )
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    command = re.search(r"to repeat it by hand:\n +(.+)", done.stderr)
    assert command is not None, done.stderr
    again = subprocess.run(["bash", "-c", command[1]], cwd="/", capture_output=True, check=False)
    assert again.returncode == 3
    assert (tmp_path / "results" / "s" / "o").read_text() == "it's here\n"


def _run_batch(folder: Path, keys: str, script: str) -> str:
    """What is told of a run with one batch of the jobs of some keys; `script` comes after each has written its file."""
    (folder / "spec.yaml").write_text(f"""\
sncompile: 1
pipeline: main
tables: {{t: {{key: k, rows: [{keys}]}}}}
steps:
  one:
    by: k
    batch: 3
    with: {{v: "${{k}}"}}
    module:
      params: {{v: {{type: string}}}}
      outputs: {{o: {{type: file}}}}
      shell: |
        echo ${{params.v}} > ${{outputs.o}}
        {script}
""")
    return sncompile(folder, "run", "spec.yaml", "-O2").stderr


def test_of_a_batch_the_instance_that_failed_is_named(tmp_path: Path) -> None:
    """The others of the batch are done, and none of them is blamed."""
    told = _run_batch(tmp_path, "{k: a b}, {k: x/y}, {k: c}", "test ${params.v} != x/y")
    assert "`one` for k=x/y failed: exit status 1" in told
    assert (tmp_path / "results" / "one" / "c" / "o").read_text() == "c\n"


def test_of_a_batch_the_first_failure_says_how_it_ended(tmp_path: Path) -> None:
    """So that what a status means, such as that memory ran out, is told of batches, too."""
    script = "if [ ${params.v} = b ]; then kill -KILL $$; fi; test ${params.v} = a"
    told = _run_batch(tmp_path, "{k: a}, {k: b}, {k: c}", script)
    assert "error[SN723]: `one` for k=b and 1 more failed: exit status 137: it was killed, most likely" in told
    assert (tmp_path / "results" / "one" / "a" / "o").exists()


def test_an_input_that_changed_while_a_job_read_it_is_told(tmp_path: Path) -> None:
    """With what is to be done: the job is not known to be done. The next run makes it again, and says no more of it."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("one\n")
    (tmp_path / "changing").touch()
    _spec(
        tmp_path,
        "      inputs: {d: {type: directory}, x: {type: file}}\n      outputs: {o: {type: file}}\n      shell: |\n"
        "        cat ${inputs.x} > ${outputs.o}\n        if [ -e changing ]; then echo two >> in/a; fi\n"
        "    with: {d: in, x: in/a}\n",
    )
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert done.returncode == 0, done.stderr
    told = "warning[SN753]: `in` and 1 more input changed while the job of `results/s/o` read them"
    assert told in done.stderr
    assert told in sncompile(tmp_path, "status").stdout
    (tmp_path / "changing").unlink()
    again = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert (again.returncode, "SN753" in again.stderr, "done: 1 job" in again.stderr) == (0, False, True)
    assert (tmp_path / "results" / "s" / "o").read_text() == "one\ntwo\n"


def test_an_input_that_its_own_job_moves_away_is_told_as_gone(tmp_path: Path) -> None:
    """Nothing brings it back: that is not said as if somebody still wrote there."""
    (tmp_path / "in").write_text("one\n")
    _spec(
        tmp_path,
        "      inputs: {x: {type: file}}\n      outputs: {o: {type: file}}\n"
        '      command: [mv, "${inputs.x}", "${outputs.o}"]\n    with: {x: in}\n',
    )
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert done.returncode == 0, done.stderr
    told = "warning[SN753]: `in` went away while the job of `results/s/o` read it\n  = help: bring back what is missing"
    assert told in done.stderr
    assert "once nothing writes there" not in done.stderr
    assert told in sncompile(tmp_path, "status").stdout


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("touch ${outputs.o}.txt", "results/s/o; beside it there is o.txt"),
        ("ln -s nowhere ${outputs.o}", "results/s/o, a link that leads nowhere (to nowhere)"),
    ],
)
def test_what_stands_in_the_place_of_an_output_is_told(tmp_path: Path, script: str, told: str) -> None:
    """Mostly the tool has written it under another name."""
    _spec(tmp_path, f"      outputs: {{o: {{type: file}}}}\n      shell: {script}\n")
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert done.returncode == 3
    assert f"not there, or not as it should be: {told}\n" in done.stderr


def test_why_the_engine_gave_up_is_told_at_its_job(tmp_path: Path) -> None:
    """It may not touch what somebody else owns: its words are told, and not where to look them up."""
    _spec(tmp_path, '      outputs: {o: {type: file}}\n      command: [touch, "${outputs.o}"]\n')
    made = make_run(tmp_path / "s.yaml", tmp_path, lambda number, job: "running", ended=1)
    *told, end = (made / "events.jsonl").read_text().splitlines()
    words = (
        'Traceback (most recent call last):\n  File "x.py", line 3\nPermissionError: [Errno 1] Operation not permitted'
    )
    error = json.dumps({"time": BEGAN, "event": "error", "exception": "PermissionError", "message": words})
    (made / "events.jsonl").write_text("\n".join([*told, error, end, ""]))
    watch = Watch(made)
    watch.look()
    (failure,) = watch.failures()
    why = "the engine could not end it: PermissionError: [Errno 1] Operation not permitted"
    assert failure.message == f"`s` failed: {why}"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("cat in | grep zzz > out", "`grep` ends with 1 where it finds nothing"),
        ("read line", "`read` ends with 1 where there is no line"),
        ("diff a b > out", "`diff` ends with 1 where it finds a difference"),
        ("echo 'a grep b'; exit 1", ""),
    ],
)
def test_who_answers_by_an_exit_status_is_named_where_nothing_was_said(script: str, told: str) -> None:
    """A script stops there without a word, and its log is empty. What was said otherwise is why."""
    job = JobRecord(1, "s", "s", {}, [], [], script, status="exit status 1")
    assert "\n".join(cause_of(job, [], ["file"]).advice).startswith(told)
    assert bool(cause_of(job, [], ["file"]).advice) == bool(told)
    assert cause_of(job, ["KeyError: a"], ["file"]).advice == ()


GONE = """sncompile: 1
pipeline: s
steps:
  first:
    module: {outputs: {o: {type: file}}, shell: "rm in.txt; touch ${outputs.o}"}
  reads:
    with: {made: "${first.o}", given: in.txt}
    module:
      inputs: {made: {type: file}, given: {type: file}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.made} ${inputs.given} > ${outputs.o}
  beside:
    module:
      outputs: {o: {type: file}}
      shell: "until grep -qs 'Missing files' runs/*/events.jsonl; do sleep 0.1; done; touch ${outputs.o}"
"""


def test_an_input_that_is_gone_is_named_and_who_ran_beside_has_not_failed(tmp_path: Path) -> None:
    """The engine gives up as soon as a job cannot begin, and says of the jobs that run nothing at all."""
    (tmp_path / "s.yaml").write_text(GONE)
    (tmp_path / "in.txt").touch()
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "2")
    assert done.returncode == 3
    assert "`reads` failed: it could not begin: `in.txt`, which it reads, is not there any more" in done.stderr
    assert "`beside`" not in done.stderr
    told = sncompile(tmp_path, "status").stdout
    assert re.search(r"jobs? done, 1 failed(, 1 stopped)?$", told, re.MULTILINE), told


def test_a_pipe_that_was_closed_is_told(tmp_path: Path) -> None:
    """Its programs say nothing, and its number says little."""
    _spec(tmp_path, "      outputs: {o: {type: file}}\n      shell: yes | head -n 1 > ${outputs.o}\n")
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert "exit status 141, by which a shell tells of the signal SIGPIPE" in done.stderr
    assert "`| head`" in done.stderr
