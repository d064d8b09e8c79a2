"""A small data set of pooled Cell Painting: files with hardly anything in them, called as the microscope calls them."""

from __future__ import annotations

from pathlib import Path

CP_CHANNELS = ("PhalloAF750", "ZO1AF488", "DAPI")
SBS_CHANNELS = ("C", "A", "T", "G", "DAPI")
_NAMES = ("PhalloAF750", "ZO1-AF488", "DAPI")
"""The channels of Cell Painting in the names of files; the index has no dashes."""


def make_dataset(
    folder: Path,
    *,
    batches: int = 1,
    plates: int = 1,
    cycles: int = 2,
    wells: tuple[str, ...] = ("A1", "B2"),
    sites: int = 2,
) -> Path:
    """Write a data set of so many batches, plates in each, and so on; gives its folder."""
    dataset = folder / "images"
    for batch in range(1, batches + 1):
        for plate in range(1, plates + 1):
            place = dataset / "Source1" / f"Batch{batch}" / "images" / f"Plate{plate}"
            _write(place / f"20X_CP_Plate{plate}_20240319_122800_179", wells, sites, _NAMES)
            for cycle in range(1, cycles + 1):
                _write(place / f"20X_c{cycle}_SBS-{cycle}_20240311", wells, sites, SBS_CHANNELS)
    (dataset / "Source1" / "readme.txt").write_text("not an image\n")
    return dataset


def _write(folder: Path, wells: tuple[str, ...], sites: int, channels: tuple[str, ...]) -> None:
    folder.mkdir(parents=True)
    for well in wells:
        for site in range(sites):
            name = f"Well{well}_Point{well}_{site:04d}_Channel{','.join(channels)}_Seq{site:04d}.ome.tiff"
            (folder / name).write_text("image\n")
