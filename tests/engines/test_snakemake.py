"""Snakemake's own view of what we emit: the same jobs, the same commands, and a file that its tools accept."""

from __future__ import annotations

import json
import keyword
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import default_out
from sncompile.ir.graph.model import Graph
from sncompile.semantics.scope import RESERVED, UNREADABLE

from ..command_line import sncompile
from .inputs import fill_inputs
from .snakemake_jobs import compare, dry_run, emit, misformatted

HERE = Path(__file__).parent
SPECS = sorted(p.name for p in (HERE / "specs").iterdir() if p.is_dir())


@pytest.fixture
def compiled(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    """A spec of `specs/`, copied and compiled, with its inputs there."""
    monkeypatch.setenv("TOK", "a secret")
    folder = tmp_path / "project"
    shutil.copytree(HERE / "specs" / request.param, folder)
    graph = emit(folder / "spec.yaml")
    fill_inputs(graph)
    return graph


@pytest.mark.parametrize("compiled", SPECS, indirect=True)
def test_snakemake_has_the_same_jobs(compiled: Graph) -> None:
    """Job by job: outputs, inputs in order, the command's words, memory and time."""
    assert compare(compiled, dry_run(compiled)) == []


@pytest.mark.parametrize("compiled", SPECS, indirect=True)
def test_its_tools_accept_the_file(compiled: Graph) -> None:
    """`snakefmt --check` leaves the file alone; `snakemake --lint` only misses environments where none are named."""
    snakefile = default_out(compiled) / "Snakefile"
    assert misformatted(snakefile) == ""
    linted = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint", "-s", str(snakefile)],
        capture_output=True, text=True, check=False, cwd=compiled.folder,
    )  # fmt: skip
    told = [line for line in (linted.stdout + linted.stderr).splitlines() if line.strip().startswith("* ")]
    assert [line for line in told if "conda environment or container" not in line] == []


@pytest.mark.parametrize("compiled", SPECS, indirect=True)
def test_the_source_map_leads_back(compiled: Graph) -> None:
    """Every rule's first line and every mapped line name a line of the spec that has to do with it."""
    out = default_out(compiled)
    lines = (out / "Snakefile").read_text().split("\n")
    mapped = json.loads((out / "Snakefile.map.json").read_text())
    spec = (Path(compiled.folder) / "spec.yaml").read_text().split("\n")
    for name, rule in mapped["rules"].items():
        assert lines[rule["lines"][0] - 1] == f"rule {name}:"
        if rule["file"] == "spec.yaml" and rule["step"] != "all":
            assert rule["step"] in spec[rule["source_line"] - 1]
    for line in mapped["lines"]:
        entry = line.get("entry", "").partition(".")[2]
        assert entry in lines[line["line"] - 1]


def test_the_rules_do_not_grow_with_the_data(tmp_path: Path) -> None:
    """Ten times the rows give the same Snakefile, and ten times the sidecar."""
    texts = []
    for count in (3, 30):
        folder = tmp_path / str(count)
        folder.mkdir()
        rows = "\n".join(f"p{i % 3},w{i},value {i}" for i in range(count))
        (folder / "t.csv").write_text("plate,well,v\n" + rows + "\n")
        (folder / "spec.yaml").write_text(GROWING)
        graph = emit(folder / "spec.yaml")
        text = (default_out(graph) / "Snakefile").read_text()
        texts.append(text)
    assert texts[0] == texts[1]


def test_the_text_of_a_rule_does_not_hang_on_cells(tmp_path: Path) -> None:
    """Cells that happen to agree, or to be there, must not change a rule: one row more would have every job redone."""
    texts = []
    for number, values in enumerate((("same", "same"), ("same", "other"), ("same", ""))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "t.csv").write_text("k,v\n" + "".join(f"k{i},{v}\n" for i, v in enumerate(values)))
        (folder / "spec.yaml").write_text(OPTIONAL)
        texts.append((default_out(emit(folder / "spec.yaml")) / "Snakefile").read_text())
    assert len(set(texts)) == 1


OPTIONAL = """\
sncompile: 1
pipeline: optional
tables: {t: {file: t.csv, key: [k]}}
steps:
  one:
    module:
      outputs: {o: {type: file}}
      params: {v: {type: string?}}
      command: [tool, {option: --v, value: "${params.v}"}, "${params.v}", "${outputs.o}"]
    by: [k]
    with: {v: "${t.v}"}
"""

GROWING = """\
sncompile: 1
pipeline: growing
tables: {t: {file: t.csv, key: [plate, well]}}
steps:
  one:
    module: {outputs: {o: {type: file}}, params: {v: {type: string}}, command: [tool, "${params.v}", "${outputs.o}"]}
    by: [plate, well]
    with: {v: "${t.v}"}
  gather:
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      params: {v: {type: "string[]"}}
      command: [tool, {option: --v, value: "${params.v}", repeat: true}, "${inputs.i}", "${outputs.o}"]
    by: [plate]
    with: {i: "${one.o}", v: "${t.v}"}
  total:
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      params: {v: {type: "string[]"}}
      command: [tool, "${params.v}", "${inputs.i}", "${outputs.o}"]
    with: {i: "${gather.o}", v: "${t.well}"}
"""


def test_what_is_computed_of_sizes_is_no_difference(tmp_path: Path) -> None:
    """A word that is known when the job runs is not compared before."""
    (tmp_path / "raw.txt").write_text("raw")
    (tmp_path / "spec.yaml").write_text(
        """\
sncompile: 1
pipeline: main
steps:
  a:
    with: {i: raw.txt}
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      resources: {memory: "${2 * inputs.i.size}"}
      command: [tool, "${resources.memory}", "${inputs.i}", "${outputs.o}"]
"""
    )
    done = sncompile(tmp_path, "spec.yaml", "--verify")
    assert (done.returncode, "verified: Snakemake has the same 1 job" in done.stderr) == (0, True), done.stderr


def _words_of_the_grammar() -> list[str]:
    """Every word that begins something in a Snakefile, with built-in names, and methods of lists."""
    from snakemake import parser

    automata = [
        each.subautomata for each in vars(parser).values() if isinstance(each, type) and hasattr(each, "subautomata")
    ]
    words = {word for known in automata if isinstance(known, dict) for word in known}
    words |= {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(list),
        *dir(dict),
        "all",
        "print",
        "map",
        "open",
        "rules",
        "workflow",
    }
    return sorted(word for word in words if word.isidentifier() and word not in RESERVED | UNREADABLE)


def test_steps_may_be_called_like_words_of_the_grammar(tmp_path: Path) -> None:
    """Rules are called as the steps are, but for the rule that asks for all."""
    words = _words_of_the_grammar()
    assert {"all", "input", "rule", "checkpoint", "append"} <= {*words}
    module = '{outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}'
    steps = "".join(f"  {word}: {{module: {module}}}\n" for word in words)
    outputs = "".join(f'  o{number}: "${{{word}.o}}"\n' for number, word in enumerate(words))
    (tmp_path / "spec.yaml").write_text(f"sncompile: 1\npipeline: words\nsteps:\n{steps}outputs:\n{outputs}")
    graph = emit(tmp_path / "spec.yaml", level=0)
    assert compare(graph, dry_run(graph)) == []
    text = (default_out(graph) / "Snakefile").read_text()
    rules = re.findall(r"^rule (\w+):", text, re.MULTILINE)
    assert {*rules} == {"all_" if word == "all" else word for word in words} | {"all"}
