"""Queries and Parquet files have a process of their own: its limits, how it starts, and how it ends."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path

import duckdb
import pytest

from sncompile.api import check, compile_program
from sncompile.diagnostics import CompileError
from sncompile.semantics.queries import duckdb_process, limits
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.limits import LimitError
from sncompile.semantics.queries.session import SessionColumns

from .waiting import until

LINUX = Path("/proc/self/statm").exists()

MODULE = """\
sncompile: 1
module: say
outputs: {said: {type: file}}
params: {text: {type: string, default: hello}}
command: [say, "${params.text}", "${outputs.said}"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module, to stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "say.yaml").write_text(MODULE)
    return tmp_path


def pipeline(**queries: str) -> str:
    """A pipeline with a table for each query."""
    tables = "".join(f"  {name}: {{key: k, sql: {json.dumps(sql)}}}\n" for name, sql in queries.items())
    return f"sncompile: 1\npipeline: main\ntables:\n{tables}steps: {{one: {{module: ./say.yaml}}}}\n"


@pytest.mark.skipif(not LINUX, reason="only Linux holds a process to its memory")
@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('a', 4000000000) as k",
        "select repeat(repeat('a', 60000), 60000) as k",
        "select unnest(string_split(repeat('a,', 200000000), ',')) as k",
        "select repeat('a', 350000000) as k",
        "select list(range order by range)::varchar as k from range(300000000)",
        "select range::varchar || repeat('x', 100) as k from range(1000000000)",
        "with recursive r(x) as (select repeat('a', 1000) union all select x || x from r) select x as k from r",
    ],
)
def test_what_needs_too_much_memory_is_ended(folder: Path, sql: str) -> None:
    """With a limit of 300 MB neither process ever has much more."""
    code = (
        "import resource, sys; from sncompile.api import check; from sncompile.semantics.queries import limits\n"
        "limits.MAX_MEMORY = 300_000_000\n"
        "(found,) = check('main.yaml').diagnostics; print(found.code, found.message, found.help, sep='\\n')\n"
        "del found; import gc; gc.collect()\n"
        "status = open('/proc/self/status').read(); print(int(status.partition('VmHWM:')[2].split()[0]) * 1024)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    )
    (folder / "main.yaml").write_text(pipeline(t=sql))
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    fault, message, hint, asker, process = done.stdout.splitlines()
    assert (fault, message) == ("SN414", "the query needs more memory than 0.3 GB")
    assert hint
    assert int(asker) < 150_000_000
    assert 0 < int(process) < 500_000_000


def test_a_query_that_heeds_no_interrupt_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of the spec are answered all the same."""
    monkeypatch.setattr(limits, "MAX_SECONDS", 1.0)
    monkeypatch.setattr(duckdb_process, "_GRACE", 0.5)
    duckdb.sql(f"copy (select 'p' || range as k, range as v from range(3)) to '{folder}/p.parquet'")
    parquet = "tables:\n  p: {key: k, file: p.parquet}\n"
    slow = "select length(regexp_replace(repeat('a', 300000000), 'a', 'bb', 'g')) as k"
    spec = pipeline(
        before="select k, v + 1 as v from p", slow=slow, wrong="select j as k from p", after="select k from p"
    )
    (folder / "main.yaml").write_text(spec.replace("tables:\n", parquet))
    checked = check("main.yaml")
    faults = [(d.code, d.message) for d in checked.diagnostics if d.severity == "error"]
    assert faults[0] == ("SN414", "the query takes longer than 1 s")
    assert [code for code, _ in faults[1:]] == ["SN408"]


def test_columns_can_be_read_when_the_process_has_ended_meanwhile(folder: Path) -> None:
    """What had been made in it is made again."""
    (folder / "main.yaml").write_text(pipeline(t="select 'k' || range as k, range as v from range(3)"))
    columns = check("main.yaml").require().tables["t"].columns
    assert isinstance(columns, SessionColumns)
    assert list(columns["k"]) == ["k0", "k1", "k2"]
    process = columns.session._database.known_to
    assert process is not None
    process._child.kill()
    process._child.wait()
    assert list(columns["v"]) == [0, 1, 2]


def test_a_parquet_file_has_the_same_limits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes of it may stand for a great many."""
    duckdb.sql(f"copy (select 'k' || range as k, repeat('x', 100000) as v from range(20000)) to '{folder}/p.parquet'")
    assert (folder / "p.parquet").stat().st_size < 1_000_000
    monkeypatch.setattr(limits, "MAX_REPLY", 10_000_000)
    spec = pipeline().replace("tables:\n", "tables: {p: {key: k, file: p.parquet}}\n")
    (folder / "main.yaml").write_text(spec)
    columns = check("main.yaml").require().tables["p"].columns
    assert columns["k"][0] == "k0"
    with pytest.raises(CompileError) as found:
        columns["v"]
    assert [d.code for d in found.value.diagnostics] == ["SN414"]


@pytest.mark.parametrize("cut", [4, 50, 200])
def test_a_broken_parquet_file_is_told(folder: Path, cut: int) -> None:
    """Wherever its bytes are wrong."""
    duckdb.sql(f"copy (select 'k' || range as k, range as v from range(1000)) to '{folder}/p.parquet'")
    data = bytearray((folder / "p.parquet").read_bytes())
    data[cut : cut + 40] = bytes(40)
    (folder / "p.parquet").write_bytes(data)
    (folder / "main.yaml").write_text(
        "sncompile: 1\npipeline: main\ntables: {p: {key: k, file: p.parquet}}\n"
        "steps: {one: {module: ./say.yaml, by: [k], with: {text: '${str(p.v)}'}}}\n"
    )
    found = check("main.yaml").diagnostics
    assert {d.code for d in found if d.severity == "error"} <= {"SN401", "SN406", "SN407"}, found


@pytest.mark.skipif(not LINUX, reason="only Linux tells of a process's variables and programs in files")
def test_the_process_is_isolated_and_ends_with_the_last_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    owner = Databases()
    database = owner.open()
    assert database.run("SELECT 42") == [(42,)]
    process = database.known_to
    assert process is not None
    place = Path("/proc", str(process._child.pid))
    variables = {entry.partition("=")[0] for entry in (place / "environ").read_text().split("\0") if entry}
    assert variables <= {"LD_LIBRARY_PATH", "LC_CTYPE"}
    command = (place / "cmdline").read_text().split("\0")
    assert command[1:4] == ["-I", "-S", "-B"]
    assert command[4].endswith("duckdb_child.py")
    del database, owner, process
    assert not place.exists()


@pytest.mark.skipif(not LINUX, reason="only Linux tells of processes in files")
def test_the_process_ends_with_who_asks(tmp_path: Path) -> None:
    """Killed in the middle of a query, it leaves nothing behind."""
    code = (
        "from sncompile.semantics.queries.databases import Databases; database = Databases().open()\n"
        "database.run('SELECT 1'); print(database.known_to._child.pid, flush=True)\n"
        "database.run('SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE hash(a.range, b.range) = 3')"
    )
    with subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True) as asker:
        assert asker.stdout is not None
        place = Path("/proc", asker.stdout.readline().strip())
        started = cpu_of(place)
        until(lambda: cpu_of(place) > started + 0.2)
        asker.kill()
        until(lambda: has_ended(place))


