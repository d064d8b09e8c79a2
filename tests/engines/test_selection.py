"""Runs of a part of a pipeline: what is selected runs, with what it needs or alone, and all else stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: parts
data: {workspace: results}
tables: {samples: {key: sample, rows: [{sample: A}, {sample: B}]}}
steps:
  align: {by: sample, module: ./copy.yaml, with: {f: "raw-${samples.sample}"}}
  call: {by: sample, module: ./copy.yaml, with: {f: "${align.o}"}}
  qc: {by: sample, tags: [qc], module: ./copy.yaml, with: {f: "${align.o}"}}
  tell:
    tags: [qc, late]
    with: {f: "${call.o}"}
    module:
      inputs: {f: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: "cat ${inputs.f} > ${outputs.o}; date +%N >> ${outputs.o}"
outputs: {told: "${tell.o}"}
"""
COPY = """\
sncompile: 1
module: copy
inputs: {f: {type: file}}
outputs: {o: {type: file}}
shell: "cat ${inputs.f} > ${outputs.o}; date +%N >> ${outputs.o}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "copy.yaml").write_text(COPY)
    for sample in "AB":
        (tmp_path / f"raw-{sample}").write_text(sample)
    return tmp_path


def planned(folder: Path, *more: str) -> set[str]:
    """The jobs that run, or may."""
    done = sncompile(folder, "plan", "spec.yaml", "--jobs", "--json", *more)
    assert done.returncode == 0, done.stderr
    return {job["id"] for job in json.loads(done.stdout)}


def run(folder: Path, *more: str, code: int = 0) -> str:
    done = sncompile(folder, "run", "spec.yaml", "-c", "2", *more)
    assert done.returncode == code, done.stderr
    return done.stderr


def there(folder: Path) -> dict[str, str]:
    """Results with their texts: a job that ran again has another number in it."""
    results = folder / "results"
    return {
        str(p.relative_to(results).parent): p.read_text() for p in results.rglob("o") if ".sncompile" not in p.parts
    }


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2"])
@pytest.mark.parametrize(
    ("words", "jobs"),
    [
        (("--select", "call"), {"align/A", "align/B", "call/A", "call/B"}),
        (("--select", "key:sample=A,step:c*"), {"align/A", "call/A"}),
        (("--select", "tag:qc,key:sample=B"), {"align/B", "qc/B"}),
        (("--until", "tag:qc", "--from", "qc"), {"align/A", "align/B", "qc/A", "qc/B"}),
        (("--only", "align", "--from", "key:sample=B"), {"align/B"}),
        (("--target", "told"), {"align/A", "align/B", "call/A", "call/B", "tell"}),
        (("--select", "output:told,tag:late"), {"align/A", "align/B", "call/A", "call/B", "tell"}),
    ],
)
def test_what_is_selected_runs_and_nothing_else(
    folder: Path, level: str, words: tuple[str, ...], jobs: set[str]
) -> None:
    """The plan says it, the run does it, and then there is nothing to do."""
    found = planned(folder, level, *words)
    assert found == jobs if level != "-O2" else set() < found <= jobs, "some are done in others' jobs"
    run(folder, level, *words)
    made = there(folder).keys()
    assert made == jobs if level != "-O2" else made <= jobs, "what lies between is deleted"
    assert planned(folder, level, *words) == set()
    assert "nothing to do" in run(folder, level, *words)


def test_what_was_asked_for_and_was_temporary_is_told(tmp_path: Path) -> None:
    """Its jobs are done, and yet nothing of it is there."""
    (tmp_path / "spec.yaml").write_text(GONE)
    run(tmp_path, "-O2")
    assert there(tmp_path).keys() == {"last/a", "last/b"}
    told = run(tmp_path, "-O2", "--target", "first")
    assert "note: `results/first/a/o` and 1 more went once all was done that reads it, as `-O2` or `temp` says" in told
    assert "note" not in run(tmp_path, "-O2", "--select", "first,last")
    run(tmp_path, "--target", "first")
    assert there(tmp_path).keys() == {"first/a", "first/b", "last/a", "last/b"}


GONE = """\
sncompile: 1
pipeline: gone
tables: {t: {key: k, rows: [{k: a}, {k: b}]}}
steps:
  first:
    by: k
    module: {outputs: {o: {type: file}}, shell: "echo x > ${outputs.o}"}
  last:
    by: k
    batch: 2
    with: {i: "${first.o}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, shell: "cp ${inputs.i} ${outputs.o}"}
"""


def test_what_stays_is_not_touched(folder: Path) -> None:
    """A change above is left for later by `--only`, said, and not forgotten."""
    run(folder)
    before = there(folder)
    (folder / "raw-A").write_text("other")
    assert planned(folder) >= {"align/A", "tell"}
    told = run(folder, "--only", "tell")
    assert "note: 1 job that they need has to run, too, and is left out (`--only`)" in told
    assert there(folder) == before
    assert planned(folder, "--select", "state:modified+") == {"align/A", "call/A", "tell"}
    assert planned(folder, "--only", "state:modified") == {"align/A"}
    run(folder)
    after = there(folder)
    assert {name for name in after if after[name] != before[name]} == {"align/A", "call/A", "tell"}


def test_what_is_needed_and_left_out_has_to_be_there(folder: Path) -> None:
    """The run says which job makes it, and starts nothing."""
    told = run(folder, "--only", "call", code=3)
    assert "error[SN732]: `call/A` reads `results/align/A/o`, which is not there; `align/A` makes it" in told
    assert not (folder / "runs").exists() or not any((folder / "runs").iterdir())
    run(folder, "--only", "align")
    run(folder, "--only", "call")
    assert there(folder).keys() == {"align/A", "align/B", "call/A", "call/B"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--select", "cal"), "no output and no step `cal`; did you mean `call`?"),
        (("--from", "tag:QC"), "no tag `QC`; did you mean `qc`?"),
        (("--only", "key:sample=C"), "no job that is needed has `sample` C; values of `sample`: `A`, `B`"),
        (("--until", "key:well=C"), "no key `well`"),
        (("--select", "stage:new"), "no method `stage`; did you mean `state`?"),
        (("--select", "state:old"), "no state `old`"),
        (("--select", "call,"), "nothing stands behind the comma"),
        (("--select", ""), "a selector is a name"),
        (("--target", "call*"), "no output and no step `call*`"),
    ],
)
def test_what_selects_nothing_is_told(folder: Path, words: tuple[str, ...], message: str) -> None:
    """With what there is instead; nothing is run."""
    assert message in run(folder, *words, code=2)
    assert not (folder / "results").exists()


def test_nothing_has_changed(folder: Path) -> None:
    """A selection by state that is empty is no selection of everything."""
    run(folder)
    assert "nothing is selected" in run(folder, "--select", "state:modified")
    assert planned(folder, "--select", "state:new") == set()


def test_a_plan_keeps_its_selection(folder: Path) -> None:
    """`run --plan` does what was planned, for the jobs that were meant."""
    planned(folder, "--select", "align", "-o", "plan.json")
    run(folder, "--plan", "plan.json")
    assert there(folder).keys() == {"align/A", "align/B"}
    planned(folder, "--only", "qc", "-o", "plan.json")
    assert "error[SN730]" in run(folder, "--plan", "plan.json", "--only", "call", code=3)
