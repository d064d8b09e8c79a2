"""The valid specs that faults are put into: some of ours, the shipped examples and library, and pages of `cases/`."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_cases import CASES, EXPECTED, blocks_of

Files = dict[str, str]
"""File name → text; `main.yaml` is the spec."""

EXAMPLES = Path(__file__).parent.parent.parent / "specs" / "examples"
LIBRARY = EXAMPLES.parent / "starrynight"

_MODULES = {
    "calc": (
        "images: {type: 'file[]', format: tif}",
        "function: {type: file, format: npy}",
        "percentile: {type: number, minimum: 0, maximum: 100}",
    ),
    "correct": (
        "image: {type: file, format: tif}\n  function: {type: file, format: npy}",
        "corrected: {type: file, format: tiff}",
        "clip: {type: number, default: 1.0, minimum: 0, maximum: 1}",
    ),
    "segment": (
        "image: {type: file, format: tiff}",
        "labels: {type: file, format: tiff}",
        "mode: {enum: [fast, careful], default: fast}",
    ),
    "measure": (
        "images: {type: 'file[]', format: tiff}\n  labels: {type: 'file[]', format: tiff}",
        "table: {type: file, format: csv}",
        "border: {type: integer, default: 3, minimum: 0}",
    ),
    "report": (
        "tables: {type: 'file[]', format: csv}",
        "html: {type: file, format: html}",
        "title: {type: string, default: Report, pattern: '[A-Z].*'}",
    ),
}
"""Of each module of `ILLUMINATION` its inputs, outputs and parameters."""


def _module(name: str) -> str:
    inputs, outputs, params = _MODULES[name]
    ports = re.findall(r"^\s*(\w+):", inputs, re.MULTILINE)
    values = [f"params.{params.partition(':')[0]}", f"outputs.{outputs.partition(':')[0]}"]
    values += [f"inputs.{port}" for port in ports]
    arguments = "".join(f'  - "${{{value}}}"\n' for value in values)
    return (
        f"sncompile: 1\nmodule: {name}\ninputs:\n  {inputs}\noutputs:\n  {outputs}\nparams:\n  {params}\n"
        f"resources: {{cpus: 1, memory: 2GB, time: 10m}}\ncommand:\n  - {name}\n{arguments}"
    )


ILLUMINATION = """\
sncompile: 1
pipeline: illumination
data: {images: images, workspace: results}
params:
  percentile: {type: number, default: 99.0}
tables:
  fields:
    glob: "${data.images}/{well}_s{site}.tif"
    key: [well, site]
  plates:
    file: plates.csv
    key: [well]
modules: {illum: ./modules}
steps:
  calc:
    module: illum/calc
    with: {images: "${fields.path}", percentile: "${params.percentile}"}
  apply:
    module: illum/correct
    by: [well, site]
    with: {image: "${fields.path}", function: "${calc.function}"}
  segment:
    module: illum/segment
    by: [well, site]
    where: "${well != 'H12'}"
    with:
      image: "${apply.corrected}"
    resources: {memory: 4GB, cpus: 2, time: 1h}
  measure:
    module: illum/measure
    by: [well]
    over: plates
    with: {images: "${apply.corrected}", labels: "${segment.labels}"}
    outputs: {table: "${data.workspace}/tables/${well}.csv"}
  report:
    module: illum/report
    when: true
    after: [measure]
    with:
      tables: "${measure.table}"
      title: "Of ${len(plates.treatment)} wells"
flow: {seq: [calc, apply, segment, measure, report]}
outputs: {report: "${report.html}"}
"""

BRANCHES = """\
sncompile: 1
pipeline: two_assays
data: {workspace: results}
modules: {assay: ./modules}
steps:
  cp_load: {module: assay/load}
  cp_run: {module: assay/run, with: {loaddata: "${cp_load.loaddata}"}}
  sbs_load: {module: assay/load}
  sbs_run: {module: assay/run, with: {loaddata: "${sbs_load.loaddata}"}}
  analysis: {module: assay/load, outputs: {loaddata: "${data.workspace}/all.csv"}}
