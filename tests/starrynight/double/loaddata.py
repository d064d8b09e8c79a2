"""Everything that reads the index: load data, and the scripts that stitch."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.starrynight.double import tables
from tests.starrynight.double.tables import CP, SBS, Image, Output

Row = dict[str, Any]
"""A row of load data, by column."""


class Channels:
    """What load data call the channels: as the index does, or as the older pipelines do."""

    def __init__(self, use_legacy: bool, exp_config: str | None) -> None:
        self.legacy = use_legacy
        if use_legacy:
            assert exp_config is not None
        self.place = exp_config
        self.map: dict[str, str] = {}

    def load(self) -> None:
        """Read the names; the real command does so for every unit of work, when its CSV is open already."""
        if not self.legacy:
            return
        told = json.loads(Path(str(self.place)).read_text("utf-8"))
        cp = told["cp_config"]
        if cp.get("custom_channel_map") is not None:
            self.map = cp["custom_channel_map"] | told["sbs_config"]["custom_channel_map"]
        else:
            roles = {"nuclei_channel": "DNA", "cell_channel": "Phalloidin", "mito_channel": "ZO1"}
            self.map = {cp[role]: name for role, name in roles.items()} | {base: base for base in "ATGC"}

    def __getitem__(self, channel: str) -> str:
        return self.map[channel] if self.legacy else channel


def clean(out: Path) -> None:
    """Some of the tools empty their folder; none makes it."""
    for item in out.iterdir() if out.exists() else ():
        shutil.rmtree(item) if item.is_dir() else item.unlink()


def prefix_of(images: list[Image], path_mask: str | None) -> str:
    """What the images' paths start with. There must be images, whatever is given."""
    found = str(images[0].prefix)
    return found if path_mask is None else path_mask


def split(uow: str | None, usual: tuple[str, ...]) -> list[str]:
    """The columns that cut the work into units."""
    return uow.split(",") if uow else list(usual)


def resolved(mask: str, path: Path) -> str:
    """A path of load data. One that is not absolute begins where the images do, not in the working folder."""
    return str(path) if path.is_absolute() else f"{str(Path(mask).resolve()).rstrip('/')}/{path}/"


def folder_of(image: Image, mask: str) -> str:
    """Where an image lies."""
    return f"{mask.rstrip('/')}/{image.key.rpartition('/')[0]}/"


