"""Predicts a part of the points from their neighbours among the others."""

import argparse
import csv
from pathlib import Path

FOLDS = 3

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--neighbours", type=int, required=True)
parser.add_argument("--weights", choices=["equal", "near"], required=True)
parser.add_argument("--fold", type=int, required=True)
parser.add_argument("points")
parser.add_argument("out")
given = parser.parse_args()

with Path(given.points).open(newline="") as file:
    points = [(float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]
held = [point for n, point in enumerate(points) if n % FOLDS == given.fold]
known = [point for n, point in enumerate(points) if n % FOLDS != given.fold]

error = 0.0
for x, y in held:
    near = sorted(known, key=lambda point: abs(point[0] - x))[: given.neighbours]
    weights = [1 / (abs(at - x) + 0.1) if given.weights == "near" else 1 for at, _ in near]
    error += (sum(w * value for w, (_, value) in zip(weights, near, strict=True)) / sum(weights) - y) ** 2
Path(given.out).write_text(f"{error / len(held):.6f}\n")
