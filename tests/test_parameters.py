"""Groups of parameters, as they are given from outside: by files, options and Python."""

from __future__ import annotations

from pathlib import Path

import pytest

import sncompile

from .command_line import Run, in_this_process

SPEC = """\
sncompile: 1
pipeline: main
params:
  ref:
    params:
      species: {type: string}
      release: {type: integer, default: 1}
      aligner: {params: {mode: {enum: [fast, slow], default: fast}}}
steps:
  get: {module: ./get.yaml, with: {ref: "${params.ref}"}}
"""
MODULE = """\
sncompile: 1
module: get
params:
  ref: {params: {species: {type: string}, release: {type: integer}, aligner: {params: {mode: {type: string}}}}}
outputs: {o: {type: file}}
command: [get, "${params.ref.species}", "${params.ref.release}", "${params.ref.aligner.mode}", "${outputs.o}"]
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline whose parameters stand in groups."""
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC)
    Path("get.yaml").write_text(MODULE)
    return Path("main.yaml")


def words(run: Run, spec: Path, *options: object) -> str:
    """What the one job is called with."""
    ended = run("compile", spec, "--emit", "jobs", *options)
    assert ended.code == 0, ended.err
    return ended.out.partition('"command": ')[2].partition(', "results')[0]


def test_a_nested_configuration_is_a_file_of_parameters(run: Run, spec: Path) -> None:
    """`--set` wins over it, and a group that holds nothing gives nothing."""
    Path("config.yaml").write_text("ref: {species: mouse, release: 010, aligner: }\n")
    assert words(run, spec, "--params", "config.yaml") == '["get", "mouse", "10", "fast"'
    given = ("--params", "config.yaml", "--set", "ref.aligner.mode=slow")
    assert words(run, spec, *given) == '["get", "mouse", "10", "slow"'


def test_dashes_in_a_configuration(run: Run, spec: Path) -> None:
    """A name with dashes means the parameter with `_`, and its place is told; of two for one it is told, too."""
    spec.write_text(SPEC.replace("aligner: {params: {mode:", "a_b: {params: {the_mode:"))
    module = MODULE.replace("aligner: {params: {mode:", "a_b: {params: {the_mode:").replace(
        "aligner.mode", "a_b.the_mode"
    )
    Path("get.yaml").write_text(module)
    Path("config.yaml").write_text("ref: {species: mouse, a-b: {the-mode: slow}}\n")
    assert words(run, spec, "--params", "config.yaml") == '["get", "mouse", "1", "slow"'
    Path("config.yaml").write_text("ref:\n  species: mouse\n  a-b: {the-mode: slwo}\n")
    assert "config.yaml:3:9" in run("check", spec, "--params", "config.yaml").err
    Path("config.yaml").write_text("ref:\n  species: mouse\n  a-b: fast\n")
    ended = run("check", spec, "--params", "config.yaml")
    assert "config.yaml:3:3" in ended.err
    Path("config.yaml").write_text("ref: {species: mouse, a-b: {the-mode: slow, the_mode: fast}}\n")
    ended = run("check", spec, "--params", "config.yaml")
    assert "SN231" in ended.err
    assert "help: it means `ref.a_b.the_mode`, which stands there as well" in ended.err


def test_names_that_no_parameter_has_are_compared_with_those_of_the_group(run: Run, spec: Path) -> None:
    """As the file writes names or, on the command line, as they are; what is near to none is told all there are."""
    spec.write_text(SPEC.replace("aligner: {params: {mode:", "a_b: {params: {the_mode:"))
    Path("get.yaml").write_text(
        MODULE.replace("aligner: {params: {mode:", "a_b: {params: {the_mode:").replace("aligner.mode", "a_b.the_mode")
    )
    ended = run("check", spec, "--set", "ref.species=mouse", "--set", "ref.a_b.the-mode=slow")
    assert "help: did you mean `ref.a_b.the_mode`?" in ended.err
    Path("config.yaml").write_text("ref: {species: mouse, a-b: {the-mod: slow}, qc: copy}\n")
    ended = run("check", spec, "--params", "config.yaml")
    assert "help: did you mean `ref.a-b.the-mode`?" in ended.err
    assert "help: `ref` has: `a_b`, `release`, `species`; `--params-extra ignore` lets a file have more" in ended.err