def write_csv(path: Path, heads: list[str], rows: Iterator[Row]) -> list[dict[str, str]]:
    """Write load data; gives its rows as text."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, heads)
        writer.writeheader()
        written = []
        for row in rows:
            writer.writerow(row)
            written.append({name: str(value) for name, value in row.items()})
    return written


def of_site(image: Image, *, value: bool) -> Row:
    """The metadata of a row, with the well once more or with the cycle."""
    last = ("Well_Value", image.well_id) if value else ("Cycle", image.cycle_id or 0)
    values = (image.batch_id, image.plate_id, image.site_id, image.well_id)
    return dict(zip(META, values, strict=True)) | {f"Metadata_{last[0]}": last[1]}


META = [f"Metadata_{name}" for name in ("Batch", "Plate", "Site", "Well")]


def heads_of(last: str, *groups: list[str]) -> list[str]:
    """The columns of load data."""
    return [*META, f"Metadata_{last}", *(name for group in groups for name in group)]


def illum_calc(
    index: str, out: str, path_mask: str | None, sbs: bool, use_legacy: bool, exp_config: str | None, uow: str | None
) -> None:
    """The images of each plate, or of each cycle of a plate."""
    channels = Channels(use_legacy, exp_config)
    clean(Path(out))
    images = tables.images_of(Path(index), sbs=sbs)
    mask = prefix_of(images, path_mask)
    columns = split(uow, SBS[:3] if sbs else CP[:2])
    for unit, found in tables.units(images, columns, SBS if sbs else CP).items():
        with (Path(out) / f"{'^'.join(unit)}#illum_calc.csv").open("w"):
            channels.load()
        names = {channel: channels[channel] for channel in tables.channels_of(found)}
        heads = heads_of(
            "Cycle", *([f"{what}_Orig{n}" for n in names.values()] for what in ("FileName", "Frame", "PathName"))
        )
        write_csv(Path(out) / f"{'^'.join(unit)}#illum_calc.csv", heads, (_raw(i, names, mask) for i in found))


def _raw(image: Image, names: dict[str, str], mask: str) -> Row:
    """A row of an image as it was taken."""
    row = of_site(image, value=False)
    for channel, name in names.items():
        row[f"FileName_Orig{name}"] = image.filename
        row[f"Frame_Orig{name}"] = image.channel_dict.index(channel)
        row[f"PathName_Orig{name}"] = folder_of(image, mask)
    return row


def illum_apply(
    index: str, out: str, illum: str | None, path_mask: str | None, nuclei: str | None, sbs: bool, use_legacy: bool,
    exp_config: str | None, uow: str | None,
) -> None:  # fmt: skip
    """The images of each site with their illumination functions."""
    channels = Channels(use_legacy, exp_config)
    if sbs and not use_legacy:
        assert nuclei is not None
    clean(Path(out))
    place = Path(illum) if illum else Path(index).parents[1] / "illum" / ("sbs" if sbs else "cp") / "illum_calc"
    images = tables.images_of(Path(index), sbs=sbs)
    mask = prefix_of(images, path_mask)
    found = tables.units(images, split(uow, CP))
    if sbs:
        for unit, group in found.items():
            _apply_sbs(unit, group, channels, place, mask, Path(out))
        return
    (Path(index).parent / "cp_illum_apply").mkdir(exist_ok=True)
    for unit, group in found.items():
        written = _apply_cp(unit, group, channels, place, mask, Path(out))
        names = [channels[channel] for channel in tables.channels_of(group)]
        folder = Path(index).parents[1] / "illum/cp/illum_apply" / "-".join(unit)
        to = Path(index).parent / "cp_illum_apply" / f"{'^'.join(unit)}#illum_apply_output_index.parquet"
        tables.write_outputs([(row, _corrected(row, names)) for row in written], folder, to)


def _apply_cp(
    unit: tuple[str, ...], group: list[Image], channels: Channels, place: Path, mask: str, out: Path
) -> list[dict[str, str]]:
    keys = list(unit)
    found = {c: place / "-".join(keys[:2]) / f"{keys[1]}_Illum{c}.npy" for c in tables.channels_of(group)}
    path = out / f"{'^'.join(unit)}#illum_apply.csv"
    with path.open("w"):
        channels.load()
    names = {channel: channels[channel] for channel in found}
    illum = {names[c]: _renamed(file, c, names[c]) for c, file in found.items()}
    heads = heads_of(
        "Cycle",
        *([f"{what}_Orig{n}" for n in illum] for what in ("FileName", "Frame", "PathName")),
        *([f"{what}_Illum{n}" for n in illum] for what in ("FileName", "PathName")),
    )
    functions = {f"FileName_Illum{n}": file.name for n, file in illum.items()}
    functions |= {f"PathName_Illum{n}": str(file.parent) for n, file in illum.items()}
    return write_csv(path, heads, (_raw(image, names, mask) | functions for image in group))


def _renamed(file: Path, channel: str, name: str) -> Path:
    """A channel's name is replaced in all of the path, also where a folder is called so."""
    return Path(str(file.resolve()).replace(channel, name))


def _corrected(row: dict[str, str], names: list[str]) -> list[Output]:
    site = f"Plate_{row['Metadata_Plate']}_Well_{row['Metadata_Well']}_Site_{int(row['Metadata_Site'])}"
    parts = ("Cells", "ConfluentRegions", "Experiment", "Image", "Nuclei")
    return [
        *(Output(f"{site}_Corr{name}.tiff", "corrected_image", name) for name in names),
        *(Output(f"PaintingIllumApplication_{part}.csv", "measurements") for part in parts),
    ]


