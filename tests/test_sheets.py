"""Sheets beyond what a page of `cases/` can hold: sizes, other ways in, and what the command line makes of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest

from sncompile.api import Checked, check, graph_of
from sncompile.ir.jobs.expansion import jobs
from sncompile.semantics.tables import sheet_text
from sncompile.semantics.tables.glob_match import read
from sncompile.semantics.tables.globs import Matcher, Part, compile_pattern
from sncompile.semantics.tables.sheet_text import SheetForm
from sncompile.semantics.tables.sheets import read_sheet

from .command_line import Run, in_this_process

MODULE = """\
sncompile: 1
module: say
outputs: {said: {type: file}}
params: {text: {type: string, default: hello}}
command: [say, "${params.text}", "${outputs.said}"]
"""

COLUMNS = "{dose: {type: number, minimum: 0, default: 1}, note: {required: false, description: Remarks}}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module, to stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "say.yaml").write_text(MODULE)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


def checked(folder: Path, table: str, *, by: str = "k", text: str = "hello", infer: str = "") -> Checked:
    """A check of a pipeline with one table, over which a step ranges."""
    spec = f"sncompile: 1\npipeline: main\ntables:\n  t: {table}\n{infer}"
    (folder / "main.yaml").write_text(
        spec + f'steps: {{one: {{module: ./say.yaml, by: [{by}], with: {{text: "{text}"}}}}}}\n'
    )
    return check("main.yaml")


def words(found: Checked) -> list[str]:
    """The second word of every job's command."""
    return [job.command[1] for job in jobs(graph_of(found.require())) if job.command is not None]


def test_a_packed_sheet_is_bounded_when_it_is_unpacked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_text, "MAX_UNPACKED", 1_000)
    (folder / "t.csv.gz").write_bytes(gzip.compress(b"k,n\n" + b"a,1\n" * 1_000))
    assert (folder / "t.csv.gz").stat().st_size < 1_000
    (told,) = checked(folder, "{key: [k], file: t.csv.gz}").diagnostics
    assert "larger than 256 MB when it is unpacked" in told.message


def test_a_torn_packed_sheet_is_told(folder: Path) -> None:
    (folder / "t.csv.gz").write_bytes(gzip.compress(b"k,n\n" + b"a,1\n" * 1_000)[:-12])
    (told,) = checked(folder, "{key: [k], file: t.csv.gz}").diagnostics
    assert (told.code, "cannot be unpacked" in told.message) == ("SN401", True)


@pytest.mark.parametrize("text", ["k;n\na;1\n", "sep=;\nk;n\na;1\n", "k,n,\na,1,\n,,\n", "k\tn\na\t1\n"])
def test_queries_see_the_rows_that_steps_see(folder: Path, text: str) -> None:
    """DuckDB would have read such a sheet in another way."""
    (folder / "t.csv").write_text(text)
    infer = 'infer: {found: {sql: "select n from t", holds: one value}}\n'
    found = checked(folder, "{key: [k], file: t.csv}", text="${infer.found}${t.n}", infer=infer)
    assert words(found) == ["11"]
    assert {d.code for d in found.diagnostics} == {"SN433"}


def test_only_lines_that_are_shown_are_kept(folder: Path) -> None:
    """A sheet may have a million lines, and a diagnostic shows one of them."""
    (folder / "t.csv").write_text("k,n\n" + "".join(f"k{n},{n}\n" for n in range(500)) + "short\n")
    found = checked(folder, "{key: [k], file: t.csv}")
    assert found.sources["t.csv"].split("\n") == [""] * 501 + ["short"]


def test_declared_columns_of_parquet(folder: Path) -> None:
    duckdb.sql(f"copy (select 'a' as k, 2.5 as dose, 7 as n) to '{folder}/t.parquet'")
    assert words(checked(folder, f"{{key: [k], file: t.parquet, columns: {COLUMNS}}}", text="${str(t.dose * 2)}")) == [
        "5.0"
    ]
    low = "{key: [k], file: t.parquet, columns: {n: {type: integer, maximum: 5}, other: {}}}"
    assert sorted(d.code for d in checked(folder, low).diagnostics) == ["SN302", "SN402"]


