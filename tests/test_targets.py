"""What targets say of themselves, and what becomes of what they lack."""

from __future__ import annotations

import json
import os
import stat
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import pytest

import sncompile
from sncompile.api import CompileOptions, check, compile_program, refused
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.resources import RESOURCES, Unit
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered
from sncompile.semantics.scripts import snakemake_object
from sncompile.targets import registry
from sncompile.targets.emitted import Emitted
from sncompile.targets.registry import OURS, find_target
from sncompile.targets.snakemake import names
from sncompile.targets.target import NOT_HEEDED, NoOptions, Target

from .command_line import in_this_process

SPEC = """\
sncompile: 1
pipeline: main
steps:
  a:
    {step}
    module:
      inputs: {{i: {{type: file}}}}
      outputs: {{o: {{type: file}}, d: {{type: directory}}{outputs}}}
      {module}
      command: [tool, "${{inputs.i}}", "${{outputs.o}}", "${{outputs.d}}"{word}]
    with: {{i: {input}}}
outputs: {{o: "${{a.o}}"}}
"""

ASKING: dict[Feature, dict[str, str]] = {
    Feature.OPTIONAL_OUTPUTS: {"outputs": ', p: {type: "file?"}', "word": ', "${outputs.p}"'},
    Feature.VALUES: {"outputs": ", p: {type: integer}", "word": ', "${outputs.p}"'},
    Feature.CONTAINERS: {"module": "container: org/tool:1"},
    Feature.NETWORK: {"module": "container: {image: org/tool:1, network: true}"},
    Feature.CONDA: {"module": "conda: env.yml"},
    Feature.SECRETS: {"step": "env: {TOKEN: {secret: true}}"},
    Feature.SECRETS_IN_CONTAINERS: {"step": "env: {TOKEN: {secret: true}}", "module": "container: org/tool:1"},
    Feature.RETRIES: {"step": "retries: 2"},
    Feature.PRIORITIES: {"step": "priority: 5"},
    Feature.RUN_TIME: {"module": "resources: {memory: '${attempt}GB'}"},
    Feature.LATE_WORDS: {"module": "resources: {memory: '${inputs.i.size}'}", "word": ', "${resources.memory}"'},
    Feature.TEMPORARY: {"step": "outputs: {d: {temp: true}}"},
    Feature.PROTECTED: {"step": "outputs: {o: {protected: true}}"},
    Feature.PROTECTED_FOLDERS: {"step": "outputs: {d: {protected: true}}"},
    Feature.LIST_FILES: {"word": ", {list_file: ['${inputs.i}']}"},
    Feature.CHECKS: {"module": "success: {non_empty: [o]}"},
    Feature.LOCAL_JOBS: {"step": "local: true"},
    Feature.FETCHED: {"input": "'https://example.org/data.txt'"},
    Feature.SUMS: {"step": "sha256: {i: '%s'}" % ("0" * 64)},
    Feature.SENT: {"step": "outputs: {o: 's3://bucket/o.txt'}"},
}
"""A spec that asks for each feature."""

PLAIN = {"step": "", "module": "", "word": "", "input": "data.txt", "outputs": ""}
"""What stands in the places of a spec that asks for nothing."""

ELSEWHERE = {
    Feature.BATCHES: "a pass makes them",
    Feature.LATE_KEYS: "a table whose rows a step writes asks for them: the tests of late keys",
    Feature.OWN_INSTANCES: "a spec with keys asks for them: the cases of look-ups",
}


def test_there_is_a_spec_for_every_feature() -> None:
    lacking = set(Feature) - (ASKING.keys() | ELSEWHERE.keys())
    assert not lacking, f"add to `ASKING` a spec that asks for {sorted(each.name for each in lacking)}"


