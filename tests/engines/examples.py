"""The examples, copied to where they can be run, and a pipeline of the kinds of module that are no command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "specs" / "examples"
TOOLS = ("bwa", "samtools", "wgsim", "bcftools")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
needs_variants = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def copy(name: str, folder: Path) -> Path:
    """An example without what runs of it left behind."""
    left = shutil.ignore_patterns("images", "results", "build", "runs", "logs", ".snakemake", "__pycache__")
    shutil.copytree(EXAMPLES / name, folder / name, ignore=left)
    return folder / name


def illumination(folder: Path) -> Path:
    """The example of pictures, with those of two wells: enough to see every kind of edge. Skips without its tools."""
    pytest.importorskip("skimage", reason="needs the extra `demo`")
    pytest.importorskip("mahotas", reason="needs the extra `demo`")
    place = copy("illumination", folder)
    subprocess.run([sys.executable, "demo_data.py", "images"], cwd=place, check=True, capture_output=True)
    for field in (place / "images").iterdir():
        if not field.name.startswith(("A01", "B02")):
            field.unlink()
    return place


def tissue(folder: Path) -> Path:
    """The example of tissue, with its images. Skips without its tools."""
    pytest.importorskip("skimage", reason="needs the extra `demo`")
    place = copy("tissue", folder)
    subprocess.run([sys.executable, "demo_data.py", "images"], cwd=place, check=True, capture_output=True)
    return place


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


def kinds(folder: Path) -> Path:
    """The pipeline of all kinds of module, with what it calls. Skips where notebooks cannot be run."""
    pytest.importorskip("papermill", reason="needs the extra `notebook`")
    pytest.importorskip("ipykernel", reason="needs the extra `notebook`")
    (folder / "spec.yaml").write_text(KINDS)
    (folder / "tools").mkdir()
    (folder / "tools" / "functions.py").write_text(FUNCTIONS)
    (folder / "show.py").write_text(SHOW)
    (folder / "show.sh").write_text('[ "$1" = --one ] && [ "$3" = --o ] && cp "$2" "$4"\n')
    (folder / "book.ipynb").write_text(json.dumps(BOOK))
    return folder / "spec.yaml"
