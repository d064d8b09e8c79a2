"""What `diff` says of a change is what Snakemake does about it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from sncompile.api import check, compile_graph, diff, graph_of
from sncompile.ir.jobs.expansion import jobs

SPEC = """\
sncompile: 1
pipeline: copies
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
params: {word: {type: string, default: one}}
steps:
  first:
    module: ./modules/first.yaml
    by: [k]
    with: {word: "${params.word}"}
  second:
    module: ./modules/second.yaml
    by: [k]
    with: {files: "${first.out}"}
  third:
    module: ./modules/third.yaml
    with: {files: "${second.out}"}
  other:
    module: ./modules/first.yaml
    with: {word: fixed}
outputs: {all: "${third.out}", other: "${other.out}"}
"""
MODULES = {
    "first": """\
params: {word: {type: string}}
outputs: {out: {type: file}}
resources: {memory: 100MB}
command: [sh, "${file('first.sh')}", "${params.word}", "${outputs.out}"]
""",
    "second": """\
inputs: {files: {type: file}}
outputs: {out: {type: file}}
command: [cp, "${inputs.files}", "${outputs.out}"]
""",
    "third": """\
inputs: {files: {type: "file[]"}}
outputs: {out: {type: file}}
shell: cat ${inputs.files} > ${outputs.out}
""",
}


def written(folder: Path) -> Path:
    """The spec in a folder."""
    (folder / "modules").mkdir()
    (folder / "spec.yaml").write_text(SPEC, "utf-8")
    (folder / "modules" / "first.sh").write_text('echo "$1" > "$2"\n', "utf-8")
    for name, text in MODULES.items():
        (folder / "modules" / f"{name}.yaml").write_text(f"sncompile: 1\nmodule: {name}\n{text}", "utf-8")
    return folder / "spec.yaml"


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def snakemake(spec: Path, *arguments: str) -> str:
    """Compile a spec, and run Snakemake on it; what it prints."""
    out = spec.parent / "build"
    compile_graph(graph_of(check(spec).require()), out=out).write(out)
    command = [sys.executable, "-m", "snakemake", "--snakefile", "build/Snakefile", "--cores", "2", *arguments]
    done = subprocess.run(command, cwd=spec.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def would_run(spec: Path) -> set[str]:
    """The outputs that Snakemake would make again."""
    return set(re.findall(r"(?m)^ +output: (.*)$", snakemake(spec, "-n", "--rerun-triggers", *TRIGGERS)))


TRIGGERS = ("code", "input", "mtime", "params", "software-env")
"""Snakemake's own, whatever a profile says."""


def test_snakemake_runs_what_diff_calls_changed(tmp_path: Path) -> None:
    """After each edit; and nothing for settings that are said to make no job run again."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = written(tmp_path / "old"), written(tmp_path / "new")
    before = graph_of(check(old).require())
    snakemake(new)
    modules = new.parent / "modules"
    edits = (
        (new, "default: one", "default: two"),
        (modules / "second.yaml", "[cp,", "[cp, -p,"),
        (modules / "first.sh", "echo", "printf %s"),
        (new, "{k: b}", "{k: c}"),
        (modules / "first.yaml", "command:", "success: {non_empty: true}\ncommand:"),
        (
            modules / "third.yaml",
            "outputs: {out: {type: file}}",
            "outputs: {out: {type: file}}\nsuccess: {non_empty: [out]}",
        ),
    )
    settings = (
        (modules / "first.yaml", "100MB", "200MB"),
        (new, "    by: [k]\n", "    by: [k]\n    retries: 1\n    local: true\n"),
        (new, "  second:\n", "  second:\n    outputs: {out: {temp: true}}\n"),
    )
    for path, was, now in edits:
        edit(path, was, now)
        after = graph_of(check(new).require())
        touched = {job.id for job in diff(before, after).jobs()}
        assert would_run(new) == {str(j.outputs["out"]) for j in jobs(after) if j.id in touched}, was
        edit(path, now, was)
    for path, was, now in settings:
        edit(path, was, now)
    found = diff(before, graph_of(check(new).require()))
    assert found.counts.changed == 0
    assert sum(len(step.settings) for step in found.steps) == 7
    assert would_run(new) == set()
