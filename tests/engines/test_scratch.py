"""Scratch folders in real runs: what is taken from them, what is told where that is not there, and what stays."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program

from ..command_line import plain_snakemake, sncompile
from .cwl_runs import emit_cwl, graph_from, needs_cwltool, run_cwl

ONE = """\
sncompile: 1
pipeline: one
data: {{raw: "raw files"}}
steps:
  a:
    module:
      scratch: true
      outputs: {{o: {{type: {type}, from: "{source}"}}}}
      {action}
outputs: {{o: "${{a.o}}"}}
"""


def run_one(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, script: str, type: str = "file") -> str:
    """Run a job of one script through bash, which may fail; what it has told."""
    monkeypatch.chdir(folder)
    spec = ONE.format(type=type, source=source, action=f"shell: {json.dumps(script)}")
    (folder / "main.yaml").write_text(spec)
    out = folder / "build"
    compile_program(check("main.yaml").require(), CompileOptions(target="bash", out=out)).emitted.write(out)
    return subprocess.run(["bash", out / "run.sh"], capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize(
    ("source", "script", "told"),
    [
        ("*.txt", 'touch 1.txt "2 it\'s.txt" 3.csv', r"more than one file fits *.txt: 1.txt 2\ it\'s.txt"),
        ("x.txt", "mkdir x.txt; touch -- -n", "no file fits x.txt; in the folder are -n x.txt"),
        ("x", "true", "no file fits x: the folder is empty"),
        ("*", "touch .hidden", "no file fits *: the folder is empty"),
        ("x", "ln -s OUTSIDE/file x", "x leads out of the folder, to OUTSIDE/file"),
        ("x/file", "ln -s OUTSIDE x", "x/file leads out of the folder, to OUTSIDE/file"),
        ("x", "false; touch x", ""),
    ],
)
def test_what_is_not_as_it_should_be_is_told(
    source: str, script: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what the command left stays to be looked at, until the job runs again."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("it stays\n")
    said = run_one(tmp_path, monkeypatch, source, script.replace("OUTSIDE", str(outside)))
    left = tmp_path / "results/a/.sncompile/scratch/o"
    assert told.replace("OUTSIDE", str(outside)) in said
    assert (outside / "file").read_text() == "it stays\n"
    assert f"what the command left is in {left}" in said
    assert left.is_dir()
    assert not (tmp_path / "results/a/o").exists()
    run_one(tmp_path, monkeypatch, "now", 'test -z "$(ls -A)"; echo now > now')
    assert (tmp_path / "results/a/o").read_text() == "now\n"
    assert not (tmp_path / "results/a/.sncompile").exists()


def test_directories_are_taken_without_links_that_would_lead_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link inside of the directory is kept."""
    said = run_one(tmp_path, monkeypatch, "d", "mkdir d; touch y; ln -s ../y d/y", "directory")
    assert "the link d/y leads out of the directory that is taken" in said
    run_one(tmp_path, monkeypatch, "d*", "mkdir dir; echo x > dir/x; ln -s x dir/y", "directory")
    assert (tmp_path / "results/a/o/y").read_text() == "x\n"


def test_a_link_to_a_file_in_the_folder_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since the folder goes."""
    run_one(tmp_path, monkeypatch, "x/y", "mkdir z; echo 1 > z/1; ln -s 1 z/y; ln -s z x")
    assert not (tmp_path / "results/a/o").is_symlink()
    assert (tmp_path / "results/a/o").read_text() == "1\n"


ACTIONS = """\
sncompile: 1
pipeline: actions
data: {raw: "raw files", workspace: "it's $(x)"}
tables: {t: {key: k, rows: [{k: "-ü"}, {k: "b c"}]}}
steps:
  each: {by: k, with: {k: "${k}"}, module: {params: {k: {type: string}}, outputs: {o: {type: file}}, command: [sh, -c, 'echo "$1" > "$2"', sh, "${params.k}", "${outputs.o}"]}}
  python:
    with: {reads: "${data.raw}/a b.txt", parts: "${each.o}", root: "${data.raw}"}
    module:
      inputs: {reads: {type: file, as: "it's.txt"}, parts: {type: "file[]"}}
      params: {root: {type: path}, n: {type: number, default: 3e-7}}
      outputs: {o: {type: file}, made: {type: file, from: "*.json"}}
      python: "tools:look"
  script:
    with: {reads: "${data.raw}/a b.txt", parts: "${each.o}"}
    module:
      inputs: {reads: {type: file, as: "it's.txt"}, parts: {type: "file[]", as: "p/{index}"}}
      outputs: {o: {type: file}, made: {type: file, from: "made"}}
      script: look.sh
outputs: {python: "${python.o}", made: "${python.made}", script: "${script.o}", script_made: "${script.made}"}
"""  # noqa: E501

TOOLS = """\
import os

