"""CWL: values, names, places of files and promises of jobs, in real runs of cwltool."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from sncompile.ir.jobs.expansion import jobs
from sncompile.semantics.program import Options

from .cwl_runs import cwltool, emit_cwl, graph_from, needs_cwltool, run_cwl, same_files, validate
from .inputs import fill_inputs
from .test_values import DUMP, MODULE, VALUES, WORDS, spec


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


NAMES = r"""
sncompile: 1
pipeline: names
title: "a $(b) ${c} # d: e \\ \"q\" {x}"
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  main:
    title: "$import: {x}"
    module:
      inputs: {location: {type: file}, run: {type: "file[]"}}
      outputs: {id: {type: file}, job: {type: file}, done: {type: directory}, many: {type: "file[]"}}
      params:
        type: &s {type: string}
        default: *s
        no: *s
        "on": *s
        y: *s
        job_sh: *s
        scatter: {type: "string[]"}
      shell: |
        echo ${params.type} ${params.default} ${params.no} ${params.on} ${params.y} ${params.job_sh} \
          ${params.scatter} ${inputs.location} ${inputs.run} | tee ${outputs.id} ${outputs.many} > ${outputs.job}
        mkdir ${outputs.done}
        touch ${outputs.done}/x
    by: [k]
    with:
      {location: "in/${k}", run: ["in/a", "in/${k}"], type: "${k}", default: "d${k}", no: "n${k}", "on": "o${k}",
       y: "z${k}", job_sh: "j${k}", scatter: ["l${k}", "$(inputs.x)"]}
    outputs: {many: ["results/main/${k}/x.1", "results/main/${k}/x.2"]}
  place:
    module:
      inputs: {files: {type: "file[]"}, at: {type: "directory[]"}}
      outputs: {picked: {type: file}}
      shell: "cat ${inputs.files} > ${outputs.picked}; ls ${inputs.at} >> ${outputs.picked}"
    with: {files: "${main.many}", at: "${main.done}"}
  pick:
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
    by: [k]
    with: {i: ["${main.id}"]}
"""


@needs_cwltool
def test_names_mean_nothing_to_cwl(tmp_path: Path) -> None:
    """Steps, ports and parameters may be called as CWL's fields and our own tools; titles may hold anything."""
    (tmp_path / "spec.yaml").write_text(NAMES)
    graph = graph_from(tmp_path / "spec.yaml")
    fill_inputs(graph)
    validate(emit_cwl(graph))
    assert len(same_files(graph)) == 13


@needs_cwltool
def test_a_pipeline_of_which_nothing_runs(tmp_path: Path) -> None:
    """It is valid, and does nothing."""
    (tmp_path / "spec.yaml").write_text("sncompile: 1\npipeline: e\nsteps: {s: {module: {command: [echo, hi]}}}\n")
    graph = graph_from(tmp_path / "spec.yaml")
    validate(emit_cwl(graph))
    assert run_cwl(graph) == {}


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
