"""Writes the transcripts of an annotation (GTF) as BED with twelve columns."""

import argparse
import re

parser = argparse.ArgumentParser()
parser.add_argument("--annotation")
parser.add_argument("--genes")
args = parser.parse_args()

places: dict[str, tuple[str, str]] = {}
parts: dict[str, dict[str, list[tuple[int, int]]]] = {}
with open(args.annotation, encoding="utf-8") as file:
    for line in file:
        if line.startswith("#"):
            continue
        chromosome, _, kind, start, end, _, strand, _, rest = line.rstrip("\n").split("\t")
        found = re.search(r'transcript_id "([^"]+)"', rest)
        if found and kind in ("exon", "CDS"):
            places[found[1]] = (chromosome, strand)
            blocks = parts.setdefault(found[1], {"exon": [], "CDS": []})
            blocks[kind].append((int(start) - 1, int(end)))

rows = []
for name, (chromosome, strand) in places.items():
    exons, coding = sorted(parts[name]["exon"]), sorted(parts[name]["CDS"])
    if exons:
        first, last = exons[0][0], exons[-1][1]
        thick = (coding[0][0], coding[-1][1]) if coding else (first, first)
        sizes = ",".join(str(end - start) for start, end in exons)
        starts = ",".join(str(start - first) for start, _ in exons)
        rows.append((chromosome, first, last, name, 0, strand, *thick, 0, len(exons), sizes, starts))
with open(args.genes, "w", encoding="utf-8") as file:
    for row in sorted(rows):
        print(*row, sep="\t", file=file)
