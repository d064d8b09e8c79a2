"""Results that are taken from elsewhere: of steps that were renamed, and of another folder. No job does them again."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ..command_line import sncompile
from .calls import planned, run

SPEC = """\
sncompile: 1
pipeline: taken
data: {workspace: results}
tables: {samples: {key: sample, rows: [{sample: A}, {sample: B}]}}
steps:
  align: {by: sample, module: ./make.yaml, with: {f: "raw-${samples.sample}"}}
  call: {by: sample, module: ./make.yaml, with: {f: "${align.o}"}}
  sign: {after: [call], module: {command: [touch, "../signed"]}}
  prep: {module: ./inner.yaml, with: {f: "raw-A"}}
  tell:
    with: {f: ["${prep.o}"], d: "${call.d}"}
    module:
      inputs: {f: {type: "file[]"}, d: {type: "directory[]"}}
      outputs: {o: {type: file}}
      shell: "cat ${inputs.f} > ${outputs.o}; ls ${inputs.d} >> ${outputs.o}"
outputs: {told: "${tell.o}"}
"""
MAKE = """\
sncompile: 1
module: make
inputs: {f: {type: file}}
outputs: {o: {type: file}, d: {type: directory}}
shell: "cat ${inputs.f} > ${outputs.o}; date +%N >> ${outputs.o}; mkdir -p ${outputs.d}; cp ${inputs.f} ${outputs.d}/c"
"""
INNER = """\
sncompile: 1
pipeline: inner
inputs: {f: {type: file}}
steps: {trim: {module: ./make.yaml, with: {f: "${inputs.f}"}}}
outputs: {o: "${trim.o}"}
"""


def place(folder: Path, spec: str = SPEC) -> Path:
    """A folder with the pipeline."""
    folder.mkdir(parents=True)
    texts = {"spec.yaml": spec, "make.yaml": MAKE, "inner.yaml": INNER, "raw-A": "A\n", "raw-B": "B\n"}
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def renamed(spec: str, *pairs: tuple[str, str]) -> str:
    """The spec with steps by other names, and a line that says so."""
    for old, new in pairs:
        spec = re.sub(rf"(?<=^  ){old}(?=:)|(?<=\$\{{){old}(?=\.)|(?<=\[){old}(?=\])", new, spec, flags=re.MULTILINE)
    moves = ", ".join(f"{{from: {old}, to: {new}}}" for old, new in pairs)
    return f"{spec}moved: [{moves}]\n"


def texts(folder: Path) -> dict[str, str]:
    """Results with their texts: a job that ran again has another number in it."""
    results = folder / "results"
    found = (
        p for p in results.rglob("*") if p.is_file() and not p.name.startswith(".") and ".sncompile" not in p.parts
    )
    return {str(p.relative_to(results)): p.read_text() for p in found}


MOVES = (("align", "map"), ("call", "variants"), ("prep.trim", "pre.trim"), ("sign", "mark"))


@pytest.mark.parametrize("level", [("-O0",), ("-O1",), ("-O2", "--no-pass", "temp", "--no-pass", "fuse")])
def test_renamed_steps_keep_their_results(tmp_path: Path, level: tuple[str, ...]) -> None:
    """Files, folders, marks and nested pipelines; only who reads by another path runs again."""
    folder = place(tmp_path / "here")
    run(folder, *level)
    before = texts(folder)
    (folder / "spec.yaml").write_text(
        renamed(SPEC, ("align", "map"), ("call", "variants"), ("prep", "pre"), ("sign", "mark"))
    )
    # It has not moved itself, and has other paths in its command.
    assert planned(folder, *level) == {"tell"}
    told = run(folder, *level)
    assert "the results of 2 jobs are taken from `align`" in told
    assert "the results of 1 job are taken from `prep.trim`" in told
    assert "the results of 1 job are taken from `sign`" in told
    kept = {
        new + name.removeprefix(old): text
        for old, new in MOVES
        for name, text in before.items()
        if name.startswith(f"{old}/")
    }
    found = texts(folder)
    assert {name: text for name, text in found.items() if not name.startswith("tell/")} == kept
    assert {p.name for p in (folder / "results").iterdir()} <= {new for _, new in MOVES} | {"tell", ".sncompile"}
    assert planned(folder, *level) == set()


def test_renamed_steps_whose_results_were_deleted(tmp_path: Path) -> None:
    """What a run has deleted again counts as there under the new name, too, and is made when somebody reads it."""
    folder = place(
        tmp_path / "here",
        SPEC.replace(
            'with: {f: "raw-${samples.sample}"}}', 'with: {f: "raw-${samples.sample}"}, outputs: {o: {temp: true}}}'
        ),
    )
    run(folder)
    (folder / "spec.yaml").write_text(
        renamed((folder / "spec.yaml").read_text(), ("align", "map"), ("call", "variants"))
    )
    assert planned(folder) == {"tell"}
    run(folder)
    assert planned(folder) == set()


def test_moved_results_become_orphans_as_others_do(tmp_path: Path) -> None:
    """A run of this pipeline has made them, whatever their step was called then."""
    spec = SPEC.replace('outputs: {told: "${tell.o}"}', 'outputs: {o: "${align.o}"}')
    folder = place(tmp_path / "here", spec)
    run(folder)
    (folder / "spec.yaml").write_text(renamed(spec, ("align", "map")))
    run(folder)
    (folder / "spec.yaml").write_text(renamed(spec.replace(", {sample: B}", ""), ("align", "map")))
    run(folder, "--prune")
    assert {name for name in texts(folder) if name.startswith("map/")} == {"map/A/o", "map/A/d/c"}


LATE = """\
sncompile: 1
pipeline: late
tables: {cores: {key: core, from: "${cut.cores}", glob: "{core}.tif"}}
steps:
  cut:
    module: {outputs: {cores: {type: directory, create: true}}, shell: "date +%N > ${outputs.cores}/a.tif"}
  look:
    by: core
    with: {i: "${cores.path}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
"""


def test_a_renamed_step_that_writes_rows(tmp_path: Path) -> None:
    """Its rows lie under the former name until a run has moved them: they are known from then on, and not at fault."""
    (tmp_path / "spec.yaml").write_text(LATE)
    run(tmp_path)
    before = texts(tmp_path)
    (tmp_path / "spec.yaml").write_text(renamed(LATE, ("cut", "slice")))
    assert planned(tmp_path) == set()
    assert "the results of 1 job are taken from `cut`" in run(tmp_path)
    assert texts(tmp_path) == {"slice/cores/a.tif": before["cut/cores/a.tif"], "look/a/o": before["look/a/o"]}
    assert planned(tmp_path) == set()


def test_a_step_that_was_renamed_twice(tmp_path: Path) -> None:
    """Also where no run was in between; and what has changed since is made anew."""
    folder = place(tmp_path / "here")
    run(folder)
    before = texts(folder)
    spec = renamed(SPEC, ("align", "third")).replace(
        "{from: align, to: third}", "{from: align, to: b}, {from: b, to: third}"
    )
    (folder / "spec.yaml").write_text(spec)
    (folder / "raw-B").write_text("other")
    assert planned(folder) >= {"third/B"}
    assert "the results of 1 job are taken from `align`" in run(folder)
    found = texts(folder)
    assert found["third/A/o"] == before["align/A/o"]
    assert found["third/B/o"].startswith("other")
    assert "nothing to do" in run(folder)


def test_what_another_step_has_come_to_write_stays(tmp_path: Path) -> None:
    """A former path that is somebody's again is not taken away."""
    folder = place(tmp_path / "here")
    run(folder)
    port = next(name for name in texts(folder) if name.startswith("align/A/o"))
    own = f'  own: {{module: ./make.yaml, with: {{f: raw-A}}, outputs: {{o: {{path: "results/{port}"}}}}}}\n  tell:'
    spec = renamed(SPEC, ("align", "map")).replace("  tell:", own)
    (folder / "spec.yaml").write_text(spec.replace("outputs: {told", 'outputs: {own: "${own.o}", told'))
    found = planned(folder)
    assert {"map/A", "own"} <= found
    assert "map/B" not in found


@pytest.mark.parametrize(
    ("moves", "message"),
    [
        ("{from: old, to: cal}", "`cal` is no step of this pipeline"),
        ("{from: align, to: call}", "`align` is a step of this pipeline still"),
        ("{from: old, to: call}, {from: old, to: align}", "`old` has moved already"),
        ("{from: old, to: prep.trimm}", "`prep.trimm` is no step of this pipeline"),
    ],
)
def test_a_move_that_cannot_be_is_told(tmp_path: Path, moves: str, message: str) -> None:
    """With its place."""
    folder = place(tmp_path / "here", f"{SPEC}moved: [{moves}]\n")
    done = sncompile(folder, "check", "spec.yaml")
    assert done.returncode == 1
    assert "error[SN218]" in done.stderr
    assert message in done.stderr
    assert "spec.yaml:17" in done.stderr


@pytest.mark.parametrize("level", ["-O1", "-O2"])
@pytest.mark.parametrize("of", ["", "results"])
def test_another_folder_is_read_and_left_as_it_is(tmp_path: Path, level: str, of: str) -> None:
    """What is unchanged is linked to, and the rest is made; making it anew later leaves the other folder alone."""
    there = place(tmp_path / "main")
    run(there, level)
    before = texts(there)
    folder = place(tmp_path / "branch")
    assert planned(folder, level, "--defer", f"../main/{of}") == set()
    (folder / "raw-B").write_text("other")
    after = planned(folder, level, "--defer", f"../main/{of}")
    assert "align/A" not in after
    assert "tell" in after
    run(folder, level, "--defer", f"../main/{of}")
    assert (folder / "results/align/A/o").is_symlink() if level == "-O1" else True
    found = texts(folder)
    assert texts(there) == before
    assert found["tell/o"]
    assert planned(folder, level) == set()
    # What was linked to is changed here.
    (folder / "raw-A").write_text("another")
    run(folder, level)
    assert texts(there) == before
    assert not any(path.is_symlink() for path in folder.rglob("results/align/**/*"))


def test_what_has_changed_there_is_not_taken(tmp_path: Path) -> None:
    """A result that was written over, or is gone; one of other values."""
    there = place(tmp_path / "main")
    run(there)
    (there / "results/align/A/o").write_text("by hand")
    os.remove(there / "results/align/B/o")
    folder = place(tmp_path / "branch")
    assert planned(folder, "--defer", "../main") >= {"align/A", "align/B"}
    (folder / "inner.yaml").write_text(INNER.replace("make.yaml", "other.yaml"))
    (folder / "other.yaml").write_text(MAKE.replace("date", "date; date"))
    assert "prep.trim" in planned(folder, "--defer", "../main")


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    """By `plan`, and by `run` before anything is started."""
    folder = place(tmp_path / "here")
    (tmp_path / "empty").mkdir()
    assert "holds no results that a run has made" in run(folder, "--defer", "../empty", code=3)
    done = sncompile(folder, "plan", "spec.yaml", "--defer", "../empty")
    assert done.returncode == 2
    assert "holds no results that a run has made" in done.stderr
