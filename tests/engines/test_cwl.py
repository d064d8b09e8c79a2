"""CWL: what is emitted is valid, is run by cwltool, and gives the same files as through Snakemake."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sncompile.api import check, compile_graph, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.ir.graph import Graph
from sncompile.ir.jobs import jobs
from sncompile.semantics.program import Options

from ..properties.compiled import write
from ..properties.oracle import Spec
from ..properties.strategies import specs
from .cwl_runs import cwltool, emit_cwl, needs_cwltool, run_cwl, run_snakemake, validate
from .recording import install, recorded
from .test_examples import BOOK, FUNCTIONS, KINDS, MISSING, SHOW, copy
from .test_values import DUMP, MODULE, VALUES, WORDS, spec

SPECS = Path(__file__).parent / "specs"
EXAMPLES = int(os.environ.get("SNCOMPILE_CWL_EXAMPLES", "6"))
SAME = "SNCOMPILE_CWL_EXAMPLES" not in os.environ


def graph_for_both(spec: Spec, folder: Path, level: int = 0) -> Graph | None:
    """The optimized graph of a spec; None for one that is wrong or that one of the targets refuses."""
    checked = check(write(spec, folder))
    if checked.failed:
        return None
    graph = optimize(graph_of(checked.require()), level).graph
    for target in ("snakemake", "cwl"):
        try:
            compile_graph(graph, target, out=folder / "cwl")
        except CompileError as error:
            if {d.code[:3] for d in error.diagnostics} != {"SN6"}:
                raise
            return None
    return graph


def graph_from(path: Path, options: Options | None = None) -> Graph:
    """The graph of a spec without errors."""
    checked = check(path, options)
    assert not checked.failed, [f"{d.code} {d.message}" for d in checked.diagnostics]
    return graph_of(checked.require())


def fill_inputs(graph: Graph) -> None:
    """Files with text of their own for everything that a graph reads from outside."""
    everything = list(jobs(graph))
    made = {p for j in everything for v in j.outputs.values() for p in (v if isinstance(v, list) else [v])}
    for job in everything:
        for value in job.inputs.values():
            for path in value if isinstance(value, list) else [value] if value else []:
                if path not in made:
                    place = Path(graph.folder) / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(path)


def same_files(graph: Graph, env: dict[str, str] | None = None) -> dict[str, str]:
    """Run a graph both ways; the files must be the same."""
    emit_cwl(graph)
    found = run_cwl(graph, env=env)
    assert found == run_snakemake(graph, env)
    return found


# --- Whole pipelines ----------------------------------------------------------------------------------------------


@needs_cwltool
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(specs(), st.sampled_from((0, 1, 2)))
def test_random_specs_give_the_same_files(spec: Spec, level: int) -> None:
    """Every path and every byte, with a tool that writes down its arguments and the sums of what it reads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        folder.mkdir()
        graph = graph_for_both(recorded(spec), folder, level)
        if graph is not None:
            fill_inputs(graph)
            same_files(graph, install(folder))


@needs_cwltool
@pytest.mark.parametrize("name", ["dashes", "hand", "nested", "nonrect"])
def test_specs_give_the_same_files(name: str, tmp_path: Path) -> None:
    """Paths like options, lists of outputs, order without data, nested pipelines, tables that are no rectangles."""
    yaml = YAML(typ="safe")
    documents = {f"./{path.name}": yaml.load(path.read_text()) for path in (SPECS / name).glob("*.yaml")}
    main = documents.pop("./spec.yaml")
    graph = graph_for_both(recorded(Spec(main, documents, {}, {})), tmp_path)
    assert graph is not None
    fill_inputs(graph)
    validate(emit_cwl(graph))
    same_files(graph, install(tmp_path))


@needs_cwltool
def test_illumination_gives_the_same_files(tmp_path: Path) -> None:
    """From pixels to the report, with gathers by well."""
    pytest.importorskip("skimage", reason="needs the extra `demo`")
    pytest.importorskip("mahotas", reason="needs the extra `demo`")
    folder = copy("illumination", tmp_path)
    subprocess.run([sys.executable, "demo_data.py", "images"], cwd=folder, check=True, capture_output=True)
    for field in (folder / "images").iterdir():
        if not field.name.startswith(("A01", "B02")):
            field.unlink()
    found = same_files(graph_from(folder / "illumination.yaml"))
    assert {"results/illumination.html", "results/wells.csv", "results/measure/B02/table.csv"} <= found.keys()


