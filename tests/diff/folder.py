"""A small spec that is edited, and what is asked of the difference."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sncompile.api import check, diff, graph_of
from sncompile.cli.main import cli
from sncompile.ir.diff.model import GraphDiff, StepDiff

SPEC = """\
sncompile: 1
pipeline: plate
data: {images: images, workspace: results}
params: {sigma: {type: integer, default: 2}}
tables:
  fields: {file: fields.tsv, key: [well, site]}
modules: {mod: ./modules}
steps:
  flat:
    module: mod/flat
    with: {images: "${fields.path}"}
  segment:
    module: mod/segment
    by: [well, site]
    with: {image: "${fields.path}", flat: "${flat.out}", sigma: "${params.sigma}", area: "${fields.area}"}
  measure:
    module: mod/measure
    by: [well]
    with: {labels: "${segment.labels}"}
  report:
    module: mod/measure
    with: {labels: "${measure.out}"}
    outputs: {out: report.csv}
"""
MODULES = {
    "flat": """\
inputs: {images: {type: "file[]"}}
outputs: {out: {type: file, format: npy}}
command: [python, "${file('flat.py')}", --out, "${outputs.out}", "${inputs.images}"]
""",
    "segment": """\
inputs: {image: {type: file}, flat: {type: file}}
params: {sigma: {type: integer}, area: {type: integer}}
outputs: {labels: {type: file, format: tiff}}
container: {image: "example/segment:1", env: {THREADS: "1"}}
resources: {cpus: 2, memory: 1GB}
command: [segment, --sigma, "${params.sigma}", --area, "${params.area}", --cpus, "${resources.cpus}",
          --flat, "${inputs.flat}", "${inputs.image}", "${outputs.labels}"]
""",
    "measure": """\
inputs: {labels: {type: "file[]"}}
outputs: {out: {type: file, format: csv}}
shell: |
  cat ${inputs.labels} |
    sort -u > ${outputs.out}
""",
}
ROWS = [(well, site) for well in ("A1", "A2", "B1") for site in "12"]
TABLE = "well\tsite\tpath\tarea\n" + "".join(f"{w}\t{s}\timages/{w}_{s}.tif\t{s}0\n" for w, s in ROWS)


class Folder:
    """A folder with the spec, as it is before and after an edit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.put("spec.yaml", SPEC)
        self.put("fields.tsv", TABLE)
        for name, text in MODULES.items():
            self.put(f"modules/{name}.yaml", f"sncompile: 1\nmodule: {name}\n{text}")
        self.put("modules/flat.py", "pass\n")
        for well, site in ROWS:
            self.put(f"images/{well}_{site}.tif", "")

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file."""
        text = (self.path / name).read_text("utf-8")
        assert old in text
        self.put(name, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        """Call git here."""
        who = ["-c", "user.name=somebody", "-c", "user.email=somebody"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self, *ignored: str) -> None:
        """Commit everything but what is ignored."""
        if not (self.path / ".git").exists():
            self.git("init", "-q", "-b", "main")
        if ignored:
            self.put(".gitignore", "\n".join(ignored) + "\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "one")


def compared(before: Folder, now: Folder) -> GraphDiff:
    """How the two specs differ."""
    return diff(*(graph_of(check(folder.path / "spec.yaml").require()) for folder in (before, now)))


def steps(found: GraphDiff) -> dict[str, StepDiff]:
    """The steps that differ."""
    return {step.name: step for step in found.steps}


def states(found: GraphDiff) -> dict[str, str]:
    """The state of every job that differs."""
    return {job.id: job.state.value for job in found.jobs()}


def call(*arguments: str | Path) -> Any:
    """`sncompile diff …`."""
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)], env={"COLUMNS": "80"})
