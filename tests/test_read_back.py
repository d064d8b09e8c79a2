"""What is emitted is read back: every member of it that is changed is noticed, and a larger pipeline by its sample."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml.error import YAMLError

import sncompile
from sncompile.api import (
    Compilation,
    CompileOptions,
    DifferentJobs,
    check,
    compile_graph,
    compile_program,
    default_out,
    graph_of,
)
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import jobs
from sncompile.lowering.model import NamedPort
from sncompile.lowering.text import lowered_text
from sncompile.targets.bash.reading import differences as differences_of_script
from sncompile.targets.cwl.verify import differences as differences_of_document
from sncompile.targets.registry import find_target
from sncompile.targets.snakemake.marking import marks_of
from sncompile.targets.snakemake.reading_back.read_back import differences
from sncompile.targets.snakemake.reading_back.sampling import ALL_JOBS

from .command_line import in_this_process
from .test_cases import CASES, blocks_of, lay_out, options_of

SPEC = """\
sncompile: 1
pipeline: main
tables:
  wells: {key: [plate, well], rows: [{plate: p, well: B, dose: "1"}, {plate: p, well: A, dose: ""}, {plate: q, well: A, dose: "3"}]}
steps:
  first: {module: {outputs: {o: {type: directory}}, command: [fill, "${outputs.o}"]}, outputs: {o: {protected: true}}}
  tell: {module: {command: [tell, it]}}
  count:
    by: [plate, well]
    after: [tell]
    retries: 2
    local: true
    outputs: {kept: "kept/${plate}-${well}.txt", gone: {temp: true}}
    resources: {cpus: 2, memory: "${attempt * 2}GB", time: 1h, disk: 3GB}
    with: {folder: "${first.o}", dose: "${wells.dose}"}
    env: {MODE: "a b"}
    module:
      inputs: {folder: {type: directory}}
      params: {dose: {type: "string?"}}
      outputs: {kept: {type: file}, gone: {type: file}}
      success: {non_empty: [kept]}
      command: [count, "${inputs.folder}", "${outputs.kept}", "${outputs.gone}", {option: --dose, value: "${params.dose}"}, "it's"]
  gather:
    by: plate
    with: {all: "${count.gone}", names: "${wells.well}"}
    module:
      inputs: {all: {type: "file[]"}}
      params: {names: {type: "string[]"}}
      outputs: {o: {type: file}}
      shell: |
        cat ${inputs.all} > ${outputs.o}
        echo ${params.names} >> ${outputs.o}