@needs_cwltool
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_variants_give_the_same_files(tmp_path: Path) -> None:
    """Indexes that tools look for beside their files, lists of outputs, temporary files."""
    folder = copy("variants", tmp_path)
    found = same_files(graph_from(folder / "variants.yaml"))
    assert "results/concatenate/variants.vcf.gz" in found
    assert not any("reads_1" in path for path in found)


@needs_cwltool
def test_functions_scripts_and_notebooks(tmp_path: Path) -> None:
    """The package of a function lies in the working folder, the files of a module beside the document."""
    pytest.importorskip("papermill", reason="needs the extra `notebook`")
    pytest.importorskip("ipykernel", reason="needs the extra `notebook`")
    (tmp_path / "spec.yaml").write_text(KINDS)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "show.py").write_text(SHOW)
    (tmp_path / "show.sh").write_text('[ "$1" = --one ] && [ "$3" = --o ] && cp "$2" "$4"\n')
    (tmp_path / "book.ipynb").write_text(json.dumps(BOOK))
    graph = graph_from(tmp_path / "spec.yaml")
    emit_cwl(graph)
    ours, theirs = run_cwl(graph), run_snakemake(graph)
    page = "results/book/page.ipynb"  # It holds the time.
    assert ours.pop(page) != theirs.pop(page)
    assert {path: s for path, s in theirs.items() if "__pycache__" not in path} == ours


# --- Values -------------------------------------------------------------------------------------------------------


@needs_cwltool
def test_any_value_arrives(tmp_path: Path) -> None:
    """What CWL, shells, YAML and JavaScript take for their own arrives byte for byte: as cell, constant and key."""
    (tmp_path / "dump.py").write_text(DUMP)
    (tmp_path / "dump.yaml").write_text(MODULE)
    (tmp_path / "spec.yaml").write_text(spec())
    graph = graph_from(tmp_path / "spec.yaml")
    emit_cwl(graph)
    run_cwl(graph)
    for job, value in zip(jobs(graph), VALUES, strict=True):
        path, key = job.outputs["json"], job.key["key"]
        assert isinstance(path, str)
        expected = [value, key, f"--x={value}", *(word for v in VALUES for word in ("--rep", v)), *VALUES]
        assert json.loads((tmp_path / "out" / path).read_text()) == [*expected, f"{{literal}} $HOME `x` {key}"]


@needs_cwltool
def test_a_bare_word_is_nothing_more_in_a_script(tmp_path: Path) -> None:
    """As through Snakemake."""
    (tmp_path / "spec.yaml").write_text(WORDS)
    assert len(same_files(graph_from(tmp_path / "spec.yaml"))) == 2


SCRIPTS = (
    r"""
sncompile: 1
pipeline: scripts
tables:
  t: {key: [k], rows: [{k: a, v: "$(inputs.job) ${x} \\$(id) 'q' \"q\"", n: 3}, {k: b, v: "\\\\ `id` \n\t$", n: 1}]}
steps:
  s:
    module:
      outputs: {o: {type: file}}
      params: {v: {type: string}, n: {type: integer}, l: {type: "string[]", default: ["a b", "$(x)"]}}
      shell: |
        # $(inputs.o) and ${nothing} here are comments; \$( and \\ too
        for i in {1..${params.n}}; do echo "$i $(( ${params.n} * 2 )) \$(x) $(echo \\\\)" >> ${outputs.o}; done
        [[ abc =~ a.${params.n} ]] || printf '%s|' ${params.v} "${params.v}" 'in: ${params.v}' >> ${outputs.o}
        printf '%s|' ${params.l} >> ${outputs.o}
        awk 'BEGIN { print "$(inputs.v)" "\\" }' | tee -a \
          ${outputs.o}
    by: [k]
    with: {v: "${t.v}", n: "${t.n}"}
    env: {HOME: "/nowhere $(inputs.job)", PLAIN: "${t.v}", EMPTY: ""}
  e:
    module:
      outputs: {o: {type: file}}
      shell: printf '%s|' "$HOME" "$PLAIN" "${EMPTY-unset}" > ${outputs.o}
    by: [k]
    env: {HOME: "/nowhere $(inputs.job)", PLAIN: "${t.v}", EMPTY: ""}
""".replace("${EMPTY-", "$${EMPTY-")
    .replace("${nothing}", "$${nothing}")
    .replace("${x}", "$${x}")
)


