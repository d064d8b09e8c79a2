"""CellProfiler's part, `cp`, and the call of Fiji. They fail where a file that they load is missing."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, str]


class Failed(Exception):
    """CellProfiler has met something that it cannot go on with."""


def cp(cppipe: str, loaddata: str, out: str, plugin_dir: str | None, jobs: int, sbs: bool) -> None:
    """Every CSV below the load data is a unit of work, and gets a folder of its own."""
    if Path(cppipe).is_dir():
        raise Exception("CPPIPE path is a dir, please provide path to a file.")
    # A file instead of a folder finds nothing to do.
    found = sorted(Path(loaddata).glob("**/*.csv"))
    if not found:
        print("Found 0 cppipe files. No work to be done. Exiting...")
        return
    try:
        for unit in found:
            _unit(Path(cppipe), unit, Path(out) / "-".join(unit.name.split("#")[0].split("^")), plugin_dir)
    except Exception:
        traceback.print_exc()
        _stay()
        raise SystemExit(1) from None
    if jobs > 1 and len(found) > 1:
        _stay()


def _stay() -> None:
    """The virtual machine of Java goes on, and so the process never ends, though it has nothing to do any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    while not os.environ.get("STARRYNIGHT_ENDS"):
        signal.pause()


def _unit(cppipe: Path, unit: Path, folder: Path, plugin_dir: str | None) -> None:
    """Run the pipeline over the rows of one CSV."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(folder)
    told = _pipeline(cppipe, plugin_dir)
    with unit.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        _load(row, told["needs"])
        for name in told["writes"](row):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(told["kind"])


def _pipeline(cppipe: Path, plugin_dir: str | None) -> dict[str, Any]:
    """The pipeline: what it loads of a row, and which files it saves of it."""
    told = json.loads(cppipe.read_text("utf-8"))
    kind = told["kind"]
    if not told["legacy"]:
        if not kind.startswith("illum_calc"):
            raise Failed("what the newer pipelines save is not known: they miss the illumination functions")
        needs = [column.removeprefix("FileName_") for column in told["columns"] if column.startswith("FileName_")]
        return {"kind": kind, "needs": needs, "writes": lambda row: _newer_functions(row, needs)}
    needs, writes = LEGACY[kind]
    there = {path.stem for path in Path(plugin_dir).glob("*.py")} if plugin_dir else set()
    for name in () if sys.dont_write_bytecode else there:
        # It imports them all.
        (Path(plugin_dir or "") / "__pycache__").mkdir(exist_ok=True)
        (Path(plugin_dir or "") / "__pycache__" / f"{name}.cpython-39.pyc").write_text("compiled")
    missing = [name for name in PLUGINS.get(kind, ()) if name.lower() not in there]
    if missing:
        # It goes on with the modules before that one, which save nothing.
        print("ERROR:root:Failed to load pipeline", file=sys.stderr)
        print(f"ValueError: Could not find the {missing[0]} module", file=sys.stderr)
        return {"kind": kind, "needs": needs, "writes": lambda _: []}
    return {"kind": kind, "needs": needs, "writes": writes}


def _newer_functions(row: Row, images: list[str]) -> list[str]:
    begin = f"{row['Metadata_Batch']}_{row['Metadata_Plate']}"
    return [f"{begin}_Illum{image}.npy" for image in images]


def _load(row: Row, images: list[str]) -> None:
    """Every image of a row that the pipeline loads must be there."""
    for image in images:
        if f"FileName_{image}" not in row:
            raise Failed(f"The {image} image is missing from the pipeline.")
        path = Path(row[f"PathName_{image}"]) / row[f"FileName_{image}"]
        if not path.is_file():
            raise FileNotFoundError(f"[Errno 2] No such file or directory: '{path}'")


CP_CHANNELS, BASES, CYCLES = ("DNA", "Phalloidin", "ZO1"), ("A", "C", "G", "T"), (1, 2, 3)
SBS_CHANNELS = ("DNA", *BASES)


def _site(row: Row) -> str:
    """How files of a site begin. CellProfiler takes a number for one, whatever zeros it begins with."""
    return f"Plate_{row['Metadata_Plate']}_Well_{row['Metadata_Well']}_Site_{int(row['Metadata_Site'])}"


def _tables(prefix: str, *names: str) -> list[str]:
    return [f"{prefix}_{name}.csv" for name in names]


def _segcheck(row: Row) -> list[str]:
    names = ("Cells", "ConfluentRegions", "Experiment", "Image", "Nuclei", "PreCells")
    return [f"{_site(row)}_CorrDNA_SegmentCheck.png", *_tables("SegmentationCheck", *names)]


def _corrected(row: Row) -> list[str]:
    names = ("Cells", "ConfluentRegions", "Experiment", "Image", "Nuclei")
    return [*(f"{_site(row)}_Corr{c}.tiff" for c in CP_CHANNELS), *_tables("PaintingIllumApplication", *names)]


def _aligned(row: Row) -> list[str]:
    images = [f"{_site(row)}_Cycle{cycle:02d}_{c}.tiff" for cycle in CYCLES for c in SBS_CHANNELS]
    return [*images, *_tables("BarcodingApplication", "Experiment", "Image")]


def _of_plate(row: Row) -> list[str]:
    return [f"{row['Metadata_Plate']}_Illum{c}.npy" for c in CP_CHANNELS]


def _of_cycle(row: Row) -> list[str]:
    return [f"{row['Metadata_Plate']}_Cycle{int(row['Metadata_Cycle'])}_Illum{c}.npy" for c in SBS_CHANNELS]


def _compensated(row: Row) -> list[str]:
    images = [f"{_site(row)}_Cycle{cycle:02d}_{c}.tiff" for cycle in CYCLES for c in BASES]
    names = ("AllFoci", "BarcodeFoci", "Experiment", "Foci", "Image", "Nuclei")
    # The pipeline skips what stands behind the division by 20 where it leaves a rest.
    overlay = [f"overlay/{_site(row)}_StDev_Overlay.tiff"] if int(row["Metadata_Site"]) % 20 == 0 else []
    return [*images, f"{_site(row)}_Cycle01_DNA.tiff", *overlay, *_tables("BarcodePreprocessing", *names)]


def _measured(row: Row) -> list[str]:
    foci = ("BarcodeFoci", "Foci", "Foci_NonCellEdge", "Foci_PreMask", "Resize_Foci", "RelateObjects")
    cells = ("Cells", "ConfluentRegions", "Cytoplasm", "Nuclei", "PreCells", "ResizeCells", "ResizeConfluent")
    masks = [f"segmentation_masks/{_site(row)}_{name}_Objects.tiff" for name in ("Cells", "Cytoplasm", "Nuclei")]
    overlays = [f"{_site(row)}_CorrDNA_{name}.png" for name in ("Overlay", "SpotOverlay")]
    tables = [f"{name}.csv" for name in (*foci, *cells, "ResizeNuclei", "Experiment", "Image")]
    return [*masks, *overlays, *tables]


_BARCODES = [f"Cycle{cycle:02d}_{base}" for cycle in CYCLES for base in BASES]
_CYCLES = [f"Cycle{cycle:02d}_{{}}{channel}" for cycle in CYCLES for channel in SBS_CHANNELS]

LEGACY: dict[str, tuple[list[str], Callable[[Row], list[str]]]] = {
    "illum_calc_painting": ([f"Orig{c}" for c in CP_CHANNELS], _of_plate),
    "illum_apply_painting": ([f"{what}{c}" for c in CP_CHANNELS for what in ("Orig", "Illum")], _corrected),
    "segcheck_painting": ([*CP_CHANNELS], _segcheck),
    "illum_calc_sbs": ([f"Orig{c}" for c in SBS_CHANNELS], _of_cycle),
    "illum_apply_sbs": ([name.format(what) for name in _CYCLES for what in ("Orig", "Illum")], _aligned),
    "preprocess_sbs": (["Cycle01_DNA", *_BARCODES], _compensated),
    "analysis": ([*(f"Corr{c}" for c in CP_CHANNELS), "Cycle01_DNA", *_BARCODES], _measured),
}
"""Of each hand-made pipeline the images that it loads, by their names in load data, and what it saves of a row."""

PLUGINS = {"preprocess_sbs": ("CompensateColors", "CallBarcodes"), "analysis": ("CallBarcodes",)}
"""Modules that are not CellProfiler's own."""


def fiji(pipeline: str, fiji: str | None, jobs: int) -> None:
    """Run Fiji on every script."""
    scripts = sorted(Path(pipeline).glob("**/*.py"))
    if not scripts:
        print("Found 0 pipeline files. No work to be done. Exiting...")
        return
    for script in scripts:
        program = str(Path(fiji).resolve()) if fiji else "fiji"
        subprocess.run([program, "--ij2", "--headless", "--run", str(script.resolve()), "'--yes'"], check=True)


TOOLS = {"cp": cp, "stitchcrop fiji": fiji}
