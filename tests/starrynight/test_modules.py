"""Each module of the library calls what StarryNight calls, and declares what it reads and writes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sncompile.api import check
from sncompile.ir.jobs.expansion import Job
from sncompile.syntax.document import ModuleDoc
from tests.starrynight.library import (
    MODULES,
    PIPELINES,
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


def job_of(old: str, folder: Path, **more: str) -> Job:
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


@pytest.mark.parametrize("old", ALL)
def test_the_command_line_is_the_true_one(old: str, tmp_path: Path) -> None:
    """Word by word, with nothing given but channels and barcodes."""
    assert job_of(old, tmp_path).command == true_command(old)


@pytest.mark.parametrize("old", [old for old in ALL if MODULES[old]["optional"]])
def test_optional_flags_are_added(old: str, tmp_path: Path) -> None:
    """Each flag that a module knows can be given; the rest of the command line stays."""
    given = {
        "--path_mask": {"path_mask": "/elsewhere"},
        "--uow": {"uow": ["batch_id", "plate_id"]},
        "--use_legacy": {"use_legacy": True},
        "--exp_config": {"use_legacy": True},
        "--plugin_dir": {"plugin": "plugins"},
        "--parser": {"parser": "own.lark"},
        "-f": {"fiji": "/opt/fiji"},
        "--jobs": {"jobs": 3},
    }
    values = {
        "--path_mask": ["/elsewhere"], "--uow": ["batch_id,plate_id"], "--use_legacy": [], "--plugin_dir": ["plugins"],
        "--exp_config": ["ws/experiment/experiment.json"], "--parser": ["own.lark"], "-f": ["/opt/fiji"],
        "--jobs": ["3"],
    }  # fmt: skip
    for flag in MODULES[old]["optional"]:
        command = job_of(old, tmp_path, **given[flag]).command
        assert command is not None
        base = true_command(old)
        assert command[: len(base)] == base
        at = command.index(flag, len(base))
        assert command[at + 1 : at + 1 + len(values[flag])] == values[flag]
        legacy = "--exp_config" in MODULES[old]["optional"] and "use_legacy" in given[flag]
        assert ("--exp_config" in command[len(base) :]) == legacy


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
    # The sequencing's correction finds its functions from where the index is.
    assert job.command is not None
    assert named <= set(job.command) or old == "sbs_apply_illum_gen_loaddata"


@pytest.mark.parametrize("old", ALL)
def test_an_empty_result_is_none(old: str) -> None:
    """Every output has a criterion: a file is not empty, a folder holds something."""
    doc = document(old)
    criteria = {*(n.name for n in doc.success.non_empty or ()), *(n.name for n, _ in doc.success.min_files)}
    assert criteria == set(doc.outputs)
    assert all(p.description for p in (*doc.inputs.values(), *doc.outputs.values(), *doc.params.values()))


@pytest.mark.parametrize("old", ALL)
def test_container_and_resources(old: str, tmp_path: Path) -> None:
    """As StarryNight has them, but for the registry's name, which is misspelt there."""
    job = job_of(old, tmp_path)
    assert job.container == "ghcr.io/leoank/starrynight:dev"
    assert job.resources == MODULES[old].get("resources", {"cpus": 2, "memory_mb": 500})


def test_the_nine_that_cannot_be_created_can_be_used(tmp_path: Path) -> None:
    """In one pipeline, each taking from the others what it reads by convention."""
    broken = [old for old in ALL if "broken" in MODULES[old]]
    assert len(broken) == 9
    found = jobs_of(pipeline_text(step_text(new_name(old), old) for old in broken), tmp_path)
    for stage in ("cp_pre_segcheck", "sbs_pre_segcheck", "sbs_align"):
        assert found[f"{stage}_cppipe"].after == [f"{stage}_loaddata"]
        assert found[f"{stage}_cp"].after == [f"{stage}_cppipe"]


def test_every_module_takes_other_places(tmp_path: Path) -> None:
    """The workspace is a data root, and single paths can be given."""
    step = "  a: {module: starrynight/cp_illum_calc_loaddata, with: {index: i.parquet}, outputs: {loaddata: own}}\n"
    text = pipeline_text([step])
    (job,) = jobs_of(text, tmp_path).values()
    assert job.command == ["starrynight", "illum", "calc", "loaddata", "-i", "i.parquet", "-o", "own"]
    told = sncompile(tmp_path, "compile", "main.yaml", "--emit", "jobs", "--data", "workspace=/else where")
    assert '"/else where' not in told, "what was given stays"
    text = pipeline_text([step_text("a", "cp_calc_illum_gen_loaddata")])
    (tmp_path / "main.yaml").write_text(text)
    told = sncompile(tmp_path, "compile", "main.yaml", "--emit", "jobs", "--data", "workspace=/else where")
    assert '"/else where/index/index.parquet"' in told
