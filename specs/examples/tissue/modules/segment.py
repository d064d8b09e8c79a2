"""Outlines the nuclei of one image, and draws them."""

import argparse
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.segmentation import find_boundaries, watershed

Pixels = NDArray[np.float64]
Labels = NDArray[np.uint16]


def segment(plane: Pixels, diameter: float, contrast: float) -> Labels:
    """Label what stands out by `contrast` grey values, and is about as wide as `diameter` pixels."""
    smooth = ndimage.gaussian_filter(plane, diameter / 9)
    above = smooth - ndimage.grey_opening(smooth, size=(round(2 * diameter),) * 2)
    mask = above > contrast
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), diameter / 9)
    peaks = (ndimage.maximum_filter(depth, round(diameter)) == depth) & mask
    seeds, _ = ndimage.label(peaks, np.ones((3, 3)))
    labels = watershed(-depth, seeds, mask=mask)
    keep = np.bincount(labels.ravel()) >= 0.3 * np.pi / 4 * diameter**2
    keep[0] = False
    kept: Labels = (np.cumsum(keep) * keep).astype(np.uint16)[labels]
    return kept


def outlined(plane: Pixels, labels: Labels) -> Image.Image:
    """Draw the outlines over the image, twice as large."""
    low, high = np.percentile(plane, [1, 99.5])
    grey = np.clip((plane - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    colours = np.stack([grey] * 3, axis=-1).repeat(2, axis=0).repeat(2, axis=1)
    wide = labels.repeat(2, axis=0).repeat(2, axis=1)
    colours[find_boundaries(wide, mode="inner")] = (255, 190, 0)
    return Image.fromarray(colours)


def main() -> None:
    """Segment the image that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("image", "labels", "picture"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--markers", nargs="+", required=True)
    parser.add_argument("--nuclear", required=True)
    parser.add_argument("--diameter", type=float, required=True)
    parser.add_argument("--contrast", type=float, required=True)
    options = parser.parse_args()

    plane = tifffile.imread(options.image)[options.markers.index(options.nuclear)].astype(float)
    labels = segment(plane, options.diameter, options.contrast)
    tifffile.imwrite(options.labels, labels, compression="zlib", metadata=None)
    outlined(plane, labels).save(options.picture, optimize=True)
    print(f"{options.image}: {labels.max()} nuclei")


if __name__ == "__main__":
    main()
