"""Finds the bright discs of a tissue microarray on their dark ground, and cuts them out."""

import argparse
from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage
from skimage.filters import threshold_otsu


def main() -> None:
    """Cut the slide that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slide", type=Path, required=True)
    parser.add_argument("--cores", type=Path, required=True)
    parser.add_argument("--diameter", type=float, required=True)
    options = parser.parse_args()

    slide = tifffile.imread(options.slide)
    # Tissue glows a little in every channel; on a logarithmic scale single bright cells do not count.
    glow = ndimage.gaussian_filter(np.log1p(slide.astype(float)).min(axis=0), 2)
    labels, _ = ndimage.label(glow > threshold_otsu(glow))
    least = 0.5 * np.pi / 4 * options.diameter**2
    found = list(enumerate(ndimage.find_objects(labels), start=1))
    boxes = [box for number, box in found if (labels[box] == number).sum() >= least]

    def place(box: tuple[slice, slice]) -> tuple[int, int]:
        rows, columns = box
        return round((rows.start + rows.stop) / 2 / options.diameter), columns.start

    for number, (rows, columns) in enumerate(sorted(boxes, key=place), start=1):
        core = slide[:, max(0, rows.start - 4) : rows.stop + 4, max(0, columns.start - 4) : columns.stop + 4]
        tifffile.imwrite(options.cores / f"c{number}.tif", core, photometric="minisblack", metadata=None)
    print(f"{options.slide}: {len(boxes)} cores, {len(found) - len(boxes)} fragments")


if __name__ == "__main__":
    main()
