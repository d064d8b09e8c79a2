"""Each module of the library calls what StarryNight calls, and declares what it reads and writes."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from sncompile.api import check
from sncompile.ir.jobs.expansion import Job
from sncompile.syntax.document import ModuleDoc
from tests.starrynight.library import (
    MODULES,
    PIPELINES,
    broken,
    called,
    jobs_of,
    nested,
    pipeline_text,
    placed,
    sncompile,
    step_text,
    true_command,
)

ALL = sorted(MODULES)
LIBRARY = PIPELINES.parent
with (LIBRARY / "aliases.tsv").open(newline="") as file:
    ALIASES = {row["old"]: row["name"] for row in csv.DictReader(file, delimiter="\t")}


def new_name(old: str) -> str:
    """What a module is called here."""
    return ALIASES.get(old, old)


def job_of(old: str, folder: Path, **more: Any) -> Job:
    """The one job of a step that runs a module."""
    (job,) = jobs_of(pipeline_text([step_text("step", old, **more)]), folder).values()
    return job


def document(old: str) -> ModuleDoc:
    """A module's document."""
    checked = check(LIBRARY / f"{new_name(old)}.yaml")
    assert not checked.diagnostics
    assert isinstance(checked.document, ModuleDoc)
    return checked.document


def test_every_module_is_there_by_each_of_its_names() -> None:
    """36 modules; what StarryNight calls them, and their classes, lead to a document each."""
    assert len(MODULES) == 36
    told = {name for facts in MODULES.values() for name in (*facts["names"], facts["class"])}
    assert {new_name(name) for name in told} == {new_name(old) for old in ALL}
    assert len({new_name(old) for old in ALL}) == 36
    assert all((LIBRARY / f"{name}.yaml").is_file() for name in ALIASES.values())
    assert not set(ALIASES) & {p.stem for p in LIBRARY.glob("*.yaml")}


def test_an_old_name_is_described(tmp_path: Path) -> None:
    """`describe` takes it as specs do."""
    assert "cp_illum_calc_loaddata – Cell Painting" in sncompile(
        tmp_path, "describe", "starrynight/cp_calc_illum_gen_loaddata"
    )


RELATIVE = ("-c", "-a", "--corr_images", "--comp_images", "-b")
"""Options whose paths the tool does not look for in the working folder where they are relative."""


WRAPPED = [old for old in ALL if old.endswith("_invoke_cp") and "--jobs" in MODULES[old]["optional"]]
"""The modules whose wrapper starts as many of the tool as there are to be."""


def words_of(old: str, folder: Path, **more: Any) -> list[str]:
    """What a module calls, with the absolute paths that the tool needs shown to be such, and relative again."""
    words = called(job_of(old, folder, **more), folder)
    for option in RELATIVE:
        value = words[words.index(option) + 1] if option in words else f"{folder}/"
        if "/" in value:
            assert value.startswith(f"{folder}/"), f"{option} {value}"
        elif value.endswith(".csv"):
            raise AssertionError(value)
    return [word.removeprefix(f"{folder}/") for word in words]


def wanted(old: str) -> list[str]:
    """The true command line, with what the library always adds or cannot say."""
    words = true_command(old)
    if "stitchcrop" in words and "--exp_config" in words:
        # The tool crashes on it where it is not to take the older pipelines.
        at = words.index("--exp_config")
        words = words[:at] + words[at + 2 :]
    if old in ("sbs_apply_illum_gen_loaddata", "sbs_illum_apply_loaddata") and "--illum" not in words:
        at = words.index("--nuclei")
        words = [*words[:at], "--illum", "ws/illum/sbs/illum_calc", *words[at:]]
    if "--plugin_dir" in MODULES[old]["optional"]:
        words = [*words, "--plugin_dir", "plugins"]
    if "--jobs" not in MODULES[old]["optional"]:
        return words
    # CellProfiler's jobs mix up the images of several CSVs: the wrapper starts several of it, each with one.
    return [*words, "--jobs", "1" if old in WRAPPED else "2"]


@pytest.mark.parametrize("old", ALL)
def test_the_command_line_is_the_true_one(old: str, tmp_path: Path) -> None:
    """Word by word, with paths that the tool finds from anywhere."""
    assert words_of(old, tmp_path) == wanted(old)


@pytest.mark.parametrize("old", WRAPPED)
def test_as_many_are_started_as_the_job_has_cpus(old: str, tmp_path: Path) -> None:
    """Or as many as somebody says, by the wrapper."""
    for given, number in (({}, "2"), ({"jobs": 3}, "3")):
        command = job_of(old, tmp_path, **given).command or []
        wrapper = command[: command.index("starrynight")]
        assert wrapper[wrapper.index("--jobs") + 1] == number