outputs: {r: "${gather.o}", kept: "${count.kept}"}
"""  # noqa: E501

Files = dict[str, bytes]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compilation:
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC)
    return compile_program(check("main.yaml").require(), CompileOptions(level=0))


def _text(old: str, new: str) -> Callable[[Files], Files]:
    """A change of the Snakefile, which must be one."""

    def change(files: Files) -> Files:
        text = files["Snakefile"].decode()
        changed = re.sub(old, new, text, count=1, flags=re.MULTILINE)
        assert changed != text, f"{old} is not there"
        return files | {"Snakefile": changed.encode()}

    return change


def _table(name: str, old: str, new: str) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        text = files[f"tables/{name}.tsv"].decode()
        assert old in text, text
        return files | {f"tables/{name}.tsv": text.replace(old, new, 1).encode()}

    return change


CHANGES: Mapping[str, Callable[[Files], Files]] = {
    "an input is gone": _text(r"^ +folder=.*\n", ""),
    "an input is another": _text(r'folder="results/first/o"', 'folder="results/first/p"'),
    "a gather takes all rows": _text(r'(WELLS\.each\(\s*"[^"]*"), wildcards', r"\1"),
    "a list takes all rows": _text(r'WELLS\.values\("well", wildcards\)', 'WELLS.values("well")'),
    "a table chooses by less": _text(r'key=\["plate", "well"\]', 'key=["well"]'),
    "an output is elsewhere": _text(r"kept/\{plate\}-\{well\}\.txt", "kept/{plate}_{well}.txt"),
    "an output is not temporary": _text(r'temp\((".*")\)', r"\1"),
    "an output is not protected": _text(r'protected\((directory\(".*"\))\)', r"\1"),
    "an output is no directory": _text(r'directory\((".*")\)', r"\1"),
    "an output may be empty": _text(r'ensure\((".*"), non_empty=True\)', r"\1"),
    "nothing is waited for": _text(r"^ +after_tell=.*\n", ""),
    "fewer threads": _text(r"threads: 2", "threads: 1"),
    "less memory": _text(r"2000 \* attempt", "1000 * attempt"),
    "less memory at the second try": _text(r"2000 \* attempt", "(1000 + 1000 * attempt)"),
    "less memory at the last try": _text(r"2000 \* attempt", "[2000, 4000, 5000][attempt - 1]"),
    "another time": _text(r"runtime=60", "runtime=61"),
    "no disk": _text(r"^ +disk_mb=.*\n", ""),
    "no second try": _text(r"^ +retries: .*\n", ""),
    "not local": _text(r"^ +localrule: .*\n", ""),
    "a word is another": _text(r"count \{input", "counts {input"),
    "a word is gone": _text(r" 'it'\\\"'\\\"'s'| 'it'\"'\"'s'", ""),
    "a variable is another": _text(r"export MODE='a b'", "export MODE='a c'"),
    "the log is not written": _text(r" &> \{log:q\}", ""),
    "a script's line is gone": _text(r"^ *\"echo .*\n", ""),
    "a rule is gone": lambda files: _text(r"rule gather:", "rule gathers:")(files),
    "nothing is asked for": _text(r"^ +r=.*\n", ""),
    "less is asked for": _text(r"^ +kept=WELLS.*\n", ""),
    "a cell is another": _table("wells", "\tB\n", "\tC\n"),
    "rows change places": lambda files: (
        files
        | {"tables/wells.tsv": b"".join(sorted(files["tables/wells.tsv"].splitlines(keepends=True), key=len)[::-1])}
    ),
    "the file cannot be read": _text(r"rule gather:", "rule gather"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_noticed(made: Compilation, change: Callable[[Files], Files]) -> None:
    """The files as they are have the graph's jobs, and changed ones have not."""
    files = dict(made.emitted.files)
    assert differences(made.graph, files, made.out) == []
    assert differences(made.graph, change(files), made.out)


def test_a_difference_stops_a_compile_and_names_the_job(
    made: Compilation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a fault of the compiler, told as such; no file is written."""
    target = find_target("snakemake")
    lower = type(target).lower

    def wrong(self: object, *args: object, **more: object) -> object:
        found = lower(self, *args, **more)  # type: ignore[arg-type]
        return type(found)(_text("threads: 2", "threads: 1")(dict(found.files)), found.summary)

    monkeypatch.setattr(type(target), "lower", wrong)
    with pytest.raises(DifferentJobs, match="count/p/B: cpus is 1, not 2"):
        Compilation(made.program, made.options).write()
    assert not made.out.exists()
    ended = in_this_process(capsys)("compile", "main.yaml")
    assert ended.code == 70
    assert "a fault of sncompile itself" in ended.err


def test_a_large_pipeline_is_compared_by_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is wrong for every job of a family, or for a member that a pass merged, is seen."""
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"p{n % 7},w{n},{n}" for n in range(ALL_JOBS))
    Path("t.csv").write_text(f"plate,well,x\n{rows}\n")
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
tables: {t: {file: t.csv, key: [plate, well]}}
steps:
  a: {by: [plate, well], with: {x: "${t.x}"}, module: {params: {x: {type: string}}, outputs: {o: {type: file}}, command: [a, "${outputs.o}", "${params.x}"]}}
  b: {by: plate, with: {i: "${a.o}"}, module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, command: [b, "${outputs.o}", "${inputs.i}"]}}
