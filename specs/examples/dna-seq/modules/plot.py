"""Draw how deep each sample was read at its variants, and how frequent the variants are in its reads."""

import argparse
import csv
import gzip
from pathlib import Path

WIDTH, HEIGHT, EDGE = 160, 300, 40


def read(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Return the depth and allele frequency of each variant that was read, by sample.

    The table has two lines of names: samples (or VARIANT), and what the columns hold of them.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter="\t")
        owners, fields = next(rows), next(rows)
        place = {pair: number for number, pair in enumerate(zip(owners, fields, strict=True))}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in owners if name != "VARIANT"}
        for cells in rows:
            for sample, points in found.items():
                depth, reads = cells[place[sample, "DP"]], cells[place[sample, "AD"]]
                if depth and reads and float(depth) > 0:
                    points.append((float(depth), float(reads) / float(depth)))
    return found


def draw(label: str, samples: dict[str, list[float]]) -> str:
    """Return a picture with a strip of points for each sample."""
    most = max((value for values in samples.values() for value in values), default=0) or 1
    width = EDGE + WIDTH * max(len(samples), 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT + 2 * EDGE}">']
    parts.append(f'<text x="4" y="20">{label} (to {most:g})</text>')
    for index, (sample, values) in enumerate(samples.items()):
        left = EDGE + index * WIDTH
        parts.append(f'<text x="{left}" y="{HEIGHT + 2 * EDGE - 10}">{sample}</text>')
        for number, value in enumerate(values):
            x = left + number * 37 % (WIDTH // 2)  # beside each other, as far as there is room
            parts.append(f'<circle cx="{x}" cy="{EDGE + HEIGHT * (1 - value / most):.1f}" r="2"/>')
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    """Draw both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("calls", "depths", "freqs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    samples = read(options.calls)
    depths = {sample: [depth for depth, _ in points] for sample, points in samples.items()}
    freqs = {sample: [freq for _, freq in points] for sample, points in samples.items()}
    options.depths.write_text(draw("read depth", depths), encoding="utf-8")
    options.freqs.write_text(draw("allele frequency", freqs), encoding="utf-8")


if __name__ == "__main__":
    main()
