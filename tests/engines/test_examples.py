"""The examples, really run, and the kinds of module that are no command."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "specs" / "examples"
TOOLS = ("bwa", "samtools", "wgsim", "bcftools")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]


def sncompile(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a folder; fails with what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "sncompile.cli.main", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done


def copy(name: str, folder: Path) -> Path:
    """An example without what runs of it left behind."""
    left = shutil.ignore_patterns("images", "results", "build", "runs", "logs", ".snakemake", "__pycache__")
    shutil.copytree(EXAMPLES / name, folder / name, ignore=left)
    return folder / name


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 sum of every file below a folder."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and ".snakemake" not in p.name
    }


def test_illumination_counts_cells_and_plain_snakemake_does_the_same(tmp_path: Path) -> None:
    """From pixels to the report; the emitted folder gives the same bytes where sncompile cannot be imported."""
    pytest.importorskip("skimage", reason="needs the extra `demo`")
    pytest.importorskip("mahotas", reason="needs the extra `demo`")
    folder = copy("illumination", tmp_path)
    subprocess.run([sys.executable, "demo_data.py", "images"], cwd=folder, check=True, capture_output=True)
    for field in (folder / "images").iterdir():
        # Two wells are enough to see every kind of edge.
        if not field.name.startswith(("A01", "B02")):
            field.unlink()
    told = sncompile(folder, "run", "illumination.yaml", "--cores", "2")
    assert "report: results/illumination.html" in told.stdout
    with (folder / "results" / "wells.csv").open() as file:
        wells = list(csv.DictReader(file))
    assert [w["well"] for w in wells] == ["A01", "B02"]
    assert all(10 <= int(w["cells"]) <= 80 for w in wells)
    page = (folder / "results" / "illumination.html").read_text()
    assert page.count("data:image/") >= 6
    assert "http://" not in page.replace("http://www.w3.org", "")
    first = sums(folder / "results")
    shutil.rmtree(folder / "results")
    shutil.rmtree(folder / ".snakemake")
    blocked = "import sys; sys.modules['sncompile'] = None; from snakemake.cli import main; main(sys.argv[1:])"
    arguments = ["-s", "build/illumination/Snakefile", "--cores", "2", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", blocked, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sums(folder / "results") == first


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_variants_are_found(tmp_path: Path) -> None:
    """Reads, alignment, calling and plot; nearly all planted mutations are found again."""
    folder = copy("variants", tmp_path)
    told = sncompile(folder, "run", "variants.yaml", "--cores", "2")
    assert "vcf: results/concatenate/variants.vcf.gz" in told.stdout
    with (folder / "results" / "plot" / "summary.tsv").open() as file:
        samples = list(csv.DictReader(file, delimiter="\t"))
    assert len(samples) == 3
    assert (folder / "results" / "plot" / "figure.svg").read_text().startswith("<svg")
    # What is temporary is gone once nobody needs it.
    assert not list((folder / "results" / "simulate").glob("*/reads_1.fastq"))


KINDS = """\
sncompile: 1
pipeline: kinds
tables: {t: {key: [k], rows: [{k: a b, n: 2}, {k: "it's", n: 3}]}}
steps:
  py:
    module:
      inputs: {maybe: {type: "file?"}}
      outputs: {o: {type: file, format: json}}
      params:
        n: {type: integer}
        s: {type: string}
        l: {type: "string[]", default: ["", "{x}"]}
        f: {type: boolean, default: false}
      python: "tools.functions:write"
    by: [k]
    with: {n: "${t.n}", s: "${k}"}
  script:
    module:
      inputs: {many: {type: "file[]"}}
      outputs: {o: {type: file, format: json}}
      params: {flag: {type: boolean, default: true}, off: {type: boolean, default: false}, maybe: {type: "string?"}}
      script: show.py
    with: {many: "${py.o}"}
  shell:
    module:
      inputs: {one: {type: file}}
      outputs: {o: {type: file, format: txt}}
      script: show.sh
    with: {one: "${script.o}"}
  book:
    module:
      inputs: {many: {type: "file[]"}}
      outputs: {page: {type: file, format: ipynb}, o: {type: file, format: txt}}
      params: {n: {type: number, default: 1.5}}
      notebook: book.ipynb
    with: {many: "${py.o}"}
"""
FUNCTIONS = """\
import json
def write(o, n, s, l, f):
    json.dump({"n": n, "s": s, "l": l, "f": f}, open(o, "w"))
"""
SHOW = """\
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("--many", nargs="+")
parser.add_argument("--o")
parser.add_argument("--flag", action="store_true")
parser.add_argument("--off", action="store_true")
parser.add_argument("--maybe")
arguments = parser.parse_args()
json.dump(vars(arguments), open(arguments.o, "w"))
"""


def cell(number: int, source: str, *tags: str) -> dict[str, object]:
    """A notebook's code cell."""
    cell = {"cell_type": "code", "execution_count": None, "id": f"c{number}", "outputs": [], "source": source}
    return {**cell, "metadata": {"tags": list(tags)}}


BOOK = {
    "cells": [
        cell(0, "n = 0; many = []; o = ''", "parameters"),
        cell(1, "open(o, 'w').write(f'{n} {many}')"),
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_functions_scripts_and_notebooks(tmp_path: Path) -> None:
    """Each is handed its ports and parameters by name, with their types."""
    pytest.importorskip("papermill", reason="needs the extra `notebook`")
    pytest.importorskip("ipykernel", reason="needs the extra `notebook`")
    (tmp_path / "spec.yaml").write_text(KINDS)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "show.py").write_text(SHOW)
    (tmp_path / "show.sh").write_text('[ "$1" = --one ] && [ "$3" = --o ] && cp "$2" "$4"\n')
    (tmp_path / "book.ipynb").write_text(json.dumps(BOOK))
    sncompile(tmp_path, "run", "spec.yaml", "--cores", "2")
    results = tmp_path / "results"
    assert json.loads((results / "py" / "it's" / "o.json").read_text()) == {
        "n": 3,
        "s": "it's",
        "l": ["", "{x}"],
        "f": False,
    }
    many = ["results/py/a b/o.json", "results/py/it's/o.json"]
    shown = {"many": many, "o": "results/script/o.json", "flag": True, "off": False, "maybe": None}
    assert json.loads((results / "script" / "o.json").read_text()) == shown
    assert (results / "shell" / "o.txt").read_text() == (results / "script" / "o.json").read_text()
    assert (results / "book" / "o.txt").read_text() == f"1.5 {many}"
    assert json.loads((results / "book" / "page.ipynb").read_text())["metadata"]["papermill"]