"""  # noqa: E501
    )
    made = compile_program(check("main.yaml").require(), CompileOptions())
    files = dict(made.emitted.files)
    assert made.graph.job_count() > ALL_JOBS
    assert differences(made.graph, _text(r'("results/a/[^"]*"), wildcards', r"\1")(files), made.out)
    assert differences(made.graph, _text(r'A\.value\("x"|T\.value\("x"', 'T.value("plate"')(files), made.out)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_python_compiles_as_the_command_line_does(
    level: int, made: Compilation, capsys: pytest.CaptureFixture[str]
) -> None:
    """Byte for byte, at every level, for both targets; a run compiles the same."""
    # CWL cannot protect a directory.
    Path("main.yaml").write_text(SPEC.replace(", outputs: {o: {protected: true}}", ""))
    for target in ("snakemake", "cwl"):
        ended = in_this_process(capsys)("compile", "main.yaml", "-o", f"cli-{target}", "-t", target, f"-O{level}")
        assert ended.code == 0
        sncompile.load("main.yaml").compile(f"py-{target}", target=target, level=level)
        # Where files lie is part of what is emitted, so both are written to the same place in turn.
        by_python = _tree(Path(f"py-{target}"), f"py-{target}")
        assert by_python == _tree(Path(f"cli-{target}"), f"cli-{target}")
    by_backend = sncompile.SnakemakeBackend(optimize=level).compile(sncompile.load("main.yaml"), out="py-run")
    assert _tree(by_backend, "py-run") == _tree(Path("cli-snakemake"), "cli-snakemake")


def _tree(folder: Path, name: str) -> dict[str, bytes]:
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {n: data.replace(name.encode(), b"OUT") for n, data in files.items() if n != ".sncompile.json"}


def test_what_is_there_for_its_effect_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file leads to a step that writes nothing: `all` names its mark, unless somebody who is needed waits for it."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
tables: {t: {key: k, rows: [{k: a}, {k: b}]}}
steps:
  make: {by: k, after: [before], module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}
  tell: {by: k, after: [make], module: {command: [tell]}}
  before: {module: {command: [warm, up]}}
outputs: {o: "${make.o}"}
"""
    )
    for level in (0, 1, 2):
        made = compile_program(check("main.yaml").require(), CompileOptions(level=level))
        rule = made.emitted.files["Snakefile"].decode().partition("rule all:")[2].partition("\n\n\n")[0]
        assert rule.split() == [
            "input:",
            'o=T.each("results/make/{k}/o"),',
            'tell_done=T.each("results/tell/.sncompile/done/{k}.done"),',
        ]


def test_an_absent_list_is_left_out_of_a_call_and_an_empty_one_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a function's own default serves where nothing was bound, and nowhere else."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
tables:
  t: {key: k, rows: [{k: a}, {k: b}]}
  u: {key: [k, s], rows: [{k: a, s: x}, {k: a, s: y}]}
steps:
  source: {by: [k, s], module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}
  call:
    by: k
    over: t
    with: {some: "${source.o}"}
    module:
      inputs: {some: {type: "file[]?"}, none: {type: "file[]?"}}
      outputs: {o: {type: file}}
      python: "package:function"
