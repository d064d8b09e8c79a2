"""Puts the cells of a slide into one table, and counts them region by region."""

import argparse
import csv
from pathlib import Path


def read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Read a table: its columns and its rows."""
    with path.open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        rows = list(table)
        return list(table.fieldnames or []), rows


def main() -> None:
    """Summarize the regions that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--regions", nargs="+", required=True)
    for name in ("cells", "summary"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--slide", required=True)
    parser.add_argument("--markers", nargs="+", required=True)
    parser.add_argument("--positive", type=float, required=True)
    options = parser.parse_args()

    columns: list[str] = []
    every: list[dict[str, str]] = []
    summary: list[list[str | int]] = [["slide", "region", "cells", *options.markers]]
    for region, path in zip(options.regions, options.tables, strict=True):
        columns, cells = read(path)
        carry = [sum(float(cell[marker]) >= options.positive for cell in cells) for marker in options.markers]
        summary.append([options.slide, region, len(cells), *carry])
        every += cells
    with options.cells.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(every)
    with options.summary.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(summary)
    print(f"{options.slide}: {len(every)} cells in {len(summary) - 1} regions")


if __name__ == "__main__":
    main()
