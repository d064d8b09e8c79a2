"""The double's CellProfiler saves what the real one was seen to save, and fails as it fails (`cellprofiler.json`)."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.starrynight.commands import DOUBLE, HERE
from tests.starrynight.double.command_line import FACTS
from tests.starrynight.double.engines import LEGACY, PLUGINS
from tests.starrynight.library import pipeline_text, sncompile, step_text

SEEN = json.loads((HERE / "cellprofiler.json").read_text("utf-8"))
ROW = {
    "Metadata_Batch": "Batch1", "Metadata_Plate": "Plate1", "Metadata_Site": "0000", "Metadata_Well": "A1",
    "Metadata_Cycle": "1",
}  # fmt: skip


def project(folder: Path, kind: str, units: tuple[str, ...] = ("Batch1^Plate1^A1^0000",), missing: str = "") -> Path:
    """Load data of some units with the images that a pipeline loads, and the pipeline; gives the folder."""
    needs, _ = LEGACY[kind]
    row = ROW.copy()
    for image in needs:
        (folder / image).write_text("image")
        row |= {f"FileName_{image}": "nowhere" if image == missing else image, f"PathName_{image}": str(folder)}
    (folder / "load").mkdir()
    (folder / "plugins").mkdir()
    for name in (*PLUGINS.get(kind, ()), "Other"):
        (folder / "plugins" / f"{name.lower()}.py").touch()
    for unit in units:
        with (folder / "load" / f"{unit}#some.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow(row)
    (folder / "some.cppipe").write_text(json.dumps({"kind": kind, "legacy": True}))
    return folder


def start(folder: Path, *more: str, ends: bool = False) -> subprocess.Popen[str]:
    """Call the double's CellProfiler, which by itself does not end when it has failed."""
    command = [str(DOUBLE), "cp", "-p", "some.cppipe", "-l", "load", "-o", "out", *more]
    variables = {name: value for name, value in os.environ.items() if name != "STARRYNIGHT_ENDS"}
    if ends:
        variables["STARRYNIGHT_ENDS"] = "1"
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=variables, text=True, stdout=pipe, stderr=pipe)


def test_the_facts_are_of_the_same_commit() -> None:
    """And of every pipeline made by hand."""
    assert SEEN["commit"] == FACTS["commit"]
    assert set(SEEN["saved"]) == set(LEGACY)


COUNTS = {
    "illum_calc_painting": 3, "illum_apply_painting": 8, "segcheck_painting": 7, "illum_calc_sbs": 5,
    "illum_apply_sbs": 17, "preprocess_sbs": 20, "analysis": 21,
}  # fmt: skip


def test_the_counts_are_those_of_the_page() -> None:
    """What the library checks rests on these."""
    assert {kind: len(names) for kind, names in SEEN["saved"].items()} == COUNTS


@pytest.mark.parametrize("kind", sorted(LEGACY))
def test_it_saves_what_the_real_one_saves(kind: str, tmp_path: Path) -> None:
    """The files of one unit, by their names."""
    done = start(project(tmp_path, kind), "-d", "plugins", ends=True)
    _, told = done.communicate()
    assert done.returncode == 0, told
    out = tmp_path / "out" / "Batch1-Plate1-A1-0000"
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == SEEN["saved"][kind]


def test_a_missing_image_fails_and_the_process_stays(tmp_path: Path) -> None:
    """Its traceback is the last that it says; it uses no CPU, and does not end."""
    done = start(project(tmp_path, "segcheck_painting", missing="DNA"))
    assert done.stderr is not None
    assert any(line.startswith("FileNotFoundError: ") for line in iter(done.stderr.readline, ""))
    assert done.poll() is None
    done.kill()
    done.communicate()


def test_a_failure_can_be_made_to_end(tmp_path: Path) -> None:
    """For tests of other things."""
    done = start(project(tmp_path, "segcheck_painting", missing="DNA"), ends=True)
    assert "nowhere" in done.communicate()[1]
    assert done.returncode == 1


def test_several_processes_save_everything_and_stay(tmp_path: Path) -> None:
    """With more than one CSV; with one, there is one process whatever was asked for."""
    folder = project(tmp_path, "segcheck_painting", units=("Batch1^Plate1^A1^0000", "Batch1^Plate1^A1^0001"))
    done = start(folder, "-j", "2")
    assert done.stdout is not None
    assert done.stdout.readline().rstrip() == "out/Batch1-Plate1-A1-0000"
    assert done.stdout.readline().rstrip() == "out/Batch1-Plate1-A1-0001"
    assert done.poll() is None
    done.kill()
    done.communicate()
    (folder / "load" / "Batch1^Plate1^A1^0001#some.csv").unlink()
    done = start(folder, "-j", "2")
    done.communicate()
    assert done.returncode == 0


@pytest.mark.parametrize("kind", sorted(PLUGINS))
def test_without_plugins_it_saves_nothing_and_is_content(kind: str, tmp_path: Path) -> None:
    """Exit status 0, an empty folder, and a line in the log."""
    done = start(project(tmp_path, kind))
    _, told = done.communicate()
    assert done.returncode == 0
    assert "Failed to load pipeline" in told
    assert not list((tmp_path / "out" / "Batch1-Plate1-A1-0000").iterdir())


def test_the_library_ends_what_has_failed_and_stays(tmp_path: Path) -> None:
    """The job fails with the tool's own words, and a run comes to its end."""
    folder = project(tmp_path, "segcheck_painting", missing="DNA")
    (folder / "corrected").mkdir()
    given = {"loaddata": "load", "cppipe": "some.cppipe", "corrected_images": ["corrected"]}
    (folder / "main.yaml").write_text(pipeline_text([step_text("cp", "cp_segcheck_invoke_cp", **given)]))
    told = sncompile(folder, "run", "main.yaml", "--containers", "none", fails=True, STARRYNIGHT_ENDS="")
    assert "1 failed" in told
    assert "No such file or directory" in told