def _apply_sbs(
    unit: tuple[str, ...], group: list[Image], channels: Channels, place: Path, mask: str, out: Path
) -> None:
    by_cycle = {(int(i.cycle_id or 0), i.well_id, int(i.site_id or 0)): i for i in group}
    pairs = [(cycle, channel) for channel in tables.channels_of(group) for cycle in tables.cycles_of(group)]
    path = out / f"{'^'.join(unit)}#illum_apply_sbs.csv"
    with path.open("w"):
        channels.load()
    heads = _sequenced(pairs, channels, "FileName", "PathName", "Frame", "IllumFile", "IllumPath", "IllumFrame")

    def rows() -> Iterator[Row]:
        for well, site in dict.fromkeys((i.well_id, i.site_id) for i in group):
            try:
                first = by_cycle[1, well, int(site or 0)]
            except KeyError:
                raise KeyError(f"1_{well}_{int(site or 0)}") from None
            row = of_site(first._replace(site_id=site, well_id=well), value=True)
            for cycle, channel in pairs:
                file = place / "-".join((*unit[:2], cycle)) / f"{unit[1]}_Cycle{int(cycle)}_Illum{channel}.npy"
                file = _renamed(file, channel, channels[channel])
                values = (
                    by_cycle[int(cycle), well, int(site or 0)].filename,
                    # The folder of the first cycle, for all of them.
                    folder_of(first, str(Path(mask).resolve())).rstrip("/"),
                    first.channel_dict.index(channel),
                    file.name,
                    str(file.parent),
                    0,
                )
                row |= dict(zip(_names(cycle, channel, channels), values, strict=True))
            yield row

    write_csv(path, heads_of("Well_Value", heads), rows())


def _names(cycle: str, channel: str, channels: Channels) -> list[str]:
    """The six columns of a channel in a cycle."""
    number, name = int(cycle), channels[channel]
    if channels.legacy:
        image, illum = f"Cycle{number:02d}_Orig{name}", f"Cycle{number:02d}_Illum{name}"
    else:
        image, illum = f"Orig_Cycle_{number}_{name}", f"Illum_{number}_{name}"
    frame = f"Frame_Cycle{number:02d}_Illum{name}"
    return [f"FileName_{image}", f"PathName_{image}", f"Frame_{image}", f"FileName_{illum}", f"PathName_{illum}", frame]


def _sequenced(pairs: list[tuple[str, str]], channels: Channels, *kinds: str) -> list[str]:
    return [_names(*pair, channels)[number] for number in range(len(kinds)) for pair in pairs]


def site_name(image: Image) -> str:
    """How the files of a site begin."""
    return f"Plate_{image.plate_id}_Well_{image.well_id}_Site_{int(image.site_id or 0)}"


def segcheck(
    index: str, out: str, corr_images: str | None, nuclei: str | None, cell: str | None, path_mask: str | None,
    use_legacy: bool, exp_config: str | None, uow: str | None,
) -> None:  # fmt: skip
    """The corrected images of each site."""
    channels = Channels(use_legacy, exp_config)
    if not use_legacy:
        assert nuclei
        assert cell is not None
    place = Path(corr_images) if corr_images else Path(index).parents[1] / "illum/cp/illum_apply"
    images = tables.images_of(Path(index), sbs=False)
    mask = prefix_of(images, path_mask)
    for unit, group in tables.units(images, split(uow, CP)).items():
        path = Path(out) / f"{'^'.join(unit)}#segcheck.csv"
        with path.open("w"):
            channels.load()
        folder = resolved(mask, place / "-".join(unit))
        names = {c: channels[c] if use_legacy else f"Corr{c}" for c in tables.channels_of(group)}

        def row(image: Image, names: dict[str, str] = names, folder: str = folder) -> Row:
            found = of_site(image, value=True)
            for channel, name in names.items():
                found[f"FileName_{name}"] = f"{site_name(image)}_Corr{channels[channel]}.tiff"
                found[f"PathName_{name}"] = folder
            return found

        heads = heads_of("Well_Value", *([f"{what}_{n}" for n in names.values()] for what in ("FileName", "PathName")))
        write_csv(path, heads, (row(image) for image in group))


