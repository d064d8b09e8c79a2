"""The same spec gives the same bytes, whatever is around it: see also `test_golden.py`, which holds them still."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_graph, compile_program, graph_of, optimize

from .sums import sums
from .test_golden import EXAMPLES, laid_out

TARGETS = ("snakemake", "cwl")

SPEC = """\
sncompile: 1
pipeline: same
title: Größe µ
data: {images: images}
tables:
  wells: {key: [plate, well], file: wells.csv}
  stains: {key: stain, rows: [{stain: DNA}, {stain: ER}]}
  images:
    key: [plate, well, stain]
    sql: select plate, well, stain from wells, stains
  found: {key: [name], glob: "${data.images}/{name}.tif"}
infer:
  kinds: {sql: "select kind, plate from wells", holds: [at least 1]}
  total: {sql: "select count(*) from images", holds: one value}
steps:
  one:
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file, format: csv}}
      params: {k: {type: "string[]"}, n: {type: integer}}
      command: [tool, "${outputs.o}", "${params.k}", "${params.n}", "${inputs.i}"]
      container: a/b:1
    by: [plate, well, stain]
    over: images
    with: {i: "${found.path}", k: "${infer.kinds}", n: "${infer.total}"}
  two:
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, shell: "cat ${inputs.i} | sort > ${outputs.o}"}
    by: [plate]
    over: wells
    with: {i: "${one.o}"}
"""
ROWS = [f"{plate},{well},{kind}" for plate in ("P1", "P2") for well, kind in (("A01", "x"), ("B02", "é"), ("10", "y"))]


def lay_out(folder: Path, rows: list[str]) -> Path:
    """The spec with a table whose rows stand in an order, and images that were made in an order."""
    (folder / "images").mkdir(parents=True)
    names = ["b", "a", "Z", "ä", "10", "9"]
    for name in names if rows[0] == ROWS[0] else reversed(names):
        (folder / "images" / f"{name}.tif").touch()
    (folder / "wells.csv").write_text("plate,well,kind\n" + "".join(f"{row}\n" for row in rows), "utf-8")
    (folder / "spec.yaml").write_text(SPEC, "utf-8")
    return folder / "spec.yaml"


def compiled_by(python: str, spec: Path, target: str, level: int, **environment: str) -> dict[str, str]:
    """Compile in a process of its own, with nothing in its environment but what is said."""
    out = spec.parent / f"out-{target}-{level}"
    command = [python, "-m", "sncompile.cli.main", "compile", spec.name, "-t", target, f"-O{level}", "-o", out.name]
    everything = {"PATH": "", **environment}
    done = subprocess.run(command, cwd=spec.parent, capture_output=True, env=everything, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return sums(out)


AROUND = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "0", "HOME": "/nonexistent"},
    {"PYTHONHASHSEED": "4711", "LANG": "tr_TR.UTF-8", "TZ": "America/St_Johns", "PYTHONOPTIMIZE": "1", "USER": "x"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1", "COLUMNS": "20", "SOURCE_DATE_EPOCH": "0", "TMPDIR": "/tmp/"},
)


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_locales_zones_and_folders(target: str, tmp_path: Path) -> None:
    """Hash seeds, locales, time zones, variables, folders of any name, and files made in another order."""
    found = []
    for number, around in enumerate(AROUND):
        folder = tmp_path / ("x", "ä b/deep", "'$(x)'", "long" * 40)[number]
        found.append(compiled_by(sys.executable, lay_out(folder, ROWS), target, number % 3 and 1, **around))
    assert len(found[0]) > 3
    assert [n for n, each in enumerate(found) if each != found[1]] in ([], [0, 3])  # Those two are of -O0.
    assert found[0] == found[3]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_second_compile_gives_the_same(name: str, tmp_path: Path) -> None:
    """In one process after many others, at every level; what is kept between compiles has no say in it."""
    spec = laid_out(name, tmp_path / name)
    for target in ("snakemake",) if name in ("kinds", "tissue") else TARGETS:
        for level in (0, 1, 2):
            options = CompileOptions(target=target, level=level, out=spec.parent / "out")
            trees = [dict(compile_program(check(spec).require(), options).emitted.files) for _ in range(2)]
            assert trees[0] == trees[1]


UNORDERED = """\
sncompile: 1
pipeline: rows
tables: {wells: {key: [plate, well], file: wells.csv}}
infer: {kinds: {sql: "select kind, plate from wells", holds: [at least 1]}}
steps:
  one:
    module:
      outputs: {o: {type: file}}
      params: {k: {type: "string[]"}}
      command: [tool, "${outputs.o}", "${params.k}"]
    by: q
    with: {k: "${infer.kinds}"}
"""


@pytest.mark.parametrize("target", TARGETS)
def test_orders_of_rows_that_do_not_matter(target: str, tmp_path: Path) -> None:
    """Where a query makes the table, and values are inferred, the order of the rows in the file does not matter."""
    spec = UNORDERED.replace("tables: {", "tables: {made: {key: q, sql: 'select distinct plate as q from wells'}, ")
    found = []
    for number in range(4):
        rows = random.Random(number).sample(ROWS, len(ROWS)) if number else ROWS
        folder = tmp_path / str(number)
        lay_out(folder, rows)
        (folder / "spec.yaml").write_text(spec, "utf-8")
        graph = optimize(graph_of(check(folder / "spec.yaml").require())).graph
        found.append(dict(compile_graph(graph, target, out=folder / "out").files))
    assert all(each == found[0] for each in found)


def other_pythons() -> list[str]:
    """Interpreters with sncompile: those of SNCOMPILE_PYTHONS, with `:` between."""
    return [path for path in os.environ.get("SNCOMPILE_PYTHONS", "").split(os.pathsep) if path]


@pytest.mark.skipif(not other_pythons(), reason="SNCOMPILE_PYTHONS names no other interpreter that has sncompile")
@pytest.mark.parametrize("target", TARGETS)
def test_versions_of_python(target: str, tmp_path: Path) -> None:
    """Python 3.11 to 3.14, as far as they are here, give the same bytes."""
    spec = lay_out(tmp_path, ROWS)
    here = compiled_by(sys.executable, spec, target, 1)
    for python in other_pythons():
        shutil.rmtree(tmp_path / f"out-{target}-1")
        assert compiled_by(python, spec, target, 1) == here, python