@pytest.mark.parametrize("feature", ASKING, ids=lambda feature: feature.name)
@pytest.mark.parametrize("target", OURS)
def test_a_feature_is_expressed_or_refused(
    target: str, feature: Feature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a code, a place and a help; and what is expressed changes what is emitted."""
    monkeypatch.chdir(tmp_path)
    Path("env.yml").write_text("dependencies: [x]\n")
    Path("main.yaml").write_text(SPEC.format(**PLAIN | ASKING[feature]))
    made = compile_program(check("main.yaml").require(), CompileOptions(target=target))
    assert feature in made.lowered.features
    lacking = [each for each in made.lowered.features if each not in find_target(target).features]
    if not lacking:
        Path("plain.yaml").write_text(SPEC.format(**PLAIN))
        plain = compile_program(check("plain.yaml").require(), CompileOptions(target=target))
        assert made.emitted.files != plain.emitted.files
        return
    with pytest.raises(CompileError) as error:
        _ = made.emitted
    assert len(error.value.diagnostics) == len(lacking)
    for told in error.value.diagnostics:
        assert told.span is not None
        assert told.span.file == "main.yaml"
        assert "`a" in told.message or "`TOKEN`" in told.message
        assert told.help


def test_the_table_of_targets_has_every_feature(capsys: pytest.CaptureFixture[str]) -> None:
    """For people and for programs."""
    run = in_this_process(capsys)
    found: dict[str, Any] = json.loads(run("targets", "--json").out)
    assert found.keys() == OURS.keys()
    for told in found.values():
        assert list(told["capabilities"]) == [feature.value for feature in Feature] + list(RESOURCES)
    assert found["snakemake"]["options"] == ["benchmark", "containers"]
    assert all(feature.value.split()[0] in run("targets").out for feature in Feature)


def broken() -> None:
    """Not a target."""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no_such_module:Target", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("tests.test_targets:broken", "`tests.test_targets:broken` is no `sncompile.targets.target.Target`"),
    ],
)
def test_a_package_that_offers_no_target(value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint(name="other", value=value, group=registry.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry])
    with pytest.raises(CompileError, match="SN616") as error:
        find_target("other")
    assert told in error.value.diagnostics[0].message


def test_a_target_that_is_not_there() -> None:
    with pytest.raises(CompileError, match="no target `snakmake`") as error:
        find_target("snakmake")
    assert "`snakemake`" in error.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("target", "options", "told"),
    [
        ("cwl", {"own": {"cores": "3"}}, "`cwl` has no option `cores`"),
        ("snakemake", {"own": {"benchmrk": "true"}}, "`snakemake` has no option `benchmrk`"),
        ("snakemake", {"own": {"benchmark": "yes"}}, "`snakemake` cannot take `yes` for its option `benchmark`"),
        ("snakemake", {"own": {"containers": "lxc"}}, "`snakemake` cannot take `lxc` for its option `containers`"),
        ("bash", {"benchmark": True}, "`bash` has no option `benchmark`"),
    ],
)
def test_an_option_that_a_target_does_not_take(
    target: str, options: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC.format(**PLAIN))
    made = compile_program(check("main.yaml").require(), CompileOptions(target=target, **options))
    with pytest.raises(CompileError, match="SN615") as error:
        _ = made.emitted
    assert error.value.diagnostics[0].message == told
    assert error.value.diagnostics[0].help


def test_options_by_text_and_by_name_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC.format(**PLAIN))
    program = check("main.yaml").require()
    one = compile_program(program, CompileOptions(benchmark=True)).emitted.files
    assert compile_program(program, CompileOptions(own={"benchmark": "true"})).emitted.files == one
    assert compile_program(program, CompileOptions(own={"benchmark": "false"})).emitted.files != one


def test_scripts_and_rules_call_resources_the_same() -> None:
    """A script with the object of Snakemake finds what a rule of Snakemake would give it."""
    assert snakemake_object.RESOURCES == names.RESOURCES


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("target", OURS)
def test_a_resource_is_asked_for_refused_or_told_as_not_heeded(
    target: str, resource: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is said of steps that never run, or that ask for none of it."""
    monkeypatch.chdir(tmp_path)
    amount = {Unit.COUNT: "4", Unit.MEGABYTES: "4GB", Unit.MINUTES: "4h"}[RESOURCES[resource].unit]
    Path("main.yaml").write_text(SPEC.format(**PLAIN | {"module": f"resources: {{{resource}: {amount}}}"}))
    how = find_target(target).resources.get(resource)
    made = compile_program(check("main.yaml").require(), CompileOptions(target=target))
    if how is None:
        with pytest.raises(CompileError) as error:
            _ = made.emitted
        assert [each.span.line for each in error.value.diagnostics if each.span] == [9]
    else:
        warned = [each.message for each in made.emitted.warnings if each.code == "SN618"]
        assert len(warned) == (how == NOT_HEEDED)
    none = SPEC.format(**PLAIN | {"module": f"resources: {{{resource}: 0}}"})
    Path("none.yaml").write_text(none)
    checked = check("none.yaml")
    if not checked.failed:
        assert not compile_program(checked.require(), CompileOptions(target=target)).emitted.warnings


def test_what_goes_wrong_in_a_package_is_told_as_its_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Target[NoOptions]):
        name = "broken"
        title = "broken 1"
        features: ClassVar[dict[Feature, str]] = {}

        def lower(self, lowered: Lowered, out: Path, options: NoOptions) -> Emitted:
            raise KeyError("x")

    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC.format(**PLAIN))
    made = compile_program(check("main.yaml").require(), CompileOptions(target=Broken()))
    with pytest.raises(CompileError, match="SN616") as error:
        _ = made.emitted
    told = error.value.diagnostics[0]
    assert told.message.startswith("the target `broken` failed: KeyError: 'x' (")
    assert told.help is not None
    assert "tests.test_targets" in told.help