def preprocess(
    index: str, out: str, corr_images: str | None, align_images: str | None, nuclei: str | None, path_mask: str | None,
    use_legacy: bool, exp_config: str | None, uow: str | None,
) -> None:  # fmt: skip
    """The corrected images of all cycles of each site."""
    channels = Channels(use_legacy, exp_config)
    if not use_legacy:
        assert nuclei is not None
    usual = Path(index).parents[1] / "illum/sbs/illum_apply"
    corrected, aligned = Path(corr_images) if corr_images else usual, Path(align_images) if align_images else usual
    images = tables.images_of(Path(index), sbs=True)
    mask = prefix_of(images, path_mask)
    found = tables.units(images, split(uow, CP))
    (Path(index).parent / "sbs_preprocess").mkdir(exist_ok=True)
    for unit, group in found.items():
        path = Path(out) / f"{'^'.join(unit)}#preprocess_sbs.csv"
        with path.open("w"):
            channels.load()
        # The first image's cycle decides for all.
        place = corrected if int(group[0].cycle_id or 0) == 1 else aligned
        folder = resolved(mask, place / "-".join(unit))
        pairs = [(cycle, channel) for cycle in tables.cycles_of(group) for channel in tables.channels_of(group)]
        columns = {pair: _column(*pair, channels) for pair in pairs}

        def row(image: Image, columns: dict[tuple[str, str], str] = columns, folder: str = folder) -> Row:
            made = of_site(image, value=True)
            for (cycle, channel), column in columns.items():
                made[f"FileName_{column}"] = _aligned(image, int(cycle), channel, channels)
                made[f"PathName_{column}"] = folder
            return made

        heads = heads_of("Well_Value", *([f"{w}_{n}" for n in columns.values()] for w in ("FileName", "PathName")))
        sites = dict.fromkeys((i.well_id, i.site_id) for i in group)
        written = write_csv(path, heads, (row(group[0]._replace(well_id=w, site_id=s)) for w, s in sites))
        to = Path(index).parent / "sbs_preprocess" / f"{'^'.join(unit)}#illum_apply_output_index.parquet"
        folder_out = Path(index).parents[1] / "preprocess/sbs" / "-".join(unit)
        tables.write_outputs([(one, list(_compensated(one))) for one in written], folder_out, to)


def _column(cycle: str, channel: str, channels: Channels) -> str:
    name = channels[channel]
    return f"Cycle{int(cycle):02d}_{name}" if channels.legacy else f"Cycle_{int(cycle)}_{name}"


def _aligned(image: Image, cycle: int, channel: str, channels: Channels) -> str:
    if channels.legacy:
        return f"{site_name(image)}_Cycle{cycle:02d}_{channels[channel]}.tiff"
    site = f"Well_{image.well_id}_Site_{int(image.site_id or 0)}"
    return f"{image.batch_id}_{image.plate_id}_{cycle}_{site}_{'Corr' if cycle == 1 else 'Aligned'}{channel}.tiff"


def _compensated(row: dict[str, str]) -> Iterator[Output]:
    """What the preprocessing is going to write; told by the names of the columns, of which the newer ones fail."""
    site = f"Plate_{row['Metadata_Plate']}_Well_{row['Metadata_Well']}_Site_{int(row['Metadata_Site'])}"
    columns = [name.split("_") for name in row if name.startswith("FileName_Cycle")]
    cycles = {int(parts[1].removeprefix("Cycle")) for parts in columns}
    for cycle in sorted(cycles):
        for channel in dict.fromkeys(parts[-1] for parts in columns):
            if cycle == 1 or channel != "DNA":
                yield Output(f"{site}_Cycle{cycle:02d}_{channel}.tiff", "compensated_image", channel, str(cycle))
    for part in ("AllFoci", "BarcodeFoci", "Experiment", "Foci", "Image", "Nuclei"):
        yield Output(f"BarcodePreprocessing_{part}.csv", "measurements")
    overlay = f"{site}_StdDev_Overlay.tiff"
    yield Output(overlay, "overlay_image", key=f"{row['Metadata_Batch']}/{row['Metadata_Plate']}/{overlay}")