def has_ended(place: Path) -> bool:
    """Whether a process is no more, but perhaps for its entry."""
    try:
        return (place / "stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def cpu_of(place: Path) -> float:
    """Seconds of the processor that a process took."""
    fields = (place / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_limits_of_the_system_duckdb_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel holds nobody to a limit of memory, as on macOS."""
    child = duckdb_process._CHILD.read_text()
    assert '"RLIMIT_AS"' in child
    (tmp_path / "child.py").write_text(child.replace('"RLIMIT_AS"', '"RLIMIT_OF_NO_SYSTEM"'))
    monkeypatch.setattr(duckdb_process, "_CHILD", tmp_path / "child.py")
    monkeypatch.setattr(limits, "MAX_MEMORY", 50_000_000)
    database = Databases().open(temp_directory="")
    with pytest.raises(LimitError, match="more memory"):
        database.run("CREATE TABLE t AS SELECT range AS k, repeat('x', 1000) || range AS v FROM range(1000000)")
    assert database.run("SELECT 1") == [(1,)]


def test_duckdb_that_cannot_be_started_is_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what Python says of it, and no traceback."""
    (tmp_path / "child.py").write_text("raise ImportError('no such library')")
    monkeypatch.setattr(duckdb_process, "_CHILD", tmp_path / "child.py")
    (folder / "main.yaml").write_text(pipeline(t="select 1 as k"))
    (found,) = check("main.yaml").diagnostics
    assert (found.code, found.message) == ("SN408", "DuckDB cannot be started: ImportError: no such library")


def test_programs_that_nobody_holds_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither their processes nor their tables: a notebook checks a spec again and again."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
tables:
  w: {key: k, rows: [{k: a, n: 1}]}
  d: {key: k, sql: "select k, n + 1 as m from w"}
steps:
  a: {by: k, over: d, with: {m: "${d.m}"}, module: {params: {m: {type: integer}}, outputs: {o: {type: file}}, command: [a, "${outputs.o}", "${params.m}"]}}
"""  # noqa: E501
    )
    tables = []
    for _ in range(duckdb_process.MOST + 3):
        program = check("main.yaml").require()
        assert compile_program(program).emitted.files
        tables.append(weakref.ref(program.tables["d"]))
        del program
    assert len(duckdb_process._ALIVE) <= duckdb_process.MOST + 1
    gc.collect()
    assert not any(table() for table in tables)
