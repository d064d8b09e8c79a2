"""What is absent, at the places where it meets something else: lists with gaps, steps without jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.runner.facts import facts_of
from sncompile.semantics.program import Options

TABLES = """\
sncompile: 1
pipeline: main
tables:
  all: {key: s, rows: [{s: A, f: x}, {s: B, f: y}]}
  none: {key: s, sql: "select * from all where s = 'Z'"}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `main.yaml`, in which a test works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compiled(text: str, level: int) -> dict[str, Job]:
    """The jobs of a spec, which is also emitted and read back."""
    Path("main.yaml").write_text(text)
    made = compile_program(check("main.yaml").require(), CompileOptions(level=level))
    assert made.emitted.files["Snakefile"]
    return {job.id: job for job in jobs(made.graph)}


@pytest.mark.parametrize(("given", "word"), [("[a, ~, b]", "set"), ("[a]", "set"), ("~", "unset")])
def test_whether_a_list_is_there_is_not_asked_of_its_items(given: str, word: str) -> None:
    """A list with a gap is no absent list."""
    (job,) = compiled(
        f"""\
sncompile: 1
pipeline: main
params: {{q: {{type: "string?[]?", default: {given}}}}}
steps:
  a:
    with: {{w: "${{'set' if params.q != null else 'unset'}}", q: "${{params.q}}"}}
    module:
      params: {{w: {{type: string}}, q: {{type: "string?[]?"}}}}
      command: [tool, "${{params.w}}", {{flag: --q, when: "${{params.q != null}}"}}]
""",
        0,
    ).values()
    assert job.command == ["tool", word] + ["--q"] * (word == "set")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_list_of_steps_without_jobs_is_empty(level: int) -> None:
    """No file has the name of what is absent."""
    text = TABLES.replace("all", "every") + (
        "steps:\n"
        '  x: {by: s, over: none, module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}\n'
        '  y: {by: s, over: none, module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}\n'
        "  one:\n"
        "    by: s\n"
        "    over: every\n"
        '    with: {l: ["${x.o}", "${y.o}"]}\n'
        '    module: {inputs: {l: {type: "file[]?"}}, outputs: {o: {type: file}},\n'
        '             command: [touch, "${outputs.o}", "${inputs.l}"]}\n'
    )
    found = compiled(text, level)
    assert [job.command for job in found.values()] == [["touch", f"results/one/{s}/o"] for s in "AB"]


def test_the_facts_of_a_step_without_jobs() -> None:
    """A parameter that has no value for anybody is told as it is written."""
    module = (
        '{params: {p: {type: string}}, outputs: {o: {type: file}}, command: [touch, "${outputs.o}", "${params.p}"]}'
    )
    Path("main.yaml").write_text(
        TABLES.replace("all", "every")
        + f'steps:\n  x: {{by: s, over: none, with: {{p: "${{none.f}}"}}, module: &m {module}}}\n'
        '  y: {by: s, over: none, with: {p: "${basename(x.o)}"}, module: *m}\n'
    )
    facts = facts_of(check("main.yaml").require(), Options())
    assert [p["value"] for p in facts["parameters"] if p["step"] == "x"] == ["${none.f}"]
    assert [p["value"] for p in facts["parameters"] if p["step"] == "y"] == ["${basename(x.o)}"]