def analysis(
    index: str, out: str, corr_images: str | None, corr_index: str | None, comp_images: str | None,
    comp_index: str | None, path_mask: str | None, use_legacy: bool, exp_config: str | None, uow: str | None,
) -> None:  # fmt: skip
    """The corrected and the compensated images of each site, as their indexes say where they are given."""
    channels = Channels(use_legacy, exp_config)
    home = Path(index).parents[1]
    corrected = Path(corr_images) if corr_images else home / "illum/cp/illum_apply"
    compensated = Path(comp_images) if comp_images else home / "preprocess/sbs"
    images, sequenced = tables.images_of(Path(index), sbs=False), tables.images_of(Path(index), sbs=True)
    mask = prefix_of(images, path_mask)
    # Of all images of the sequencing, whatever the unit.
    pairs = [(cycle, channel) for cycle in tables.cycles_of(sequenced) for channel in tables.channels_of(sequenced)]
    for unit, group in tables.units(images, split(uow, CP)).items():
        path = Path(out) / f"{'^'.join(unit)}#analysis.csv"
        painting = _index_of(corr_index, unit)
        sequencing = _index_of(comp_index, unit)
        with path.open("w"):
            channels.load()
        places = resolved(mask, corrected / "-".join(unit)), resolved(mask, compensated / "-".join(unit))
        painted = {channel: f"Corr{channels[channel]}" for channel in tables.channels_of(group)}
        columns = {pair: _column(*pair, channels) for pair in pairs}

        def row(image: Image) -> Row:
            made = of_site(image, value=True)
            for channel, name in painted.items():  # noqa: B023
                file = _of_painting(image, channel, channels, places[0], painting)  # noqa: B023
                made[f"FileName_{name}"], made[f"PathName_{name}"] = file
            for (cycle, channel), name in columns.items():  # noqa: B023
                file = _of_sequencing(image, cycle, channel, channels, places[1], sequencing)  # noqa: B023
                made[f"FileName_{name}"], made[f"PathName_{name}"] = file
            return made

        names = [
            [f"{w}_{n}" for n in some]
            for some in (painted.values(), columns.values())
            for w in ("FileName", "PathName")
        ]
        sites = dict.fromkeys((i.well_id, i.site_id) for i in group)
        write_csv(
            path, heads_of("Well_Value", *names), (row(group[0]._replace(well_id=w, site_id=s)) for w, s in sites)
        )


Files = dict[tuple[str | None, str | None], tuple[str, str]]
"""The files of an index by channel and cycle: name and folder."""


def _index_of(folder: str | None, unit: tuple[str, ...]) -> Files | None:
    if folder is None:
        return None
    path = next(Path(folder).glob(f"{'^'.join(unit)}#*.parquet"))
    rows = tables.read(path, "channel_id, cycle_id, filename, prefix, key")
    return {(channel, cycle): (name, str((Path(prefix) / key).parent)) for channel, cycle, name, prefix, key in rows}


def _of_painting(image: Image, channel: str, channels: Channels, place: str, files: Files | None) -> tuple[str, str]:
    if files is not None:
        return next(file for (name, _), file in files.items() if name == channels.map[channel])
    if channels.legacy:
        return f"{site_name(image)}_Corr{channels[channel]}.tiff", place
    site = f"Well_{image.well_id}_Site_{int(image.site_id or 0)}"
    return f"{image.batch_id}_{image.plate_id}_{site}_Corr{channel}.tiff", place


