"""Lists that no command line holds: a plate of 3,456 images, and ten of them, through every engine and kind of step."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sncompile.api import CompileOptions, check, compile_program

from ..command_line import plain_snakemake, sncompile
from .cwl_runs import emit_cwl, graph_from, needs_cwltool, run_cwl

PLATE = 3_456
SCREEN = 34_560
FEW = 200
"""Of a plate, cwltool takes many minutes: it looks at every file several times."""

SPEC = """\
sncompile: 1
pipeline: gather
data: {workspace: results}
tables: {images: {file: images.csv, key: [plate, image]}}
steps:
  sum:
    with: {images: "${images.path}", names: "${images.image}"}
    module:
      inputs: {images: {type: "file[]"}}
      params: {names: {type: "string[]"}}
      outputs: {o: {type: file, format: txt}}
      command: ACTION
outputs: {o: "${sum.o}"}
"""

ACTIONS = {
    "newline": """
        - sh
        - -c
        - 'cat $(head -n 1 "$2") $(tail -n 1 "$2") > "$1"; wc -l < "$2" >> "$1"'
        - sh
        - "${outputs.o}"
        - {list_file: "${inputs.images}"}
""",
    "nul": """
        - sh
        - -c
        - 'xargs -0 cat < "$${2#@}" | wc -c > "$1"'
        - sh
        - "${outputs.o}"
        - {list_file: "${inputs.images}", separator: nul, prefix: "@"}
""",
    "shell": """
        xargs cat < ${list_file(inputs.images)} | wc -c > ${outputs.o}
        printf '%s\\n' ${params.names} | tail -n 1 >> ${outputs.o}
