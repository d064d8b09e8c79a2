"""Where what runs, or what is kept, was not what the documentation says; each of them as small as it gets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from sncompile.runner.engine.hooks import EngineJob
from sncompile.runner.engine.obeying import Obedience
from sncompile.runner.state.orders import Order, Orders
from sncompile.state.decisions import Verdict
from sncompile.state.store import State, open_log
from sncompile.state.versions import Hashing
from sncompile.targets.snakemake.batching import LEFT_OUT

from ..command_line import sncompile

HEAD = """\
sncompile: 1
pipeline: faults
data: {workspace: results}
tables: {t: {key: g, rows: [{g: p}, {g: q}]}}
"""
COPY = """\
sncompile: 1
module: copy
inputs: {x: {type: "file[]"}}
params: {id: {type: string}}
outputs: {o: {type: file}}
shell: "echo ${params.id} >> log; cat ${inputs.x} > ${outputs.o}"
"""
"""Each job tells the log that it ran."""


def step(name: str, x: str, **more: object) -> dict[str, object]:
    return {
        "by": "g", "module": "./copy.yaml", "with": {"x": [x], "id": "%s/${g}" % name}, **more
    }  # fmt: skip


def place(folder: Path, **steps: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    spec(folder, **steps)
    (folder / "copy.yaml").write_text(COPY)
    for g in "pq":
        (folder / g).write_text(f"{g}\n")
    return folder


def spec(folder: Path, moved: tuple[tuple[str, str], ...] = (), **steps: dict[str, object]) -> None:
    entries = {"moved": [{"from": old, "to": new} for old, new in moved]} if moved else {}
    (folder / "spec.yaml").write_text(HEAD + yaml.safe_dump({"steps": steps, **entries}, sort_keys=False))


def ran(folder: Path, *more: str) -> Counter[str]:
    """The jobs that a run does, which must end well."""
    (folder / "log").unlink(missing_ok=True)
    done = sncompile(folder, "run", "spec.yaml", "-c", "2", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return Counter((folder / "log").read_text().split() if (folder / "log").exists() else ())


A, B = step("a", "${g}"), step("b", "${a.o}")
TEMP = {"outputs": {"o": {"temp": True}}}


def test_a_batch_of_which_only_a_part_runs_needs_no_files_that_were_deleted(tmp_path: Path) -> None:
    """The engine waits for the inputs of the whole batch, and the run fails."""
    folder = place(tmp_path, a=A, b={**B, "batch": 2}, c=step("c", "${b.o}"))
    ran(folder, "-O2")
    (folder / "q").write_text("other\n")
    assert ran(folder, "-O2") == Counter(["a/q", "b/q", "c/q"])


def test_an_input_from_the_future_has_no_other_instance_of_the_batch_run(tmp_path: Path) -> None:
    """A camera's clock is wrong: the script of the batch goes by times, and the plan does not."""
    folder = place(tmp_path, a={**A, "batch": 2})
    for g in "pq":
        os.utime(folder / g, (4e9, 4e9))
    ran(folder, "-O2")
    (folder / "q").write_text("other\n")
    assert ran(folder, "-O2") == Counter(["a/q"])


def test_another_try_of_a_batch_does_what_is_left(tmp_path: Path) -> None:
    """An instance that was done is not done again, and is known to be as it was made."""
    folder = place(tmp_path, a={**A, "batch": 2, "retries": 1})
    once = "if grep -q q ${inputs.x} && ! test -e tried; then touch tried; exit 1; fi; cat"
    (folder / "copy.yaml").write_text(COPY.replace("cat", once))
    os.utime(folder / "p", (4e9, 4e9))
    assert ran(folder, "-O2") == Counter(["a/p", "a/q", "a/q"])
    assert not ran(folder, "-O2")


