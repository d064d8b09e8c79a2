"""`sncompile infer`: the values that a pipeline reads off its tables, with their evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .command_line import Run, in_this_process

MODULE = """\
sncompile: 1
module: say
outputs: {said: {type: file}}
params: {text: {type: string, default: hello}}
command: [say, "${params.text}", "${outputs.said}"]
"""

SPEC = """\
sncompile: 1
pipeline: plates
title: Plates
tables:
  wells: {key: [plate, well], file: wells.csv}
infer:
  images: {sql: "select images, plate, well from wells", holds: one value, type: integer, description: In a well}
  plates: {sql: select plate from wells, holds: at least 1}
steps: {one: {module: ./say.yaml, with: {text: "${join(infer.plates)}"}}}
"""

EVEN = "plate,well,images\n" + "".join(f"P{p},W{w},9\n" for p in (1, 2) for w in range(4))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pipeline that infers, to stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "say.yaml").write_text(MODULE)
    (tmp_path / "main.yaml").write_text(SPEC)
    (tmp_path / "wells.csv").write_text(EVEN)
    return tmp_path


def test_infer_shows_values_with_their_evidence(run: Run, folder: Path) -> None:
    ended = run("infer", "main.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "8 rows agree, by plate, well" in ended.out
    assert "P1 (4), P2 (4)" in ended.out


def test_infer_as_json(run: Run, folder: Path) -> None:
    told = json.loads(run("infer", "main.yaml", "--json").out)
    images, plates = told["values"]
    assert images["value"] == 9
    assert images["type"] == "integer"
    assert images["origin"] == "query"
    assert images["evidence"][0]["rows"] == images["evidence"][0]["places"] == 8
    assert images["evidence"][0]["where"][0] == {"plate": "P1", "well": "W0"}
    assert plates["value"] == ["P1", "P2"]


@pytest.mark.parametrize("name", ["values.yaml", "values.json"])
def test_a_written_file_is_taken_again(run: Run, folder: Path, name: str) -> None:
    """What `-o` writes is what `--params` takes, and a later change of the data does not change the values."""
    assert run("infer", "main.yaml", "-o", name).code == 0
    (folder / "wells.csv").write_text(EVEN.replace("P2,W3,9", "P2,W3,8").replace("P1", "P7"))
    assert run("check", "main.yaml").code == 1
    ended = run("infer", "main.yaml", "--params", name)
    assert ended.code == 0
    assert ended.out.count("given with --params") == 2
    told = json.loads(run("infer", "main.yaml", "--params", name, "--set", "images=7", "--json").out)
    assert [(v["value"], v["origin"]) for v in told["values"]] == [(7, "--set"), (["P1", "P2"], "--params")]


def test_where_values_disagree_all_is_shown_and_nothing_written(run: Run, folder: Path) -> None:
    (folder / "wells.csv").write_text(EVEN.replace("P2,W3,9", "P2,W3,8"))
    ended = run("infer", "main.yaml", "-o", "values.yaml")
    assert ended.code == 1
    assert "8: 1 row, at plate=P2, well=W3" in ended.err
    assert "not settled" in ended.out
    assert "P1 (4), P2 (4)" in ended.out
    assert not (folder / "values.yaml").exists()


def test_describe_and_graph_tell_of_queries(run: Run, folder: Path) -> None:
    made = SPEC.replace("infer:", "  sizes: {key: plate, sql: select plate from wells group by plate}\ninfer:")
    (folder / "main.yaml").write_text(made.replace("say.yaml,", "say.yaml, by: [plate], over: sizes,"))
    told = run("describe", "main.yaml").out
    assert "images  integer, one value" in told
    assert "sizes  by plate; made by a query" in told
    infer = json.loads(run("describe", "main.yaml", "--json").out)["infer"]
    assert infer["plates"] == {"sql": "select plate from wells", "holds": ["at least 1"], "description": ""}
    assert run("graph", "main.yaml", "-o", "graph.dot").code == 0
    assert "made by a query" in (folder / "graph.dot").read_text()


def test_a_pipeline_that_infers_nothing(run: Run, folder: Path) -> None:
    (folder / "main.yaml").write_text(ODD_SPEC % ("[{k: 1}]", ""))
    assert "infers nothing" in run("infer", "main.yaml").out
    assert run("infer", "say.yaml").code == 2


def test_values_in_a_written_file_are_never_yaml(run: Run, folder: Path) -> None:
    """A text that looks like something else in YAML comes back as it was."""
    rows = json.dumps([{"k": f"{n:02}", "v": text} for n, text in enumerate(ODD)])
    infer = 'odd: {sql: "select v from t order by k", holds: at least 1}'
    (folder / "main.yaml").write_text(ODD_SPEC % (rows, infer))
    assert run("infer", "main.yaml", "-o", "values.yaml").code == 0
    told = json.loads(run("infer", "main.yaml", "--params", "values.yaml", "--json").out)
    assert told["values"][0]["value"] == list(ODD)


ODD_SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: k, rows: %s}}
infer: {%s}
steps: {one: {module: ./say.yaml}}
"""

ODD = ("01", "true", "null", "- a", "a: b", "#x", "é\u2028", '"', "'", "a\nb", "{}", "*x", "!t", "2024-01-01", " ")
