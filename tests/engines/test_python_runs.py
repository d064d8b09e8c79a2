"""What the command line can ask of a plan and a run, Python can ask as well."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import sncompile as sn

SPEC = """\
sncompile: 1
pipeline: words
data: {workspace: results}
tables: {t: {key: w, rows: [ROWS]}}
steps:
  say:
    by: w
    module:
      params: {word: {type: string}}
      outputs: {text: {type: file}}
      shell: "echo ${params.word} | tee -a log > ${outputs.text}"
    with: {word: "${w}"}
"""
"""Each job tells the log that it ran."""

BACKEND = sn.SnakemakeBackend(cores=2, print_exec=False)


def write(folder: Path, *words: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "spec.yaml").write_text(SPEC.replace("ROWS", ", ".join(f"{{w: {word}}}" for word in words)))


def ran(pipeline: sn.Pipeline, **asked: Any) -> list[str]:
    """The jobs that a run does."""
    log = Path("log")
    log.unlink(missing_ok=True)
    BACKEND.run(pipeline, **asked)
    return sorted(log.read_text().split()) if log.exists() else []


def test_a_plan_tells_what_a_run_then_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which jobs, why, for how long; and a run of a plan that was saved does that, or nothing."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a", "b")
    pipeline = sn.load("spec.yaml")
    plan = pipeline.plan()
    plan.save("saved.plan")
    assert [(job.id, job.reason.why) for job in plan.to_run] == [("say/a", "unknown"), ("say/b", "unknown")]
    assert ran(pipeline, plan="saved.plan") == ["a", "b"]
    assert "nothing: 2 jobs are current" in repr(pipeline.plan())
    with pytest.raises(sn.CompileError, match="SN730"):
        BACKEND.run(pipeline, plan="saved.plan")
    write(tmp_path, "a", "c")
    plan = pipeline.plan(cores=1)
    assert [job.id for job in plan.to_run] == ["say/c"]
    assert "1 job that is no more left 1 file: results/say/b/" in plan._repr_html_()
    assert "at 1 core" in plan._repr_html_()
    assert not pipeline.plan(only="key:w=a").to_run
    assert ran(pipeline, prune=True) == ["c"]
    assert not list(Path("results/say/b").glob("*"))


def test_results_are_taken_as_they_are_or_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`adopt` where no run is known to have made them; `defer` where another folder has them."""
    there, here = tmp_path / "there", tmp_path / "here"
    write(there, "a", "b")
    write(here, "a", "b", "c")
    monkeypatch.chdir(there)
    pipeline = sn.load("spec.yaml")
    assert ran(pipeline) == ["a", "b"]
    shutil.rmtree("results/.sncompile")
    assert len(pipeline.plan().to_run) == 2
    assert not ran(pipeline, adopt=True)
    monkeypatch.chdir(here)
    pipeline = sn.load("spec.yaml")
    assert [job.id for job in pipeline.plan(defer=there).to_run] == ["say/c"]
    assert ran(pipeline, defer=there) == ["c"]


def test_what_cannot_be_asked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a")
    pipeline = sn.load("spec.yaml")
    with pytest.raises(ValueError, match="hash: one of"):
        BACKEND.run(pipeline, hash="all")
    with pytest.raises(ValueError, match="disk: "):
        BACKEND.run(pipeline, disk="much")
    with pytest.raises(ValueError, match="hash: one of always, small, never"):
        pipeline.plan(hash="all")
    with pytest.raises(ValueError, match="cores: a whole number"):
        pipeline.plan(cores=0)
    for ask in (pipeline.plan, pipeline.run):
        with pytest.raises(sn.CompileError, match="no output and no step `sya`"):
            ask(select="sya")
    assert not Path("results").exists()


BLUR = """\
sncompile: 1
pipeline: blurs
params: {sigma: {type: number, default: 2}, tag: {type: string, default: a}}
data: {workspace: results}
tables: {t: {key: w, rows: [{w: p, n: 1}, {w: q, n: 2}]}}
steps:
  blur: {by: w, module: ./blur.yaml, with: {sigma: "${params.sigma}", tag: "${params.tag}", n: "${t.n}"}}
  also: {by: w, module: ./blur.yaml, with: {sigma: 1, tag: x, n: "${t.n}"}}
"""
MODULE = """\
sncompile: 1
module: blur
params: {sigma: {type: number}, tag: {type: string}, n: {type: string}}
outputs: {text: {type: file}}
shell: "echo ${params.sigma} ${params.tag} ${params.n} > ${outputs.text}"
"""


def test_a_plan_tells_which_values_are_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since the run that made the results, as long as its record is there; of nothing else."""
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(BLUR)
    Path("blur.yaml").write_text(MODULE)
    pipeline = sn.load("spec.yaml")
    BACKEND.run(pipeline)
    pipeline.params.update(sigma=3, tag="b\nc")
    told = str(pipeline.plan())
    assert '2 changed: its command or a value in it (`sigma` 2 → 3, `tag` a → "b\\nc")' in told
    BACKEND.run(pipeline, select="key:w=p")
    pipeline.params["sigma"] = 4
    told = str(pipeline.plan())
    assert "2 changed: its command or a value in it\n" in told, "2 → 4 and 3 → 4"
    assert "(`sigma` 3 → 4)" in pipeline.plan(only="key:w=p")._repr_html_()
    changed = MODULE.replace("echo", "printf '%s '")
    Path("blur.yaml").write_text(changed)
    del pipeline.params["sigma"], pipeline.params["tag"]
    shutil.rmtree("runs")
    assert str(pipeline.plan()).count("2 changed: its command or a value in it\n") == 2
