"""CWL: what is emitted is valid, is run by cwltool, and gives the same files as through Snakemake."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sncompile.testing.spec import Spec

from ..properties.strategies import specs
from .cwl_runs import (
    emit_cwl,
    graph_for_both,
    graph_from,
    needs_cwltool,
    run_cwl,
    run_snakemake,
    same_files,
    validate,
)
from .examples import copy, illumination, kinds, needs_variants
from .inputs import fill_inputs
from .recording import install, recorded

SPECS = Path(__file__).parent / "specs"
EXAMPLES = int(os.environ.get("SNCOMPILE_CWL_EXAMPLES", "6"))
SAME = "SNCOMPILE_CWL_EXAMPLES" not in os.environ


@needs_cwltool
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(specs(), st.sampled_from((0, 1, 2)))
def test_random_specs_give_the_same_files(spec: Spec, level: int) -> None:
    """Every path and every byte, with a tool that writes down its arguments and the sums of what it reads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        folder.mkdir()
        graph = graph_for_both(recorded(spec), folder, level)
        if graph is not None:
            fill_inputs(graph)
            same_files(graph, install(folder))


@needs_cwltool
@pytest.mark.parametrize("name", ["dashes", "hand", "nested", "nonrect"])
def test_specs_give_the_same_files(name: str, tmp_path: Path) -> None:
    """Paths like options, lists of outputs, order without data, nested pipelines, tables that are no rectangles."""
    yaml = YAML(typ="safe")
    documents = {f"./{path.name}": yaml.load(path.read_text()) for path in (SPECS / name).glob("*.yaml")}
    main = documents.pop("./spec.yaml")
    graph = graph_for_both(recorded(Spec(main, documents, {}, {})), tmp_path)
    assert graph is not None
    fill_inputs(graph)
    validate(emit_cwl(graph))
    same_files(graph, install(tmp_path))


@needs_cwltool
def test_illumination_gives_the_same_files(tmp_path: Path) -> None:
    """From pixels to the report, with gathers by well."""
    folder = illumination(tmp_path)
    found = same_files(graph_from(folder / "illumination.yaml"))
    assert {"results/illumination.html", "results/wells.csv", "results/measure/B02/table.csv"} <= found.keys()


@needs_cwltool
@needs_variants
def test_variants_give_the_same_files(tmp_path: Path) -> None:
    """Indexes that tools look for beside their files, lists of outputs, temporary files."""
    folder = copy("variants", tmp_path)
    found = same_files(graph_from(folder / "variants.yaml"))
    assert "results/concatenate/variants.vcf.gz" in found
    assert not any("reads_1" in path for path in found)


@needs_cwltool
def test_functions_scripts_and_notebooks(tmp_path: Path) -> None:
    """The package of a function lies in the working folder, the files of a module beside the document."""
    graph = graph_from(kinds(tmp_path))
    emit_cwl(graph)
    ours, theirs = run_cwl(graph), run_snakemake(graph)
    page = "results/book/page.ipynb"  # It holds the time.
    assert ours.pop(page) != theirs.pop(page)
    # Of what hands arguments over, each has its own.
    assert {path: s for path, s in theirs.items() if not {"__pycache__", ".sncompile"} & {*path.split("/")}} == ours


PASSED = """
sncompile: 1
pipeline: passed
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  make: {module: {outputs: {o: {type: file}, d: {type: directory}}, shell: "echo ${outputs.o} > ${outputs.o}; mkdir ${outputs.d}; echo > ${outputs.d}/x"}, by: [k]}
  named: {module: {outputs: {o: {type: file}}, params: {p: {type: string}, all: {type: "string[]"}}, shell: "cat ${params.p} ${params.all} > ${outputs.o}"}, by: [k], with: {p: "${make.o}", all: ["${make.o}", "${make.d}/x"]}}
  quiet: {module: {inputs: {i: {type: file}}, shell: "test -s ${inputs.i}"}, by: [k], with: {i: "${make.o}"}}
  last: {module: {outputs: {o: {type: file, format: txt}}, shell: "echo done > ${outputs.o}"}, after: [quiet]}
  unneeded: {module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, shell: "exit 1 > ${outputs.o}"}, with: {i: "${last.o}"}}
  first: {module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}, by: [k], where: "${k == 'b'}", with: {i: "${other.o}"}}
  other: {module: {outputs: {o: {type: file}}, shell: "[[ ${outputs.o} == */b/o ]]; echo > ${outputs.o}"}, by: [k]}
  many: {module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}, by: [k]}
  one: {module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}, with: {i: "${many.o[0]}"}}
outputs: {n: "${named.o}", l: "${last.o}", f: "${first.o}", one: "${one.o}"}
"""  # noqa: E501


@needs_cwltool
def test_only_what_is_needed_runs(tmp_path: Path) -> None:
    """Files that a parameter names are there, and what a file is chosen from; what no output needs does not run."""
    (tmp_path / "spec.yaml").write_text(PASSED)
    graph = graph_from(tmp_path / "spec.yaml")
    found = same_files(graph)
    assert {p.split("/")[1] for p in found} == {"make", "named", "last", "first", "other", "many", "one"}
    assert "results/other/a/o" not in found
    assert {"results/many/a/o", "results/many/b/o"} < found.keys()
    assert "after_quiet" in (tmp_path / "cwl" / "workflow.cwl").read_text()