"""
    )
    for level in (0, 1, 2):
        made = compile_program(check("main.yaml").require(), CompileOptions(level=level))
        first, second = (json.loads(*j.lists.values()) for j in jobs(made.graph) if j.step == "call")
        assert (first.keys(), second) == ({"some", "o"}, {"some": [], "o": "results/call/b/o"})
        assert "none" not in made.emitted.files["Snakefile"].decode()


def test_marks_lie_where_no_output_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark of a batch has a name that an output, or the data, might have as well if it lay in the same folder."""
    monkeypatch.chdir(tmp_path)
    spec = """\
sncompile: 1
pipeline: main
tables:
  t: {key: k, rows: [{k: 1}, {k: 2}, {k: 3}]}
steps:
  make:
    by: k
    outputs: {o: "PLACE/${k}.done"}
    module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}
  use:
    by: k
    batch: 2
    with: {i: "${make.o}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
"""
    Path("main.yaml").write_text(spec.replace("PLACE", "results/use"))
    made = compile_program(check("main.yaml").require(), CompileOptions(level=2))
    assert made.emitted.files
    graph = made.graph
    mark = marks_of(graph, graph.families["use"])(0)
    written = {path for job in jobs(graph) for path in job.outputs.values()}
    assert "results/use/1.done" in written
    assert mark not in written
    Path("main.yaml").write_text(spec.replace("PLACE", mark.rpartition("/")[0]))
    assert {fault.code for fault in check("main.yaml").diagnostics} == {"SN514"}


def test_who_waits_for_a_mark_reads_its_other_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list may hold paths of a step that is known by its mark, and paths that nobody writes."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(
        """\
sncompile: 1
pipeline: main
tables: {t: {key: k, rows: [{k: a, f: raw/a, g: u}, {k: b, f: raw/b, g: v}]}}
steps:
  one:
    by: k
    outputs: {o: "x/${k}.txt", p: "y/${t.g}.txt"}
    module: {outputs: {o: {type: file}, p: {type: file}}, command: [touch, "${outputs.o}", "${outputs.p}"]}
  two:
    with: {i: "${zip(one.o, t.f)}"}
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, command: [cat, "${inputs.i}", "${outputs.o}"]}
"""
    )
    made = compile_program(check("main.yaml").require(), CompileOptions(keep=("two",)))
    marks = [f"results/one/.sncompile/done/{key}.done" for key in "ab"]
    assert made.emitted.files["tables/two.i.tsv"].decode().split() == ["value", *marks, "raw/a", "raw/b"]
    ports = [NamedPort("two", "inputs", "i")]
    assert "{inputs.i} ..." in lowered_text(made.lowered)
    assert "{column i} ..." in lowered_text(made.lowered.spelling_out(ports))
    both = lowered_text(made.lowered.spelling_out(ports).spelling_out([NamedPort("two", "outputs", "o")]))
    assert "{column i} ..." in both
    assert both.count("{outputs.o}") == lowered_text(made.lowered).count("{outputs.o}") - 1


@pytest.mark.parametrize("path", ["../../raw/x", "out/m.log/q"])
def test_logs_stay_in_the_folder_of_their_step(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an output's path is a cell, that cell is no part of a log which leads elsewhere or meets another."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(
        f"""\
sncompile: 1
pipeline: main
tables: {{t: {{key: k, rows: [{{k: a, p: out/m}}, {{k: b, p: {path}}}]}}}}
steps:
  one:
    by: k
    outputs: {{o: "${{t.p}}"}}
    module: {{outputs: {{o: {{type: file}}}}, command: [touch, "${{outputs.o}}"]}}
"""
    )
    for level in (0, 1, 2):
        made = compile_program(check("main.yaml").require(), CompileOptions(level=level))
        assert '"logs/one/{k}.log",' in made.emitted.files["Snakefile"].decode()