def test_instances_of_a_batch_that_write_nothing_are_known_one_by_one(tmp_path: Path) -> None:
    """They share the mark of the batch, and so what is known of them: all but the last run again each time."""
    folder = place(tmp_path, a=effect("a", batch=2))
    assert ran(folder, "-O2") == Counter(["a/p", "a/q"])
    assert not ran(folder, "-O2")


def test_jobs_that_write_nothing_are_known_in_any_batch(tmp_path: Path) -> None:
    """They are called what they are called alone, so that a row less or another level is no reason to do them again."""
    folder = place(tmp_path, a=effect("a", batch=2))
    ran(folder, "-O2")
    assert not ran(folder, "-O1")
    assert not ran(folder, "-O2")
    spec(folder, a=effect("a", batch=2, where="${g == 'p'}"))
    assert not ran(folder, "-O2"), "it is in no batch any more"
    (folder / "results" / "a" / ".sncompile" / "done" / "p.done").unlink(missing_ok=True)
    (folder / "results" / "a" / ".sncompile" / "done" / "instances" / "p.done").unlink(missing_ok=True)
    assert ran(folder, "-O2") == Counter(["a/p"]), "who deletes the marks has the job done again"


def test_what_is_selected_of_a_batch_runs_alone(tmp_path: Path) -> None:
    folder = place(tmp_path, a={**A, "batch": 2})
    assert ran(folder, "-O2", "--select", "key:g=p") == Counter(["a/p"])


def test_a_batch_does_not_wait_for_what_its_other_jobs_read(tmp_path: Path) -> None:
    """That was not made yet, or goes as the run begins: the batch ended with files that are not there any more."""
    folder = place(tmp_path, a=A, b={**B, "batch": 2})
    assert ran(folder, "-O2", "--select", "key:g=p") == Counter(["a/p", "b/p"])
    assert ran(folder, "-O2", "--target", "a", "--target", "b") == Counter(["a/q", "b/q"])
    (folder / "p").write_text("p2\n")
    assert ran(folder, "-O2") == Counter(["a/p", "b/p"]), "q of a stayed, as it was asked for, and goes now"


def test_an_instance_without_its_mark_is_not_done(tmp_path: Path) -> None:
    """Though its batch ended well: a node that lacks a file ends so, and has done nothing."""
    folder = place(tmp_path, a={**A, "batch": 2})
    lost = "rm -f results/a/.sncompile/done/instances/p.done; cat"
    (folder / "copy.yaml").write_text(COPY.replace("cat", lost))
    assert ran(folder, "-O2") == Counter(["a/p", "a/q"])
    assert ran(folder, "-O2") == Counter(["a/p"])


def test_what_is_left_out_of_a_batch_stays_so_until_that_one_ends(tmp_path: Path) -> None:
    """Whichever job ended first took the mark away, and the batch did an instance without what it reads."""
    orders = {}
    for batch, verdicts in (("a", [Verdict.RUN, Verdict.STAYS]), ("b", [Verdict.RUN])):
        orders[batch] = [
            Order(batch, f"{batch}/{n}", verdict, str(tmp_path), f"{batch}{n}", "digest", (),
                  (str(tmp_path / f"{batch}{n}"),), None, False, f"marks/{batch}{n}", "digest")
            for n, verdict in enumerate(verdicts)
        ]  # fmt: skip
    log = open_log(tmp_path / ".sncompile" / "state" / "0000000001-run.log", 1)
    root = str(tmp_path)
    obedience = Obedience(Orders(orders), {root: State(root)}, {root: log}, Hashing.SMALL, tmp_path)
    one, other = (EngineJob(((batch, False, False),), ()) for batch in "ab")
    obedience.begin([one, other])
    obedience.end(other, well=True, whole=True)
    assert (tmp_path / "marks" / "a1").read_text() == f"digest{LEFT_OUT}\n"
    obedience.end(one, well=True, whole=True)
    assert not (tmp_path / "marks" / "a1").exists()
    obedience.begin([one])
    obedience.stopped()
    log.close()
    assert not (tmp_path / "marks" / "a1").exists(), "whoever runs Snakemake alone would never get it"


