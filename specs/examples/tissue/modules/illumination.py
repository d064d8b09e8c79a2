"""Estimates how a cycle was lit: a quadratic surface through the logarithm of the darkest tiles."""

import argparse
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

Pixels = NDArray[np.float64]


def fit(ground: Pixels) -> Pixels:
    """Fit the light of one channel."""
    y, x = np.mgrid[-1 : 1 : ground.shape[0] * 1j, -1 : 1 : ground.shape[1] * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1).reshape(-1, 6)
    weights, *_ = np.linalg.lstsq(terms, np.log(np.maximum(ground, 1)).ravel(), rcond=None)
    light = np.exp(terms @ weights).reshape(ground.shape)
    scaled: Pixels = light / light.mean()
    return scaled


def main() -> None:
    """Estimate the light of the tiles that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=Path, nargs="+", required=True)
    parser.add_argument("--profile", type=Path, required=True)
    options = parser.parse_args()

    darkest = np.min([tifffile.imread(path) for path in options.tiles], axis=0)
    profile = np.stack([fit(channel.astype(float)) for channel in darkest])
    np.save(options.profile, profile.astype(np.float32))
    print(f"{len(options.tiles)} tiles: light from {profile.min():.2f} to {profile.max():.2f}")


if __name__ == "__main__":
    main()
