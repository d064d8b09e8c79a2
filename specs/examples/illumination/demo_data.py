"""Lays out real microscopy pixels as the fields of a small plate to try the pipeline on.

    python demo_data.py OUTDIR

The pixels are fluorescent nuclei: `nuclear.png`, which the package mahotas ships. What is real and
what is not:

- Real: the nuclei and their background. The picture is binned 2x2 to 672x512 pixels.
- Made up: the plate. The 24 fields (3x4 wells of 2 sites) are windows of that one picture, which
  overlap, each turned or mirrored in its own way. Their counts say nothing about any biology.
- Made up: the flaw. Every field is multiplied by the same smooth, lopsided fall-off of light,
  which is what the pipeline has to find and to mend.

The same fields come out, byte for byte, every time.
"""

import argparse
from itertools import product
from pathlib import Path

import mahotas
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float64]

WELLS = [f"{row}{column:02}" for row, column in product("ABC", range(1, 5))]
SITES = (1, 2)
SIZE = 320  # pixels, of a field's side


def nuclei() -> Pixels:
    """Read the picture that mahotas ships, binned 2x2 (nuclei are then about 45 pixels wide)."""
    path = Path(mahotas.__file__).parent / "demos" / "data" / "nuclear.png"
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L"), dtype=np.float64)
    height, width = pixels.shape
    binned: Pixels = pixels.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return binned


def windows(picture: Pixels, count: int) -> list[Pixels]:
    """Cut `count` windows from all over the picture, each turned or mirrored in its own way."""
    height, width = picture.shape
    tops = np.linspace(0, height - SIZE, 4).astype(int)
    lefts = np.linspace(0, width - SIZE, -(-count // 4)).astype(int)
    cut = []
    for number, (top, left) in enumerate(list(product(tops, lefts))[:count]):
        window = np.rot90(picture[top : top + SIZE, left : left + SIZE], number % 4)
        cut.append(window[:, ::-1] if number % 8 > 3 else window)
    return cut


def fall_off() -> Pixels:
    """Return the flaw: brightest off the centre, little over a third of that in one corner."""
    y, x = np.mgrid[:SIZE, :SIZE] / (SIZE - 1)
    distance = ((x - 0.62) / 0.95) ** 2 + ((y - 0.58) / 0.8) ** 2
    light: Pixels = 0.12 + 0.88 * np.exp(-1.3 * distance)
    return light


def main() -> None:
    """Write the fields into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Lay out a small plate to try the pipeline on.")
    parser.add_argument("outdir", type=Path)
    outdir: Path = parser.parse_args().outdir

    outdir.mkdir(parents=True, exist_ok=True)
    fields = list(product(WELLS, SITES))
    light = fall_off()
    for (well, site), window in zip(fields, windows(nuclei(), len(fields)), strict=True):
        # 16 bits, or the darkened background, some ten grey values, would be nothing but steps.
        pixels = np.round(window * light * 200).astype(np.uint16)
        tifffile.imwrite(outdir / f"{well}_s{site}.tif", pixels, metadata=None)
    print(f"{outdir}: {len(fields)} fields, {len(WELLS)} wells of {len(SITES)} sites")


if __name__ == "__main__":
    main()
