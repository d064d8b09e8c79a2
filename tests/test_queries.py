"""Queries of a spec: what they can see, in what order rows come, and what they cost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from sncompile.api import Checked, check
from sncompile.semantics.program import Options
from sncompile.semantics.queries import limits
from sncompile.semantics.queries.functions import BY_ORDER, STEADY, UNSTEADY, WINDOWS_BY_ORDER
from sncompile.semantics.queries.session import SessionColumns

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
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.2)
    sql = (
        "select count(*) as k from range(1000000000) a, range(1000000) b where md5((a.range + b.range)::varchar) = 'a'"
    )
    (folder / "main.yaml").write_text(pipeline(f"  t: {{key: k, sql: {json.dumps(sql)}}}\n"))
    (found,) = check("main.yaml").diagnostics
    assert found.code == "SN414"
    assert "longer than 0.2 s" in found.message


def test_a_query_that_needs_too_much_memory_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MEMORY", 50_000_000)
    sql = "select range as k, repeat('x', 1000) || range as v from range(1000000)"
    (folder / "main.yaml").write_text(pipeline(f"  t: {{key: k, sql: {json.dumps(sql)}}}\n"))
    (found,) = check("main.yaml").diagnostics
    assert found.code == "SN414"
    assert "more memory than 0.05 GB" in found.message


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


# Functions of the inner workings, of databases like PostgreSQL that are imitated, and of languages' alphabets. All are
# refused.
INNER = (
    "__", "pg_", "has_", "icu_collate_", "collate_", "combine", "create_sort_key", "finalize", "format_pg_type",
    "index_key", "is distinct from", "is not distinct from", "json_copy_strftime_", "json_deserialize_sql",
    "json_serialize_", "map_to_pg_oid", "map_type_id_to_pg_oid", "parse_duckdb_log_message", "to_aggregate_state",
    "variant_bytes_to_variant", "variant_comparator", "variant_to_parquet_variant", "bitstring_byte_comparable",
    "timetz_byte_comparable",
)  # fmt: skip


def test_every_function_is_judged() -> None:
    """A release of DuckDB may bring functions that `sql_functions` does not know: they are refused until they are."""
    kinds = "('scalar', 'aggregate', 'macro', 'window')"
    rows = duckdb.sql(f"select distinct lower(function_name) from duckdb_functions() where function_type in {kinds}")
    known = STEADY | UNSTEADY | WINDOWS_BY_ORDER | BY_ORDER.keys()
    assert sorted(name for (name,) in rows.fetchall() if name not in known and not name.startswith(INNER)) == []
    assert not STEADY & (UNSTEADY | WINDOWS_BY_ORDER | BY_ORDER.keys())


OTHERWISE_EACH_TIME = (
    "random()", "uuid()", "gen_random_uuid()", "now()", "today()", "current_date", "CURRENT_TIMESTAMP", "localtime",
    "rowid", "wells.rowid", "hash(well)",
    "current_time", "localtimestamp", "current_user", "user", "session_user", "current_setting('threads')",
    "current_database()", "current_schema", "current_catalog", "version()", "pg_conf_load_time()",
    "txid_current()", "getvariable('x')", "age(timestamp '2020-01-01')", "current_query()", "inet_client_addr()",
    "any_value(well)", "first(well)", "last(well)", "arbitrary(well)", "mode(well)", "arg_max(well, 1)",
    "arg_min(well, images)", "max_by(well, images)", "min_by(well, images, 2)", "list(well)", "array_agg(well)",
    "string_agg(well)", "group_concat(well)", "listagg(well, ',')", "json_group_array(well)",
    "json_group_object(well, images)", "approx_quantile(images::int, 0.5)", "approx_top_k(well, 2)",
    "reservoir_quantile(images::int, 0.5)", "list_aggregate([1, 2], 'reservoir_quantile', 0.5)",
    "list_aggregate([1, 2], 'su' || 'm')", "array(select well from wells)",
    "row_number() over ()", "row_number() over (partition by plate)", "ntile(2) over ()", "lag(well) over ()",
    "lead(well) over (partition by plate)", "first_value(well) over ()", "last_value(well) over ()",
    "nth_value(well, 2) over ()", "any_value(well) over ()", "list(well) over (partition by plate)",
    "sum(images::int) over (rows between 1 preceding and current row)",
)  # fmt: skip


@pytest.mark.parametrize("where", ["select {} as k from wells", "with q as (select {} as k from wells) from q"])
def test_what_is_not_the_same_each_time_is_refused(folder: Path, where: str) -> None:
    """All in one pipeline, with a table for each."""
    tables = "  wells: {key: [plate, well], file: wells.csv}\n"
    for number, value in enumerate(OTHERWISE_EACH_TIME):
        tables += f"  t{number}: {{key: k{number}, sql: {json.dumps(where.format(value))}}}\n"
    (folder / "main.yaml").write_text(pipeline(tables))
    told = [d for d in check("main.yaml").diagnostics if d.severity == "error"]
    refused = {d.span.line - 5 for d in told if d.code == "SN409" and d.help and d.span is not None}
    assert [value for number, value in enumerate(OTHERWISE_EACH_TIME) if number not in refused] == []


@pytest.mark.parametrize(
    "sql",
    [
        "select well from wells order by images limit 1",
        "select well from (select * from wells order by images limit 1)",
        "select well from (select well, images from wells order by images limit 1)",
        "select w from (select well w, images i from wells union select plate, images from wells order by i limit 2)",
        "with q as (select distinct on (images) plate, well from wells order by images) select well from q",
        "select * from wells positional join (select 1)",
        "select w.well from wells w asof join wells v on w.images >= v.images",
        "select well from wells tablesample 50%",
    ],
)
def test_rows_that_are_taken_are_the_same_or_refused(folder: Path, sql: str) -> None:
    """Whatever order the rows of a table stand in, and whatever order a query leaves open."""
    found = []
    lines = WELLS.splitlines()
    for rows in (lines[1:], lines[:0:-1]):
        (folder / "wells.csv").write_text("\n".join((lines[0], *rows)) + "\n")
        tables = "  wells: {key: [plate, well], file: wells.csv}\n"
        (folder / "main.yaml").write_text(pipeline(tables, f"  v: {{sql: {json.dumps(sql)}, holds: at least 1}}\n"))
        checked = check("main.yaml")
        refused = codes(checked) == ["SN409"]
        found.append("refused" if refused else checked.inferred["v"].value)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "value",
    [
        "any_value(well order by images)", "first(well order by images)", "mode(well order by well)",
        "arg_max(well, 1 order by well)", "arg_max(well, images order by plate)",
        "max_by(well, images order by images)",
        "list(well order by images)", "string_agg(well, '+' order by images desc)", "list(distinct well order by well)",
        "list_sort(list(well))", "to_json(list(well order by images))",
        "to_json(map(list(plate || well order by well), list(images order by well)))", "count(distinct well)",
        "sum(images::double / 3)", "avg(images::int)", "histogram(well)", "median(images::int)", "min(well)",
        "quantile_cont(images::int, 0.5)", "max(well) filter (images = '9')", "approx_count_distinct(well)",
    ],
)  # fmt: skip
def test_aggregates_are_the_same_for_rows_in_any_order(folder: Path, value: str) -> None:
    assert in_any_order(folder, f"select {value}::varchar as k from wells")


@pytest.mark.parametrize(
    "value",
    [
        "row_number() over (order by images)", "row_number() over (partition by plate order by well)",
        "row_number() over w", "lag(well) over (order by images)", "first_value(well) over (order by images)",
        "ntile(2) over (order by images)", "rank() over (order by images)", "rank() over ()", "count(*) over ()",
        "sum(images::int) over (order by images rows between 1 preceding and current row)",
        "list(well) over (order by images)::varchar", "any_value(well order by images) over ()",
        "string_agg(well, '+') over (order by images rows between unbounded preceding and unbounded following)",
        "sum(images::int) over (partition by plate order by well)",
    ],
)  # fmt: skip
def test_windows_are_the_same_for_rows_in_any_order(folder: Path, value: str) -> None:
    window = " window w as (order by images)"
    within = f"select *, {value} as n from wells{window}"
    assert in_any_order(
        folder,
        f"select concat(plate, well, {value}) as k from wells{window}",
        f"select concat(plate, well, n) as k from ({within})",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "select plate || well as k from wells qualify row_number() over (partition by images order by images) = 1",
        "select array(select well from wells order by images)::varchar as k",
        "select plate as k from wells group by plate qualify row_number() over (order by max(images)) = 1",
        "select plate || n as k from (select plate, row_number() over (order by max(images)) n from wells group by 1)",
        "select p || n as k from (select plate as p, row_number() over (order by max(images)) n from wells group by p)",
        "from (select plate k, max(images) m, row_number() over (order by m) n from wells group by all)",
        "select w.well || u.well || plate || row_number() over (order by 1) k from wells w join wells u using (plate)",
        "select k || row_number() over (order by i) as k from (select plate || well as k, images as i from wells)",
    ],
)
def test_rows_that_are_equal_in_an_order_are_told_apart(folder: Path, sql: str) -> None:
    """By what else is known of them: the rows of the tables, or the groups."""
    assert in_any_order(folder, sql)


def in_any_order(folder: Path, *queries: str) -> bool:
    """Whether queries give the same, and something, whatever order the rows of their table stand in."""
    lines = WELLS.splitlines()
    tables = ""
    for order, rows in enumerate((lines[1:], lines[:0:-1], [lines[2], lines[3], lines[1]])):
        (folder / f"wells{order}.csv").write_text("\n".join((lines[0], *rows)) + "\n")
        tables += f"  wells{order}: {{key: [plate, well], file: wells{order}.csv}}\n"
        for number, sql in enumerate(queries):
            asked = json.dumps(re.sub(r"\bwells\b", f"wells{order}", sql))
            tables += f"  t{number}_{order}: {{key: k, sql: {asked}}}\n"
    (folder / "main.yaml").write_text(pipeline(tables))
    checked = check("main.yaml")
    assert {d.code for d in checked.diagnostics if d.severity == "error"} == set(), checked.diagnostics
    found = {
        name: [list(table.columns[column]) for column in table.columns]
        for name, table in checked.require().tables.items()
    }
    return all(
        found[f"t{number}_0"] == found[f"t{number}_{order}"] and bool(found[f"t{number}_0"][0])
        for number in range(len(queries))
        for order in (1, 2)
    )


@pytest.mark.parametrize("name", ["user", "current_date", "Current_User", "localtime"])
def test_a_column_may_be_called_like_what_the_machine_knows(folder: Path, name: str) -> None:
    """Whether a column is meant is what DuckDB finds, and not how it is called."""
    (folder / "t.csv").write_text(f"k,{name}\na,x\n")
    tables = f"  t: {{key: k, file: t.csv}}\n  u: {{key: k, sql: 'select {name} as k, {name} from t'}}\n"
    (folder / "main.yaml").write_text(pipeline(tables))
    assert list(check("main.yaml").require().tables["u"].columns["k"]) == ["x"]
    (folder / "main.yaml").write_text(pipeline(tables.replace(f"{name} from t", "k from t")))
    (folder / "t.csv").write_text("k,v\na,x\n")
    assert "SN409" in codes(check("main.yaml"))
