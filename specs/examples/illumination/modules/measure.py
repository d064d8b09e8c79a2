"""Measures the cells of all sites of one well: one row a cell."""

import argparse
import csv
from pathlib import Path

import numpy as np
import tifffile
from skimage.measure import regionprops_table

COLUMNS = ["well", "site", "cell", "y", "x", "area", "eccentricity", "intensity"]
MEASURED = ("label", "centroid", "area", "eccentricity", "intensity_mean")


def cells(image: Path, labels: Path) -> list[list[str]]:
    """Measure one site: number, position, area in pixels, shape and mean intensity of each cell."""
    found = tifffile.imread(labels)
    if not found.any():
        return []
    table = regionprops_table(found, tifffile.imread(image), properties=MEASURED)
    number, area = table["label"], table["area"]
    rest = [table[key] for key in ("centroid-0", "centroid-1", "eccentricity", "intensity_mean")]
    return [
        [str(int(n)), f"{y:.1f}", f"{x:.1f}", str(int(a)), f"{e:.3f}", f"{i:.2f}"]
        for n, a, y, x, e, i in zip(number, area, *rest, strict=True)
    ]


def main() -> None:
    """Measure the well that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--well", required=True)
    parser.add_argument("--images", type=Path, nargs="+", required=True)
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("sites", nargs="+", help="the names of the sites, in the images' order")
    options = parser.parse_args()
    if not len(options.images) == len(options.labels) == len(options.sites):
        raise SystemExit("images, labels and sites must be equally many")

    rows = [
        [options.well, site, *cell]
        for site, image, labels in zip(options.sites, options.images, options.labels, strict=True)
        for cell in cells(image, labels)
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])
    areas = [int(row[COLUMNS.index("area")]) for row in rows]
    typical = f", median area {np.median(areas):.0f} pixels" if areas else ""
    print(f"well {options.well}: {len(rows)} cells in {len(options.sites)} sites{typical}")


if __name__ == "__main__":
    main()
