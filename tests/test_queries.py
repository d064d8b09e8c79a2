"""Queries of a spec: what they can see, in what order rows come, and what they cost."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from sncompile.api import Checked, check
from sncompile.semantics import sql_session
from sncompile.semantics.program import Options
from sncompile.semantics.sql_session import SessionColumns

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


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{secret}')",
        "select * from '{secret}'",
        "select * from read_text('{secret}')",
        "select * from read_blob('*')",
        "select * from glob('*')",
        "select * from sniff_csv('{secret}')",
        "select * from read_parquet('other.parquet')",
        "select * from 'other.parquet'",
        "select * from query('select 1')",
        "select * from query_table('wells')",
        "select * from duckdb_settings()",
        "select * from duckdb_views()",
        "select * from pragma_database_list()",
        "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
        "select * from python_scan",
        "copy wells to 'out.csv'",
        "copy (select 1) to 'out.parquet'",
        "export database 'out'",
        "attach 'out.db' as o",
        "create table x as select 1",
        "drop table wells",
        "delete from wells",
        "pragma database_list",
        "call pragma_version()",
        "set enable_external_access = true",
        "reset allowed_paths",
        "load parquet",
        "install httpfs",
        "with x as (insert into wells values ('a', 'b', 'c') returning *) select * from x",
        "with x as (delete from wells returning *) select * from x",
        "select 1; copy wells to 'out.csv'",
        "explain analyze select * from wells",
    ],
)
def test_a_query_sees_nothing_but_tables(folder: Path, sql: str) -> None:
    """Neither files nor settings, and it changes nothing; whatever it tries is told."""
    python_scan = [1]
    (folder / "secret.csv").write_text("plate\nsecret\n")
    duckdb.sql(f"copy (select 'secret' as plate) to '{folder}/other.parquet'")
    duckdb.sql(f"copy (select 'P1' as plate) to '{folder}/plates.parquet'")
    text = json.dumps(sql.replace("{secret}", str(folder / "secret.csv")))
    tables = (
        "  wells: {key: [plate, well], file: wells.csv}\n"
        "  plates: {key: plate, file: plates.parquet}\n"
        f"  t: {{key: plate, sql: {text}}}\n"
    )
    (folder / "main.yaml").write_text(pipeline(tables))
    before = sorted(p.name for p in folder.iterdir())
    assert set(codes(check("main.yaml"))) & {"SN408", "SN409"}, python_scan
    assert sorted(p.name for p in folder.iterdir()) == before


def test_the_session_itself_is_closed(folder: Path) -> None:
    """Whatever got past the look at a query's form would still find no file, no setting and no extension."""
    duckdb.sql(f"copy (select 'P1' as plate, 1 as n) to '{folder}/plates.parquet'")
    duckdb.sql(f"copy (select 'P1' as plate) to '{folder}/other.parquet'")
    tables = "  plates: {key: plate, file: plates.parquet}\n  t: {key: plate, sql: select plate from plates}\n"
    (folder / "main.yaml").write_text(pipeline(tables, by=", by: [plate], over: t"))
    columns = check("main.yaml").require().tables["t"].columns
    assert isinstance(columns, SessionColumns)
    assert columns.session.rows("select n from plates") == [(1,)]
    for statement in (
        f"select * from read_parquet('{folder}/other.parquet')",
        f"copy (select 1) to '{folder}/new.csv'",
        "attach 'new.db'",
        "set enable_external_access = true",
        "set allowed_paths = ['/']",
        "install httpfs",
        "select * from folder",
    ):
        with pytest.raises(ValueError, match=r".+"):
            columns.session.rows(statement)
    assert not (folder / "new.csv").exists()


@pytest.mark.parametrize("hostile", ["x' or 1=1 --", "'; drop table wells; --", '"', "${params.x}", "$v1", "\\"])
def test_a_value_is_never_sql(folder: Path, hostile: str) -> None:
    tables = "  wells: {key: [plate, well], file: wells.csv}\n"
    infer = '  said: {sql: "select ${params.x} from wells", holds: at least 1}\n'
    spec = pipeline(tables, infer).replace("tables:", "params: {x: {type: string}}\ntables:")
    (folder / "main.yaml").write_text(spec)
    checked = check("main.yaml", Options(sets={"x": hostile}))
    assert checked.inferred["said"].value == (hostile,)


def test_a_query_that_takes_too_long_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_session, "MAX_SECONDS", 0.2)
    sql = "select count(*) as k from range(1000000000) a, range(1000000) b where hash(a.range, b.range) = 3"
    (folder / "main.yaml").write_text(pipeline(f"  t: {{key: k, sql: {json.dumps(sql)}}}\n"))
    (found,) = check("main.yaml").diagnostics
    assert found.code == "SN414"
    assert "longer than 0.2 s" in found.message


def test_a_query_that_needs_too_much_memory_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_session, "MAX_MEMORY", "50MB")
    sql = "select range as k, repeat('x', 1000) || range as v from range(1000000)"
    (folder / "main.yaml").write_text(pipeline(f"  t: {{key: k, sql: {json.dumps(sql)}}}\n"))
    (found,) = check("main.yaml").diagnostics
    assert found.code == "SN414"
    assert "more memory than 50MB" in found.message


def test_a_deeply_nested_query_has_no_traceback(folder: Path) -> None:
    for sql in ("select " + "(" * 5000 + "1" + ")" * 5000 + " as k", "select " + "1+" * 20_000 + "1 as k"):
        (folder / "main.yaml").write_text(pipeline(f"  t: {{key: k, sql: {sql}}}\n"))
        assert set(codes(check("main.yaml"))) <= {"SN408", "SN414", "SN431"}


@pytest.mark.parametrize("order", ["order by size", "order by size desc limit 30", "order by all", "", "order by 2, 1"])
def test_tables_by_query_come_in_one_order(folder: Path, order: str) -> None:
    """Rows that are equal in what the query orders them by do not change places from time to time."""
    rows = "".join(f"P{n % 97},W{n},{n % 3}\n" for n in range(20_000))
    (folder / "wells.csv").write_text(f"plate,well,images\n{rows}")
    sql = f"select plate, count(*) % 2 as size from wells group by plate {order}"
    tables = f"  wells: {{key: [plate, well], file: wells.csv}}\n  t: {{key: plate, sql: '{sql}'}}\n"
    (folder / "main.yaml").write_text(pipeline(tables))
    found = [list(check("main.yaml").require().tables["t"].columns["plate"]) for _ in range(5)]
    assert all(one == found[0] for one in found)
    sizes = list(check("main.yaml").require().tables["t"].columns["size"])
    if order == "order by size":
        assert list(zip(sizes, found[0], strict=True)) == sorted(zip(sizes, found[0], strict=True))
    if order.startswith("order by size"):
        assert sizes == sorted(sizes, reverse="desc" in order)
    if not order:
        assert found[0] == sorted(found[0])
