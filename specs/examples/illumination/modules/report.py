"""Writes the report: one HTML page that needs nothing beside it, and a CSV with one row a well.

The page's layout is in `report.html`; this fills its `$names`. Pictures are PNGs inside the page.
Whatever comes from outside (the names of wells and sites, the title) is escaped.
"""

import argparse
import base64
import csv
import html
import io
import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image as Picture

Image = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Colours = NDArray[np.float64]

SURVEYED = 96  # fields that are read for the flatness and the median field; more change nothing
SHOWN = 24  # fields in the montage
TILES = 5  # the background is measured in 5 x 5 tiles of a field

# Nine colours of matplotlib's `viridis` and seven of ColorBrewer's `Blues`: both are made to be
# read as an order, by the colour-blind too.
VIRIDIS = "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725"
BLUES = "d5e5f4 b0d2e7 82badb 539ecd 2e7ebc 1460a8 083e81"

# Rows and columns of the standard plates.
PLATES = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24))


def read(path: Path) -> Image:
    """Read one plane of pixels as real numbers."""
    return np.asarray(tifffile.imread(path), dtype=np.float32)


def spread(count: int, wanted: int) -> list[int]:
    """Choose up to `wanted` of `count` places, evenly from the first to the last."""
    return sorted({round(at) for at in np.linspace(0, count - 1, min(count, wanted))})


# Pictures -------------------------------------------------------------------------------------


