"""Stitches the tiles of a slide, and lays its cycles over each other by their nuclei."""

import argparse
import csv
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float64]
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """Read a sheet."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def stitch(tiles: list[Row]) -> Pixels:
    """Lay tiles into one image. Where they overlap, their mean is taken."""
    pixels = [tifffile.imread(tile["file"]) for tile in tiles]
    places = [(int(tile["top"]), int(tile["left"])) for tile in tiles]
    height = max(top + tile.shape[1] for (top, _), tile in zip(places, pixels, strict=True))
    width = max(left + tile.shape[2] for (_, left), tile in zip(places, pixels, strict=True))
    total = np.zeros((pixels[0].shape[0], height, width))
    count = np.zeros((height, width))
    for (top, left), tile in zip(places, pixels, strict=True):
        total[:, top : top + tile.shape[1], left : left + tile.shape[2]] += tile
        count[top : top + tile.shape[1], left : left + tile.shape[2]] += 1
    stitched: Pixels = total / np.maximum(count, 1)
    return stitched


def shift_between(fixed: Pixels, moved: Pixels) -> tuple[int, int]:
    """Find by how many pixels the second image must be moved: where the two correlate best."""
    spectrum = np.fft.fft2(fixed - fixed.mean()) * np.conj(np.fft.fft2(moved - moved.mean()))
    correlation = np.fft.ifft2(spectrum).real
    peak = np.unravel_index(correlation.argmax(), correlation.shape)
    down, right = (int(p) if p <= side // 2 else int(p) - side for p, side in zip(peak, fixed.shape, strict=True))
    return down, right


def move(image: Pixels, down: int, right: int) -> Pixels:
    """Move all planes of an image. What comes in from outside repeats the border."""
    reach = max(abs(down), abs(right))
    wide = np.pad(image, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    height, width = image.shape[1:]
    top, left = reach - down, reach - right
    moved: Pixels = wide[:, top : top + height, left : left + width]
    return moved


def overlay(fixed: Pixels, moved: Pixels) -> Image.Image:
    """Draw two images over each other, in red and in green: yellow is where they agree."""
    scaled = [np.clip(plane / np.percentile(plane, 99.5), 0, 1) * 255 for plane in (fixed, moved)]
    return Image.fromarray(np.stack([*scaled, np.zeros_like(fixed)], axis=-1).astype(np.uint8))


def main() -> None:
    """Make one image of the tiles that a sheet lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tiles", "markers", "stitched", "overlay", "shifts"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--far", type=float, required=True)
    options = parser.parse_args()

    tiles, markers = read(options.tiles), read(options.markers)
    cycles = list(dict.fromkeys(row["cycle"] for row in markers))
    images = {cycle: stitch([tile for tile in tiles if tile["cycle"] == cycle]) for cycle in cycles}
    nuclei = {row["cycle"]: int(row["channel"]) - 1 for row in markers if row["nuclear"] == "true"}
    fixed = images[cycles[0]][nuclei[cycles[0]]]
    shifts = {cycle: shift_between(fixed, images[cycle][nuclei[cycle]]) for cycle in cycles}
    aligned = {cycle: move(images[cycle], *shifts[cycle]) for cycle in cycles}

    stack = np.stack([aligned[row["cycle"]][int(row["channel"]) - 1] for row in markers])
    pixels = np.round(stack).astype(np.uint16)
    tifffile.imwrite(options.stitched, pixels, photometric="minisblack", metadata=None)
    with options.shifts.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerows([["cycle", "down", "right"], *([cycle, *shifts[cycle]] for cycle in cycles)])
    distances = {cycle: float(np.hypot(*shift)) for cycle, shift in shifts.items()}
    farthest = max(cycles, key=lambda cycle: distances[cycle])
    if distances[farthest] >= options.far:
        overlay(fixed, aligned[farthest][nuclei[farthest]]).save(options.overlay, optimize=True)
    print(f"{len(tiles)} tiles, {len(markers)} channels; cycles moved by {shifts}")


if __name__ == "__main__":
    main()
