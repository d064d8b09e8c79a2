"""The folders in which the calls of `calls.yaml` begin. The double makes what commands write."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.starrynight.commands import Served
from tests.starrynight.dataset import make_dataset
from tests.starrynight.double import tables

CONFIG: dict[str, Any] = {
    "barcode_csv_path": "barcodes.csv",
    "use_legacy": True,
    **{
        f"{assay}_{role}_channel": name
        for assay in ("cp", "sbs")
        for role, name in (("nuclei", "DAPI"), ("cell", "PhalloAF750"), ("mito", "ZO1AF488"))
    },
    "cp_custom_channel_map": {"DAPI": "DNA", "ZO1AF488": "ZO1", "PhalloAF750": "Phalloidin"},
    "sbs_custom_channel_map": {"DAPI": "DNA", **{base: base for base in "ATGC"}},
}
"""An experiment as StarryNight's own tests have it."""
LEGACY = ["--use_legacy", "--exp_config", "ws/experiment/experiment.json"]
INDEX = ["-i", "ws/index/index.parquet"]

ODD = [
    "d/S/B/images/P1/20X_CP_P1/WellA1_PointA1_0_ChannelDAPI_Seq0.tif",
    "my data, set/S/Batch_1-2/images/P1/20X_c1_SBS-1/WellA1_PointA1_0000_Channel405 nm,A_Seq0.ome.tiff",
    "d/S/B/images/P1/20X_CP_P1/WellA10_PointA10_0000_ChannelDAPI_Seq0000.ome.tiff",
    "d/S/B/images/P1/20X_CP_P1/WellA1_PointB2_0000_ChannelDAPI_Seq0000.ome.tiff",
    "d/S/B/images/P1/20X_CP_P1/WellA1_PointA1_00000_ChannelDAPI_Seq0000.ome.tiff",
    "d/S/B/images/P1/20X_CP_P1/WellA1_PointA1_0000_ChannelDAPI_Seq0000.nd2",
    "d/S/B/images/P-1/20X_CP_P1/WellA1_PointA1_0000_ChannelDAPI_Seq0000.tiff",
    "d/S/B/images/P1/20X_c12_SBS-12_20240101/thumb.png",
    "d/S/B/images/P1/20X_c12_SBS-12_20240101/WellA1_PointA1_0001_ChannelC,A_Seq0001.ome.tiff",
    "d/S/B/images/P1/20X_c1_SBS-2/WellA1_PointA1_0001_ChannelC,A_Seq0001.ome.tiff",
    "d/S/B/images/P1/20X_CP_P1_20240319_122800_179/notes.txt",
    "d/S/B/illum/P1/P1_IllumDNA.npy",
    "d/S/B/workspace/index",
    "d/S/B/elsewhere/P1/file.txt",
    "d/S/readme.txt",
]
"""Paths of files, some of them not those of images."""


def make_folder(start: str, here: Path, double: Served) -> None:
    """Make the folder in which calls of `start` begin."""
    here.mkdir()
    if start == "empty":
        return
    make_dataset(here, cycles=3, wells=("A1", "A2", "B1"), sites=4)
    for name in ("nothing", "linked"):
        (here / name).mkdir()
    (here / "linked" / "image.tiff").symlink_to("/dev/null")
    if start == "files":
        return
    _index(here, double)
    if start == "corrected":
        _correct(here, double)


def _call(here: Path, double: Served, *arguments: str) -> None:
    done = double.call(list(arguments), here)
    assert done.status == 0, done.err


