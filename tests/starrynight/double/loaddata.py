"""Everything that reads the index: load data, and the scripts that stitch."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
from command_line import Call
from listing import write_parquet

PLATE, CYCLE, SITE = (
    ["batch_id", "plate_id"],
    ["batch_id", "plate_id", "cycle_id"],
    ["batch_id", "plate_id", "well_id", "site_id"],
)
Named = tuple[str, Path, str]
"""A column of the load data, and the folder and the name of the file there."""


class Image(NamedTuple):
    """A row of the index."""

    batch_id: str
    plate_id: str
    cycle_id: str | None
    well_id: str
    site_id: str
    channels: list[str]
    key: str
    prefix: str


Unit = tuple[str, ...]


def images_of(index: Path, *, sbs: bool) -> list[Image]:
    """The images of one assay."""
    query = (
        "SELECT batch_id, plate_id, cycle_id, well_id, site_id, channel_dict, key, prefix FROM read_parquet(?) "
        "WHERE is_image AND is_sbs_image = ? ORDER BY batch_id, plate_id, well_id, site_id, cycle_id"
    )
    return [Image(*row) for row in duckdb.connect().execute(query, [str(index), sbs]).fetchall()]


def units(images: list[Image], call: Call, columns: list[str]) -> dict[Unit, list[Image]]:
    """The images of every unit of work."""
    columns = call.options["--uow"].split(",") if "--uow" in call.options else columns
    found: dict[Unit, list[Image]] = {}
    for image in images:
        found.setdefault(tuple(str(getattr(image, column)) for column in columns), []).append(image)
    return found


def clean(out: Path) -> None:
    """The tools empty their folder and do not make it."""
    for item in out.iterdir():
        shutil.rmtree(item) if item.is_dir() else item.unlink()


def of_site(image: Image) -> str:
    """How the files of a site begin."""
    return f"Plate_{image.plate_id}_Well_{image.well_id}_Site_{int(image.site_id)}"


def raw(image: Image, call: Call, name: str) -> Named:
    """The column of an image as it was taken."""
    path = Path(call.options.get("--path_mask", image.prefix)) / image.key
    return name, path.parent, path.name


def sites(images: list[Image]) -> Iterator[list[Image]]:
    """The images of each site, cycle after cycle."""
    found: dict[tuple[str, str], list[Image]] = {}
    for image in images:
        found.setdefault((image.well_id, image.site_id), []).append(image)
    yield from found.values()


def write_csv(path: Path, images: list[list[Image]], named: Callable[[list[Image]], list[Named]]) -> None:
    """Load data: a row for each set of images, with what `named` gives of it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        for number, each in enumerate(images):
            columns = named(each)
            if number == 0:
                heads = [f"Metadata_{what}" for what in ("Batch", "Plate", "Site", "Well", "Cycle")]
                writer.writerow(
                    [*heads, *(f"FileName_{n}" for n, _, _ in columns), *(f"PathName_{n}" for n, _, _ in columns)]
                )
            one = each[0]
            writer.writerow(
                [one.batch_id, one.plate_id, one.site_id, one.well_id, one.cycle_id or 0,
                 *(name for _, _, name in columns), *(folder.resolve() for _, folder, _ in columns)]
            )  # fmt: skip


def write_index(place: Path, unit: Unit, images: Path, files: list[tuple[str, str | None, str]]) -> None:
    """The index of what a later step is going to write, beside the project's index."""
    place.mkdir(parents=True, exist_ok=True)
    folder = (images / "-".join(unit)).resolve()
    rows: list[tuple[object, ...]] = [(str(folder), channel, cycle, name) for channel, cycle, name in files]
    columns = "prefix VARCHAR, channel_id VARCHAR, cycle_id VARCHAR, filename VARCHAR"
    write_parquet(columns, rows, place / f"{'^'.join(unit)}#illum_apply_output_index.parquet")


def illum_calc(call: Call) -> None:
    """The images of each plate, or of each cycle of a plate."""
    sbs, out = "--sbs" in call.flags, call.path("-o")
    clean(out)
    for unit, images in units(images_of(call.path("-i"), sbs=sbs), call, CYCLE if sbs else PLATE).items():
        path = out / f"{'^'.join(unit)}#illum_calc.csv"
        write_csv(path, [[i] for i in images], lambda g: [raw(g[0], call, f"Orig{c}") for c in g[0].channels])


