"""`inventory gen`, `index gen`, and the experiment's configuration."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from tests.starrynight.double import tables
from tests.starrynight.double.tables import Image

_NAME = r"[A-Za-z0-9]+"
_WORDS = r"[A-Za-z0-9, _-]+"
_IMAGE = re.compile(
    rf"(?P<dataset>{_WORDS})/{_NAME}/(?P<batch>{_WORDS})/images/(?P<plate>{_NAME})/"
    rf"(?P<magnification>\d\d)X_(?:c\d{{1,2}}_SBS-(?P<cycle>\d{{1,2}})|CP_{_NAME})(?:_[\d_]+)?/"
    r"Well[A-Za-z0-9]{2}_Point(?P<well>[A-Za-z0-9]{2})_(?P<site>\d{1,4})_"
    r"Channel(?P<channels>[A-Za-z0-9-]+(?: nm)?(?:,[A-Za-z0-9-]+(?: nm)?)*)_Seq\d{1,4}\.[A-Za-z0-9.]+"
)
_LEAF = rf"{_WORDS}\.[A-Za-z0-9.]+"
_OTHER = re.compile(
    rf"(?P<dataset>{_WORDS})/{_NAME}/(?P<batch>{_WORDS})/(?:workspace/{_NAME}|illum/(?P<of>{_NAME})/{_LEAF}|"
    rf"images/(?P<plate>{_NAME})/(?P<magnification>\d\d)X_"
    rf"(?:c\d{{1,2}}_SBS-(?P<cycle>\d{{1,2}})|CP_{_NAME})(?:_[\d_]+)?/(?!Well){_LEAF})"
)
"""Files beside the images. The index takes them for folders."""
_FORMATS = ("tiff", "tif", "ndff", "jpeg", "png")


def inventory(dataset: str, out: str) -> None:
    """A row for every file of the dataset, in parts and put together."""
    folder, place = Path(dataset).resolve(), Path(out)
    files = [path.resolve() for path in sorted(Path(dataset).rglob("*"))]
    shutil.rmtree(place / "inv", ignore_errors=True)
    (place / "inv").mkdir(parents=True)
    if not files:
        raise ValueError("n_jobs == 0 in Parallel has no meaning")
    prefix = str(folder.parent)
    rows = [(str(p.relative_to(prefix)), p.name, p.suffix, prefix) for p in files if not p.is_dir()]
    columns = "key VARCHAR, filename VARCHAR, extension VARCHAR, prefix VARCHAR"
    tables.write(columns, rows, place / "inv" / "inventory_0_abcdefghij.parquet")
    tables.write(columns, rows, place / "inventory.parquet")


def index(inv: str, out: str, parser: str | None) -> None:
    """What the paths of the inventory say; what says nothing is left out."""
    if parser is not None:
        Path(parser).resolve().read_text("utf-8")
    rows = []
    for key, filename, extension, prefix in tables.read(Path(inv), "key, filename, extension, prefix"):
        match = _IMAGE.fullmatch(key)
        if match is not None:
            rows.append(_image(match, key, filename, extension.removeprefix("."), prefix))
        elif (match := _OTHER.fullmatch(key)) is not None:
            head = (key, prefix, _joined(match["dataset"]), _joined(match["batch"]), match["of"] or match["plate"])
            place = (match["cycle"], match["magnification"], None, None, [])
            rows.append(Image(*head, *place, filename, None, False, False, True))
        else:
            print(f"Unable to parse: {key}")
    tables.write(tables.COLUMNS, rows, Path(out) / "index.parquet")


def _image(match: re.Match[str], key: str, filename: str, extension: str, prefix: str) -> Image:
    channels = [channel.removesuffix(" nm").replace("-", "") for channel in match["channels"].split(",")]
    known = extension in _FORMATS
    return Image(
        key, prefix, _joined(match["dataset"]), _joined(match["batch"]), match["plate"], match["cycle"],
        match["magnification"], match["well"], match["site"], channels, filename, extension,
        known and match["cycle"] is not None, known, False,
    )  # fmt: skip


def _joined(name: str) -> str:
    """What StarryNight makes of a name of several words."""
    return "-".join(re.findall(_NAME, name))


_EXPERIMENTS = ("Pooled CellPainting [Generic]", "Pooled CellPainting [Stitchcrop]")
_ASSAY = {"img_overlap_pct": 10, "img_frame_type": "round", "acquisition_order": "snake", "custom_channel_map": None}
_CHANNELS = {"nuclei_channel": "DNA", "cell_channel": "CELL", "mito_channel": "MITO"}
_DEFAULTS: dict[str, Any] = {
    "use_legacy": False,
    **{f"{assay}_{name}": value for assay in ("cp", "sbs") for name, value in {**_ASSAY, **_CHANNELS}.items()},
}


def _known(exp: str) -> None:
    if exp not in _EXPERIMENTS:
        raise ValueError(f"Unknow experiment: {exp}")


def init(exp: str, out: str) -> None:
    """A configuration with all defaults."""
    _known(exp)
    (Path(out) / "experiment_init.json").write_text(json.dumps({"barcode_csv_path": ".", **_DEFAULTS}))


def new(index: str, exp: str, config: str, out: str) -> None:
    """What an index and a configuration say together."""
    _known(exp)
    given = json.loads(Path(config).read_text("utf-8"))
    for name in ("sbs_custom_channel_map", "cp_custom_channel_map"):
        given[name] = given[name] or None
    values = {**_DEFAULTS, **given}
    path = Path(index)
    assays = {assay: tables.images_of(path, sbs=assay == "sbs") for assay in ("cp", "sbs")}
    datasets = [row for (row,) in tables.read(path, "dataset_id") if row is not None]
    told: dict[str, Any] = {
        "dataset_id": datasets[0], "index_path": str(path.resolve()), "inventory_path": None,
        "data_production_contact": None, "data_processing_contact": None, "init_config_": None,
        "use_legacy": values["use_legacy"],
    }  # fmt: skip
    for assay, images in assays.items():
        wells = Counter((i.batch_id, i.plate_id, i.cycle_id, i.well_id) for i in images)
        counts, channels = list(wells.values()), tables.channels_of(images)
        told[f"{assay}_config"] = {
            "im_per_well": counts[0],
            "channel_list": channels,
            **{name: values[f"{assay}_{name}"] for name in {**_ASSAY, **_CHANNELS}},
        }
        assert all(channel in channels for channel in values[f"{assay}_custom_channel_map"] or {})
    cycles = len(tables.cycles_of(assays["sbs"]))
    told["sbs_config"] |= {"n_cycles": cycles, "barcode_csv_path": values["barcode_csv_path"]}
    (Path(out) / "experiment.json").write_text(json.dumps(told))


TOOLS = {"inventory gen": inventory, "index gen": index, "exp init": init, "exp new": new}
