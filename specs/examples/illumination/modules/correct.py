"""Divides one raw field by the illumination function."""

import argparse
from pathlib import Path

import numpy as np
import tifffile


def main() -> None:
    """Correct the field that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--function", type=Path, required=True)
    parser.add_argument("--floor", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("image", type=Path)
    options = parser.parse_args()

    image = tifffile.imread(options.image).astype(np.float32)
    function = np.load(options.function)
    if image.shape != function.shape:
        raise SystemExit(f"{options.image}: is {image.shape}, the function is {function.shape}")
    corrected = image / np.maximum(function, options.floor)

    # Real numbers, as rounding back to 8 bits would leave steps where dim pixels were lifted.
    options.out.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(options.out, corrected.astype(np.float32), metadata=None)
    before, after = np.median(image), np.median(corrected)
    print(f"{options.image}: median {before:.1f} before, {after:.1f} after")


if __name__ == "__main__":
    main()