def look(reads, parts, root, o, n):
    assert os.path.dirname(reads) == os.getcwd()
    assert os.listdir() == ["it's.txt"]
    assert os.path.isabs(root)
    told = [open(path).read() for path in (reads, *parts)]
    open(o, "w").write(f"{os.path.basename(reads)} {told} {n}")
    open("made.json", "w").write("{}")
"""

LOOK = """\
set -eu
while [ $# -gt 0 ]; do
  case $1 in
    --o) o=$2; shift ;;
    *) printf '%s\\n' "${1##*/}" >> made ;;
  esac
  shift
done
cat p/1 p/2 "it's.txt" > "$o"
"""

RESULTS = {
    "python/o": "it's.txt ['reads\\n', '-ü\\n', 'b c\\n'] 3e-07",
    "python/made": "{}",
    "script/o": "-ü\nb c\nreads\n",
    "script/made": "--reads\nit's.txt\n--parts\n1\n2\n",
}


@pytest.fixture
def actions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("main.yaml", ACTIONS), ("tools.py", TOOLS), ("look.sh", LOOK)):
        Path(name).write_text(text)
    Path("raw files").mkdir()
    Path("raw files/a b.txt").write_text("reads\n")
    return tmp_path


def _results(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in RESULTS}


@pytest.mark.parametrize("level", [0, 2])
def test_functions_and_scripts_by_snakemake(actions: Path, level: int) -> None:
    """Plain Snakemake, at the lowest and the highest level."""
    out = actions / "build/actions"
    compile_program(check("main.yaml").require(), CompileOptions(out=out, level=level)).emitted.write(out)
    plain_snakemake(actions, "build/actions/Snakefile")
    assert _results(actions / "it's $(x)") == RESULTS


def test_functions_and_scripts_by_bash(actions: Path) -> None:
    """The same bytes."""
    out = actions / "build"
    compile_program(check("main.yaml").require(), CompileOptions(target="bash", out=out)).emitted.write(out)
    subprocess.run(["bash", out / "run.sh"], check=True, capture_output=True)
    assert _results(actions / "it's $(x)") == RESULTS


@needs_cwltool
def test_functions_and_scripts_by_cwl(actions: Path) -> None:
    """The same bytes."""
    graph = graph_from(actions / "main.yaml")
    emit_cwl(graph)
    run_cwl(graph)
    assert {name: (actions / "out" / f"it's $(x)/{name}").read_text() for name in RESULTS} == RESULTS


PARTS = """\
sncompile: 1
pipeline: parts
steps:
  make:
    outputs: {{all: {{temp: true}}}}
    module:
      outputs:
        report: {{type: file, in: all, path: r.html}}
        all: {{type: directory}}
        left: {{type: file, from: left}}
      success: {{non_empty: [report]}}
      {action}
  read:
    with: {{report: "${{make.report}}"}}
    module:
      inputs: {{report: {{type: file, companions: []}}}}
      outputs: {{o: {{type: file, companions: [.x]}}}}
      shell: 'cp ${{inputs.report}} ${{outputs.o}}; touch ${{outputs.o}}.x'
outputs: {{o: "${{read.o}}", left: "${{make.left}}"}}
"""


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("mkdir ${outputs.all}; touch left", "not as promised: results/make/all/r.html is not there"),
        ("mkdir -p ${outputs.report}; touch left", "not as promised: results/make/all/r.html is not there"),
        ("mkdir ${outputs.all}; touch ${outputs.report} left", "not as promised: results/make/all/r.html is empty"),
        ("mkdir ${outputs.all}; echo x > ${outputs.report}; touch left", None),
    ],
)
def test_parts_are_looked_for(script: str, told: str | None, tmp_path: Path) -> None:
    """By a run through Snakemake, in a scratch folder; after one that ended well there is nothing left to do."""
    (tmp_path / "main.yaml").write_text(PARTS.format(action=f"shell: {json.dumps(script)}"))
    done = sncompile(tmp_path, "run", "main.yaml", "--cores", "2")
    if told is not None:
        assert told in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results/read/o").read_text() == "x\n"
    assert (tmp_path / "results/read/o.x").exists()
    assert not (tmp_path / "results/make/all").exists()
    assert not list(tmp_path.rglob("scratch/*"))
    assert "up to date" in sncompile(tmp_path, "run", "main.yaml", "--cores", "2").stderr


def test_a_changed_companion_is_a_reason_to_run_again(tmp_path: Path) -> None:
    """As a changed input is; and one that is not there is told before anything runs."""
    (tmp_path / "main.yaml").write_text(
        "sncompile: 1\npipeline: main\nsteps:\n  a:\n    with: {i: raw.bam}\n    module:\n"
        "      inputs: {i: {type: file, companions: [.bai]}}\n      outputs: {o: {type: file}}\n"
        "      shell: 'cat ${inputs.i}.bai > ${outputs.o}'\n"
    )
    (tmp_path / "raw.bam").write_text("bam")
    assert "`raw.bam.bai` is not there" in sncompile(tmp_path, "run", "main.yaml", "--cores", "1").stderr
    for content in ("one", "other one"):
        (tmp_path / "raw.bam.bai").write_text(content)
        assert sncompile(tmp_path, "run", "main.yaml", "--cores", "1").returncode == 0
        assert (tmp_path / "results/a/o").read_text() == content
    assert "up to date" in sncompile(tmp_path, "run", "main.yaml", "--cores", "1").stderr


CHAIN = """\
sncompile: 1
pipeline: chain
tables: {t: {key: k, rows: [{k: a}, {k: "it's"}, {k: c}, {k: d}]}}
steps:
  first: {by: k, with: {k: "${k}"}, module: {scratch: true, params: {k: {type: string}}, outputs: {o: {type: file, companions: [.i], from: x}}, command: [sh, -c, 'echo "$1" > x; echo i > x.i', sh, "${params.k}"]}}
  second: {by: k, with: {i: "${first.o}"}, module: {inputs: {i: {type: file, companions: [.i], as: in}}, outputs: {o: {type: file, from: out}}, shell: 'cat ${inputs.i} in.i > out'}}
  third: {by: k, batch: 3, with: {i: "${second.o}"}, module: {inputs: {i: {type: file, as: in}}, outputs: {o: {type: file, from: out}}, shell: 'cp in out; ls >> out'}}
  all: {with: {i: "${third.o}"}, module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, command: [sh, -c, 'cat "$@" > "$0"', "${outputs.o}", "${inputs.i}"]}}