def _index(here: Path, double: Served) -> None:
    _call(here, double, "inventory", "gen", "-d", "images", "-o", "ws/inventory")
    _call(here, double, "index", "gen", "-i", "ws/inventory/inventory.parquet", "-o", "ws/index")
    _write(here / "experiment_init.json", CONFIG)
    _write(here / "no_maps.json", {name: value for name, value in CONFIG.items() if not name.endswith("map")})
    _write(here / "wrong_map.json", CONFIG | {"cp_custom_channel_map": {"DAPI": "DNA", "Mito": "Mito"}})
    (here / "ws" / "experiment").mkdir()
    experiment = "Pooled CellPainting [Generic]"
    _call(here, double, "exp", "new", *INDEX, "-e", experiment, "-c", "experiment_init.json", "-o", "ws/experiment")
    told = json.loads((here / "ws" / "experiment" / "experiment.json").read_text("utf-8"))
    for name, cp, sbs in (
        ("other_channels", {"DAPI": "DNA"}, {}),
        ("half_mapped", CONFIG["cp_custom_channel_map"], None),
        ("unmapped", None, None),
    ):
        maps = {"cp_config": cp, "sbs_config": sbs}
        _write(here / f"{name}.json", told | {a: told[a] | {"custom_channel_map": map_} for a, map_ in maps.items()})
    (here / "barcodes.csv").write_text("sgRNA,gene_symbol\nACG,one\n")
    (here / "some.cppipe").write_text("nothing\n")
    for name in ("out", "full/sub", "scripts", "bin"):
        (here / name).mkdir(parents=True)
    (here / "full" / "a.csv").write_text("Metadata_Batch\nB\n")
    (here / "full" / "sub" / "b.txt").write_text("something\n")
    (here / "scripts" / "one#stitchcrop.py").write_text("nothing\n")
    (here / "bin" / "failing").write_text("#!/bin/sh\nexit 3\n")
    (here / "bin" / "failing").chmod(0o755)
    _indexes(here)


def _write(path: Path, told: dict[str, Any]) -> None:
    path.write_text(json.dumps(told), encoding="utf-8")


def _indexes(here: Path) -> None:
    """Other indexes: of one assay, without a cycle, of plates that are called by numbers, in other places."""
    whole = here / "ws" / "index" / "index.parquet"
    rows = [tables.Image(*row) for row in tables.read(whole, ", ".join(tables.Image._fields))]
    for name, some in {
        "cp": [r for r in rows if not r.is_sbs_image],
        "sbs": [r for r in rows if r.is_sbs_image],
        "no_first": [r for r in rows if r.cycle_id == "2" and r.well_id == "A1" and r.site_id == "0000"],
        "numbers": [r._replace(plate_id="41744") for r in rows],
    }.items():
        tables.write(tables.COLUMNS, some, here / name / "index" / "index.parquet")
    (here / "ws" / "of_a_plate").mkdir()
    shutil.copy(whole, here / "ws" / "of_a_plate")
    shutil.copy(whole, here)
    files = [(key, key.rpartition("/")[2], f".{key.rpartition('.')[2]}" if "." in key else "", "/data") for key in ODD]
    columns = "key VARCHAR, filename VARCHAR, extension VARCHAR, prefix VARCHAR"
    tables.write(columns, files, here / "odd" / "inventory.parquet")


def _correct(here: Path, double: Served) -> None:
    """Load data as both kinds of pipelines have them."""
    for name, words, options in (
        ("cp/illum_calc", ["illum", "calc"], []),
        ("sbs/illum_calc", ["illum", "calc"], ["--sbs"]),
        ("cp/illum_apply", ["illum", "apply"], []),
        ("sbs/illum_apply", ["illum", "apply"], ["--sbs", "-n", "DAPI"]),
        ("cp/segcheck", ["segcheck"], ["-n", "DAPI", "--cell", "PhalloAF750"]),
        ("sbs/preprocess", ["preprocess"], ["-n", "DAPI"]),
        ("analysis", ["analysis"], []),
    ):
        for place, more in (("plain", []), ("load", LEGACY)):
            out = f"{place}/{name}"
            (here / out).mkdir(parents=True)
            if out != "plain/sbs/preprocess":  # which cannot be made
                _call(here, double, *words, "loaddata", *INDEX, "-o", out, *options, *more)
