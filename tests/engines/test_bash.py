"""Scripts of the bash target: what is done again and what is not, and what becomes of failures and of being ended."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program
from tests.waiting import until

SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a, v: one}, {k: b, v: two}]}}
steps:
  first:
    by: [k]
    with: {i: "data/${k}.txt", v: "${t.v}"}
    outputs: {t: {temp: true}}
    module:
      inputs: {i: {type: file}}
      params: {v: {type: string}}
      outputs: {t: {type: file}, o: {type: file}}
      shell: "echo ${params.v} > ${outputs.t}; cat ${inputs.i} > ${outputs.o}"
  second:
    by: [k]
    with: {i: "${first.t}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, shell: "cat ${inputs.i} > ${outputs.o}"}
  all:
    with: {a: "${second.o}", b: "${first.o}"}
    module:
      inputs: {a: {type: "file[]"}, b: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: "cat ${inputs.a} ${inputs.b} > ${outputs.o}"
outputs: {all: "${all.o}"}
"""
EVERYTHING = ["first/a", "first/b", "second/a", "second/b", "all"]


class Script:
    """A pipeline in a folder, compiled to a script."""

    def __init__(self, folder: Path, spec: str = SPEC) -> None:
        self.folder = folder
        (folder / "data").mkdir()
        for name in ("a", "b"):
            (folder / "data" / f"{name}.txt").write_text(f"{name}\n")
        self.compile(spec)

    def compile(self, spec: str) -> None:
        """Compile another version of the spec to the same place."""
        (self.folder / "main.yaml").write_text(spec)
        options = CompileOptions(target="bash", out=self.folder / "out")
        compile_program(check(self.folder / "main.yaml").require(), options).write()

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, from somewhere else."""
        command = ["bash", str(self.folder / "out" / "run.sh"), *arguments]
        environment = {**os.environ, **(env or {})}
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)

    def due(self) -> list[str]:
        """What would run."""
        found = self.run("-n")
        assert found.returncode == 0, found.stderr
        return found.stdout.split()

    def read(self, path: str) -> str:
        return (self.folder / "results" / path).read_text()


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def test_all_is_run_once(script: Script) -> None:
    """In order, and no more than once; temporary files are gone."""
    assert script.due() == EVERYTHING
    done = script.run("-j", "2")
    assert done.returncode == 0, done.stderr
    assert "5 of 5 jobs done" in done.stderr
    assert script.read("all/o") == "one\ntwo\na\nb\n"
    assert not (script.folder / "results" / "first" / "a" / "t").exists()
    assert script.due() == []
    assert "0 of 0 jobs done; 5 were done already" in script.run().stderr


def test_what_changed_is_run_again_with_all_that_needs_it(script: Script) -> None:
    """A command, data, a result that is gone; who made a temporary file that is read once more is run, too."""
    assert script.run().returncode == 0
    script.compile(SPEC.replace("v: two", "v: three"))
    assert script.due() == ["first/b", "second/b", "all"]
    assert script.run().returncode == 0
    assert script.read("all/o") == "one\nthree\na\nb\n"
    (script.folder / "data" / "a.txt").write_text("new\n")
    assert script.due() == ["first/a", "second/a", "all"]
    assert script.run().returncode == 0
    assert script.read("all/o") == "one\nthree\nnew\nb\n"
    (script.folder / "results" / "second" / "b" / "o").unlink()
    assert script.due() == ["first/b", "second/b", "all"]


@pytest.mark.parametrize("going", [[], ["-k"]])
def test_a_failure_is_told_and_leaves_nothing(script: Script, going: list[str]) -> None:
    """With `-k` all that does not need it is run; the next run goes on from there."""
    failing = SPEC.replace("shell: \"cat ${inputs.i} > ${outputs.o}\"}", "shell: \"cat ${inputs.i} > ${outputs.o}; grep -q one ${inputs.i} && false || echo fine >> ${outputs.o}; echo half; grep -q two ${inputs.i}\"}")  # fmt: skip  # noqa: E501
    script.compile(failing)
    done = script.run(*going)
    assert done.returncode == 1
    assert "second/a failed (1); its log is results/.sncompile/bash/main/jobs/second/a.log\n  | half" in done.stderr
    assert not (script.folder / "results" / "second" / "a" / "o").exists()
    assert (script.folder / "results" / "second" / "b" / "o").exists() == bool(going)
    assert not (script.folder / "results" / "all").exists()
    script.compile(SPEC)
    assert script.run().returncode == 0
    assert script.read("all/o") == "one\ntwo\na\nb\n"


WAITING = SPEC.replace("cat ${inputs.i} > ${outputs.o}\"\n  second", "echo half > ${outputs.o}; touch started; while [ ! -e go ]; do sleep 0.05; done; cat ${inputs.i} > ${outputs.o}\"\n  second")  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda sign: sign.name)
def test_a_run_that_is_ended_goes_on_where_it_was(tmp_path: Path, sign: signal.Signals) -> None:
    """Whatever ends it: nothing half-written counts, and of its own accord it leaves no process behind."""
    script = Script(tmp_path, WAITING)
    process = subprocess.Popen(
        ["bash", str(tmp_path / "out" / "run.sh")], cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE,
        # No bash heeds what is ignored when it starts, as it is in the background of a script.
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until(lambda: (tmp_path / "started").exists())
    if sign is signal.SIGKILL:
        os.killpg(process.pid, sign)  # The jobs have groups of their own.
        subprocess.run(["pkill", "-KILL", "-f", f"{tmp_path}/out"], check=False)
    else:
        process.send_signal(sign)
    _, told = process.communicate(timeout=60)
    assert process.returncode == (130 if sign is not signal.SIGKILL else -9), told
    (tmp_path / "go").touch()
    assert script.due() == EVERYTHING
    # A job that was left holds the lock until it ends.
    until(lambda: script.run().returncode == 0)
    assert script.read("all/o") == "one\ntwo\na\nb\n"


def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    """The second one says so; a lock of one that died is none."""
    script = Script(tmp_path, WAITING)
    process = subprocess.Popen(["bash", str(tmp_path / "out" / "run.sh")], cwd=tmp_path, stderr=subprocess.DEVNULL)
    until(lambda: (tmp_path / "started").exists())
    second = script.run()
    assert second.returncode == 1
    assert "another run, or a job that it left, is at work here" in second.stderr
    (tmp_path / "go").touch()
    assert process.wait(timeout=60) == 0
    assert script.run().returncode == 0


def test_jobs_that_a_dead_run_left_hold_the_lock(tmp_path: Path) -> None:
    """Until they end, nobody writes into what they write."""
    script = Script(tmp_path, WAITING)
    process = subprocess.Popen(["bash", str(tmp_path / "out" / "run.sh")], cwd=tmp_path, stderr=subprocess.DEVNULL)
    until(lambda: (tmp_path / "started").exists())
    process.kill()
    process.wait()
    assert script.run().returncode == 1
    (tmp_path / "go").touch()
    until(lambda: script.run().returncode == 0)
    assert script.read("all/o") == "one\ntwo\na\nb\n"


def test_a_failure_keeps_what_waits_for_it_due(script: Script) -> None:
    """Also where what was made anew looks older than what was made of it."""
    assert script.run().returncode == 0
    old = SPEC.replace(
        'cat ${inputs.i} > ${outputs.o}"\n  second',
        'echo new > ${outputs.o}; touch -d 2001-01-01 ${outputs.o} ${outputs.t}"\n  second',
    )
    failing = old.replace('shell: "cat ${inputs.i} > ${outputs.o}"}', 'shell: "false"}')
    script.compile(failing)
    assert script.run().returncode == 1
    script.compile(old)
    assert script.due() == ["second/a", "second/b", "all"]
    assert script.run().returncode == 0
    assert script.read("all/o") == "one\ntwo\nnew\nnew\n"


HOSTILE = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a, v: null}]}}
steps:
  lock:
    by: [k]
    env: {script: "touch pwned", each: five, command: "x", state: here, BASH_ENV: /dev/null, name: "a b"}
    with: {v: "${coalesce(t.v, '')}"}
    module:
      params: {v: {type: string}}
      outputs: {o: {type: file}}
      command: [sh, -c, 'out=$1; shift; printf "<%s>" "$@" "$script" "$each" "$command" "$state" "$name" "$root" > "$out"', sh, "${outputs.o}", "${params.v}${params.v}", end]
outputs: {o: "${lock.o}"}
"""  # noqa: E501


