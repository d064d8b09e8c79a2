"""Large tables: what only queries need is never made Python's, and what DuckDB reads is what Python would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sncompile.api import Checked, check, graph_of
from sncompile.ir.jobs.expansion import jobs
from sncompile.semantics.queries.stored_columns import ParquetColumns, StoredColumns

MODULE = """\
sncompile: 1
module: say
outputs: {said: {type: file}}
params: {text: {type: string, default: hello}}
command: [say, "${params.text}", "${outputs.said}"]
"""

WELLS = "plate,well,images\nP1,W0,9\nP1,W1,9\nP2,W0,9\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table and a module, to stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "say.yaml").write_text(MODULE)
    (tmp_path / "wells.csv").write_text(WELLS)
    return tmp_path


def codes(checked: Checked) -> list[str]:
    return [d.code for d in checked.diagnostics]


def pipeline(tables: str, infer: str = "", by: str = "") -> str:
    """A pipeline with some tables and inferred values."""
    return (
        f"sncompile: 1\npipeline: main\ntables:\n{tables}" + (f"infer:\n{infer}" if infer else "")
    ) + f"steps: {{one: {{module: ./say.yaml{by}}}}}\n"


def test_what_only_queries_need_is_never_python(folder: Path) -> None:
    """Of a large table that steps do not name no column becomes a list; small ones are looked at for look-alikes."""
    duckdb.sql(f"copy (select 'k' || range as k, range % 5 as v from range(30000)) to '{folder}/large.parquet'")
    tables = (
        "  wells: {key: [plate, well], file: wells.csv}\n"
        "  large: {key: k, file: large.parquet}\n"
        "  made: {key: v, sql: select v from large group by v}\n"
    )
    infer = (
        '  rows: {sql: "select count(*) from large", holds: one value}\n'
        '  plates: {sql: "select count(*) from wells", holds: one value}\n'
    )
    (folder / "main.yaml").write_text(pipeline(tables, infer, by=', with: {text: "${str(infer.rows)}"}'))
    program = check("main.yaml").require()
    assert program.inferred["rows"].value == 30_000
    columns = program.tables["large"].columns
    assert isinstance(columns, StoredColumns)
    assert columns._read == {}
    assert len(program.tables["large"]) == 30_000


def test_only_the_columns_that_a_pipeline_names_are_read(folder: Path) -> None:
    duckdb.sql(f"copy (select 'k' || range as k, range as a, range as b from range(100)) to '{folder}/t.parquet'")
    (folder / "main.yaml").write_text(
        pipeline("  t: {key: k, file: t.parquet}\n", by=', by: [k], with: {text: "${str(t.a)}"}')
    )
    program = check("main.yaml").require()
    assert len(list(jobs(graph_of(program)))) == 100
    columns = program.tables["t"].columns
    assert isinstance(columns, ParquetColumns)
    assert sorted(columns._read) == ["a", "k"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("plate,v\n01,\n02,x\n", [None, "x"]),
        ('plate,v\n1,"a ""b"", c"\n2,"two\nlines"\n', ['a "b", c', "two\nlines"]),
        ("plate,v\r\n1, spaces \r\n2,NULL\r\n", [" spaces ", "NULL"]),
        ("\ufeffplate,v\n1,é\n\n2,#x\n", ["é", "#x"]),
        ("plate,v\n1,a\"b\n2,'c\n", ['a"b', "'c"]),
    ],
)
def test_a_text_table_is_the_same_for_queries_and_steps(folder: Path, text: str, cells: list[str | None]) -> None:
    """Whether DuckDB reads a table or Python, its cells are the same."""
    (folder / "t.csv").write_text(text, newline="")
    plain = "  t: {key: plate, file: t.csv}\n"
    for tables in (plain, plain + '  u: {key: plate, sql: "select plate, v from t order by plate"}\n'):
        (folder / "main.yaml").write_text(pipeline(tables))
        found = check("main.yaml").require().tables
        assert all(list(table.columns["v"]) == cells for table in found.values())


@pytest.mark.parametrize(
    "text", ["plate,v\n1\n", 'plate,v\n1,"x\n', "plate,v\n1,x\n1,y\n", "plate,v\n,x\n", "plate,v\n"]
)
def test_a_wrong_text_table_is_told_alike(folder: Path, text: str) -> None:
    """What is wrong with a table is told with its line, whether a query names it or not."""
    (folder / "t.csv").write_text(text)
    plain = "  t: {key: plate, file: t.csv, require: rows}\n"
    told = []
    for tables in (plain, plain + '  u: {key: plate, sql: "select plate, v from t"}\n'):
        (folder / "main.yaml").write_text(pipeline(tables))
        (diagnostic,) = [d for d in check("main.yaml").diagnostics if d.severity == "error"]
        told.append((diagnostic.code, diagnostic.message, diagnostic.span))
    assert told[0][:2] == told[1][:2]


@pytest.mark.parametrize("name", ["a[1]*?.parquet", "it's.parquet", "é ü.parquet"])
def test_odd_names_of_parquet_files(folder: Path, name: str) -> None:
    """A file is never taken for a pattern."""
    duckdb.sql(f"copy (select 'other' as k) to '{folder}/a1xx.parquet'")
    (folder / "a1xx.parquet").rename(folder / "plain.parquet")
    duckdb.sql(f"copy (select 'right' as k) to '{folder}/right.parquet'")
    (folder / "right.parquet").rename(folder / name)
    (folder / "plain.parquet").rename(folder / "a1xx.parquet")
    tables = f"  t: {{key: k, file: {json.dumps(name)}}}\n  u: {{key: k, sql: select k from t}}\n"
    (folder / "main.yaml").write_text(pipeline(tables))
    assert list(check("main.yaml").require().tables["u"].columns["k"]) == ["right"]


@pytest.mark.parametrize(
    ("twin", "message"),
    [("xa", "the column `xa` is there twice"), ("XA", "the columns `xa` and `XA` differ by their case alone")],
)
def test_columns_that_queries_cannot_tell_apart_are_refused(folder: Path, twin: str, message: str) -> None:
    """DuckDB calls the second one `xa_1`, and writes no such file itself: a name of the same length is put in."""
    duckdb.sql(f"copy (select 'a' as k, {{'xa': 1, 'l': [1]}} as s, 1 as xa, 2 as xb) to '{folder}/t.parquet'")
    data = (folder / "t.parquet").read_bytes()
    (folder / "main.yaml").write_text(pipeline("  t: {key: k, file: t.parquet}\n", by=", by: k"))
    assert codes(check("main.yaml")) == []
    (folder / "t.parquet").write_bytes(data.replace(b"xb", twin.encode()))
    (fault,) = check("main.yaml").diagnostics
    assert fault.code == "SN401"
    assert message in fault.message
    assert fault.help == "rename one of them"


def test_keys_of_a_large_table_are_checked(folder: Path) -> None:
    for sql, code in (
        ("select (range // 2)::varchar as k from range(10)", "SN404"),
        ("select case when range = 3 then '' else 'k' || range end as k from range(10)", "SN403"),
        ("select 'k' as k from range(0)", "SN429"),
        ("select 1 as j", "SN402"),
    ):
        duckdb.sql(f"copy ({sql}) to '{folder}/t.parquet'")
        (folder / "main.yaml").write_text(pipeline("  t: {key: k, file: t.parquet}\n"))
        assert codes(check("main.yaml"))[:1] == [code]


def test_a_spec_without_queries_does_not_load_duckdb(folder: Path) -> None:
    (folder / "main.yaml").write_text(pipeline("  wells: {key: [plate, well], file: wells.csv}\n", by=", by: [plate]"))
    code = "import sys; from sncompile.api import check; check('main.yaml').require(); print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    assert done.stdout.strip() == "False"