@needs_cwltool
def test_scripts_and_variables_are_the_same(tmp_path: Path) -> None:
    """What looks like CWL's references and escapes, in a script, its values and the environment."""
    (tmp_path / "spec.yaml").write_text(SCRIPTS)
    found = same_files(graph_from(tmp_path / "spec.yaml"))
    assert len(found) == 4
    assert (
        (tmp_path / "out" / "results" / "e" / "a" / "o").read_text().startswith("/nowhere $(inputs.job)|$(inputs.job) ")
    )


PLACES = """
sncompile: 1
pipeline: places
data: {near: "in dir", up: "../above", far: FAR}
tables:
  t:
    key: [k]
    rows: [{k: 1, f: "in dir/a b#1?.txt"}, {k: 2, f: "in dir/%20'\\"$(x).txt"}, {k: 3, f: "in dir/[é]*.txt"}]
params: {ref: {type: path, default: "in dir/ref"}}
steps:
  each:
    module: &m
      inputs: {f: {type: file}, d: {type: directory}, u: {type: file}, a: {type: file}, all: {type: "file[]"}}
      outputs: {o: {type: file}}
      params: {r: {type: path}}
      shell: "cat ${inputs.f} ${inputs.d}/* ${inputs.u} ${inputs.a} ${inputs.all} ${params.r}/x > ${outputs.o}"
    by: [k]
    with:
      f: "${t.f}"
      d: "${data.near}/folder"
      u: "${data.up}/u.txt"
      a: "${data.far}/a.txt"
      all: ["${t.f}", "${data.far}/a.txt", "${data.near}/folder/x"]
      r: "${params.ref}"
  links:
    module:
      inputs: {f: {type: file}}
      outputs: {o: {type: file}, d: {type: directory}}
      shell: |
        ln -s "$PWD"/${inputs.f} ${outputs.o}
        mkdir ${outputs.d}
        cp ${inputs.f} ${outputs.d}/.hidden
    by: [k]
    with: {f: "${each.o}"}
"""


@needs_cwltool
def test_files_from_anywhere(tmp_path: Path) -> None:
    """Names that URIs, globs and cwltool dislike; folders; files outside of the working folder; links as outputs."""
    folder = tmp_path / "project"
    for place, text in (
        ("in dir/a b#1?.txt", "one"), ("in dir/%20'\"$(x).txt", "two"), ("in dir/[é]*.txt", "three"),
        ("in dir/ref/x", "r"), ("in dir/folder/x", "x"), ("in dir/folder/y z", "y"), ("../above/u.txt", "u"),
        ("../far/a.txt", "a"),
    ):  # fmt: skip
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(f"{text}\n")
    (folder / "spec.yaml").write_text(PLACES.replace("FAR", str(tmp_path / "far")))
    found = same_files(graph_from(folder / "spec.yaml"))
    assert len(found) == 9
    assert (folder / "out" / "results" / "each" / "1" / "o").read_text() == "one\nx\ny\nu\na\none\na\nx\nr\n"


PASSED = """
sncompile: 1
pipeline: passed
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  make: {module: {outputs: {o: {type: file}, d: {type: directory}}, shell: "echo ${outputs.o} > ${outputs.o}; mkdir ${outputs.d}; echo > ${outputs.d}/x"}, by: [k]}
  named: {module: {outputs: {o: {type: file}}, params: {p: {type: string}, all: {type: "string[]"}}, shell: "cat ${params.p} ${params.all} > ${outputs.o}"}, by: [k], with: {p: "${make.o}", all: ["${make.o}", "${make.d}/x"]}}
  quiet: {module: {inputs: {i: {type: file}}, shell: "test -s ${inputs.i}"}, by: [k], with: {i: "${make.o}"}}
  last: {module: {outputs: {o: {type: file, format: txt}}, shell: "echo done > ${outputs.o}"}, after: [quiet]}
  unneeded: {module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, shell: "exit 1 > ${outputs.o}"}, with: {i: "${last.o}"}}
  first: {module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}, with: {i: "${other.o[1]}"}}
  other: {module: {outputs: {o: {type: file}}, shell: "[[ ${outputs.o} == */b/o ]]; echo > ${outputs.o}"}, by: [k]}
outputs: {n: "${named.o}", l: "${last.o}", f: "${first.o}"}
"""  # noqa: E501


