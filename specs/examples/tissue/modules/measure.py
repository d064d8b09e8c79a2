"""Measures the cells of one image: a row for each, with the mean of each marker."""

import argparse
import csv
from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage


def main() -> None:
    """Measure the image that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("image", "labels", "table"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--slide", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--markers", nargs="+", required=True)
    options = parser.parse_args()

    labels, stack = tifffile.imread(options.labels), tifffile.imread(options.image)
    cells = np.arange(1, labels.max() + 1)
    places = ndimage.center_of_mass(labels > 0, labels, cells) if cells.size else []
    areas = np.bincount(labels.ravel())[1:]
    means = np.array([ndimage.mean(plane, labels, cells) for plane in stack]).T if cells.size else []
    with options.table.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["slide", "region", "cell", "y", "x", "area", *options.markers])
        for cell, (y, x), area, row in zip(cells, places, areas, means, strict=True):
            values = [f"{value:.0f}" for value in row]
            table.writerow([options.slide, options.region, cell, f"{y:.1f}", f"{x:.1f}", area, *values])


if __name__ == "__main__":
    main()
