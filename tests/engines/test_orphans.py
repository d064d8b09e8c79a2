"""Orphans: what a plan tells of results that no job has any more, and what `run --prune` deletes of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program
from sncompile.runner.state.deciding import decisions_of, states_of
from sncompile.runner.state.orphans import orphans_of, prune
from sncompile.semantics.program import Options
from sncompile.state.log import Row
from sncompile.state.store import Done, Made, State, job_rows, log_place, made_row, open_log
from sncompile.state.versions import ABSENT, Looker
from tests import command_line

SPEC = """\
sncompile: 1
pipeline: main
tables: {wells: {key: well, rows: [{well: A01}, {well: B02}]}}
steps:
  seg:
    by: well
    module:
      outputs: {o: {type: file}, d: {type: directory}}
      shell: echo 1 > ${outputs.o}; mkdir -p ${outputs.d}; echo 1 > ${outputs.d}/x
  report:
    with: {o: "${seg.o}"}
    module:
      inputs: {o: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.o} > ${outputs.o}
"""
FEWER = SPEC.replace(", {well: B02}", "")


def below(folder: Path) -> set[str]:
    """The files that results are, without what is kept beside them."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if ".sncompile" not in name and ".snakemake" not in name}


def test_a_row_that_is_gone_leaves_orphans(tmp_path: Path) -> None:
    """They are told, and stay until somebody asks for their end; what lies beside them is nobody's."""
    (tmp_path / "main.yaml").write_text(SPEC)
    assert command_line.sncompile(tmp_path, "run", "main.yaml", "--cores", "1").returncode == 0
    (tmp_path / "main.yaml").write_text(FEWER)
    (tmp_path / "results" / "seg" / "B02" / "mine").write_text("by hand")
    told = command_line.sncompile(tmp_path, "plan", "main.yaml").stdout
    assert "orphans  1 job that is no more left 2 files: results/seg/B02/d and 1 more" in told
    assert below(tmp_path / "results" / "seg" / "B02") == {"mine", "o", "d/x"}
    done = command_line.sncompile(tmp_path, "run", "main.yaml", "--cores", "1", "--prune")
    assert "deleted: 2 files of 1 job that the pipeline has no more" in done.stderr
    assert below(tmp_path / "results") == {"report/o", "seg/A01/o", "seg/A01/d/x", "seg/B02/mine"}
    assert "orphans" not in command_line.sncompile(tmp_path, "plan", "main.yaml").stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with an old result of a job of `seg`."""
    monkeypatch.chdir(tmp_path)
    old = tmp_path / "results" / "seg" / "OLD"
    old.mkdir(parents=True)
    (old / "o").write_text("old")
    return tmp_path


def write(folder: Path, outputs: Mapping[str, str | None], pipeline: str = "main", key: str = "") -> None:
    """Write into the state that a job made files; None stands for the version that each has."""
    root = folder / "results"
    looker = Looker({})
    versions = [looker.version(str(root / name)) if v is None else v for name, v in outputs.items()]
    key = key or next(iter(outputs))
    state = State(str(root))
    state.generation = len(list(root.glob(".sncompile/state/*")))
    log = open_log(*log_place(state, "old"))
    rows: list[Row] = [*job_rows({key: Done("digest", (), tuple(versions), 1.0, 1.0)}, set())]
    if pipeline:
        rows.append(made_row({key: Made(pipeline, tuple(outputs))}))
    log.write(rows)
    log.close()


def orphans(spec: str = FEWER, level: int = 0, *, delete: bool = False) -> set[str]:
    """The orphans of the pipeline, as they are called in the root."""
    Path("main.yaml").write_text(spec)
    program = check("main.yaml", Options()).require()
    made = compile_program(program, CompileOptions(level=level, staged=True))
    states = states_of(made.graph)
    found = orphans_of(made, states, decisions_of(made.graph, made.jobs, states))
    if delete:
        (real,) = (root for root in states if root.endswith("results"))
        assert list(prune(found, states, {real: log_place(states[real], "new")})) == found
    return {os.path.relpath(path, "results") for each in found for path in each.paths}


def test_what_a_run_made_is_an_orphan_and_nothing_else(folder: Path) -> None:
    """Neither what nobody knows, nor what another pipeline has made, nor what has changed since."""
    assert orphans() == set()
    write(folder, {"seg/OLD/o": None}, pipeline="")
    assert orphans() == set()
    write(folder, {"seg/OLD/o": None}, pipeline="another")
    assert orphans() == set()
    write(folder, {"seg/OLD/o": None, "seg/OLD/p": ABSENT})
    assert orphans() == {"seg/OLD/o"}
    assert orphans(delete=True) == {"seg/OLD/o"}
    assert not (folder / "results" / "seg").exists()
    assert orphans() == set()


def test_what_has_changed_is_somebodys(folder: Path) -> None:
    """Also where another output of the job is as it was."""
    (folder / "results" / "seg" / "OLD" / "p").write_text("p")
    write(folder, {"seg/OLD/o": None, "seg/OLD/p": None})
    assert orphans() == {"seg/OLD/o", "seg/OLD/p"}
    (folder / "results" / "seg" / "OLD" / "p").write_text("by hand")
    assert orphans() == set()


def test_what_is_used_today_is_no_orphan(folder: Path) -> None:
    """As an input, below a directory that a job writes, around a file that one writes; or by a step that a pass took
    out."""
    write(folder, {"seg/OLD/o": None})
    reader = """\
  reader:
    with: {i: results/seg/OLD/o}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, shell: "cp ${inputs.i} ${outputs.o}"}
"""
    assert orphans(FEWER + reader) == set()
    around = '  all:\n    module: {outputs: {o: {type: directory, path: results/seg}}, shell: "touch ${outputs.o}/x"}\n'
    alone = SPEC[: SPEC.index("  seg:")].replace("tables", "# tables") + around
    assert orphans(alone) == set()
    write(folder, {"seg/A01/o": ABSENT, "seg": None})
    assert orphans() == {"seg/OLD/o"}
    unread = SPEC.replace("A01", "OLD") + "outputs: {}\n"
    assert orphans(unread, level=2) == set()


@pytest.mark.parametrize("name", ["../mine", "/tmp/mine", "seg/../../mine", "", ".", ".sncompile/x", "link/mine"])
def test_a_state_names_nothing_outside_of_its_root(name: str, folder: Path) -> None:
    """It is somebody's file, and a link may lead anywhere."""
    (folder / "mine").write_text("mine")
    (folder / "results" / "link").symlink_to(folder)
    (folder / "results" / ".sncompile").mkdir()
    (folder / "results" / ".sncompile" / "x").write_text("ours")
    write(folder, {name: None}, key=name)
    assert orphans() == set()


def test_none_are_told_before_rows_are_known(folder: Path) -> None:
    """The rows that a step is about to write may bring back any of the jobs."""
    late = (
        SPEC.replace("{key: well, rows: [{well: A01}, {well: B02}]}", '{key: well, from: "${find.list}"}')
        + """\
  find: {module: {outputs: {list: {type: file, format: csv}}, shell: "echo well > ${outputs.list}"}}
"""
    )
    write(folder, {"seg/OLD/o": None})
    assert orphans(late) == set()