@pytest.mark.parametrize("old", [old for old in ALL if MODULES[old]["optional"]])
def test_optional_flags_are_added(old: str, tmp_path: Path) -> None:
    """Each flag that a module knows can be given; the rest of the command line stays."""
    given: dict[str, dict[str, Any]] = {
        "--path_mask": {"path_mask": "/elsewhere"},
        "--uow": {"uow": ["batch_id", "plate_id"]},
        "--use_legacy": {"use_legacy": True},
        "--exp_config": {"use_legacy": True},
        "--parser": {"parser": "own.lark"},
        "-f": {"fiji": "/opt/fiji"},
        **({} if old in WRAPPED else {"--jobs": {"jobs": 3}}),
    }
    values = {
        "--path_mask": ["/elsewhere"], "--uow": ["batch_id,plate_id"], "--use_legacy": [],
        "--exp_config": ["ws/experiment/experiment.json"], "--parser": ["own.lark"], "-f": ["/opt/fiji"],
        "--jobs": ["3"],
    }  # fmt: skip
    for flag in sorted(set(MODULES[old]["optional"]) & set(given)):
        found = words_of(old, tmp_path, **given[flag])
        at = found.index(flag)
        assert found[at + 1 : at + 1 + len(values[flag])] == values[flag]
        rest = found[:at] + found[at + 1 + len(values[flag]) :]
        if "use_legacy" in given[flag] and "--exp_config" in {*MODULES[old]["optional"], *true_command(old)}:
            other = "--use_legacy" if flag == "--exp_config" else "--exp_config"
            rest = [w for w in rest if w not in (other, "ws/experiment/experiment.json")]
        assert [w for w in wanted(old) if w in rest or w != "2"] == rest or flag == "--jobs"


@pytest.mark.parametrize("old", ALL)
def test_what_it_reads_and_writes_is_declared(old: str, tmp_path: Path) -> None:
    """All that the facts name, side effects too, stands among inputs and outputs, or lies above or below one."""
    facts, job = MODULES[old], job_of(old, tmp_path)
    undeclared = facts["undeclared"]
    reads = [*facts["reads"], *undeclared.get("reads", ()), *undeclared.get("real_input", ())]
    writes = [*facts["writes"], *undeclared.get("writes", ())]
    for wanted, ports in ((reads, job.inputs), (writes, job.outputs)):
        there = [p for v in ports.values() if v is not None for p in (v if isinstance(v, list) else [v])]
        for path in wanted:
            place = placed(path).partition("/*")[0].partition("/{")[0]
            assert any(nested(p, place) for p in there), path


@pytest.mark.parametrize("old", [old for old in ALL if "names_but_does_not_depend_on" in MODULES[old]["undeclared"]])
def test_what_it_only_names_is_no_input(old: str, tmp_path: Path) -> None:
    """A path that goes into the CSVs as text imposes no order."""
    job = job_of(old, tmp_path)
    named = {placed(p) for p in MODULES[old]["undeclared"]["names_but_does_not_depend_on"]}
    assert not named & {str(p) for p in job.inputs.values()}
    assert named <= set(words_of(old, tmp_path))


@pytest.mark.parametrize("old", ALL)
def test_an_empty_result_is_none(old: str) -> None:
    """Every output has a criterion: a file is not empty, a folder holds something."""
    doc = document(old)
    criteria = {*(n.name for n in doc.success.non_empty or ()), *(n.name for n, _ in doc.success.min_files)}
    counted = any(getattr(word, "value", "") == "--least" or "cellprofiler.py" in str(word) for word in doc.command)
    assert criteria == set(doc.outputs) or (counted and not criteria)
    assert all(p.description for p in (*doc.inputs.values(), *doc.outputs.values(), *doc.params.values()))


@pytest.mark.parametrize("old", ALL)
def test_no_image_is_invented(old: str, tmp_path: Path) -> None:
    """There is none that everybody could take; what it has to hold is said."""
    assert job_of(old, tmp_path).container is None
    programs = {program.name.name for program in document(old).programs}
    assert "starrynight" in programs
    assert ("fiji" in programs) == ("fiji" in true_command(old))


@pytest.mark.parametrize("old", [old for old in ALL if true_command(old)[1] == "cp"])
def test_cellprofiler_has_a_time_and_grows_with_its_images(old: str, tmp_path: Path) -> None:
    """Jobs that hang are ended by who runs them; memory goes by what they read, and grows when they are repeated."""
    resources = job_of(old, tmp_path).resources
    assert {"attempt", "size"} <= set(re.findall(r"\w+", str(resources["time_min"])))
    assert resources["memory_mb"] == 2000 or "size" in str(resources["memory_mb"])