def test_batches_that_wait_for_steps_and_for_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`after` leads from a batch to the mark of a batch, to files, and to the marks of steps without files."""
    monkeypatch.chdir(tmp_path)
    module = (
        '{params: {p: {type: string}}, outputs: {o: {type: directory}}, command: [tool, "${params.p}", "${outputs.o}"]}'
    )
    steps = "".join(
        f'  {name}: {{by: [a, b], with: {{p: "${{b}}"}}{more}, module: {module}}}\n'
        for name, more in (
            ("plain", ""), ("batch", ", batch: 2"), ("waits", ", after: [batch]"),
            ("both", ", batch: 2, after: [batch]"),
            ("files", ", batch: 2, after: [plain]"), ("tells", ", batch: 3, after: [effect]"),
        )
    )  # fmt: skip
    rows = ", ".join(f'{{a: "{a}", b: "{b}"}}' for a, b in (("b?", "#."), ("漢\\t>!", "1"), ("1", "#'"), ("1e3", "ü")))
    Path("main.yaml").write_text(
        f"sncompile: 1\npipeline: main\ntables: {{t: {{key: [a, b], rows: [{rows}]}}}}\nsteps:\n{steps}"
        "  effect: {by: [a, b], module: {command: [tool]}}\n"
    )
    for level in (0, 1, 2):
        assert compile_program(check("main.yaml").require(), CompileOptions(level=level)).emitted.files


OWN_LINES = [
    "(\nmkdir -p x\n)",
    ")(\n",
    "for path in a b; do echo $path; done",
    'test "$(find . -type f | wc -l)" -ge 0',
    "undo() { true; }\nundo",
    "  indented",
    "export A=b",
]


@pytest.mark.parametrize("lines", OWN_LINES)
@pytest.mark.parametrize("kind", ["plain", "marked", "counted", "created", "variable"])
def test_lines_that_look_like_ours_are_the_scripts(
    lines: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the compiler puts around a script or a command is told by its place and not by its looks."""
    monkeypatch.chdir(tmp_path)
    module: dict[str, object] = {"outputs": {"o": {"type": "directory"}, "p": {"type": "file"}}}
    module["params"] = {"x": {"type": "string", "default": lines}}
    step: dict[str, object] = {"by": ["a", "b"], "module": module}
    if kind == "marked":
        step["outputs"] = {"o": "${t.o}", "p": "out/${t.p}"}
    elif kind == "counted":
        module["success"] = {"min_files": {"o": 0}}
    elif kind == "created":
        module["outputs"] = {"o": {"type": "directory", "create": True}, "p": {"type": "file"}}
    elif kind == "variable":
        step["env"] = {"A": lines, "B": "***"}
    rows = [{"a": "1", "b": "2", "o": "x/1", "p": "q"}, {"a": "1", "b": "3", "o": "y", "p": "r/s"}]
    table = {"key": ["a", "b"], "rows": rows}
    script = f"{lines}\ntouch ${{outputs.p}} ${{params.x}}\n" if lines != ")(\n" else "touch ${outputs.p} ${params.x}\n"
    for action in (
        {"shell": script},
        {"command": ["bash", "-c", lines, "${params.x}", "${outputs.o}", "${outputs.p}"]},
    ):
        steps = {"one": {**step, "module": {**module, **action}}}
        Path("main.yaml").write_text(
            json.dumps({"sncompile": 1, "pipeline": "main", "tables": {"t": table}, "steps": steps})
        )
        for level in (0, 2):
            assert compile_program(check("main.yaml").require(), CompileOptions(level=level)).emitted.files


RESULTS = """\
sncompile: 1
pipeline: main
tables: {t: {key: k, rows: [{k: a, p: out/m}, {k: b, p: other/n}, {k: c, p: q/q}]}}
steps:
  marked:
    by: k
    outputs: {o: "${t.p}", two: "second/${k}"}
    module: {outputs: {o: {type: file}, two: {type: file}}, command: [touch, "${outputs.o}", "${outputs.two}"]}
  batched:
    by: k
    batch: 2
    with: {i: "${marked.o}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
  plain: {by: k, module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}
  tell: {by: k, module: {command: [tell]}}
outputs: {m: "${marked.two}", b: "${batched.o}", p: "${plain.o}"}
"""


@pytest.mark.parametrize("name", ["m", "b", "p", "tell_done"])
def test_what_is_asked_for_is_compared_where_marks_stand_for_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each entry of `all` that is gone, or names other files, is noticed."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(RESULTS)
    checked = check("main.yaml")
    assert not checked.diagnostics
    made = compile_program(checked.require(), CompileOptions(level=2))
    files = dict(made.emitted.files)
    assert not differences(made.graph, files, tmp_path / "out")
    for change in (_text(rf"^        {name}=.*\n", ""), _text(rf"^(        {name}=).*", r'\1"results/strange.done",')):
        told = differences(made.graph, change(files), tmp_path / "out")
        assert told
        assert all(line.startswith("all: ") for line in told)


