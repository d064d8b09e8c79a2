"""Joins the counts of genes that STAR has made of units; those of one sample are added up."""

import argparse
import csv

COLUMNS = {"none": 1, "yes": 2, "reverse": 3}

parser = argparse.ArgumentParser()
parser.add_argument("--counts", nargs="+")
parser.add_argument("--samples", nargs="+")
parser.add_argument("--strandedness", nargs="+", choices=COLUMNS)
parser.add_argument("--matrix")
args = parser.parse_args()

samples = list(dict.fromkeys(args.samples))
matrix: dict[str, dict[str, int]] = {}
for path, sample, strand in zip(args.counts, args.samples, args.strandedness, strict=True):
    with open(path, encoding="utf-8", newline="") as file:
        for gene, *numbers in csv.reader(file, delimiter="\t"):
            if not gene.startswith("N_"):  # What is said of reads that belong to no gene.
                row = matrix.setdefault(gene, dict.fromkeys(samples, 0))
                row[sample] += int(numbers[COLUMNS[strand] - 1])
with open(args.matrix, "w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    writer.writerow(["gene", *samples])
    writer.writerows([gene, *row.values()] for gene, row in matrix.items())
