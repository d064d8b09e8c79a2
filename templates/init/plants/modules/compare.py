"""Writes the mean growth under each light as a table."""

import argparse
from pathlib import Path
from statistics import mean

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--out", type=Path, required=True)
parser.add_argument("--growths", type=Path, nargs="+", required=True)
parser.add_argument("--lights", nargs="+", required=True)
given = parser.parse_args()

rates: dict[str, list[float]] = {}
for light, path in zip(given.lights, given.growths, strict=True):
    rates.setdefault(light, []).append(float(path.read_text()))
lines = ["| light | plants | growth, mm a day |", "|---|---|---|"]
lines += [f"| {light} | {len(found)} | {mean(found):.2f} |" for light, found in rates.items()]
given.out.write_text("\n".join(lines) + "\n")