NINE = [old for old in ALL if broken(old)]


@pytest.mark.parametrize("old", NINE)
def test_what_a_version_cannot_do_is_told_at_check(old: str, tmp_path: Path) -> None:
    """Nine modules never work with it, and are there for the versions that will."""
    assert len(NINE) == 9
    text = pipeline_text([step_text("step", old, starrynight="479d595")])
    (tmp_path / "main.yaml").write_text(text)
    found = [d for d in check(tmp_path / "main.yaml").diagnostics if d.code == "SN355"]
    assert len(found) == 1
    assert "StarryNight 479d595 cannot do this" in found[0].message


@pytest.mark.parametrize(
    "old", ["cp_illum_apply_loaddata", "sbs_illum_apply_loaddata", "sbs_preprocess_loaddata", "analysis_loaddata"]
)
def test_the_newer_pipelines_are_refused_where_they_cannot_end(old: str, tmp_path: Path) -> None:
    """Without `use_legacy` the tool cannot finish them, so that is the default, and the other told at check."""
    text = "  step: {module: starrynight/" + old + ", with: {%s}}\n"
    channel = "nuclei_channel: DAPI" if old.startswith("sbs_") else ""
    (tmp_path / "main.yaml").write_text(pipeline_text([text % channel]))
    assert not check(tmp_path / "main.yaml").failed
    (tmp_path / "main.yaml").write_text(pipeline_text([text % ", ".join(filter(None, [channel, "use_legacy: false"]))]))
    assert [d.code for d in check(tmp_path / "main.yaml").diagnostics if d.severity.value == "error"] == ["SN355"]


def test_the_nine_follow_from_each_other(tmp_path: Path) -> None:
    """In one pipeline, each taking from the others what it reads by convention."""
    found = jobs_of(pipeline_text(step_text(new_name(old), old) for old in NINE), tmp_path)
    for stage in ("cp_pre_segcheck", "sbs_pre_segcheck", "sbs_align"):
        assert found[f"{stage}_cppipe"].after == [f"{stage}_loaddata"]
        assert set(found[f"{stage}_cp"].after) <= {f"{stage}_cppipe", f"{stage}_loaddata"}


def test_every_module_takes_other_places(tmp_path: Path) -> None:
    """The workspace is a data root, and single paths can be given."""
    given = "with: {index: i.parquet, use_legacy: false}, outputs: {loaddata: own}"
    step = f"  a: {{module: starrynight/cp_illum_calc_loaddata, {given}}}\n"
    text = pipeline_text([step])
    (job,) = jobs_of(text, tmp_path).values()
    assert job.command == ["starrynight", "illum", "calc", "loaddata", "-i", "i.parquet", "-o", "own"]
    told = sncompile(tmp_path, "compile", "main.yaml", "--emit", "jobs", "--data", "workspace=/else where")
    assert '"/else where' not in told, "what was given stays"
    text = pipeline_text([step_text("a", "cp_calc_illum_gen_loaddata")])
    (tmp_path / "main.yaml").write_text(text)
    told = sncompile(tmp_path, "compile", "main.yaml", "--emit", "jobs", "--data", "workspace=/else where")
    assert '"/else where/index/index.parquet"' in told


QC = ("cp_illum_calc_qc", "sbs_illum_calc_qc", "cp_illum_apply_qc", "sbs_illum_apply_qc")


@pytest.mark.parametrize("name", QC)
def test_looks_at_the_correction_are_refused_for_this_version(name: str, tmp_path: Path) -> None:
    """Which fails at each; with another one they are called as its command line has them."""
    (tmp_path / "now.yaml").write_text(pipeline_text([f"  qc: {{module: starrynight/{name}}}\n"]))
    assert "SN355" in [d.code for d in check(tmp_path / "now.yaml").diagnostics]
    step = f"  qc: {{module: starrynight/{name}, with: {{starrynight: later}}}}\n"
    (job,) = jobs_of(pipeline_text([step]), tmp_path).values()
    words = ["illum", name.split("_")[2], "qc", "-e", "ws/experiment/experiment.json"]
    assert called(job, tmp_path)[1:6] == words
    assert ("--sbs" in (job.command or [])) == name.startswith("sbs")


def test_an_experiment_can_be_made_with_the_tool(tmp_path: Path) -> None:
    """A form, and from it the configuration that the older pipelines read."""
    form, made = jobs_of(
        pipeline_text(["  form: {module: starrynight/exp_init}\n", "  made: {module: starrynight/exp_new}\n"]), tmp_path
    ).values()
    assert made.after == [form.id] or made.after == (form.id,)
    assert (made.command or [])[-4:] == ["-c", "ws/experiment/experiment_init.json", "-o", "ws/experiment"]
