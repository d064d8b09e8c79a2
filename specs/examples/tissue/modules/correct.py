"""Divides a tile by the light under which it was taken."""

import argparse
from pathlib import Path

import numpy as np
import tifffile


def main() -> None:
    """Correct the tile that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tile", type=Path, required=True)
    parser.add_argument("--profile", type=Path, required=True)
    parser.add_argument("--corrected", type=Path, required=True)
    options = parser.parse_args()

    even = tifffile.imread(options.tile) / np.load(options.profile)
    pixels = np.round(np.clip(even, 0, 65535)).astype(np.uint16)
    tifffile.imwrite(options.corrected, pixels, photometric="minisblack", metadata=None)


if __name__ == "__main__":
    main()
