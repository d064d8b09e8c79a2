"""Every target does what the pages of `specs/conformance/` ask, and what it emits is really run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sncompile.lowering.features import Feature
from sncompile.passes.pipeline import LEVELS
from sncompile.targets.registry import OURS, find_target
from sncompile.testing.conformance import conformance_pages, target_conformance

PAGES = conformance_pages()


def by_bash(folder: Path, out: Path, environment: Mapping[str, str]) -> int:
    return subprocess.run(["bash", str(out / "run.sh"), "-j", "2"], cwd=folder, env=environment, check=False).returncode


def by_snakemake(folder: Path, out: Path, environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "snakemake", "-s", str(out / "Snakefile"), "--cores", "2", "--quiet", "all"]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def by_cwltool(folder: Path, out: Path, environment: Mapping[str, str]) -> int:
    # As a module it gives no exit status.
    command = [
        str(Path(sys.executable).parent / "cwltool"),
        "--quiet",
        "--no-container",
        "--preserve-environment",
        "SECRET",
    ]
    command += ["--outdir", str(folder), str(out / "workflow.cwl"), str(out / "job.json")]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


RUNS = {"bash": by_bash, "snakemake": by_snakemake, "cwl": by_cwltool}

REFUSED = {
    ("cwl", "sizes"): (Feature.LATE_WORDS,),
    ("cwl", "conda"): (Feature.CONDA,),
    ("cwl", "gpus"): ("gpus",),
    ("cwl", "protected_folder"): (Feature.PROTECTED_FOLDERS,),
    ("bash", "conda"): (Feature.CONDA,),
    ("bash", "gpus"): ("gpus",),
    ("bash", "images"): (Feature.CONTAINERS,),
}

NOT_HERE = "there is no such software here"
NOT_RUN = {
    **dict.fromkeys(
        [("snakemake", "images"), ("snakemake", "gpus"), ("snakemake", "conda"), ("cwl", "images")], NOT_HERE
    ),
    ("cwl", "retries"): "cwltool does not try a job again",
    ("cwl", "order"): "a job sees no file that it does not name",
    ("cwl", "silent"): "a job cannot write beside its inputs",
    ("cwl", "keeping"): "the place of results is the engine's",
}
"""Pages that a target compiles and whose run is no question to it, with the reason."""


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("target", OURS)
def test_page(target: str, page: str, tmp_path: Path) -> None:
    run = None if (target, page) in NOT_RUN else RUNS[target]
    # What takes an engine that is slow to start is tried at the usual level; bash at all.
    levels = LEVELS if target == "bash" else (1,)
    goes_on = target != "cwl"
    found = target_conformance(
        find_target(target), PAGES[page], tmp_path, run, levels=levels, keeps=goes_on, resumes=goes_on
    )
    assert found.refused == REFUSED.get((target, page), ())
    assert found.ran == (run is not None and not found.refused)


@pytest.mark.parametrize("page", ["words", "shapes", "fails", "functions", "silent", "retries"])
def test_a_run_that_does_nothing_is_noticed(page: str, tmp_path: Path) -> None:
    """Although it ends as it has to."""
    for level in (0, 1):
        with pytest.raises(AssertionError):
            target_conformance(
                find_target("bash"),
                PAGES[page],
                tmp_path / str(level),
                lambda folder, out, environment: int(PAGES[page].fails),
                levels=[level],
            )


def test_a_run_that_makes_all_anew_does_not_resume(tmp_path: Path) -> None:
    """Although what it makes is the same."""

    def anew(folder: Path, out: Path, environment: Mapping[str, str]) -> int:
        shutil.rmtree(folder / "results", ignore_errors=True)
        return by_bash(folder, out, environment)

    page, bash = PAGES["shapes"], find_target("bash")
    target_conformance(bash, page, tmp_path / "once", anew, levels=[1])
    with pytest.raises(AssertionError, match="anew"):
        target_conformance(bash, page, tmp_path / "again", anew, levels=[1], resumes=True)