""",
    "python": "joining:count",
}
"""What a step does with its list, and what comes of `count` images that hold one byte each."""


def lay_out(folder: Path, count: int, kind: str, plates: int = 10) -> Path:
    """A pipeline that gathers so many images of some plates."""
    images = folder / "images" / "a-plate-of-a-screen-in-a-folder-with-a-name-as-people-have-them"
    images.mkdir(parents=True)
    rows = []
    for number in range(count):
        (images / f"r{number:05d}-ch1.tif").write_bytes(b"x")
        rows.append(f"p{number % plates},i{number:05d},{images.relative_to(folder)}/r{number:05d}-ch1.tif\n")
    (folder / "images.csv").write_text("plate,image,path\n" + "".join(rows))
    (folder / "joining.py").write_text(
        "def count(images, names, o):\n"
        "    total = sum(len(open(image).read()) for image in images)\n"
        "    open(o, 'w').write(f'{total} {names[-1]}\\n')\n"
    )
    action = ACTIONS[kind]
    key = {"shell": "shell: |", "python": "python:"}.get(kind, "command:")
    text = SPEC.replace("command: ACTION", f"{key} {action.lstrip() if kind == 'python' else action}")
    if kind in ("newline", "nul", "python"):
        text = text if kind == "python" else text.replace(', names: "${images.image}"', "").replace(
            '      params: {names: {type: "string[]"}}\n', ""
        )  # fmt: skip
    (folder / "spec.yaml").write_text(text)
    return folder


def expected(count: int, kind: str) -> str:
    """What the step writes."""
    return {
        "newline": f"xx{count}\n",
        "nul": f"{count}\n",
        "shell": f"{count}\ni{count - 1:05d}\n",
        "python": f"{count} i{count - 1:05d}\n",
    }[kind]


# Snakemake takes a minute for the inputs of a job of a screen.
@pytest.mark.parametrize(("count", "kind"), [*((PLATE, kind) for kind in ACTIONS), (SCREEN, "newline")])
def test_a_run_gathers_them(count: int, kind: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path, count, kind)
    done = sncompile(folder, "run", "spec.yaml", "--cores", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "results" / "sum" / "o.txt").read_text() == expected(count, kind)
    again = sncompile(folder, "run", "spec.yaml", "--cores", "2")
    assert "up to date" in again.stderr


@pytest.mark.parametrize(("count", "kind"), [*((PLATE, kind) for kind in ACTIONS), (SCREEN, "newline")])
def test_a_script_of_bash_gathers_them(count: int, kind: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path, count, kind)
    options = CompileOptions(target="bash", out=folder / "out")
    made = compile_program(check(folder / "spec.yaml").require(), options)
    made.write()
    done = subprocess.run(["bash", "out/run.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "results" / "sum" / "o.txt").read_text() == expected(count, kind)


@needs_cwltool
@pytest.mark.parametrize("kind", ["newline", "nul", "python"])
def test_a_cwl_engine_gathers_them(kind: str, tmp_path: Path) -> None:
    graph = graph_from(lay_out(tmp_path, FEW, kind) / "spec.yaml")
    emit_cwl(graph)
    assert run_cwl(graph).keys() == {"results/sum/o.txt"}
    assert (tmp_path / "out" / "results" / "sum" / "o.txt").read_text() == expected(FEW, kind)


def test_plain_snakemake_with_a_benchmark(tmp_path: Path) -> None:
    """What is emitted needs no sncompile, and is measured as any other."""
    folder = lay_out(tmp_path, PLATE, "python")
    assert sncompile(folder, "spec.yaml", "--benchmark").returncode == 0
    plain_snakemake(folder, "build/gather/Snakefile")
    assert (folder / "results" / "sum" / "o.txt").read_text() == expected(PLATE, "python")
    assert list((folder / "benchmarks").rglob("*"))


@pytest.mark.parametrize("kind", ["newline", "nul", "shell"])
def test_batches_write_the_lists_of_their_instances(kind: str, tmp_path: Path) -> None:
    """Also where the list of one is longer than an argument may be."""
    folder = lay_out(tmp_path, 2 * PLATE, kind, plates=2)
    text = (folder / "spec.yaml").read_text().replace("  sum:\n", "  sum:\n    by: plate\n    batch: 2\n")
    (folder / "spec.yaml").write_text(text)
    done = sncompile(folder, "run", "spec.yaml", "-O2", "--cores", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    found = sorted(path.read_text() for path in (folder / "results" / "sum").glob("p*/o.txt"))
    assert [text.split("\n")[0].removeprefix("xx") for text in found] == [str(PLATE)] * 2


def test_a_notebook_gets_them(tmp_path: Path) -> None:
    pytest.importorskip("papermill")
    pytest.importorskip("ipykernel")
    folder = lay_out(tmp_path, PLATE, "python")
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "images = names = []\no = ''"},
        {"cell_type": "code", "metadata": {}, "source": "open(o, 'w').write(f'{len(images)} {names[-1]}\\n')"},
    ]
    book = {
        "cells": [{**cell, "outputs": [], "execution_count": None} for cell in cells],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "x"}, "language_info": {"name": "python"}},
        "nbformat": 4, "nbformat_minor": 4,
    }  # fmt: skip
    (folder / "book.ipynb").write_text(json.dumps(book))
    text = (folder / "spec.yaml").read_text().replace("python: joining:count", "notebook: book.ipynb")
    (folder / "spec.yaml").write_text(text)
    done = sncompile(folder, "run", "spec.yaml", "--cores", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "results" / "sum" / "o.txt").read_text() == expected(PLATE, "python")


def test_the_help_of_the_warning_works(tmp_path: Path) -> None:
    """A command line that is too long is told, fails as it was told, and does not once the help is followed."""
    folder = lay_out(tmp_path, PLATE, "newline")
    listed = (folder / "spec.yaml").read_text()
    words = '        - \'cp "$2" "$1"\'\n        - sh\n        - "${outputs.o}"\n'
    start, _, _ = listed.partition("        - 'cat")
    end = 'outputs: {o: "${sum.o}"}\n'
    (folder / "spec.yaml").write_text(f"{start}{words}        - \"${{join(inputs.images, ',')}}\"\n{end}")
    told = sncompile(folder, "check", "spec.yaml")
    assert told.returncode == 0
    assert "warning[SN338]" in told.stderr + told.stdout
    help = (told.stderr + told.stdout).partition("hand over one: `")[2].partition("`")[0]
    assert help == '{list_file: "${inputs.images}"}'
    failed = sncompile(folder, "run", "spec.yaml")
    assert failed.returncode == 3
    assert "SN724" in failed.stderr
    (folder / "spec.yaml").write_text(f"{start}{words}        - {help}\n{end}")
    told = sncompile(folder, "check", "spec.yaml")
    assert "SN338" not in told.stderr + told.stdout
    done = sncompile(folder, "run", "spec.yaml")
    assert done.returncode == 0, done.stderr
    lines = (folder / "results" / "sum" / "o.txt").read_text().splitlines()
    assert len(lines) == PLATE
    assert all(Path(folder, line).exists() for line in lines)


def test_lists_stay_for_who_repeats_a_job(tmp_path: Path) -> None:
    """The words of a job, as they are told, do the same again by hand."""
    folder = lay_out(tmp_path, 3, "python")
    told = sncompile(folder, "spec.yaml", "--emit", "jobs")
    job = json.loads(told.stdout.splitlines()[0])
    path = "results/sum/.sncompile/lists/arguments.json"
    assert job["command"][-1] == f"@{path}"
    assert json.loads(job["list_files"][path])["names"] == ["i00000", "i00001", "i00002"]
    assert sncompile(folder, "run", "spec.yaml").returncode == 0
    assert (folder / path).read_text() == job["list_files"][path]
    shutil.move(folder / "results" / "sum" / "o.txt", folder / "before.txt")
    subprocess.run(job["command"], cwd=folder, check=True)
    assert (folder / "results" / "sum" / "o.txt").read_text() == (folder / "before.txt").read_text()