def test_jobs_alone_are_current_where_what_they_read_was_deleted_by_the_run(tmp_path: Path) -> None:
    folder = place(tmp_path, a={**A, **TEMP}, b=B)
    ran(folder)
    assert not ran(folder, "--only", "b")


def test_jobs_alone_do_not_wait_for_what_they_only_come_after(tmp_path: Path) -> None:
    folder = place(tmp_path, a=A, b=step("b", "${g}", after=["a"]))
    assert ran(folder, "--only", "b") == Counter(["b/p", "b/q"])


def test_a_temporary_output_stays_for_a_reader_that_was_not_selected(tmp_path: Path) -> None:
    folder = place(tmp_path, a={**A, **TEMP}, b=B, c=step("c", "${a.o}"))
    ran(folder, "--select", "b")
    assert ran(folder) == Counter(["c/p", "c/q"])


def test_a_temporary_output_goes_once_all_of_its_readers_are_done(tmp_path: Path) -> None:
    folder = place(tmp_path, a={**A, **TEMP}, b=B)
    ran(folder, "--select", "key:g=p")
    ran(folder)
    assert not list((folder / "results" / "a").rglob("o"))


def left(folder: Path) -> set[str]:
    """The temporary outputs that are there, by their keys."""
    return {path.parent.name for path in (folder / "results" / "a").rglob("o")}


@pytest.mark.parametrize("level", ["-O1", "-O2"])
def test_a_temporary_output_goes_even_where_nothing_is_left_to_run(tmp_path: Path, level: str) -> None:
    folder = place(tmp_path, a={**A, **TEMP}, b=B)
    ran(folder, level, "--select", "key:g=p")
    ran(folder, level, "--select", "key:g=q")
    assert left(folder) == {"q"}, "it was asked for by name"
    assert not ran(folder, level)
    assert left(folder) == set()
    assert not ran(folder, level)


def test_a_temporary_output_stays_for_a_reader_that_failed(tmp_path: Path) -> None:
    bad = step("c", "${a.o}")
    bad["module"] = {"inputs": {"x": {"type": "file[]"}}, "params": {"id": {"type": "string"}},
                     "outputs": {"o": {"type": "file"}}, "shell": "test -e fine && touch ${outputs.o}"}  # fmt: skip
    folder = place(tmp_path, a={**A, **TEMP}, b=B, c=bad)
    ran(folder, "--select", "b")
    assert left(folder) == {"p", "q"}
    assert sncompile(folder, "run", "spec.yaml", "-c", "2").returncode == 3
    assert left(folder) == {"p", "q"}
    (folder / "fine").touch()
    assert not ran(folder), "a and b are as they were"
    assert left(folder) == set()


def test_what_no_run_has_put_off_is_left_alone(tmp_path: Path) -> None:
    """Results that were there before their output became temporary are somebody's until their job runs again."""
    folder = place(tmp_path, a=A, b=B)
    ran(folder)
    spec(folder, a={**A, **TEMP}, b=B, c=step("c", "${b.o}"))
    assert ran(folder) == Counter(["c/p", "c/q"])
    assert left(folder) == {"p", "q"}
    (folder / "p").write_text("other\n")
    ran(folder)
    assert left(folder) == {"q"}


def test_temporary_outputs_that_somebody_wants_to_keep_stay(tmp_path: Path) -> None:
    folder = place(tmp_path, a={**A, **TEMP}, b=B)
    ran(folder, "--select", "key:g=p", "--", "--notemp")
    ran(folder, "--", "--notemp")
    assert left(folder) == {"p", "q"}