def test_what_a_configuration_has_too_much_is_told_at_its_place(run: Run, spec: Path) -> None:
    """Unless somebody says that it may; what is of the wrong kind is told all the same."""
    Path("config.yaml").write_text("email: a@b.c\nref:\n  species: mouse\n  aligner: {mod: fast, mode: slow}\n")
    ended = run("check", spec, "--params", "config.yaml")
    assert ended.code == 1
    assert ended.err.count("error[SN231]") == 2
    assert "config.yaml:4:13" in ended.err
    assert "did you mean `ref.aligner.mode`?" in ended.err
    assert "config.yaml:1:1" in ended.err
    assert "--params-extra ignore" in ended.err
    given = ("--params", "config.yaml", "--params-extra", "ignore")
    assert words(run, spec, *given) == '["get", "mouse", "1", "slow"'
    Path("config.yaml").write_text("ref: {species: mouse, aligner: fast}\n")
    ended = run("check", spec, *given)
    assert ended.code == 1
    assert "error[SN301]: `ref.aligner` is a group" in ended.err
    assert "config.yaml:1:23" in ended.err


def test_groups_in_python(spec: Path) -> None:
    """A group is set by a mapping, or its parameters one by one, and given back as a mapping."""
    pipeline = sncompile.load(spec)
    pipeline.params["ref"] = {"species": "rat", "aligner": {"mode": "slow"}}
    pipeline.params["ref.release"] = 4
    assert pipeline.params["ref"] == {"species": "rat", "release": 4, "aligner": {"mode": "slow"}}
    assert [job.command for job in pipeline.jobs()] == [["get", "rat", "4", "slow", "results/get/o"]]
    del pipeline.params["ref"]
    assert pipeline.params["ref"]["species"] is None
    assert "ref" in pipeline.params
    module = sncompile.module("./get.yaml", ref={"species": "rat", "release": 4, "aligner": {"mode": "slow"}})
    assert "ref:\n        species: rat" in module.pipeline.yaml
    assert [job.command[:4] for job in module.pipeline.jobs()] == [["get", "rat", "4", "slow"]]


MAPS = """\
sncompile: 1
pipeline: main
params:
  study: {params: {contrasts: {type: map, items: {treated: {type: string}, fold: {type: number, default: 1}}}}}
tables: {contrasts: {key: contrast, params: study.contrasts}}
steps:
  get:
    by: contrast
    with: {a: "${contrasts.treated}", b: "${contrasts.fold}"}
    module:
      params: {a: {type: string}, b: {type: number}}
      outputs: {o: {type: file}}
      command: [get, "${params.a}", "${params.b}", "${outputs.o}"]
"""


def test_a_map_comes_from_a_file_or_from_python(run: Run, spec: Path) -> None:
    """What stands in it is as it was written there, and never an expression."""
    spec.write_text(MAPS)
    Path("config.yaml").write_text("study: {contrasts: {a b: {treated: 01, fold: 1.50}, '2': {treated: '$${x}'}}}\n")
    ended = run("compile", spec, "--emit", "jobs", "--params", "config.yaml")
    assert '["get", "01", "1.50", "results/get/a b/o"]' in ended.out
    assert '["get", "${x}", "1", "results/get/2/o"]' in ended.out
    pipeline = sncompile.load(spec, params={"study": {"contrasts": {"x": {"treated": "${y}", "fold": 2}}}})
    assert [job.command for job in pipeline.jobs()] == [["get", "${y}", "2", "results/get/x/o"]]
    assert "the parameter `study.contrasts` (map) is not given" in run("check", spec).err


def test_faults_of_a_map_are_told_where_they_stand_in_the_file(run: Run, spec: Path) -> None:
    """Columns that nobody declared may be passed over."""
    spec.write_text(MAPS)
    Path("config.yaml").write_text(
        "study:\n  contrasts:\n    a: {treated: x, flod: 3}\n    b: {treated: y, fold: few}\n"
    )
    ended = run("check", spec, "--params", "config.yaml")
    assert "error[SN469]" in ended.err
    assert "config.yaml:3:21" in ended.err
    ended = run("check", spec, "--params", "config.yaml", "--params-extra", "ignore")
    assert "SN469" not in ended.err
    assert "config.yaml:4:21" in ended.err
    Path("config.yaml").write_text("study: {contrasts: [a, b]}\n")
    ended = run("check", spec, "--params", "config.yaml")
    assert "config.yaml:1:9" in ended.err
    assert "takes a mapping of keys to rows" in ended.err
    assert "it takes a mapping" in run("check", spec, "--set", "study.contrasts=a").err


def test_a_text_for_a_list_is_told_how_the_list_is_written(run: Run, spec: Path) -> None:
    spec.write_text(SPEC.replace("params:\n", "params:\n  tools: {type: 'string[]', default: []}\n", 1))
    Path("config.yaml").write_text("tools: a, b\nref: {species: mouse}\n")
    assert "help: write a list: `[a, b]`" in run("check", spec, "--params", "config.yaml").err
