"""CellProfiler's and Fiji's parts: `cp` and `stitchcrop fiji`. They fail where a file that they load is missing."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

from command_line import Call


def cp(call: Call) -> None:
    """Every CSV below the load data is a unit of work, and gets a folder of its own."""
    if call.path("-p").is_dir():
        raise SystemExit("the pipeline is a folder")
    kind = call.path("-p").read_text("utf-8").splitlines()[0]
    if "-d" in call.options or "--plugin_dir" in call.options:
        next(call.path("--plugin_dir").iterdir())
    # A file instead of a folder finds nothing to do, as with the real one.
    found = sorted(call.path("-l").glob("**/*.csv"))
    if not found:
        print("Found 0 cppipe files. No work to be done. Exiting...")
        return
    for loaddata in found:
        unit = loaddata.name.split("#")[0].split("^")
        out = call.path("-o") / "-".join(unit)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        with loaddata.open(newline="") as file:
            for row in csv.DictReader(file):
                _load(row, loaddata)
                for name in _written(kind, row):
                    (out / name).write_text(kind)


def _load(row: dict[str, str], loaddata: Path) -> None:
    for column, name in row.items():
        if column.startswith("FileName_"):
            path = Path(row[f"PathName_{column.removeprefix('FileName_')}"]) / name
            if not path.is_file():
                raise SystemExit(f"{loaddata.name}: cannot load {path}")


def _written(kind: str, row: dict[str, str]) -> list[str]:
    """What the pipelines of a kind save of a row."""
    plate, cycle = row["Metadata_Plate"], row.get("Metadata_Cycle", "0")
    columns = [column.removeprefix("FileName_") for column in row if column.startswith("FileName_")]
    # CellProfiler takes a number for one, whatever zeros it begins with.
    site = f"Plate_{plate}_Well_{row['Metadata_Well']}_Site_{int(row['Metadata_Site'])}"
    channels = [column.removeprefix("Orig") for column in columns if column.startswith("Orig")]
    if kind == "illum_calc_painting":
        return [f"{plate}_Illum{channel}.npy" for channel in channels]
    if kind == "illum_calc_sbs":
        return [f"{plate}_Cycle{int(cycle)}_Illum{channel}.npy" for channel in channels]
    if kind == "illum_apply_painting":
        return [*(f"{site}_Corr{channel}.tiff" for channel in channels), "PaintingIllumApplication_Image.csv"]
    if kind == "illum_apply_sbs":
        return [f"{site}_{column.replace('Orig', '')}.tiff" for column in columns if "_Orig" in column]
    if kind == "preprocess_sbs":
        return [*(f"{site}_{column}.tiff" for column in columns), "BarcodePreprocessing_Foci.csv"]
    return [f"{site}_{kind}.csv"]


def fiji(call: Call) -> None:
    """Run every script: the folders must be there, and the images of all sites of its well."""
    scripts = sorted(call.path("-p").glob("**/*.py"))
    if not scripts:
        print("Found 0 pipeline files. No work to be done. Exiting...")
        return
    for script in scripts:
        told = json.loads(script.read_text("utf-8"))
        images = Path(told["images"])
        for site in told["sites"].split(","):
            files = sorted((images.parent / f"{images.name}-{site}").glob("*.tiff"))
            if not files:
                raise SystemExit(f"{script.name}: no images of the site {site}")
            for file in files:
                if not (images / file.name).exists():
                    (images / file.name).symlink_to(file)
        for name in ("stitched", "cropped", "downsampled"):
            (Path(told[name]) / "Corr.tiff").write_text(name)


TOOLS = {("cp",): cp, ("stitchcrop", "fiji"): fiji}