def test_entries_of_earlier_renames_may_stay(tmp_path: Path) -> None:
    folder = place(tmp_path, a=A, b=B)
    ran(folder)
    spec(folder, (("a", "m"),), m=A, b=step("b", "${m.o}"))
    ran(folder)
    spec(folder, (("a", "m"), ("b", "n")), m=A, n=step("b", "${m.o}"))
    assert not ran(folder)


def test_results_of_a_renamed_step_with_a_path_that_is_said_are_moved(tmp_path: Path) -> None:
    two = {
        "by": "g",
        "outputs": {"o": {"path": "${data.workspace}/said/${g}"}},
        "module": {
            "outputs": {"o": {"type": "file"}, "d": {"type": "file"}},
            "shell": "echo run >> log; touch ${outputs.o} ${outputs.d}",
        },
    }
    folder = place(tmp_path, a=two)
    ran(folder)
    spec(folder, (("a", "m"),), m=two)
    assert not ran(folder)


KILLED = """
import os, signal, sys
seen = 0
def hook(event, arguments):
    global seen
    if event == "shutil.move":
        seen += 1
        if seen == 2:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
sys.argv = ["sncompile", "run", "spec.yaml"]
from sncompile.__main__ import main
main()
"""


def test_results_that_were_moved_when_a_run_was_killed_are_not_lost(tmp_path: Path) -> None:
    """All are written down at the end, so that those that were moved before are made by nobody that is known."""
    folder = place(tmp_path, a=A)
    ran(folder)
    spec(folder, (("a", "m"),), m=A)
    assert subprocess.run([sys.executable, "-c", KILLED], cwd=folder, check=False).returncode == -9
    assert (folder / "results" / "m" / "p" / "o").exists()
    assert (folder / "results" / "a" / "q" / "o").exists()
    assert not ran(folder)


def test_results_that_another_run_reads_are_not_moved_away(tmp_path: Path) -> None:
    """Nothing that a run reads may go, as it is for what another one writes (SN713)."""
    folder = place(tmp_path / "one", a=A)
    ran(folder)
    slow = step("b", "${a.o}")
    slow["module"] = {
        "inputs": {"x": {"type": "file[]"}},
        "params": {"id": {"type": "string"}},
        "outputs": {"o": {"type": "file"}},
        "shell": "echo ${params.id} >> log; while test -e ../wait; do sleep 0.1; done; cat ${inputs.x} > ${outputs.o}",
    }
    spec(folder, a=A, b=slow)
    (tmp_path / "wait").touch()
    process = subprocess.Popen(["sncompile", "run", "spec.yaml", "-c", "1"], cwd=folder, stderr=subprocess.DEVNULL)
    while "b" not in (folder / "log").read_text() and process.poll() is None:
        time.sleep(0.02)
    other = place(tmp_path / "other", m=A)
    spec(other, (("a", "m"),), m=A)
    asked = sncompile(other, "run", "spec.yaml", "--data", f"workspace={folder}/results")
    (tmp_path / "wait").unlink()
    assert process.wait() == 0
    assert asked.returncode in (0, 3)


def test_markdown_is_markdown_for_single_jobs_too(tmp_path: Path) -> None:
    folder = place(tmp_path, a=A)
    (folder / "spec.yaml").write_text((folder / "spec.yaml").read_text().replace("{g: q}", '{g: "@q"}'))
    (folder / "@q").touch()
    told = sncompile(folder, "plan", "spec.yaml", "--markdown", "--jobs")
    assert "@q" not in told.stdout


EFFECT: dict[str, object] = {
    "inputs": {"x": {"type": "file[]"}},
    "params": {"id": {"type": "string"}},
    "shell": "echo ${params.id} >> log",
}


def effect(name: str, **more: object) -> dict[str, object]:
    return {**step(name, "${g}", **more), "module": EFFECT}


