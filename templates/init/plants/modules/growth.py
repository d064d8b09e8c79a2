"""Fits a line through a plant's heights and writes its slope."""

import argparse
import csv
from pathlib import Path
from statistics import linear_regression

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--digits", type=int, required=True)
parser.add_argument("heights")
parser.add_argument("rate")
given = parser.parse_args()

with Path(given.heights).open(newline="") as file:
    rows = list(csv.DictReader(file))
days = [float(row["day"]) for row in rows]
heights = [float(row["height_mm"]) for row in rows]
slope, _ = linear_regression(days, heights)
Path(given.rate).write_text(f"{slope:.{given.digits}f}\n")
