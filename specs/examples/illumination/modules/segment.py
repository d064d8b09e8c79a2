"""Finds the cells (or nuclei) of one field: smooth, local threshold, seeded watershed, size filter.

Every length in here is a fraction of one parameter, the typical diameter of an object, so that the
same tool serves other magnifications.
"""

import argparse
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Labels = NDArray[np.uint16]


def local_mean(image: Image, sigma: float) -> Image:
    """Smooth widely: two boxes are nearly a Gaussian, at a cost that does not grow with `sigma`."""
    size = max(1, round(sigma * 6**0.5))
    once = ndimage.uniform_filter(image, size, mode="nearest")
    twice: Image = ndimage.uniform_filter(once, size, mode="nearest")
    return twice


def background(log_image: Image, sigma: float) -> Image:
    """Estimate what lies around each pixel.

    Pixels far above their surroundings are cut down before they are averaged (twice, as the first
    estimate still holds them), or a bright cell would hide the dim ones beside it.
    """
    smooth = ndimage.gaussian_filter(log_image, 1, mode="nearest")
    level = local_mean(smooth, sigma)
    for _ in range(2):
        spread = np.sqrt(np.maximum(local_mean((smooth - level) ** 2, sigma), 0))
        level = local_mean(np.minimum(smooth, level + spread), sigma)
    return level


def disk(radius: float) -> Mask:
    """Return a round structuring element, one pixel at least."""
    reach = max(1, round(radius))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    inside: Mask = x * x + y * y <= reach * reach + reach
    return inside


def tidy(mask: Mask, diameter: float) -> Mask:
    """Close the gaps that a dark nucleus leaves in a cell, cut thin bridges between cells."""
    margin = round(diameter)  # or opening and closing would treat the border as background
    wide = np.pad(mask, margin, mode="edge")
    wide = ndimage.binary_fill_holes(ndimage.binary_closing(wide, disk(diameter / 9)))
    wide = ndimage.binary_opening(wide, disk(diameter / 9))
    tidied: Mask = wide[margin:-margin, margin:-margin]
    return tidied


def segment(image: Image, diameter: float, contrast: float, smallest: float) -> Labels:
    """Label the objects of a field.

    `contrast`: how much brighter than its surroundings an object is, as a fraction.
    `smallest`: the area that an object must have, as a fraction of a disk of that diameter.
    """
    calm = ndimage.median_filter(image, 3)  # hot pixels
    low, high = np.percentile(calm, [1, 99])
    if high <= 0:
        return np.zeros(image.shape, np.uint16)
    # On a logarithmic scale a dim cell stands out as much as a bright one; the offset keeps the
    # noise of a black background from doing so too.
    log_image = np.log(np.maximum(calm, 0) + max(low, high / 10)).astype(np.float32)
    level = background(log_image, 0.6 * diameter)

    def above(sigma: float) -> Image:
        smooth: Image = ndimage.gaussian_filter(log_image, sigma, mode="nearest")
        return smooth - level

    mask = tidy(above(diameter / 10) > np.log1p(contrast), diameter)
    if not mask.any():
        return np.zeros(image.shape, np.uint16)
    # Seeds: brightness at the scale of a whole object parts cells that touch, and fills the dark
    # nucleus of a cell; the distance from the rim keeps an elongated one in one piece.
    blob = above(diameter / 4.5)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), diameter / 15)
    height = 0.35 * blob / blob[mask].std() + 0.3 * depth / (diameter / 4)
    peaks = (ndimage.maximum_filter(height, 2 * round(diameter / 4) + 1) == height) & mask
    seeds, _ = ndimage.label(peaks)
    labels = watershed(-height, seeds, mask=mask, connectivity=2)

    keep = np.bincount(labels.ravel()) >= smallest * np.pi / 4 * diameter**2
    keep[0] = False
    kept: Labels = (np.cumsum(keep) * keep).astype(np.uint16)[labels]
    return kept


def main() -> None:
    """Segment the field that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--diameter", type=float, required=True)
    parser.add_argument("--contrast", type=float, required=True)
    parser.add_argument("--smallest", type=float, required=True)
    options = parser.parse_args()

    image = tifffile.imread(options.image).astype(np.float32)
    labels = segment(image, options.diameter, options.contrast, options.smallest)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(options.out, labels, compression="zlib", metadata=None)
    print(f"{options.image}: {labels.max()} cells")


if __name__ == "__main__":
    main()