def test_jobs_that_write_nothing_are_known_whatever_rule_does_them(tmp_path: Path) -> None:
    """Steps that are alike have one rule, whose marks they were known by: another such step had them done again."""
    folder = place(tmp_path, a=effect("a"))
    ran(folder)
    spec(folder, a=effect("a"), b=effect("b"))
    assert ran(folder) == Counter(["b/p", "b/q"])
    assert not ran(folder, "-O0")
    (folder / "p").write_text("other\n")
    spec(folder, a=effect("a"))
    assert ran(folder) == Counter(["a/p"])
    (folder / "p").write_text("p\n")
    spec(folder, a=effect("a"), b=effect("b"))
    assert ran(folder) == Counter(["a/p"]), "what was done last was done with something else"


def test_jobs_that_write_nothing_are_known_in_batches_too(tmp_path: Path) -> None:
    folder = place(tmp_path, a=effect("a", batch=2), b=step("b", "${g}", after=["a"]))
    ran(folder)
    assert not ran(folder, "-O2")
    (folder / "p").write_text("other\n")
    assert ran(folder, "-O2") == Counter(["a/p", "b/p"])
    assert not ran(folder)


@pytest.mark.parametrize("command", ["option", "repeated", "word", "shell"])
def test_a_row_without_an_optional_file_has_no_other_row_run(tmp_path: Path, command: str) -> None:
    """Where some jobs lack a file, the command was another one for all: paths stood in it instead of the port."""
    module: dict[str, object] = {
        "inputs": {"x": {"type": "file?"}, "y": {"type": "file[]?"}},
        "params": {"id": {"type": "string"}},
        "outputs": {"o": {"type": "file"}},
    }
    words = {
        "option": {"option": "--x", "value": "${inputs.x}"},
        "repeated": {"option": "--y", "value": "${inputs.y}", "repeat": True},
        "word": "${inputs.x}",
    }
    if command in words:
        script = 'echo "$1" >> log; shift; echo "$@" > "$1"'
        module["command"] = ["bash", "-c", script, "it", "${params.id}", "${outputs.o}", words[command]]
    else:
        module["shell"] = "echo ${params.id} >> log; echo ${inputs.x} ${inputs.y} > ${outputs.o}"
    a = {**A, "where": "${t.use == 1}"}
    b = {"by": "g", "module": module, "with": {"x": "${a.o}", "y": ["${a.o}"], "id": "b/${g}"}}
    folder = place(tmp_path)

    def rows(*uses: str) -> None:
        spec(folder, a=a, b=b)
        told = ", ".join(f"{{g: {use[0]}, use: {use[1]}}}" for use in uses)
        text = (folder / "spec.yaml").read_text()
        (folder / "spec.yaml").write_text(text.replace("[{g: p}, {g: q}]", f"[{told}]"))

    (folder / "r").touch()
    rows("p1")
    assert ran(folder) == Counter(["a/p", "b/p"])
    rows("p1", "q0")
    assert ran(folder) == Counter(["b/q"])
    rows("q0")
    assert not ran(folder)
    rows("q0", "r1")
    assert ran(folder) == Counter(["a/r", "b/r"])


def test_a_part_deletes_no_temporary_output_that_another_run_may_read(tmp_path: Path) -> None:
    """What a run does not claim is not its to delete, though no job of the pipeline needs it any more."""
    steps = {"a": {**A, **TEMP}, "b": B, "c": step("c", "${g}")}
    folder = place(tmp_path, **steps)
    ran(folder, "--select", "key:g=p")
    assert left(folder) == {"p"}
    assert ran(folder, "--select", "c") == Counter(["c/q"])
    assert left(folder) == {"p"}
    (folder / "p").write_text("other\n")
    ran(folder, "--select", "a", "--select", "c")
    assert ran(folder, "--only", "b", "--select", "key:g=p") == Counter(["b/p"])
    assert left(folder) == {"p", "q"}
    ran(folder)
    assert left(folder) == set()