def palette(colours: str) -> Colours:
    """Blend hexadecimal colours into a table of 256 rows of red, green and blue."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in colours.split()], dtype=float)
    at = np.linspace(0, len(anchors) - 1, 256)
    return np.stack([np.interp(at, range(len(anchors)), band) for band in anchors.T], axis=1)


def gradient(colours: str) -> str:
    """Return the same blend as CSS, for a colour bar."""
    return f"linear-gradient(90deg, {', '.join('#' + colour for colour in colours.split())})"


def indices(image: Image, low: float, high: float, gamma: float = 1.0, top: int = 255) -> Bytes:
    """Map `low` to 0 and `high` to `top`; a `gamma` below 1 lifts the dim parts."""
    scaled = np.clip((image - low) / max(high - low, 1e-9), 0, 1)
    rounded: Bytes = np.round(scaled**gamma * top).astype(np.uint8)
    return rounded


def png(pixels: Bytes, colours: Colours | None = None) -> str:
    """Encode pixels, which are indices of a palette if there is one, as the address of an image."""
    picture = Picture.fromarray(pixels)
    if colours is not None:
        picture.putpalette(np.round(colours).astype(np.uint8).tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def resized(image: Image, side: int) -> Image:
    """Scale an image so that its longer side is `side` pixels."""
    height, width = (max(1, round(length * side / max(image.shape))) for length in image.shape)
    return np.asarray(Picture.fromarray(image).resize((width, height), Picture.Resampling.BOX))


def montage(thumbnails: Sequence[Image], columns: int = 6) -> Image:
    """Lay thumbnails out in rows; what stays empty at the end is black."""
    columns = min(columns, len(thumbnails))
    filled = [*thumbnails, *[np.zeros_like(thumbnails[0])] * (-len(thumbnails) % columns)]
    rows = (filled[at : at + columns] for at in range(0, len(filled), columns))
    return np.vstack([np.hstack(row) for row in rows])


def outlined(image: Image, labels: NDArray[np.uint16], side: int = 640) -> str:
    """Draw the outlines of the cells over the middle of a field, enlarged if the field is small."""
    top, left = (max(0, length - side) // 2 for length in image.shape)
    window = np.s_[top : top + side, left : left + side]
    factor = max(1, side // max(image.shape))
    image = image[window].repeat(factor, axis=0).repeat(factor, axis=1)
    labels = labels[window].repeat(factor, axis=0).repeat(factor, axis=1)
    low, high = np.percentile(image, [0.5, 99.5])
    if labels.any():  # or one very bright cell would leave all others in the dark
        high = min(high, low + 2.5 * float(np.median(image[labels > 0]) - low))
    pixels = indices(image, low, high, gamma=0.75, top=254)
    pixels[:, :-1][labels[:, :-1] != labels[:, 1:]] = 255
    pixels[:-1][labels[:-1] != labels[1:]] = 255
    greys = np.repeat(np.linspace(0, 255, 255)[:, None], 3, axis=1)
    return png(pixels, np.vstack([greys, [[255, 196, 0]]]))


# Illumination ---------------------------------------------------------------------------------


def relative(image: Image) -> Image:
    """Divide a field by its median, so that dim and bright ones can be compared."""
    level = float(np.median(image)) or float(image.mean())
    return image / level if level > 0 else image


def background(image: Image) -> Colours:
    """Measure the background, taken to be the lower quartile, in each tile of a field."""
    bands = [np.array_split(band, TILES, axis=1) for band in np.array_split(image, TILES, axis=0)]
    return np.array([[np.percentile(tile, 25) for tile in band] for band in bands])


class Side:
    """What the fields look like on one side of the correction."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read the fields that are surveyed, one at a time."""
        surveyed = spread(len(paths), SURVEYED)
        shown = {surveyed[place] for place in spread(len(surveyed), SHOWN)}
        levels, small, thumbnails = [], [], []
        for index in surveyed:
            image = relative(read(paths[index]))
            levels.append(background(image))
            small.append(resized(image, 128))
            if index in shown:
                thumbnails.append(resized(image, 160))
        self.surveyed, self.shown = len(surveyed), len(shown)
        self.median: Image = np.median(np.stack(small), axis=0)
        self.median /= self.median.mean() or 1
        self.montage = montage(thumbnails)
        self._level = np.median(np.stack(levels), axis=0)

    @property
    def flatness(self) -> str:
        """The darkest part of the typical background over its brightest."""
        return self._ratio(self._level.min(), self._level.max())

    @property
    def corners(self) -> str:
        """The four corners of the typical background over its centre."""
        corners = self._level[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
        return self._ratio(corners, self._level[TILES // 2, TILES // 2])

    @staticmethod
    def _ratio(part: float, whole: float) -> str:
        return f"{part / whole:.2f}" if whole > 0 else "-"


def illumination(before: Side, after: Side, function: Image) -> dict[str, str]:
    """Return everything that the page says and shows of the light."""
    coloured = {
        "function": resized(function, 128),
        "median_before": before.median,
        "median_after": after.median,
    }
    low, high = 0.9 * float(function.min()), 1.1 * float(function.max())
    viridis = palette(VIRIDIS)
    # One grey scale for both sides, or each would be stretched until it looked alike.
    dark, bright = np.percentile(np.concatenate([before.montage, after.montage]), [0.5, 99])
    return {
        **{name: png(indices(image, low, high), viridis) for name, image in coloured.items()},
        "montage_before": png(indices(before.montage, dark, bright, gamma=0.75)),
        "montage_after": png(indices(after.montage, dark, bright, gamma=0.75)),
        "function_range": f"{function.min():.2f} to {function.max():.2f}",
        "scale_low": f"{low:.2f}",
        "scale_high": f"{high:.2f}",
        "scale_colours": gradient(VIRIDIS),
        "flat_before": before.flatness,
        "flat_after": after.flatness,
        "corner_before": before.corners,
        "corner_after": after.corners,
        "surveyed": str(before.surveyed),
        "shown": str(before.shown),
    }


# Wells ----------------------------------------------------------------------------------------


def place(well: str) -> tuple[int, int] | None:
    """Return the row and column, from 0, of a name such as `A01`; None for any other name."""
    found = re.fullmatch(r"([A-P])0?([1-9]|1[0-9]|2[0-4])", well)
    return (ord(found[1]) - ord("A"), int(found[2]) - 1) if found else None


def heat_map(counts: dict[str, int]) -> str:
    """Draw the counts as a plate if the names are those of a plate's wells, else in a grid."""
    low, high = min(counts.values()), max(counts.values())
    colours = palette(BLUES)

    def look(count: int) -> str:
        share = (count - low) / (high - low) if high > low else 0.5
        red, green, blue = (round(band) for band in colours[round(share * 255)])
        return f"background:rgb({red},{green},{blue});color:{'#fff' if share > 0.5 else '#10202f'}"

    places = {place(well): well for well in counts}
    if None in places or len(places) < len(counts):  # `A1` beside `A01` would be one place
        cells = (
            f'<div style="{look(count)}">{count:,}<small>{html.escape(well)}</small></div>'
            for well, count in counts.items()
        )
        return f'<div class="grid">{"".join(cells)}</div>'

    last_row, last_column = (max(axis) for axis in zip(*(at for at in places if at), strict=True))
    rows, columns = next(size for size in PLATES if size[0] > last_row and size[1] > last_column)
    lines = ["<tr><td></td>" + "".join(f"<th>{n + 1}</th>" for n in range(columns)) + "</tr>"]
    for row in range(rows):
        # Rows of the plate that were not imaged take up less room.
        idle = "" if any(at and at[0] == row for at in places) else ' class="idle"'
        line = [f"<tr{idle}><th>{chr(ord('A') + row)}</th>"]
        for column in range(columns):
            well = places.get((row, column))
            line.append(
                '<td class="none"></td>'
                if well is None
                else f'<td style="{look(counts[well])}" title="{html.escape(well)}">{counts[well]:,}</td>'
            )
        lines.append("".join([*line, "</tr>"]))
    size = "2.1rem" if columns > 12 else "3.2rem"
    return f'<div class="wide-table"><table class="plate" style="--cell:{size}">{"".join(lines)}</table></div>'


def median(rows: Iterable[dict[str, str]], column: str) -> str:
    """Return the median of one column, an empty text if there are no rows."""
    values = [float(row[column]) for row in rows]
    return f"{np.median(values):.1f}" if values else ""


def summary(wells: Sequence[str], cells: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Sum up the cells of each well. `wells` names the well of every field."""
    of_well: dict[str, list[dict[str, str]]] = {well: [] for well in wells}
    for cell in cells:
        of_well[cell["well"]].append(cell)
    fields = Counter(wells)
    return [
        {
            "well": well,
            "fields": str(fields[well]),
            "cells": str(len(found)),
            "cells_per_field": f"{len(found) / fields[well]:.1f}",
            "median_area": median(found, "area"),
            "median_intensity": median(found, "intensity"),
        }
        for well, found in of_well.items()
    ]


def table_rows(summed: Sequence[dict[str, str]]) -> str:
    """Return the rows of the page's table of wells, each with a bar for its count."""
    most = max(int(row["cells"]) for row in summed) or 1
    lines = []
    for row in summed:
        values = [html.escape(value) for value in row.values()]
        bar = f'<i style="width:{100 * int(row["cells"]) / most:.1f}%"></i>'
        shown = [*(f"<td>{value}</td>" for value in values[:3]), f'<td class="bar">{bar}</td>']
        lines.append(f"<tr>{''.join(shown + [f'<td>{value}</td>' for value in values[3:]])}</tr>")
    return "".join(lines)


def outlines(options: argparse.Namespace, cells: Sequence[dict[str, str]]) -> str:
    """Show fields with their outlines, from the one with the fewest cells to that with the most."""
    names = list(zip(options.wells, options.sites, strict=True))
    counts = Counter((cell["well"], cell["site"]) for cell in cells)
    order = sorted(range(len(names)), key=lambda index: (counts[names[index]], index))
    figures = []
    for index in (order[rank] for rank in spread(len(order), options.outlines)):
        well, site = (html.escape(name) for name in names[index])
        picture = outlined(read(options.corrected[index]), tifffile.imread(options.labels[index]))
        figures.append(
            f'<figure><img src="{picture}" alt="Outlines of well {well}, site {site}"><figcaption>'
            f"<b>{well}</b>, site {site}: {counts[names[index]]} cells</figcaption></figure>"
        )
    return "".join(figures)


def main() -> None:
    """Write the report of what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layout", type=Path, required=True)
    parser.add_argument("--title", required=True)
    parser.add_argument("--outlines", type=int, required=True)
    parser.add_argument("--function", type=Path, required=True)
    for name in ("--tables", "--raw", "--corrected", "--labels"):
        parser.add_argument(name, type=Path, nargs="+", required=True)
    parser.add_argument("--html", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("names", nargs="+", help="the wells of all fields, then all their sites")
    options = parser.parse_args()
    half = len(options.names) // 2
    options.wells, options.sites = options.names[:half], options.names[half:]
    lists = (options.wells, options.sites, options.raw, options.corrected, options.labels)
    if len({len(values) for values in lists}) > 1:
        raise SystemExit("wells, sites, raw fields, corrected fields and labels must be as many")

    cells: list[dict[str, str]] = []
    for path in options.tables:
        with path.open(encoding="utf-8", newline="") as stream:
            cells.extend(csv.DictReader(stream))
    summed = summary(options.wells, cells)
    counts = {row["well"]: int(row["cells"]) for row in summed}
    page = {
        "title": html.escape(options.title),
        "cells": f"{len(cells):,}",
        "wells": f"{len(summed):,}",
        "fields": f"{len(options.raw):,}",
        "area": median(cells, "area").removesuffix(".0") or "-",
        "heat_map": heat_map(counts),
        "count_low": f"{min(counts.values()):,}",
        "count_high": f"{max(counts.values()):,}",
        "count_colours": gradient(BLUES),
        "outlines": outlines(options, cells),
        "rows": table_rows(summed),
        **illumination(Side(options.raw), Side(options.corrected), np.load(options.function)),
    }

    for path in (options.html, options.csv):
        path.parent.mkdir(parents=True, exist_ok=True)
    layout = string.Template(options.layout.read_text(encoding="utf-8"))
    options.html.write_text(layout.substitute(page), encoding="utf-8")
    with options.csv.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(summed[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(summed)
    light = f"flatness {page['flat_before']} before, {page['flat_after']} after"
    print(f"{len(cells)} cells in {len(summed)} wells, {len(options.raw)} fields; {light}")


if __name__ == "__main__":
    main()
