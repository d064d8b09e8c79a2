"""What is written without quotes arrives as it was written wherever text is wanted, and as a number where one is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sncompile as sn
from sncompile.api import CompileOptions, check, compile_program, graph_of, optimize
from sncompile.ir.jobs.expansion import jobs
from sncompile.ir.language.scalars import number_of
from sncompile.semantics.program import Options

from .command_line import Run, in_this_process

FORMS = [
    "0123", "1.10", "1e5", "0x1F", "0o17", "1_000", ".5", "5.", "+3", "1.0", "-0", ".inf", "-.INF", ".NaN",
    "2024-01-02", "12:30", "yes", "no", "on", "True", "FALSE", "true", "1", "0", "-1.50e-3",
    "123456789012345678901234567890",
    "0.12345678901234567890123", "9007199254740993", "1e400", "AB7",
]  # fmt: skip

MODULE = """\
sncompile: 1
module: tool
params:
  text: {type: string, default: DEFAULT}
  texts: {type: "string[]", default: [DEFAULT, x]}
  place: {type: path, default: DEFAULT}
command: [tool, FORM, "${params.text}", "${params.texts}", "${params.place}", {option: --o, value: FORM}]
container: {image: image, env: {E: FORM}}
"""

PIPELINE = """\
sncompile: 1
pipeline: main
title: FORM
params:
  set: {type: string, default: FORM}
  listed: {type: "string[]", default: [FORM]}
tables:
  rows: {key: k, rows: [{k: FORM, cell: FORM, mixed: FORM}, {k: other, cell: 1, mixed: text}]}
  file: {key: k, file: t.csv}