def test_many_faults_are_counted(folder: Path) -> None:
    """Three are told, each at its line."""
    (folder / "t.csv").write_text("k,n\n" + "a,1\n" * 300)
    told = checked(folder, "{key: [k], file: t.csv}").diagnostics
    assert [d.span.line for d in told if d.span is not None] == [3, 4, 5]
    assert told[-1].message.endswith("(and 296 more)")


def test_the_schema_of_a_sheet(folder: Path, run: Run) -> None:
    """It is made of the spec alone: there is no sheet yet."""
    checked(folder, f"{{key: [k], file: t.csv, description: Doses, columns: {COLUMNS}}}")
    schema = json.loads(run("schema", "--table", "t", "main.yaml").out)
    assert schema["items"] == {
        "type": "object",
        "properties": {
            "k": {"type": "string", "minLength": 1},
            "dose": {"type": "number", "minimum": 0, "default": 1},
            "note": {"type": "string", "description": "Remarks"},
        },
        "required": ["k"],
    }
    ended = run("schema", "--table", "tt", "main.yaml")
    assert (ended.code, "has no table 'tt'" in ended.err) == (2, True)


def test_a_description_has_the_columns(folder: Path, run: Run) -> None:
    checked(folder, f"{{key: [k], file: t.csv, columns: {COLUMNS}}}")
    columns = json.loads(run("describe", "--json", "main.yaml").out)["tables"]["t"]["columns"]
    assert (columns["dose"]["minimum"], columns["dose"]["default"], columns["note"]["required"]) == (0, "1", False)
    assert "Columns of t" in run("describe", "main.yaml").out


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("img/{w}_s{s}.tif", "img/._A01_s2.tif", False),
        ("img/{w}_s{s}.tif", "img/A.1_s2.tif", True),
        ("**/{w}.tif", ".git/a.tif", False),
        ("**/{w}.tif", "x/.y/a.tif", False),
        ("**/{w}.tif", "x/y/a.tif", True),
        ("*{w}.tif", ".a.tif", False),
        ("img/.{w}.tif", "img/.a.tif", True),
        ("**/.cache/{w}.tif", "x/.cache/a.tif", True),
        (r"img/{w,\..*}", "img/.a", True),
        ("img/{w,.*}", "img/.a", False),
    ],
)
def test_no_sign_stands_for_the_dot_that_hides_a_name(pattern: str, path: str, fits: bool) -> None:
    """However a path is read."""
    compiled = compile_pattern([Part(pattern, False)])
    assert (Matcher(compiled).match(path) is not None) is fits
    assert bool(list(read(compiled.tokens, path.removeprefix(compiled.root)))) is fits


@pytest.mark.parametrize("first", ["x" * 200_000, '"' + "x" * 200_000, "sep=", "sep=\r", 'sep="', "sep=;;", '"', ""])
def test_no_first_line_stumbles(folder: Path, first: str) -> None:
    """Whatever it holds, what is wrong is told."""
    (folder / "t.csv").write_bytes(f"{first}\nk,n\na,1\n".encode())
    found = checked(folder, "{key: [k], file: t.csv}")
    assert {d.code for d in found.diagnostics} <= {"SN401", "SN402"}


@pytest.mark.parametrize(
    "said",
    [
        'delimiter: ";;"',
        'delimiter: ""',
        "encoding: zlib",
        "encoding: [utf-8]",
        'comment: " "',
        "header: 0",
        "columns: 1",
    ],
)
def test_what_is_wrongly_said_of_a_sheet_is_told(folder: Path, said: str) -> None:
    """By the schema; the sheet is read without it."""
    (folder / "t.csv").write_text("k,n\na,1\n")
    found = checked(folder, f"{{key: [k], file: t.csv, {said}}}")
    assert {d.code for d in found.diagnostics} <= {"SN105", "SN110", "SN102", "SN103", "SN104"}
    assert found.failed


def test_comments_stand_between_rows_only() -> None:
    sheet = read_sheet('# one\nk,n\n#two\na,"1\n# in a cell"\n', ",", SheetForm(comment="#"), ["k"])
    assert sheet.columns == {"k": ("a",), "n": ("1\n# in a cell",)}
    assert sheet.lines == [4]


def test_a_table_without_rows_has_every_column(folder: Path) -> None:
    """Whatever is declared of them."""
    found = checked(folder, f"{{key: [k], rows: [], columns: {COLUMNS.replace('default: 1', 'required: true')}}}")
    assert [d.code for d in found.diagnostics] == ["SN429"]