def test_promises_about_paths_that_are_quoted_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of jobs that look at their files themselves, the words are compared, and not how they are quoted."""
    monkeypatch.chdir(tmp_path)
    success = f"{{non_empty: true, min_files: {{p: 2}}, sha256: {{o: {'01' * 32}}}}}"
    module = (
        f"{{outputs: {{o: {{type: file}}, p: {{type: directory}}}}, success: {success}, "
        "command: [tool, N, '${outputs.o}', '${outputs.p}']}"
    )
    steps = "".join(
        f'  a{n}: {{module: {module.replace("N", str(n))}, outputs: {{o: "my out/r{n}.txt", p: "x/{where} y"}}}}\n'
        for n, where in ((1, "first"), (2, "second"))
    )
    Path("main.yaml").write_text(
        "sncompile: 1\npipeline: main\ntables: {t: {key: k, rows: [{k: a, v: x y}, {k: b, v: z}]}}\nsteps:\n"
        f'{steps}  b: {{by: k, module: {module}, outputs: {{o: "one dir/${{k}}+@~.txt", p: "two dir/${{t.v}}"}}}}\n'
    )
    for level in (0, 1, 2):
        made = compile_program(check("main.yaml").require(), CompileOptions(level=level))
        assert made.emitted.files
        for old, new in ((r"(-ge|at_least) 2", r"\1 1"), ("test -s", "test -e"), ("0101", "0102")):
            told = differences(made.graph, _text(old, new)(dict(made.emitted.files)), tmp_path / "out")
            assert told, (level, old)


@pytest.mark.parametrize("more", ["create: true", "success"])
def test_what_stands_around_a_plain_command_is_looked_for(
    more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line without anything around its command lacks what the graph has."""
    monkeypatch.chdir(tmp_path)
    plain = (
        "sncompile: 1\npipeline: main\n"
        "steps: {a: {module: {outputs: {d: {type: directory}}, command: [tool, '${outputs.d}']}}}\n"
    )
    asked = plain.replace("type: directory", "type: directory, create: true")
    if more == "success":
        asked = plain.replace("command:", "success: {min_files: {d: 2}}, command:")
    made = []
    for text in (plain, asked):
        Path("main.yaml").write_text(text)
        made.append(compile_program(check("main.yaml").require(), CompileOptions(level=0)))
    assert differences(made[1].graph, dict(made[0].emitted.files), tmp_path / "out")


# --- Whatever stands in the files counts --------------------------------------------------------------------------

NOT_COMPARED = {
    "snakemake": r"""
          "logs/                   # where the log is; that it is written is compared
        | docker://                # the image: a command may be wrapped in another way to it
        | \ success=               # has a job run again when other things are checked
        | \ values=                # has it run again when other values are in an object
        | ^\ {4}"[A-Z]+",$         # a secret, which Snakemake asks for
        | ^\ {4}\w+=r"            # how a key looks usually
        | after_\w+=               # order, where an input goes without saying it
    """,
    "cwl": r"""
          class:\ Workflow|label:|Scatter|MultipleInput  # of the whole document
        | hints:                                        # without it, they are requirements
    """,
    "bash": r"made=|given=|folders=",  # Follows from the outputs, and from what is read.
}
"""Lines that say nothing of a job that reading back compares, by target."""


def emitted_page(name: str, target: str, folder: Path) -> tuple[Graph, Files]:
    """The pipeline of a page about targets, and what a target makes of it."""
    blocks = blocks_of((CASES / "targets" / f"{name}.md").read_text("utf-8"))
    graph = graph_of(check(lay_out(blocks, folder), options_of(blocks, folder)).require())
    return graph, dict(compile_graph(graph, target).files)