outputs: {o: "${all.o}"}
"""  # noqa: E501


@pytest.mark.parametrize("level", [0, 1, 2])
def test_merged_fused_and_batched(level: int, tmp_path: Path) -> None:
    """At every level the same comes of it."""
    (tmp_path / "main.yaml").write_text(CHAIN)
    done = sncompile(tmp_path, "main.yaml", f"-O{level}", "-o", "build")
    assert done.returncode == 0, done.stderr
    plain_snakemake(tmp_path, "build/Snakefile")
    each = "".join(f"{k}\ni\nin\nout\n" for k in ("a", "it's", "c", "d"))
    assert (tmp_path / "results/all/o").read_text() == each
    assert not list(tmp_path.rglob("scratch/*"))


ARGUMENTS = """\
sncompile: 1
pipeline: arguments
tables: {s: {key: k, rows: [{k: a, f: "in put.txt", n: "x y"}, {k: "b'b", f: "in put.txt"}]}}
steps:
  a:
    by: k
    with: {x: "${s.f}", n: "${s.n}", ys: ["in put.txt", other.txt]}
    module:
      inputs: {x: {type: file, as: "na me.txt"}, y: {type: "file?", as: why}, ys: {type: "file[]"}}
      params: {n: {type: "string?"}, p: {type: path, default: rel/x}}
      outputs: {o: {type: file, from: out.txt}, q: {type: file}}
      args:
        - "${inputs.x}"
        - {option: -n, value: "${params.n}"}
        - {option: -y, value: "${inputs.y}"}
        - {option: -ys, value: "${inputs.ys}"}
        - {option: -yr, value: "${inputs.ys}", repeat: true}
        - {option: IN=, value: "${inputs.x}", joined: true}
        - {option: IN=, value: "${params.p}", joined: true, when: "${params.n != null}"}
        - {flag: --f, when: "${params.n == null}"}
        - "--o=${outputs.q}"
        - "lit ' $X"
        - "${resources.cpus}"
      shell: |
        printf '%s\\n' ${args} > out.txt
        touch ${outputs.q}
"""


@pytest.mark.parametrize("target", ["bash", "snakemake"])
def test_arguments_of_a_script_lead_to_their_files(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are absolute, names are those of the folder, and what is absent is no word."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.yaml").write_text(ARGUMENTS)
    for name in ("in put.txt", "other.txt"):
        (tmp_path / name).write_text(name)
    out = tmp_path / "build"
    compile_program(check("main.yaml").require(), CompileOptions(target=target, out=out)).emitted.write(out)
    if target == "bash":
        subprocess.run(["bash", out / "run.sh"], check=True)
    else:
        plain_snakemake(tmp_path, str(out / "Snakefile"))
    files = [f"{tmp_path}/in put.txt", f"{tmp_path}/other.txt"]
    for key, options in (("a", ["-n", "x y"]), ("b'b", [])):
        name = f"{tmp_path}/results/a/{key}/.sncompile/scratch/o/na me.txt"
        last = [f"IN={tmp_path}/rel/x"] if options else ["--f"]
        words = [name, *options, "-ys", *files, "-yr", files[0], "-yr", files[1], f"IN={name}", *last]
        words += [f"--o={tmp_path}/results/a/{key}/q", "lit ' $X", "1"]
        assert (tmp_path / f"results/a/{key}/o").read_text().splitlines() == words
