"""Jobs that are current are decided on many at once: it is the same as what is decided of each by itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program
from sncompile.runner.state.deciding import adopt, decisions_for
from sncompile.state import decisions
from sncompile.state.decisions import Decisions
from sncompile.state.store import log_place
from sncompile.state.versions import Hashing

SPEC = """\
sncompile: 1
pipeline: many
tables: {t: {key: k, rows: [{k: a, own: a}, {k: b, own: a}, {k: c, own: a}]}}
steps:
  make:
    by: k
    with: {i: "raw/${k}"}
    module:
      inputs: {i: {type: file}}
      outputs: {z: {type: file}, a: {type: directory}}
      shell: "cp ${inputs.i} ${outputs.z}; mkdir ${outputs.a}"
  few: {by: k, with: {i: ["${make.z}"], own: "own/few/${t.own}"}, module: ./reads.yaml, outputs: {o: "own/few/${k}"}}
  more:
    by: k
    with: {i: ["${make.z}", raw/one, raw/two], own: "own/more/${t.own}"}
    module: ./reads.yaml
    outputs: {o: "own/more/${k}"}
  same: {by: k, with: {i: [raw/one, raw/two, raw/a], own: raw/b}, module: ./reads.yaml}
"""
READS = """\
sncompile: 1
module: reads
inputs: {i: {type: "file[]"}}
params: {own: {type: path}}
outputs: {o: {type: file}}
shell: "cat ${inputs.i} ${params.own} > ${outputs.o}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline whose results are all there, and current."""
    files = {"spec.yaml": SPEC, "reads.yaml": READS, **{f"raw/{n}": n for n in ("a", "b", "c", "one", "two")}}
    files |= {f"results/make/{k}/z": k for k in "abc"} | {f"results/make/{k}/a/x": k for k in "abc"}
    files |= {f"own/{step}/{k}": k for step in ("few", "more") for k in "abc"}
    files |= {f"results/same/{k}/o": k for k in "abc"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = decided(tmp_path)
    adopt(found, found.states, {root: log_place(state, "run") for root, state in found.states.items()}, Hashing.SMALL)
    return tmp_path


def decided(folder: Path) -> Decisions:
    return decisions_for(compile_program(check(folder / "spec.yaml").require(), CompileOptions(level=0)))


def told(found: Decisions) -> dict[str, tuple[str, str]]:
    """The jobs that run, or may, and why."""
    reasons = {made.task.ids[number]: made.reasons[number] for made, number in found.jobs()}
    return {job: (reason.why.value, reason.what) for job, reason in reasons.items() if reason is not None}


def changed(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text("other")

    return change


def link(folder: Path) -> None:
    (folder / "raw/one").rename(folder / "raw/real")
    (folder / "raw/one").symlink_to("real")


def folder_there(folder: Path) -> None:
    (folder / "raw/two").unlink()
    (folder / "raw/two").mkdir()


EDITS = {
    "nothing": (lambda folder: None, 0),
    "touched": (lambda folder: os.utime(folder / "raw/a", (1, 1)), 0),
    "a link to the same": (link, 0),
    "one input": (changed("raw/a"), 6),
    "a list": (changed("raw/one"), 6),
    "a folder in the place of a file": (folder_there, 6),
    "an output": (changed("results/make/b/z"), 3),
    "what lies in an output": (changed("results/make/b/a/y"), 3),
    "no output": (lambda folder: (folder / "results/make/c/z").unlink(), 3),
    "an output that others are given the path of": (changed("own/few/a"), 1),
    "one that others with more inputs are given the path of": (changed("own/more/a"), 1),
    "a parameter": (changed("raw/b"), 6),
}


@pytest.mark.parametrize("name", EDITS)
def test_decided_at_once_is_as_decided_one_by_one(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit, jobs = EDITS[name]
    edit(folder)
    at_once = told(decided(folder))
    monkeypatch.setattr(decisions._Deciding, "_plainly_current", lambda *_: ())
    assert at_once == told(decided(folder))
    assert len(at_once) == jobs
