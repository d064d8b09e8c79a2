"""Measures light and cells in images. These are plain text (PGM, kind P2), so that nothing has to be installed."""

import argparse
from pathlib import Path

Image = list[list[int]]


def read(path: str) -> Image:
    kind, width, height, _, *pixels = Path(path).read_text().split()
    if kind != "P2":
        raise SystemExit(f"{path}: not a plain PGM image")
    wide = int(width)
    return [[int(p) for p in pixels[y * wide : (y + 1) * wide]] for y in range(int(height))]


def write(path: str, image: Image) -> None:
    rows = "\n".join(" ".join(map(str, row)) for row in image)
    Path(path).write_text(f"P2\n{len(image[0])} {len(image)}\n255\n{rows}\n")


def light(given: argparse.Namespace) -> None:
    """The darkest that each pixel is in any image: what is left is the light."""
    images = [read(path) for path in given.images]
    write(given.out, [[min(pixels) for pixels in zip(*rows, strict=True)] for rows in zip(*images, strict=True)])


def even(given: argparse.Namespace) -> None:
    """Takes the light from an image."""
    rows = zip(read(given.image), read(given.light), strict=True)
    write(given.out, [[max(0, p - dark) for p, dark in zip(row, below, strict=True)] for row, below in rows])


def count(given: argparse.Namespace) -> None:
    """Counts the cells in all images of a well."""
    total = sum(cells(read(path), given.threshold) for path in given.images)
    Path(given.out).write_text(f"well,cells\n{given.well},{total}\n")


def cells(image: Image, threshold: int) -> int:
    """How many stretches of bright pixels that touch there are."""
    left = {(y, x) for y, row in enumerate(image) for x, pixel in enumerate(row) if pixel >= threshold}
    found = 0
    while left:
        found += 1
        edge = [left.pop()]
        while edge:
            y, x = edge.pop()
            near = {(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)} & left
            left -= near
            edge += near
    return found


parser = argparse.ArgumentParser(description=__doc__)
commands = parser.add_subparsers(required=True)

command = commands.add_parser("light")
command.set_defaults(run=light)
command.add_argument("out")
command.add_argument("images", nargs="+")

command = commands.add_parser("even")
command.set_defaults(run=even)
for name in ("image", "light", "out"):
    command.add_argument(name)

command = commands.add_parser("count")
command.set_defaults(run=count)
command.add_argument("--well", required=True)
command.add_argument("--threshold", type=int, required=True)
command.add_argument("out")
command.add_argument("images", nargs="+")

given = parser.parse_args()
given.run(given)