def illum_apply(call: Call) -> None:
    """The images of each site with their illumination functions."""
    sbs, out, index = "--sbs" in call.flags, call.path("-o"), call.path("-i")
    clean(out)
    default = index.resolve().parents[1] / "illum" / ("sbs" if sbs else "cp") / "illum_calc"
    illum = Path(call.options.get("--illum", default))

    def cp(group: list[Image]) -> list[Named]:
        image = group[0]
        plate = illum / f"{image.batch_id}-{image.plate_id}"
        return [
            *(raw(image, call, f"Orig{c}") for c in image.channels),
            *((f"Illum{c}", plate, f"{image.plate_id}_Illum{c}.npy") for c in image.channels),
        ]

    def sequencing(group: list[Image]) -> list[Named]:
        found = []
        for image in group:
            cycle = int(image.cycle_id or 0)
            plate = illum / f"{image.batch_id}-{image.plate_id}-{image.cycle_id}"
            for c in image.channels:
                found.append(raw(image, call, f"Cycle{cycle:02d}_Orig{c}"))
                found.append((f"Cycle{cycle:02d}_Illum{c}", plate, f"{image.plate_id}_Cycle{cycle}_Illum{c}.npy"))
        return found

    for unit, images in units(images_of(index, sbs=sbs), call, SITE).items():
        name = "illum_apply_sbs" if sbs else "illum_apply"
        write_csv(out / f"{'^'.join(unit)}#{name}.csv", list(sites(images)), sequencing if sbs else cp)
        if not sbs:
            files = [(c, None, f"{of_site(i)}_Corr{c}.tiff") for i in images for c in i.channels]
            write_index(
                index.parent / "cp_illum_apply", unit, index.resolve().parents[1] / "illum/cp/illum_apply", files
            )


def segcheck(call: Call) -> None:
    """The corrected images of each site."""
    out = call.path("-o")
    for unit, images in units(images_of(call.path("-i"), sbs=False), call, SITE).items():
        folder = call.path("-c") / "-".join(unit)
        write_csv(
            out / f"{'^'.join(unit)}#segcheck.csv", list(sites(images)),
            lambda g, at=folder: [(f"Corr{c}", at, f"{of_site(g[0])}_Corr{c}.tiff") for c in g[0].channels],
        )  # fmt: skip


def preprocess(call: Call) -> None:
    """The corrected images of all cycles of each site."""
    out, index = call.path("-o"), call.path("-i")
    for unit, images in units(images_of(index, sbs=True), call, SITE).items():
        folder = call.path("-c") / "-".join(unit)

        def named(group: list[Image], at: Path = folder) -> list[Named]:
            return [(n, at, f"{of_site(group[0])}_{n}.tiff") for n in _cycles(group)]

        write_csv(out / f"{'^'.join(unit)}#preprocess_sbs.csv", list(sites(images)), named)
        files = [(n.split("_")[1], n, f"{of_site(g[0])}_{n}.tiff") for g in sites(images) for n in _cycles(g)]
        write_index(index.parent / "sbs_preprocess", unit, index.resolve().parents[1] / "preprocess/sbs", files)


def _cycles(group: list[Image]) -> list[str]:
    """What tells the images of a site apart: `Cycle01_A`, and so on."""
    return [f"Cycle{int(i.cycle_id or 0):02d}_{c}" for i in group for c in i.channels]


def analysis(call: Call) -> None:
    """The corrected and the compensated images of each site, as their indexes say."""
    out = call.path("-o")
    for unit, images in units(images_of(call.path("-i"), sbs=False), call, SITE).items():
        columns: list[Named] = []
        for option in ("--corr_index", "--comp_index"):
            place = next(call.path(option).glob(f"{'^'.join(unit)}#*.parquet"))
            rows = duckdb.connect().execute(
                "SELECT channel_id, cycle_id, prefix, filename FROM read_parquet(?)", [str(place)]
            )
            columns += [(cycle or f"Corr{c}", Path(prefix), name) for c, cycle, prefix, name in rows.fetchall()]
        write_csv(out / f"{'^'.join(unit)}#analysis.csv", list(sites(images)), lambda _, found=columns: found)


def sample(call: Call) -> None:
    """The old modules' load data, in folders by batch and plate, which they make themselves."""
    sbs, old = "--sbs" in call.flags or call.words[0] == "align", call.words[0]
    for unit, images in units(images_of(call.path("-i"), sbs=sbs), call, PLATE).items():
        folder = call.path("-o") / "/".join(unit if sbs else unit[:1])
        folder.mkdir(parents=True, exist_ok=True)
        name = {"presegcheck": "pre_segcheck", "align": "align"}[old]
        write_csv(folder / f"{name}_{'_'.join(unit)}.csv", [images[:1]], lambda g: [raw(g[0], call, "Corr")])


def stitch(call: Call) -> None:
    """A script for each well, and the folders that it reads from and writes to."""
    out, workspace = call.path("-o"), call.path("-w")
    json.loads(call.path("--exp_config").read_text("utf-8"))["cp_config"]
    wells = ["batch_id", "plate_id", "well_id"]
    for unit, images in units(images_of(call.path("-i"), sbs="--sbs" in call.flags), call, wells).items():
        level = "-".join(unit)
        folders = {name: workspace / name / level for name in ("stitched", "cropped", "downsampled", "fiji_temp")}
        folders["images"] = call.path("--images") / level
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        told = {name: str(folder.resolve()) for name, folder in folders.items()}
        told["sites"] = ",".join(sorted({i.site_id for i in images}))
        (out / f"{'^'.join(unit)}#stitchcrop.py").write_text(json.dumps(told))


TOOLS = {
    ("illum", "calc", "loaddata"): illum_calc,
    ("illum", "apply", "loaddata"): illum_apply,
    ("segcheck", "loaddata"): segcheck,
    ("preprocess", "loaddata"): preprocess,
    ("analysis", "loaddata"): analysis,
    ("presegcheck", "loaddata"): sample,
    ("align", "loaddata"): sample,
    ("stitchcrop", "pipeline"): stitch,
}