@needs_cwltool
def test_only_what_is_needed_runs(tmp_path: Path) -> None:
    """Files that a parameter names are there; steps and single jobs that no output needs do not run."""
    (tmp_path / "spec.yaml").write_text(PASSED)
    graph = graph_from(tmp_path / "spec.yaml")
    found = same_files(graph)
    assert {p.split("/")[1] for p in found} == {"make", "named", "last", "first", "other"}
    assert "results/other/a/o" not in found
    assert "after_quiet" in (tmp_path / "cwl" / "workflow.cwl").read_text()


# --- What must hold of a job --------------------------------------------------------------------------------------

CHECKS = """
sncompile: 1
pipeline: checks
params: {text: {type: string, default: x}, count: {type: integer, default: 2}}
steps:
  s:
    module:
      outputs: {o: {type: file}, d: {type: directory}}
      params: {text: {type: string}, count: {type: integer}}
      shell: |
        printf %s ${params.text} > ${outputs.o}
        mkdir ${outputs.d}
        for ((i = 0; i < ${params.count}; i++)); do touch ${outputs.d}/$i; done
      success: {non_empty: [o], sha256: {o: SUM}, min_files: {d: 2}}
    with: {text: "${params.text}", count: "${params.count}"}
    outputs: {o: {protected: true}}
"""
SUM = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


@needs_cwltool
@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ({}, ""),
        ({"text": ""}, "s: the output results/s/o is empty"),
        ({"text": "y"}, f"s: the output results/s/o has not the sum {SUM}"),
        ({"count": "1"}, "s: the output results/s/d holds fewer than 2 files"),
    ],
)
def test_success_is_checked(sets: dict[str, str], told: str, tmp_path: Path) -> None:
    """A job whose outputs do not hold what they must fails, and says why; a protected file cannot be written to."""
    (tmp_path / "spec.yaml").write_text(CHECKS.replace("SUM", SUM))
    graph = graph_from(tmp_path / "spec.yaml", Options(sets=sets))
    emit_cwl(graph)
    done = cwltool(graph)
    assert (done.returncode == 0) == (told == "")
    assert told in done.stderr
    if not told:
        assert not stat.S_IMODE((tmp_path / "out" / "results" / "s" / "o").stat().st_mode) & 0o222


SECRET = """
sncompile: 1
pipeline: secret
steps:
  s:
    module: {outputs: {o: {type: file}}, shell: 'printf %s "$TOKEN" | wc -c > ${outputs.o}'}
    env: {TOKEN: {secret: true}}
"""


@needs_cwltool
def test_a_secret_is_handed_on_and_never_shown(tmp_path: Path) -> None:
    """By name, from the caller's environment; a job that lacks it fails and names it."""
    (tmp_path / "spec.yaml").write_text(SECRET)
    graph = graph_from(tmp_path / "spec.yaml")
    emit_cwl(graph)
    env = {"TOKEN": "hush-hush"}
    done = cwltool(graph, "--preserve-environment", "TOKEN", env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "results" / "s" / "o").read_text().strip() == "9"
    assert "hush" not in done.stderr + done.stdout
    assert not any(b"hush" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    lacking = cwltool(graph, env=env)
    assert lacking.returncode != 0
    assert "s: the variable TOKEN is not set" in lacking.stderr


LARGE = """
sncompile: 1
pipeline: large
tables: {t: {key: [k], rows: [{k: a, m: 2}, {k: b, m: 3}]}}
steps:
  d: {module: {outputs: {o: {type: file}}, shell: "head -c 3000000 /dev/zero > ${outputs.o}"}, by: [k]}
  e:
    module:
      inputs: {d: {type: file}, all: {type: "file[]"}}
      outputs: {o: {type: file}}
      params: {m: {type: integer}}
      shell: "touch ${outputs.o}"
      resources: {memory: "${max(1000000000 * inputs.d.size, inputs.all.size) * params.m // attempt}", time: 5m, cpus: "${params.m - 1}"}
    by: [k]
    with: {d: "${d.o}", all: ["${d.o}"], m: "${t.m}"}
"""  # noqa: E501


@needs_cwltool
def test_resources_from_sizes(tmp_path: Path) -> None:
    """2 or 3 times 3 PB in mebibytes: cwltool, which counts what there is with `--parallel`, says how much it was."""
    (tmp_path / "spec.yaml").write_text(LARGE)
    graph = graph_from(tmp_path / "spec.yaml")
    validate(emit_cwl(graph))
    done = cwltool(graph, "--parallel")
    assert done.returncode != 0
    wanted = -(-2 * 3_000_000_000 * 1_000_000 // 2**20)
    assert f"Requested at least {wanted} ram" in done.stderr