def test_nothing_of_the_script_gets_into_a_job(tmp_path: Path) -> None:
    """Names of variables are the caller's and the spec's, whatever the script calls its own; empty words stay."""
    script = Script(tmp_path, HOSTILE)
    done = script.run(env={"root": "of the caller", "CDPATH": "."})
    assert done.returncode == 0, done.stderr
    assert script.read("lock/a/o") == "<><end><touch pwned><five><x><here><a b><of the caller>"
    assert not (tmp_path / "pwned").exists()
    assert script.due() == []


def test_what_somebody_else_made_stays(tmp_path: Path) -> None:
    """A directory that no job made, and what is protected, are not written over."""
    spec = """\
sncompile: 1
pipeline: main
steps:
  a:
    outputs: {o: {protected: true}}
    module:
      outputs: {d: {type: directory}, o: {type: file}}
      shell: 'mkdir -p ${outputs.d}; touch ${outputs.d}/made; echo x > ${outputs.o}'
outputs: {d: "${a.d}", o: "${a.o}"}
"""
    script = Script(tmp_path, spec)
    mine = tmp_path / "results" / "a" / "d" / "mine"
    mine.parent.mkdir(parents=True)
    mine.touch()
    done = script.run()
    assert (done.returncode, mine.exists()) == (1, True)
    assert "a writes results/a/d, where a directory is that was made by no job; move it away" in done.stderr
    mine.unlink()
    assert script.run().returncode == 0
    script.compile(spec.replace("echo x", "echo y"))
    done = script.run()
    assert done.returncode == 1
    assert "a would write results/a/o again, which is protected; delete it first" in done.stderr
    (tmp_path / "results" / "a" / "o").unlink()
    assert script.run().returncode == 0