def told_by(target: str, graph: Graph, files: Files) -> bool:
    """Whether a target's reader notices that the files are not those of the graph."""
    out = default_out(graph)
    try:
        if target == "bash":
            out.mkdir(parents=True, exist_ok=True)
            (out / "run.sh").write_bytes(files["run.sh"])
            return bool(differences_of_script(graph, out))
        return bool((differences if target == "snakemake" else differences_of_document)(graph, files, out))
    except (YAMLError, LookupError, TypeError, AttributeError):
        return True  # The engine could not read it either.


def others_of_lines(text: str, start: str, end: str, left: str) -> Iterator[tuple[str, str]]:
    """A text with a line less, each in turn, from one that starts so to one that starts so, and the line."""
    lines = text.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(start))
    last = next((n for n, line in enumerate(lines) if end and n > first and line.startswith(end)), len(lines))
    for number, line in enumerate(lines[first:last], first):
        if line.strip(" }\n") and not line.startswith("#") and not re.search(left, line, re.VERBOSE):
            yield line, "".join(lines[:number] + lines[number + 1 :])


@pytest.mark.parametrize(
    ("target", "page", "name", "start", "end"),
    [
        *(
            ("snakemake", page, "Snakefile", "rule all:", "")
            for page in ("alone", "environment", "inputs", "list_files", "paths", "waits", "words")
        ),
        ("cwl", "environment", "workflow.cwl", "- id: main", "# Gives every file"),
        ("cwl", "list_files", "workflow.cwl", "- id: main", "# Hands every job"),
        *(("bash", page, "run.sh", "job_1()", "functions=") for page in ("alone", "list_files", "waits", "words")),
    ],
)
def test_every_line_counts(
    target: str, page: str, name: str, start: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files with a line less are those of another pipeline, or of none."""
    monkeypatch.chdir(tmp_path)
    graph, files = emitted_page(page, target, tmp_path)
    assert not told_by(target, graph, files)
    others = others_of_lines(files[name].decode(), start, end, NOT_COMPARED[target])
    assert [line for line, other in others if not told_by(target, graph, files | {name: other.encode()})] == []


@pytest.mark.parametrize("page", ["alone", "environment", "inputs", "list_files", "paths", "waits", "words"])
def test_every_cell_of_a_sidecar_counts(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph, files = emitted_page(page, "snakemake", tmp_path)
    left = []
    for name in (name for name in files if name.startswith("tables/")):
        titles, *rows = files[name].decode().splitlines()
        for number, row in enumerate(rows):
            cells = row.split("\t")
            for at, cell in enumerate(cells):
                other = "\t".join([*cells[:at], f"{cell}~", *cells[at + 1 :]])
                text = "\n".join([titles, *rows[:number], other, *rows[number + 1 :], ""])
                if not told_by("snakemake", graph, files | {name: text.encode()}):
                    left.append(f"{name}: {other}")
    assert left == []


def others_of_texts(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """A value of JSON with another text in the place of one of its own, each in turn, and where that is."""
    match value:
        case str():
            yield at, f"{value}~"
        case list():
            for number, item in enumerate(value):
                for place, other in others_of_texts(item, f"{at}/{number}"):
                    yield place, [*value[:number], other, *value[number + 1 :]]
        case dict():
            for name, item in value.items():
                for place, other in others_of_texts(item, f"{at}/{name}"):
                    yield place, value | {name: other}


@pytest.mark.parametrize("page", ["alone", "environment", "list_files"])
def test_every_text_of_an_object_counts(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is what CWL's document is given. A file's own name is none of it: jobs have the file where a path says."""
    monkeypatch.chdir(tmp_path)
    graph, files = emitted_page(page, "cwl", tmp_path)
    others = others_of_texts(json.loads(files["job.json"]))
    left = [at for at, other in others if not told_by("cwl", graph, files | {"job.json": json.dumps(other).encode()})]
    assert [at for at in left if not at.endswith("/basename")] == []