@pytest.mark.parametrize("renamed", ["inner first", "outer first", "both at once"])
def test_a_nested_pipeline_and_a_step_in_it_may_both_be_renamed(tmp_path: Path, renamed: str) -> None:
    """The renamings of two pipelines have no order: results may be of any time."""
    folder = place(tmp_path)

    def write(outer: str, inner: str) -> None:
        nested = {"sncompile": 1, "pipeline": "nested", "inputs": {"i": {"type": "file"}},
                  "steps": {inner: {"module": "./copy.yaml", "with": {"x": ["${inputs.i}"], "id": "it"}}},
                  "outputs": {"o": "${%s.o}" % inner},
                  "moved": [{"from": "a", "to": "aa"}] if inner == "aa" else []}  # fmt: skip
        (folder / "nested.yaml").write_text(yaml.safe_dump(nested))
        moved = (("n", "w"),) if outer == "w" else ()
        spec(folder, moved, **{outer: {"by": "g", "module": "./nested.yaml", "with": {"i": "${g}"}}})

    write("n", "a")
    assert ran(folder) == Counter({"it": 2})
    if renamed != "both at once":
        write(*("n", "aa") if renamed == "inner first" else ("w", "a"))
        assert not ran(folder)
    write("w", "aa")
    assert not ran(folder)
    assert sorted(path.name for path in (folder / "results").glob("*.*") if path.name[0] != ".") == ["w.aa"]


def test_results_whose_temporary_inputs_were_deleted_can_be_adopted(tmp_path: Path) -> None:
    """All that lay behind a deleted file was made again, and then all that was there, too."""
    folder = place(tmp_path, a={**A, **TEMP}, b=B)
    ran(folder)
    shutil.rmtree(folder / "results" / ".sncompile")
    assert not ran(folder, "--adopt")
    assert not ran(folder)
    spec(folder, a={**A, **TEMP}, b=B, c=step("c", "${a.o}"))
    assert ran(folder, "--select", "key:g=p")["c/p"] == 1, "what it reads is made again"
    (folder / "q").write_text("other\n")
    assert ran(folder, "--select", "b").keys() >= {"a/q", "b/q"}


@pytest.mark.xfail(
    reason="all that a directory holds which is an input counts, results of the very job among it; to leave those out, "
    "it has to be known which jobs come after the reader: results of others may be what it is to read",
    strict=True,
)
def test_a_job_that_reads_the_folder_of_its_results_runs_once(tmp_path: Path) -> None:
    folder = place(tmp_path)
    (folder / "data").mkdir()
    (folder / "data" / "f").touch()
    a = step("a", "data")
    a["module"] = {
        "inputs": {"x": {"type": "directory[]"}},
        "params": {"id": {"type": "string"}},
        "outputs": {"o": {"type": "file"}},
        "shell": "echo ${params.id} >> log; ls ${inputs.x} > ${outputs.o}",
    }
    spec(folder, a=a)
    text = (folder / "spec.yaml").read_text()
    (folder / "spec.yaml").write_text(text.replace("workspace: results", "workspace: data/new"))
    ran(folder)
    assert not ran(folder)


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_a_job_that_failed_is_told_as_such(tmp_path: Path, level: str) -> None:
    """`plan` said of it that no run is known to have made it, as of one that nobody has tried."""
    folder = place(tmp_path, a={**A, "batch": 2})
    module = (folder / "copy.yaml").read_text()
    (folder / "copy.yaml").write_text(module.replace("cat ${inputs.x}", "grep p ${inputs.x}"))
    assert sncompile(folder, "run", "spec.yaml", level).returncode == 3
    told = sncompile(folder, "plan", "spec.yaml", level).stdout
    assert "a  1 of 2  1 failed or stopped when last run" in told, told
    (folder / "q").write_text("p, too\n")
    assert ran(folder, level) == Counter(["a/q"])
    assert "nothing: 2 jobs are current" in sncompile(folder, "plan", "spec.yaml", level).stdout