flow:
  seq:
    - parallel:
        - seq: [cp_load, cp_run]
        - seq: [sbs_load, sbs_run]
    - analysis
"""

CORRECT = """\
sncompile: 1
module: correct
title: Apply illumination correction
inputs:
  image: {type: file, format: [tiff, png], description: One raw field of view}
  function: {type: file, format: npy}
outputs:
  corrected: {type: file, format: tiff}
params:
  clip: {type: number, default: 1.0, minimum: 0, maximum: 1}
container: {image: "ghcr.io/example/illum:1.4.0"}
resources: {cpus: 1, memory: 2GB, time: 10m}
command: [illum, apply, --clip, "${params.clip}", --function, "${inputs.function}",
          --out, "${outputs.corrected}", "${inputs.image}"]
"""


def valid_specs() -> dict[str, Files]:
    """Every valid spec by its name, with all the files that it needs."""
    images = {f"images/{well}_s{site}.tif": "" for well in ("A01", "A02") for site in (1, 2)}
    modules = {f"modules/{name}.yaml": _module(name) for name in _MODULES}
    load = "sncompile: 1\nmodule: load\noutputs:\n  loaddata: {type: file, format: csv}\ncommand:\n  - load\n"
    run = "sncompile: 1\nmodule: run\ninputs:\n  loaddata: {type: file, format: csv}\noutputs:\n  done: {type: file}\n"
    return {
        "illumination": {
            "main.yaml": ILLUMINATION,
            "plates.csv": "well,treatment\nA01,none\nA02,drug\n",
            **modules,
            **images,
        },
        "branches": {
            "main.yaml": BRANCHES,
            "modules/load.yaml": load + '  - "${outputs.loaddata}"\n',
            "modules/run.yaml": run + 'command: [run, "${inputs.loaddata}", "${outputs.done}"]\n',
        },
        "module": {"main.yaml": CORRECT},
        "variants": _example("variants"),
        "demo": {**_example("illumination"), **images},
        **_library(),
        **_pages(),
    }


def _library() -> dict[str, Files]:
    """Every module of the shipped library, and the pipelines made of them."""
    places = [*sorted(LIBRARY.glob("*.yaml")), *sorted((LIBRARY / "pipelines").rglob("*.yaml"))]
    scripts = {p.name: p.read_text("utf-8") for p in LIBRARY.glob("*.py")}
    found = {f"library.{p.stem}": {"main.yaml": p.read_text("utf-8"), **scripts} for p in places}
    used = {f"used.{p.stem}": {"main.yaml": _USE, "tool.yaml": p.read_text("utf-8"), **scripts} for p in places}
    return found | used


_USE = """\
sncompile: 1
pipeline: used
data: {workspace: results}
steps:
  s: {module: ./tool.yaml}
"""


def _pages() -> dict[str, Files]:
    """The pages of the language's valid specs, as far as their files are text and they need no options."""
    found = {}
    for page in sorted((CASES / "valid").glob("*.md")):
        blocks = blocks_of(page.read_text("utf-8"))
        if not any(block.name in ("setup", "options") for block in blocks):
            found[f"page.{page.stem}"] = {b.name: b.text for b in blocks if b.name not in EXPECTED}
    return {name: files for name, files in found.items() if "main.yaml" in files}


def _example(name: str) -> Files:
    folder = EXAMPLES / name
    found = {f"modules/{p.name}": p.read_text("utf-8") for p in sorted((folder / "modules").iterdir()) if p.is_file()}
    found |= {p.name: p.read_text("utf-8") for p in sorted(folder.glob("*.tsv"))}
    return {"main.yaml": (folder / f"{name}.yaml").read_text("utf-8"), **found}
