"""Draws two small slides of a tissue microarray, as a microscope would take them, to try the pipeline on.

    python demo_data.py OUTDIR

A slide holds round cores of tissue on dark ground, and a core holds nuclei. A slide is taken in two
cycles of three channels each, in 2x2 tiles that overlap. Two flaws are put on, which the pipeline has
to mend: light that falls off to the corners of a tile, and a slide that lies a few pixels elsewhere in
the second cycle.

All is made up, so all is known: `truth.csv` says how many cells each core has, and how many of them
carry each marker. The same files come out, byte for byte, every time.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

Pixels = NDArray[np.float64]

TILE, STEP, MARGIN = 160, 128, 12  # pixels: a tile's side, from tile to tile, and around the slide
SIDE = TILE + STEP
RADIUS = {"core": 52.0, "fragment": 15.0, "nucleus": 4.5}
GROUND, TISSUE, NUCLEUS, STAIN = 100, 300, 2000, 1500  # grey values, each on top of the one before
CYCLES = {"1": ["DNA_1", "CD45", "PanCK"], "2": ["DNA_2", "CD8", "Ki67"]}
MARKERS = ["CD45", "PanCK", "CD8", "Ki67"]
POSITIVE = {"CD45": 0.5, "PanCK": 0.6, "CD8": 0.3, "Ki67": 0.2}  # the share of cells that carry it

# Slide -> how many cells each core has, in rows of two; None where a core was lost but for a fragment.
SLIDES: dict[str, list[int | None]] = {"ash": [18, 24, 9, 15], "birch": [21, None, 0, 12]}
SHIFTS = {"ash": (3, -4), "birch": (-9, 6)}  # pixels, of the second cycle


@dataclass(frozen=True)
class Cell:
    """A nucleus in its core, and the markers that it carries."""

    core: int
    y: float
    x: float
    markers: frozenset[str]


def centre(place: int, random: np.random.Generator) -> tuple[float, float]:
    """Return about where the core of a place is: the robot that laid the cores was not exact."""
    row, column = divmod(place, 2)
    y, x = random.uniform(-4, 4, 2)
    return 78 + 132 * row + y, 78 + 132 * column + x


def scatter(count: int, random: np.random.Generator) -> list[tuple[float, float]]:
    """Choose places in a core, none of which touch each other or the rim."""
    places: list[tuple[float, float]] = []
    while len(places) < count:
        y, x = random.uniform(-RADIUS["core"], RADIUS["core"], 2)
        apart = all((y - v) ** 2 + (x - u) ** 2 > 13**2 for v, u in places)
        if apart and y**2 + x**2 < (RADIUS["core"] - 8) ** 2:
            places.append((y, x))
    return places


def disc(shape: tuple[int, int], y: float, x: float, radius: float) -> Pixels:
    """Draw a disc of 1 with a soft rim."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    inside: Pixels = np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1)
    return inside


def draw(discs: list[tuple[float, float, float]], cells: list[Cell], marker: str) -> Pixels:
    """Draw a channel of a whole slide, with a margin around it."""
    shape = (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)
    canvas = np.full(shape, float(GROUND))
    for y, x, radius in discs:
        canvas += TISSUE * disc(shape, y + MARGIN, x + MARGIN, radius)
    for cell in cells:
        if marker.startswith("DNA"):
            canvas += NUCLEUS * disc(shape, cell.y + MARGIN, cell.x + MARGIN, RADIUS["nucleus"])
        elif marker in cell.markers:
            canvas += STAIN * disc(shape, cell.y + MARGIN, cell.x + MARGIN, RADIUS["nucleus"] + 1)
    return canvas


def fall_off(channel: int) -> Pixels:
    """Return the light of a tile: brightest off the centre, a third of that in a corner."""
    y, x = np.mgrid[:TILE, :TILE] / (TILE - 1)
    light: Pixels = np.exp(-1.4 * (x - 0.6 + 0.1 * channel) ** 2 - 1.2 * (y - 0.4) ** 2)
    return light


def take(slide: str, folder: Path) -> list[dict[str, str | int]]:
    """Write the tiles of a slide, and return what is on it."""
    random = np.random.default_rng([ord(letter) for letter in slide])
    discs: list[tuple[float, float, float]] = []
    cells: list[Cell] = []
    truth: list[dict[str, str | int]] = []
    for place, count in enumerate(SLIDES[slide]):
        y, x = centre(place, random)
        if count is None:
            discs.append((y, x, RADIUS["fragment"]))
            continue
        discs.append((y, x, RADIUS["core"]))
        core = len(truth) + 1
        for down, right in scatter(count, random):
            carried = frozenset(marker for marker in MARKERS if random.random() < POSITIVE[marker])
            cells.append(Cell(core, y + down, x + right, carried))
        own = [cell for cell in cells if cell.core == core]
        carry = {marker: sum(marker in cell.markers for cell in own) for marker in MARKERS}
        truth.append({"slide": slide, "region": f"c{core}", "cells": count, **carry})

    for cycle, markers in CYCLES.items():
        down, right = SHIFTS[slide] if cycle == "2" else (0, 0)
        channels = [draw(discs, cells, marker) for marker in markers]
        for tile in range(4):
            top = MARGIN + STEP * (tile // 2) - down
            left = MARGIN + STEP * (tile % 2) - right
            cut = [
                channel[top : top + TILE, left : left + TILE] * fall_off(number)
                for number, channel in enumerate(channels)
            ]
            noisy = np.stack(cut) * random.normal(1, 0.02, (len(cut), TILE, TILE))
            path = folder / slide / f"cycle{cycle}_tile{tile + 1}.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(path, np.round(noisy).astype(np.uint16), photometric="minisblack", metadata=None)
    return truth


def main() -> None:
    """Write the tiles and the truth into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Draw two slides to try the pipeline on.")
    parser.add_argument("outdir", type=Path)
    outdir: Path = parser.parse_args().outdir

    truth = [row for slide in SLIDES for row in take(slide, outdir)]
    with (outdir / "truth.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, ["slide", "region", "cells", *MARKERS], lineterminator="\n")
        table.writeheader()
        table.writerows(truth)
    cells = sum(int(row["cells"]) for row in truth)
    print(f"{outdir}: {len(SLIDES)} slides, {len(truth)} cores, {cells} cells")


if __name__ == "__main__":
    main()