def test_what_is_written_has_to_be_of_its_kind(tmp_path: Path) -> None:
    spec = """\
sncompile: 1
pipeline: main
steps:
  a: {module: {outputs: {o: {type: KIND}}, shell: 'COMMAND ${outputs.o}'}}
outputs: {o: "${a.o}"}
"""
    script = Script(tmp_path, spec.replace("KIND", "file").replace("COMMAND", "mkdir"))
    assert "the output results/a/o is a directory, and not a file" in script.run().stderr
    script.compile(spec.replace("KIND", "directory").replace("COMMAND", "touch"))
    assert "the output results/a/o is no directory" in script.run().stderr
    assert not (tmp_path / "results" / "a" / "o").exists()


def test_data_that_changes_while_a_job_runs_is_seen(tmp_path: Path) -> None:
    changing = "[ -e once ] || echo more >> ${inputs.i}; touch once; echo ${params.v}"
    script = Script(tmp_path, SPEC.replace("echo ${params.v}", changing))
    assert script.run().returncode == 0
    assert script.due() == ["first/a", "second/a", "all"]


def test_secrets_and_long_scripts(tmp_path: Path) -> None:
    """No value is in an argument, where others see it and where there is no room for much."""
    spec = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: ROWS}}
steps:
  a:
    env: {order: {secret: true}}
    with: {names: "${t.k}"}
    module:
      params: {names: {type: "string[]"}}
      outputs: {o: {type: file}}
      shell: |
        for n in ${params.names}; do echo "$n"; done > ${outputs.o}
        echo "$order" >> ${outputs.o}
        tr '\\0' '\\n' < /proc/$PPID/cmdline >> ${outputs.o}
outputs: {o: "${a.o}"}
"""
    names = [f"{n:05d}{'x' * 80}" for n in range(2500)]
    rows = "[" + ", ".join(f"{{k: {name}}}" for name in names) + "]"
    script = Script(tmp_path, spec.replace("ROWS", rows))
    assert "a needs the variable order, which is not set" in script.run().stderr
    assert script.run(env={"order": "hidden"}).returncode == 0
    lines = script.read("a/o").splitlines()
    assert lines[:2501] == [*names, "hidden"]
    assert "hidden" not in lines[2501:]


def test_by_a_link_and_by_another_shell(script: Script) -> None:
    link = script.folder / "somewhere"
    link.symlink_to("out/run.sh")
    done = subprocess.run(["sh", str(link)], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert script.due() == []
    text = (script.folder / "out" / "run.sh").read_text()
    assert subprocess.run(["bash"], input=text, cwd="/", capture_output=True, text=True, check=False).returncode == 2


def test_amounts_that_are_none_fail(tmp_path: Path) -> None:
    """A job does not run with what could not be worked out; truths read as in the language."""
    spec = """\
sncompile: 1
pipeline: main
steps:
  a:
    with: {i: data/a.txt}
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      resources: {cpus: "${attempt * 4}", memory: "${inputs.i.size * 2500000}"}
      command: [sh, -c, 'echo "$@" > "$0"', "${outputs.o}", "${resources.cpus}", "${resources.cpus > 2}", "${DIVISION}"]
outputs: {o: "${a.o}"}
"""
    script = Script(tmp_path, spec.replace("DIVISION", "10 // resources.memory"))
    assert script.run("-j", "3").returncode == 0
    assert script.read("a/o") == "3 true 2\n"
    script.compile(spec.replace("DIVISION", "10 // (resources.memory - 5)"))
    assert script.run("-j", "3").returncode == 1
    assert not (tmp_path / "results" / "a" / "o").exists()


def test_what_is_not_there_is_told_before_anything_runs(script: Script) -> None:
    (script.folder / "data" / "b.txt").unlink()
    done = script.run()
    assert done.returncode == 1
    assert done.stderr == "first/b reads data/b.txt, which is not there\n"
    assert not (script.folder / "results" / "first").exists()


@pytest.mark.parametrize("arguments", [["-j"], ["-j", "0"], ["-j", "x"], ["-x"], ["job"]], ids=str)
def test_a_wrong_command_line(script: Script, arguments: list[str]) -> None:
    done = script.run(*arguments)
    assert done.returncode == 2
    assert "usage: run.sh [-j CORES] [-k] [-n]" in done.stderr
    assert script.run("-h").returncode == 0


def test_jobs_get_no_more_processors_than_there_are(tmp_path: Path) -> None:
    """And no more of them run at once than have room."""
    spec = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  s:
    by: [k]
    module:
      outputs: {o: {type: file}}
      resources: {cpus: 3}
      shell: 'mkdir busy; echo ${resources.cpus} > ${outputs.o}; rmdir busy'
outputs: {o: "${s.o}"}
"""
    script = Script(tmp_path, spec)
    for cores, given in ((2, "2"), (5, "3")):
        done = script.run("-j", str(cores))
        assert done.returncode == 0, done.stderr
        assert {script.read(f"s/{k}/o").strip() for k in "abc"} == {given}
        for k in "abc":
            (tmp_path / "results" / "s" / k / "o").unlink()