steps:
  one:
    module: ./tool.yaml
    by: k
    over: rows
    where: "${rows.mixed != 'text'}"
    with:
      text: "${rows.cell}"
      texts: ["${rows.mixed}", "${k}", FORM, "${params.set}", "${str(rows.cell)}", "a-${rows.cell}"]
      place: FORM
    tags: [FORM]
  two: {module: ./tool.yaml, with: {texts: "${params.listed}"}}
  three: {module: ./tool.yaml, by: k, over: file, with: {text: "${file.cell}"}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


def commands(options: Options | None = None) -> dict[str, Any]:
    """The jobs of `main.yaml` by their ids."""
    checked = check("main.yaml", options or Options())
    assert not checked.failed, checked.diagnostics
    return {job.id: job for job in jobs(graph_of(checked.require()))}


def write(form: str) -> None:
    """A pipeline in which a text stands at every place that wants one."""
    Path("tool.yaml").write_text(MODULE.replace("FORM", form).replace("DEFAULT", form))
    Path("main.yaml").write_text(PIPELINE.replace("FORM", form))
    Path("t.csv").write_text(f"k,cell\nc,{form}\n")


@pytest.mark.parametrize("form", FORMS)
def test_text_arrives_as_it_was_written(folder: Path, form: str) -> None:
    write(form)
    checked = check("main.yaml")
    assert checked.document is not None
    assert checked.document.about.title == form
    found = commands()
    first, second, third = found.values()
    assert first.command == [
        "tool", form, form, form, form, form, form, form, f"a-{form}", form, "--o", form,
    ]  # fmt: skip
    assert second.command == ["tool", form, form, form, form, "--o", form]
    assert third.command == ["tool", form, form, form, "x", form, "--o", form]
    assert {job.env["E"] for job in found.values()} == {form}


@pytest.mark.parametrize("form", FORMS)
def test_text_from_outside_arrives_as_it_was_written(folder: Path, run: Run, form: str) -> None:
    """`--set` and both forms of a file for `--params`, and values of Python."""
    Path("main.yaml").write_text(
        "sncompile: 1\npipeline: main\nparams: {t: {type: string}, l: {type: 'string[]'}}\n"
        "steps: {a: {module: {params: {t: {type: string}, l: {type: 'string[]'}}, "
        'command: [tool, "${params.t}", "${params.l}"]}, with: {t: "${params.t}", l: "${params.l}"}}}\n'
    )
    Path("p.yaml").write_text(f"t: {form}\nl: [{form}, x]\n")
    ways = [["--params", "p.yaml"], ["--set", f"t={form}", "--set", f"l={form},x"]]
    for way in ways:
        ended = run("compile", "main.yaml", "--emit", "jobs", *way)
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["command"] == ["tool", form, form, "x"]
    loaded = sn.load("main.yaml", params={"t": form, "l": [form, "x"]})
    assert [job.command for job in jobs(loaded.graph())] == [["tool", form, form, "x"]]


@pytest.mark.parametrize("form", ["1.10", "1e5", "-1.50e-3", "123456789012345678901234567890", "true"])
def test_json_files_keep_what_was_written(folder: Path, run: Run, form: str) -> None:
    Path("main.yaml").write_text(
        "sncompile: 1\npipeline: main\nparams: {t: {type: string}}\n"
        "steps: {a: {module: {params: {t: {type: string}}, "
        'command: [tool, "${params.t}"]}, with: {t: "${params.t}"}}}\n'
    )
    Path("p.json").write_text('{"t": ' + form + "}")
    ended = run("compile", "main.yaml", "--emit", "jobs", "--params", "p.json")
    assert json.loads(ended.out)["command"] == ["tool", form]


def test_values_of_python_are_texts_where_text_is_wanted(folder: Path) -> None:
    write("x")
    Path("main.yaml").write_text(PIPELINE.replace("FORM", "x"))
    given = Options(params={"set": 12, "listed": [1.5, True, "010"]})
    one, two, _ = commands(given).values()
    assert one.command[6] == "12"
    assert two.command[3:6] == ["1.5", "true", "010"]


@settings(max_examples=25)
@given(st.from_regex(r"[-+]?(0|[0-9]{1,25})(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,2})?", fullmatch=True))
def test_numbers_are_read_once(tmp_path_factory: pytest.TempPathFactory, form: str) -> None:
    """A number is the one that was written, whatever it looks like; what is computed is a plain number."""
    folder = tmp_path_factory.mktemp("spec")
    (folder / "main.yaml").write_text(
        f"sncompile: 1\npipeline: main\ntables: {{t: {{key: k, rows: [{{k: a, n: {form}}}]}}}}\n"
        'steps:\n  a:\n    by: k\n    with: {n: "${t.n}", s: "${t.n}", more: "${t.n + 0}"}\n'
        "    module:\n      params: {n: {type: number}, s: {type: string}, more: {type: number}}\n"
        '      command: [tool, "${params.n}", "${params.s}", "${params.more}"]\n'
    )
    checked = check(str(folder / "main.yaml"))
    (job,) = jobs(graph_of(checked.require()))
    _, number, text, more = job.command
    assert text == form
    assert float(number) == float(form)
    assert more == str(number_of(form) + 0)
    assert number in (form, str(number_of(form)))


FAMILY = """\
  s{n}: {{module: {module}, with: {{v: {form}}}}}
  t{n}: {{module: {module}, with: {{v: {form}, i: "${{s{n}.o}}"}}}}
"""


@pytest.mark.parametrize("kind", ["number", "string"])
@pytest.mark.parametrize("action", ['command: [tool, "${params.v}", "${outputs.o}"]', 'python: "m:f"'])
def test_merged_branches_keep_what_was_written(folder: Path, kind: str, action: str) -> None:
    """Equal numbers that look different are two values."""
    forms = ["1.10", "1.1", "1.100", "1", "1.0", "1e0"]
    ports = 'inputs: {i: {type: "file?"}}, outputs: {o: {type: file}}'
    module = f"{{{ports}, params: {{v: {{type: {kind}}}}}, {action}}}"
    steps = "".join(FAMILY.format(n=n, module=module, form=form) for n, form in enumerate(forms))
    Path("main.yaml").write_text("sncompile: 1\npipeline: main\nsteps:\n" + steps)
    graph = graph_of(check("main.yaml").require())
    merged = optimize(graph, 1).graph
    assert len(merged.families) < len(graph.families)
    assert {j.id: (j.command, j.digest) for j in jobs(merged)} == {j.id: (j.command, j.digest) for j in jobs(graph)}
    if action.startswith("command"):
        assert [j.command[1] for j in jobs(graph) if j.step.startswith("s")] == forms


@pytest.mark.parametrize("name", ["values.yaml", "values.json"])
def test_inferred_values_come_back(folder: Path, run: Run, name: str) -> None:
    """What `infer -o` writes is taken again by `--params` as the same values, texts that look like numbers too."""
    cells = ["0123", "1.10", "true", "~", "${x}", "$${y}", "é🧬", "a: b", "null"]
    Path("t.csv").write_text("k\n" + "".join(f"{cell}\n" for cell in cells))
    Path("main.yaml").write_text(
        "sncompile: 1\npipeline: main\ntables: {t: {key: k, file: t.csv}}\n"
        "infer:\n  all: {sql: select k from t, holds: at least 1}\n"
        "  n: {sql: select 2.50::double from t, holds: one value}\n"
        "steps: {a: {module: {params: {l: {type: 'string[]'}, n: {type: number}}, "
        'command: [tool, "${params.n}", "${params.l}"]}, with: {l: "${infer.all}", n: "${infer.n}"}}}\n'
    )
    before = run("compile", "main.yaml", "--emit", "jobs", "--set", "n=2.50")
    assert run("infer", "main.yaml", "-o", name, "--set", "n=2.50").code == 0
    after = run("compile", "main.yaml", "--emit", "jobs", "--params", name)
    assert (after.code, after.out) == (0, before.out)
    assert sorted(json.loads(after.out)["command"][2:]) == sorted(cells)


def test_values_from_outside_are_never_evaluated(folder: Path, run: Run) -> None:
    """An expression in them is told, and `$${` is a literal sign."""
    write("x")
    Path("p.yaml").write_text('set: "a ${params.listed}"\n')
    for way in (["--set", "set=${params.listed}"], ["--params", "p.yaml"], ["--data", "images=${HOME}"]):
        ended = run("check", "main.yaml", *way)
        assert ended.code == 1
        assert "SN331" in ended.err
        assert "Traceback" not in ended.err
    Path("p.yaml").write_text('listed: ["a $${b}"]\n')
    ended = run("compile", "main.yaml", "--emit", "jobs", "--set", "set=$${c}", "--params", "p.yaml")
    one, two, _ = map(json.loads, ended.out.splitlines())
    assert one["command"][6] == "${c}"
    assert two["command"][3] == "a ${b}"


def test_cells_of_parquet_files_look_as_their_values(folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="tables of this kind need DuckDB")
    made = (
        "select 'a' as k, 1.50::decimal(4,2) as d, 1.1::float as f, 7 as i, true as b, 12345678901234567::bigint as l"
    )
    duckdb.sql(f"copy ({made}) to 't.parquet'")
    names = ("d", "f", "i", "b", "l")
    params = ", ".join(f"{n}: {{type: string}}" for n in names)
    Path("main.yaml").write_text(
        "sncompile: 1\npipeline: main\ntables: {t: {key: k, file: t.parquet}}\nsteps:\n  a:\n    by: k\n"
        f"    module: {{params: {{{params}}}, command: [tool, "
        + ", ".join(f'"${{params.{n}}}"' for n in names)
        + "]}\n    with: {"
        + ", ".join(f'{n}: "${{t.{n}}}"' for n in names)
        + "}\n"
    )
    (job,) = commands().values()
    assert job.command == ["tool", "1.50", "1.1", "7", "true", "12345678901234567"]


def test_paths_that_begin_with_a_dash_are_no_options(folder: Path) -> None:
    """However they are given: a tool would take them for options of its own."""
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
data: {raw: r, workspace: w}
inputs: {f: {type: file}}
params: {q: {type: path, default: -d}, l: {type: "path[]", default: [x]}}
steps:
  a:
    with: {i: "${inputs.f}", j: "${data.raw}/x", q: "${params.q}", l: "${params.l}"}
    module:
      inputs: {i: {type: file}, j: {type: file}}
      params: {q: {type: path}, l: {type: "path[]"}}
      outputs: {o: {type: file}}
      command: [tool, "${outputs.o}", "${inputs.i}", "${inputs.j}", "${params.q}", "${params.l}"]
"""
    )
    roots = {"raw": "./-raw", "workspace": "-w"}
    by_text = Options(roots, {"f": "-in", "q": "./-qq", "l": "-a,b"}, invoked_from=folder)
    by_value = Options(roots, params={"f": "-in", "q": "-qq", "l": ["-a", "b"]}, invoked_from=folder)
    for options in (by_text, by_value):
        (command,) = commands(options).values()
        assert command.command == ["tool", "./-w/a/o", "./-in", "./-raw/x", "./-qq", "./-a", "b"]


def test_roots_of_an_inner_pipeline_follow_those_outside(folder: Path) -> None:
    """One that is made of another one, too."""
    Path("lib").mkdir()
    Path("lib", "inner.yaml").write_text(
        """\
sncompile: 1
pipeline: inner
data: {images: images, sub: "${data.images}/sub"}
steps:
  tell:
    with: {a: "${data.images}", b: "${data.sub}"}
    module: {params: {a: {type: path}, b: {type: path}}, command: [tell, "${params.a}", "${params.b}"]}
"""
    )
    outer = "sncompile: 1\npipeline: main\nROOTSsteps: {a: {module: ./lib/inner.yaml}}\n"
    for roots, data, found in (
        ("", {}, "lib/images"),
        ("data: {images: raw}\n", {}, "raw"),
        ("data: {images: raw}\n", {"images": "/else/where"}, "/else/where"),
    ):
        Path("main.yaml").write_text(outer.replace("ROOTS", roots))
        (told,) = commands(Options(data, invoked_from=folder)).values()
        assert told.command == ["tell", found, f"{found}/sub"]


def test_booleans_in_paths_are_written_as_everywhere(folder: Path) -> None:
    """Neither the graph nor the Snakefile has them as Python does."""
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
params: {b: {type: boolean, default: true}}
tables: {t: {key: k, rows: [{k: a}, {k: c}]}}
steps:
  one:
    by: k
    outputs: {o: "p/${params.b}/${k}.txt", l: ["l/${params.b}${k}", "m${params.b}/${k}"], c: "c/${k}/${k == 'a'}"}
    module:
      outputs: {o: {type: file}, l: {type: "file[]"}, c: {type: file}}
      command: [touch, "${outputs.o}", "${outputs.l}", "${outputs.c}"]
"""
    )
    for level in (0, 2):
        made = compile_program(check("main.yaml").require(), CompileOptions(level=level))
        first, _ = jobs(made.graph)
        assert first.command == ["touch", "p/true/a.txt", "l/truea", "mtrue/a", "c/a/true"]
        assert not re.search("True(?!l)", made.emitted.files["Snakefile"].decode().partition("rule all")[2])


@pytest.mark.parametrize("form", [".inf", "-.inf", ".nan", "1e400"])
@pytest.mark.parametrize("many", [False, True])
def test_what_json_cannot_say_is_told(form: str, many: bool, folder: Path) -> None:
    """A function is given JSON, which has no such number; a command is given the text."""
    kind, value = ("number[]", f"[1, {form}]") if many else ("number", form)
    spec = f"""\
sncompile: 1
pipeline: main
steps:
  one: {{with: {{n: {value}}}, module: {{params: {{n: {{type: "{kind}"}}}}, outputs: {{o: {{type: file}}}}, ACTION}}}}
"""
    Path("main.yaml").write_text(spec.replace("ACTION", 'python: "package:function"'))
    assert [fault.code for fault in check("main.yaml").diagnostics] == ["SN317"]
    Path("main.yaml").write_text(spec.replace("ACTION", 'command: [touch, "${outputs.o}", "${params.n}"]'))
    assert not check("main.yaml").failed
