"""Estimates the illumination function of a microscope from many raw fields.

What all fields have in common, once their cells are averaged away, is the light: a percentile over
the fields at every pixel, smoothed, and scaled to a mean of 1.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]

# The function is smooth, so it is estimated on small copies of the fields: a thousand fields of
# four megapixels then take up 60 MB of memory and not 16 GB.
WORKING_SIZE = 128


def read_field(path: Path) -> Image:
    """Read one field. Stacks and colour pictures are refused: which plane is meant is not told."""
    image = tifffile.imread(path)
    if image.ndim != 2:
        raise SystemExit(f"{path}: a single grey plane is needed, this has the shape {image.shape}")
    return np.asarray(image, dtype=np.float32)


def shrink(image: Image, step: int) -> Image:
    """Average blocks of `step` by `step` pixels; a block that juts out repeats the last pixels."""
    height, width = image.shape
    image = np.pad(image, ((0, -height % step), (0, -width % step)), mode="edge")
    rows, columns = image.shape[0] // step, image.shape[1] // step
    small: Image = image.reshape(rows, step, columns, step).mean(axis=(1, 3))
    return small


def pool(paths: Iterable[Path]) -> tuple[list[Image], tuple[int, int], int]:
    """Read all fields: small copies, each divided by its own median, their full shape, the step.

    The division gives a dim field the same say as a bright one. Blank fields are left out.
    """
    pooled: list[Image] = []
    shape: tuple[int, int] | None = None
    step = 1
    for path in paths:
        image = read_field(path)
        if shape is None:
            shape = image.shape
            step = -(-max(shape) // WORKING_SIZE)
        elif image.shape != shape:
            raise SystemExit(f"{path}: is {image.shape}, but the fields before it are {shape}")
        small = shrink(image, step)
        level = float(np.median(small)) or float(small.mean())
        if level > 0:
            pooled.append(small / level)
    if shape is None:
        raise SystemExit("there are no fields to estimate the illumination from")
    return pooled, shape, step


def illumination(paths: Iterable[Path], percentile: float, sigma: float) -> Image:
    """Estimate the function; `sigma` is a fraction of the longer side of a field."""
    pooled, shape, step = pool(paths)
    if not pooled:  # all blank: nothing can be known, so nothing is corrected
        return np.ones(shape, np.float32)
    small = np.percentile(np.stack(pooled), percentile, axis=0)
    small = ndimage.gaussian_filter(small, sigma * max(small.shape), mode="nearest")
    full = ndimage.zoom(small, step, order=1, mode="nearest", grid_mode=True)
    full = full[: shape[0], : shape[1]]
    mean = float(full.mean())
    return (full / mean if mean > 0 else np.ones(shape)).astype(np.float32)


def main() -> None:
    """Estimate the function of the fields that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--percentile", type=float, required=True)
    parser.add_argument("--sigma", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("images", type=Path, nargs="+")
    options = parser.parse_args()

    function = illumination(options.images, options.percentile, options.sigma)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("wb") as stream:  # a path would have `.npy` added to it by numpy
        np.save(stream, function)
    low, high = function.min(), function.max()
    print(f"illumination of {len(options.images)} fields: {low:.2f} to {high:.2f} of the mean")


if __name__ == "__main__":
    main()
