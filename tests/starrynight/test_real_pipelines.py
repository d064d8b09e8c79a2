"""The pipelines of the library with the `starrynight`, and the CellProfiler, that are on PATH: `make test-starrynight`.

One site with three cycles, whose images are made here. Every call takes as long as it takes to import CellProfiler.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests import command_line
from tests.starrynight.commands import HERE, real_command
from tests.starrynight.images import write_barcodes, write_images
from tests.starrynight.library import PIPELINES

PLUGINS = os.environ.get("STARRYNIGHT_PLUGINS")
SAVED = json.loads((HERE / "cellprofiler.json").read_text("utf-8"))["saved"]
PLACES = {
    "illum_calc_painting": "illum/cp/illum_calc/Batch1-Plate1",
    "illum_apply_painting": "illum/cp/illum_apply/Batch1-Plate1-A1-0000",
    "segcheck_painting": "segmentation/cp/segcheck/Batch1-Plate1-A1-0000",
    "illum_calc_sbs": "illum/sbs/illum_calc/Batch1-Plate1-1",
    "illum_apply_sbs": "illum/sbs/illum_apply/Batch1-Plate1-A1-0000",
    "preprocess_sbs": "preprocess/sbs/Batch1-Plate1-A1-0000",
    "analysis": "analysis/Batch1-Plate1-A1-0000",
}
CHANNELS = {
    "cp_nuclei_channel": "DAPI", "cp_cell_channel": "PhalloAF750", "cp_mito_channel": "ZO1AF488",
    "sbs_nuclei_channel": "DAPI",
}  # fmt: skip

pytestmark = [
    pytest.mark.skipif(real_command() is None, reason="no `starrynight` on PATH but, at most, the double"),
    pytest.mark.skipif(PLUGINS is None, reason="STARRYNIGHT_PLUGINS names no folder of CellProfiler's plugins"),
]


def run(folder: Path, *arguments: str) -> str:
    """Run a pipeline with the real tool; gives what it wrote."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    words = ("run", *arguments, "--cores", "2", "--containers", "none")
    process = command_line.begin(folder, *words, env={**os.environ, "PATH": path})
    out, err = process.communicate()
    assert process.returncode == 0, out[-2000:] + err[-4000:]
    return out + err


def test_index_and_pcp_generic_run(tmp_path: Path) -> None:
    """From images that lie elsewhere to measurements; each step saves what it was seen to save."""
    folder = tmp_path / "project"
    folder.mkdir()
    images = write_images(tmp_path / "elsewhere" / "fix_s1_input", wells=("A1",), sites=1)
    write_barcodes(folder / "barcodes.csv")
    for pipeline in PIPELINES.glob("*.yaml"):
        shutil.copy(pipeline, folder)
    run(folder, "index.yaml", "--data", f"images={images}")
    given = {"barcode_csv": "barcodes.csv", "plugin": str(PLUGINS), **CHANNELS}
    told = run(folder, "pcp_generic.yaml", *(w for n, v in given.items() for w in ("--set", f"{n}={v}")))
    assert "26 of 26 jobs done" in told
    for kind, place in PLACES.items():
        home = folder / "workspace" / place
        files = [p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file() and p.name[0] != "."]
        assert sorted(files) == SAVED[kind]