def test_python_and_the_command_line_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the one door, for each target and level."""
    run = in_this_process(capsys)
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC.format(**PLAIN | {"step": "retries: 1"}))
    for target in OURS:
        for level in (0, 1, 2):
            place = Path(f"{target}{level}")
            made = sncompile.compile("main.yaml", CompileOptions(target=target, level=level, out=place))
            told = run("main.yaml", "-t", target, f"-O{level}", "-o", str(place))
            assert told.code == 0, told.err
            found = {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}
            del found[".sncompile.json"]
            assert found == made.emitted.files


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o755), (0o027, 0o750), (0o077, 0o700)])
def test_who_may_read_a_program_may_run_it(tmp_path: Path, mask: int, mode: int) -> None:
    """Of a file with the execute bit, and of no other; nobody else gets at it by that."""
    before = os.umask(mask)
    try:
        Emitted({"files/run.sh": b"#!/bin/sh\n", "Snakefile": b""}, "", executable=frozenset({"files/run.sh"})).write(
            tmp_path / "out"
        )
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out/files/run.sh").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "out/Snakefile").stat().st_mode) == mode & 0o666


def test_a_name_that_is_no_text_is_told_by_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's name may be any bytes, and the tables beside a Snakefile are text: `check` says so, which makes none."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("more").mkdir()
    try:
        for name in (b"in/caf\xe9.txt", b"more/th\xe9.txt"):
            Path(os.fsdecode(name)).touch()
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    Path("copy.yaml").write_text(
        """\
sncompile: 1
pipeline: copy
tables: {files: {glob: "in/{name}.txt", key: name}, more: {glob: "more/{other}.txt", key: other}}
steps:
  copy:
    by: name
    module: &copy
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: txt}}
      command: [cp, "${inputs.i}", "${outputs.o}"]
    with: {i: "${files.path}"}
  again: {by: other, module: *copy, with: {i: "${more.path}"}}
"""
    )
    checked = check("copy.yaml")
    (told,) = refused(checked)
    assert (told.code, told.message) == ("SN607", r"`caf\udce9` is no text")
    with pytest.raises(CompileError, match="SN607"):
        _ = compile_program(checked.require()).emitted