def _of_sequencing(
    image: Image, cycle: str, channel: str, channels: Channels, place: str, files: Files | None
) -> tuple[str, str]:
    if files is not None:
        name = channels.map[channel]
        return files.get((name, cycle)) or files[name, "1"]
    if channels.legacy:
        number = 1 if channels[channel] == "DNA" else int(cycle)
        return f"{site_name(image)}_Cycle{number:02d}_{channels[channel]}.tiff", place
    site = f"Well_{image.well_id}_Site_{int(image.site_id or 0)}"
    return f"{image.batch_id}_{image.plate_id}_{int(cycle)}_{site}_Compensated{channel}.tiff", place


def _not_called_rightly(**_: Any) -> None:
    """Modules whose code has fallen behind."""
    raise TypeError("gen_image_hierarchy() missing 1 required positional argument: 'levels'")


def stitch(
    index: str, out: str, workspace: str | None, images: str | None, exp_config: str | None, path_mask: str | None,
    use_legacy: bool, sbs: bool, uow: str | None,
) -> None:  # fmt: skip
    """A script for each well, and the folders that it reads from and writes to."""
    if use_legacy:
        assert exp_config is not None
    if workspace is None or images is None:
        raise AnyPathTypeError("Invalid input for both CloudPath and Path. CloudPath exception: InvalidPrefixError")
    if exp_config is not None and not use_legacy:
        found = tables.images_of(Path(index), sbs=sbs)
        prefix_of(found, path_mask)
        raise AttributeError("'str' object has no attribute 'resolve'")
    config = Path(exp_config) if exp_config else Path(index).parents[1] / "experiment/experiment.json"
    found = tables.images_of(Path(index), sbs=sbs)
    prefix_of(found, path_mask)
    told = json.loads(config.resolve().read_text("utf-8"))["sbs_config" if sbs else "cp_config"]
    for unit, group in tables.units(found, split(uow, CP[:3])).items():
        level = "-".join(unit)
        with (Path(out) / f"{'^'.join(unit)}#stitchcrop.py").open("w") as file:
            folders = {n: Path(workspace) / n / level for n in ("stitched", "cropped", "downsampled", "fiji_temp")}
            folders["images"] = Path(images) / level
            for folder in folders.values():
                folder.mkdir(parents=True, exist_ok=True)
            script = {
                "subdir": folders["images"], "out_subdir": folders["stitched"], "tile_subdir": folders["cropped"],
                "downsample_subdir": folders["downsampled"], "localtemp": folders["fiji_temp"],
            }  # fmt: skip
            file.writelines(f'{name} = "{folder.resolve()}"\n' for name, folder in script.items())
            sites = " ".join(sorted({str(i.site_id) for i in group}))
            file.write(f'overlap_pct = "{told["img_overlap_pct"]}"\nsites = "{sites}"\n')


class AnyPathTypeError(Exception):
    """No path was given."""

    __module__ = "cloudpathlib.exceptions"


def _no_template(exp: str, **_: Any) -> None:
    json.loads(Path(exp).read_text("utf-8"))
    raise FileNotFoundError(
        2, "No such file or directory", "/site-packages/starrynight/templates/notebooks/ref_9_Analysis.cppipe.mako"
    )


def _qc_apply(exp: str, out: str, sbs: bool) -> None:
    name = "run_sbs_illum_apply_qc" if sbs else "run_cp_illum_apply_qc"
    raise TypeError(f"{name}() takes 2 positional arguments but 3 were given")


TOOLS = {
    "illum calc loaddata": illum_calc,
    "illum apply loaddata": illum_apply,
    "segcheck loaddata": segcheck,
    "preprocess loaddata": preprocess,
    "analysis loaddata": analysis,
    "presegcheck loaddata": _not_called_rightly,
    "align loaddata": _not_called_rightly,
    "stitchcrop pipeline": stitch,
    "illum calc qc": _no_template,
    "illum apply qc": _qc_apply,
}
