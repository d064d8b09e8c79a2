"""Rows and lists in real runs: one spec for sheets of every kind; absent items that reach the tool in their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..command_line import sncompile
from ..sums import sums
from .cwl_runs import cwltool, emit_cwl, needs_cwltool
from .snakemake_jobs import emit

SHEETS = {
    "paired": "A,1,a.fq,b.fq\nB,1,c.fq,d.fq\n",
    "single": "A,1,a.fq,\nB,1,c.fq,\n",
    "mixed": "A,1,a.fq,b.fq\nB,1,c.fq,\nB,2,d.fq,\n",
}
MERGED = {
    "paired": {"A": "ab", "B": "cd"},
    "single": {"A": "a", "B": "c"},
    "mixed": {"A": "ab", "B": "cd"},
}
SIZES = {"paired": "4\n4\n", "single": "", "mixed": "4\n"}

SPEC = """\
sncompile: 1
pipeline: reads
tables:
  units: {key: [sample, unit], file: units.csv}
  paired: {key: [sample, unit], sql: select * from units where fq2 is not null}
  single: {key: [sample, unit], sql: select * from units where fq2 is null}
infer:
  pairs: {sql: select count(*) from paired, holds: one value}
steps:
  trim_pairs:
    by: [sample, unit]
    over: paired
    with: {fq1: "${paired.fq1}", fq2: "${paired.fq2}"}
    module:
      inputs: {fq1: {type: file}, fq2: {type: file}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.fq1} ${inputs.fq2} > ${outputs.o}
  trim:
    by: [sample, unit]
    over: single
    with: {fq: "${single.fq1}"}
    module:
      inputs: {fq: {type: file}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.fq} > ${outputs.o}
  sizes:
    when: "${infer.pairs > 0}"
    with: {trimmed: "${trim_pairs.o}"}
    module:
      inputs: {trimmed: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: for i in ${inputs.trimmed}; do wc -c < $i; done > ${outputs.o}
  merge:
    by: sample
    over: units
    with: {parts: ["${trim_pairs.o}", "${trim.o}"]}
    module:
      inputs: {parts: {type: "file[]"}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.parts} > ${outputs.o}
  count:
    by: [sample, unit]
    over: units
    with: {reads: "${trim.o if units.fq2 == null else trim_pairs.o}"}
    module:
      inputs: {reads: {type: file}}
      outputs: {o: {type: file}}
      shell: wc -c < ${inputs.reads} > ${outputs.o}
  report:
    with: {counts: "${count.o}", sizes: "${sizes.o}", pairs: "${trim_pairs.o}"}
    module:
      inputs: {counts: {type: "file[]"}, sizes: {type: "file?"}, pairs: {type: "file[]?"}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.counts} ${inputs.sizes} > ${outputs.o}
outputs: {merged: "${merge.o}", report: "${report.o}", sizes: "${sizes.o}"}
"""


def lay_out(folder: Path, rows: str) -> Path:
    """The spec with a sheet, and with the reads."""
    for name in "abcd":
        (folder / f"{name}.fq").write_text(f"{name}\n")
    (folder / "units.csv").write_text(f"sample,unit,fq1,fq2\n{rows}")
    spec = folder / "reads.yaml"
    spec.write_text(SPEC)
    return spec


def check_results(folder: Path, sheet: str) -> None:
    """What every sheet comes to."""
    merged = {s: (folder / "results" / "merge" / s / "o").read_text().replace("\n", "") for s in MERGED[sheet]}
    assert merged == MERGED[sheet]
    assert (folder / "results" / "report" / "o").read_text().endswith(SIZES[sheet])
    assert (folder / "results" / "sizes" / "o").exists() == bool(SIZES[sheet])


@pytest.mark.parametrize("sheet", SHEETS)
def test_one_spec_serves_every_sheet(sheet: str, tmp_path: Path) -> None:
    """Paired, single and mixed reads, run by Snakemake."""
    lay_out(tmp_path, SHEETS[sheet])
    done = sncompile(tmp_path, "run", "reads.yaml", "--cores", "2")
    assert done.returncode == 0, done.stderr[-4000:]
    check_results(tmp_path, sheet)


@needs_cwltool
@pytest.mark.parametrize("sheet", ["single", "mixed"])
def test_cwl_serves_every_sheet(sheet: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by cwltool: the same files."""
    monkeypatch.chdir(tmp_path)
    graph = emit(lay_out(tmp_path, SHEETS[sheet]))
    emit_cwl(graph)
    done = cwltool(graph)
    assert done.returncode == 0, done.stderr[-4000:]
    check_results(tmp_path / "out", sheet)
    assert sums(tmp_path / "out")


def test_a_sheet_without_rows_is_nothing_to_do(tmp_path: Path) -> None:
    """No rows, no jobs: it is said in words, and is no failure."""
    (tmp_path / "s.csv").write_text("sample\n")
    module = "{outputs: {o: {type: file}}, command: [touch, '${outputs.o}']}"
    (tmp_path / "s.yaml").write_text(
        "sncompile: 1\npipeline: s\ntables: {s: {key: sample, file: s.csv}}\n"
        f"steps: {{make: {{by: sample, module: {module}}}}}\n"
    )
    done = sncompile(tmp_path, "run", "s.yaml", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert "nothing to do: the pipeline has no jobs" in done.stderr
    planned = sncompile(tmp_path, "plan", "s.yaml", "--json")
    steps = json.loads(planned.stdout)["steps"]
    assert [(step["name"], step["instances"]) for step in steps] == [("make", 0)]


def test_absent_items_reach_the_tool(tmp_path: Path) -> None:
    """Empty arguments of a command, and `null` for a script in Python that takes one JSON object."""
    (tmp_path / "tool.py").write_text(
        "import json\n\n\ndef run(strands, o):\n    open(o, 'w').write(json.dumps(strands))\n"
    )
    (tmp_path / "spec.yaml").write_text(
        """\
sncompile: 1
pipeline: gaps
tables: {units: {key: unit, rows: [{unit: A, strand: "yes"}, {unit: B}, {unit: C, strand: reverse}]}}
steps:
  words:
    with: {strands: "${units.strand}", units: "${units.unit}"}
    module:
      params: {strands: {type: "string?[]"}, units: {type: "string[]"}}
      outputs: {o: {type: file}}
      shell: |
        printf '<%s>' ${params.units} ${params.strands} > ${outputs.o}
  function:
    with: {strands: "${units.strand}"}
    module:
      params: {strands: {type: "string?[]"}}
      outputs: {o: {type: file}}
      python: tool:run
"""
    )
    done = sncompile(tmp_path, "run", "spec.yaml", "--cores", "1")
    assert done.returncode == 0, done.stderr[-4000:]
    assert (tmp_path / "results" / "words" / "o").read_text() == "<A><B><C><yes><><reverse>"
    assert json.loads((tmp_path / "results" / "function" / "o").read_text()) == ["yes", None, "reverse"]
