"""What `describe` says of a document, in the words that its author would use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import command_line

MODULE = """\
sncompile: 1
module: count
outputs:
  number: {type: integer}
  plot: {type: "file?", format: png, report: {category: QC, caption: All., labels: {figure: a}}}
  page: {type: file, report: {}}
command: [count, "${outputs.number}", "${outputs.plot}", "${outputs.page}"]
success: {non_empty: [page]}
version_command: [count, --version]
"""
PIPELINE = """\
sncompile: 1
pipeline: main
tables:
  slides: {key: slide, rows: [{slide: S1}]}
  cores: {key: core, from: "${dearray.cores}", glob: "{core}.tif"}
  chunks: {key: chunk, from: "${ split.list }"}
steps:
  dearray: {by: slide, module: {outputs: {cores: {type: directory}}, shell: "mkdir ${outputs.cores}"}}
  split: {module: {outputs: {list: {type: file, format: csv}}, shell: "echo chunk > ${outputs.list}"}}
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> command_line.Run:
    """Calls `describe` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("count.yaml").write_text(MODULE)
    Path("main.yaml").write_text(PIPELINE)
    return command_line.in_this_process(capsys, "describe")


def test_outputs_say_what_they_hold(told: command_line.Run) -> None:
    """A value its type, and what is for people to look at that it is."""
    lines = told("count.yaml").out.splitlines()
    assert "  number  integer" in lines
    assert "  plot    file? (png), shown in reports under QC" in lines
    assert "  page    file, shown in reports" in lines
    assert "  non_empty  page" in lines
    assert lines[lines.index("Tells its version") :][1:3] == ["  count", "  --version"]


def test_rows_that_a_step_writes_have_its_keys(told: command_line.Run) -> None:
    """Before their own."""
    out = told("main.yaml").out
    assert "by slide, core; the files {core}.tif in ${dearray.cores}, known later" in out
    assert "by chunk; the rows of ${ split.list }, known later" in out


def test_a_plan_tells_the_columns_of_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what they hold, where that is no text; of rows that a step writes, what is declared."""
    monkeypatch.chdir(tmp_path)
    rows = "{key: slide, rows: [{slide: S1, dose: 1.5, note: a}]}"
    Path("main.yaml").write_text(PIPELINE.replace("{key: slide, rows: [{slide: S1}]}", rows))
    plan = command_line.in_this_process(capsys, "plan")
    lines = plan("main.yaml").out.splitlines()
    assert " ".join(lines[lines.index("tables") + 1].split()) == "slides by slide 1 row dose (number), note"
    told = json.loads(plan("main.yaml", "--json").out)["tables"]
    assert told[0] == {"name": "slides", "by": ["slide"], "rows": 1, "columns": {"dose": "number", "note": "string"}}
