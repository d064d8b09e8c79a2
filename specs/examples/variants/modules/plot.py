"""Draw where each sample's variants lie and how sure the caller was of them."""

import argparse
import csv
import math
from collections import Counter
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH = 980
LEFT, RIGHT = 90, 170  # room for the samples' names and for their counts
TRACK_UP, TRACK_DOWN, TRACK_GAP = 60, 14, 26
CHROMOSOME_GAP = 18
HISTOGRAM_HEIGHT, HISTOGRAM_GAP = 110, 34
BINS = 20
# Readable for the colour-blind: Okabe and Ito's palette.
COLOURS = {"found": "#0072B2", "extra": "#CC79A7", "missed": "#D55E00"}
INK, FAINT = "#222222", "#B8B8B8"

Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """Where a histogram stands; `most` and `top` are the ends of its axes."""

    x: float
    width: float
    bottom: float
    most: int
    top: float


@dataclass(frozen=True)
class Row:
    """A variant of one sample. One that was missed has the quality 0."""

    chromosome: str
    position: int
    kind: str
    quality: float
    status: str


def read_rows(path: Path) -> list[Row]:
    """Read one sample's comparison."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                chromosome=row["chromosome"],
                position=int(row["position"]),
                kind=row["kind"],
                quality=float(row["quality"] or 0),
                status=row["status"],
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def read_lengths(path: Path) -> dict[str, int]:
    """Read the chromosomes' lengths, in the genome's order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: int(length) for name, length, *_ in (line.split("\t") for line in lines)}


def round_step(extent: float, at_most: int) -> int:
    """Return the least 1, 2 or 5 times a power of ten that divides `extent` in few parts."""
    candidates = (int(digit + "0" * power) for power in range(12) for digit in "125")
    return next(step for step in candidates if extent / step <= at_most)


def text(x: float, y: float, content: str, size: int = 12, **attributes: str) -> str:
    """Return an SVG text; `anchor` and `weight` may be given."""
    anchor, weight = attributes.get("anchor", "start"), attributes.get("weight", "normal")
    fill = attributes.get("fill", INK)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="{fill}">{escape(content)}</text>'
    )


def line(start: Point, end: Point, colour: str, width: float = 1) -> str:
    """Return an SVG line."""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"/>'
    )


def chromosome_starts(lengths: dict[str, int]) -> tuple[dict[str, float], float]:
    """Return the x at which each chromosome starts, and the pixels for each base."""
    room = WIDTH - LEFT - RIGHT - CHROMOSOME_GAP * (len(lengths) - 1)
    scale = room / sum(lengths.values())
    starts: dict[str, float] = {}
    x = float(LEFT)
    for name, length in lengths.items():
        starts[name] = x
        x += length * scale + CHROMOSOME_GAP
    return starts, scale


def draw_legend(y: float) -> list[str]:
    """Return the key to colours and shapes."""
    entries = [
        ("found", "planted and called"),
        ("extra", "called, not planted"),
        ("missed", "planted, not called"),
    ]
    parts: list[str] = []
    for index, (status, meaning) in enumerate(entries):
        x = LEFT + 150 * index
        parts.append(line((x, y - 10), (x, y + 1), COLOURS[status], 2))
        parts.append(text(x + 8, y, meaning))
    x = LEFT + 150 * len(entries)
    parts.append(line((x, y - 6), (x, y + 1), INK, 1.4))
    parts.append(f'<circle cx="{x}" cy="{y - 7}" r="3" fill="{INK}"/>')
    parts.append(text(x + 8, y, "insertion or deletion"))
    parts.append(text(WIDTH - RIGHT + 14, y, "stem height: quality"))
    return parts


def draw_track(sample: str, rows: list[Row], lengths: dict[str, int], baseline: float, top_quality: float) -> list[str]:
    """Return one sample's variants along the genome; a stem is as high as its quality."""
    starts, scale = chromosome_starts(lengths)
    parts = [text(LEFT - 12, baseline - 4, sample, 13, anchor="end", weight="bold")]
    for name, length in lengths.items():
        parts.append(line((starts[name], baseline), (starts[name] + length * scale, baseline), INK))
    # What was found goes below, so that it hides none of the few others.
    for row in sorted(rows, key=lambda row: row.status != "found"):
        x = starts[row.chromosome] + row.position * scale
        height = TRACK_UP * row.quality / top_quality
        y = baseline + TRACK_DOWN if row.status == "missed" else baseline - height
        colour = COLOURS[row.status]
        parts.append(line((x, baseline), (x, y), colour, 1.4))
        if row.kind != "snv":
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>')
    counts = Counter(row.status for row in rows)
    x = WIDTH - RIGHT + 14
    planted = counts["found"] + counts["missed"]
    parts.append(text(x, baseline - 20, f"{counts['found']} of {planted} found"))
    parts.append(text(x, baseline - 4, f"{counts['extra']} extra"))
    return parts


def draw_positions(lengths: dict[str, int], y: float) -> list[str]:
    """Return the axis below the tracks."""
    starts, scale = chromosome_starts(lengths)
    step = round_step(max(lengths.values()), 6)
    parts: list[str] = []
    for name, length in lengths.items():
        for position in range(0, length + 1, step):
            x = starts[name] + position * scale
            parts.append(line((x, y), (x, y + 4), INK))
            # The last number of one chromosome would touch the first of the next.
            if position + step <= length:
                parts.append(text(x, y + 16, f"{position / 1000:g}", 11, anchor="middle"))
        parts.append(line((starts[name], y), (starts[name] + length * scale, y), INK))
        middle = starts[name] + length * scale / 2
        parts.append(text(middle, y + 34, f"{name} (kb)", anchor="middle"))
    return parts


def draw_histogram(sample: str, counts: list[int], panel: Panel) -> list[str]:
    """Return one sample's histogram of qualities, in bins of equal width."""
    x, bottom = panel.x, panel.bottom
    right = x + panel.width
    heading = bottom - HISTOGRAM_HEIGHT - 10
    parts = [text(x, heading, sample, 13, weight="bold")]
    parts.append(text(right, heading, f"{sum(counts)} calls", anchor="end"))
    for count in range(0, panel.most + 1, round_step(panel.most, 5)):
        y = bottom - HISTOGRAM_HEIGHT * count / panel.most
        parts.append(line((x, y), (right, y), FAINT, 0.5))
        parts.append(text(x - 6, y + 4, str(count), 11, anchor="end"))
    bar = panel.width / len(counts)
    for index, count in enumerate(counts):
        height = HISTOGRAM_HEIGHT * count / panel.most
        parts.append(
            f'<rect x="{x + index * bar:.1f}" y="{bottom - height:.1f}" width="{bar - 1:.1f}" '
            f'height="{height:.1f}" fill="{COLOURS["found"]}"/>'
        )
    parts.append(line((x, bottom), (right, bottom), INK))
    for quality in range(0, int(panel.top) + 1, round_step(panel.top, 5)):
        at = x + panel.width * quality / panel.top
        parts.append(text(at, bottom + 16, str(quality), 11, anchor="middle"))
    middle = (x + right) / 2
    parts.append(text(middle, bottom + 34, "quality (phred)", anchor="middle"))
    return parts


def draw(samples: dict[str, list[Row]], lengths: dict[str, int], title: str | None) -> str:
    """Return the figure as SVG: a track for each sample, and under them the histograms."""
    qualities = [row.quality for rows in samples.values() for row in rows]
    best = max(qualities, default=0) or 1
    step = round_step(best, 5)
    top = float(step * math.ceil(best / step))

    y = 22.0
    parts: list[str] = []
    if title is not None:
        parts.append(text(LEFT, y + 4, title, 18, weight="bold"))
        y += 34
    parts += draw_legend(y)
    y += 12
    for sample, rows in samples.items():
        y += TRACK_UP + TRACK_GAP - TRACK_DOWN
        parts += draw_track(sample, rows, lengths, y, top)
        y += TRACK_DOWN
    parts += draw_positions(lengths, y + 10)

    binned: dict[str, list[int]] = {}
    for sample, rows in samples.items():
        bins = Counter(min(int(row.quality / top * BINS), BINS - 1) for row in rows if row.status != "missed")
        binned[sample] = [bins[index] for index in range(BINS)]
    most = max((count for counts in binned.values() for count in counts), default=0) or 1
    width = (WIDTH - LEFT - 40 - HISTOGRAM_GAP * (len(samples) - 1)) / max(len(samples), 1)
    y += 100 + HISTOGRAM_HEIGHT
    for index, (sample, counts) in enumerate(binned.items()):
        x = LEFT + index * (width + HISTOGRAM_GAP)
        parts += draw_histogram(sample, counts, Panel(x, width, y, most, top))
    height = y + 50
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" font-family="Helvetica, Arial, sans-serif">'
    )
    background = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, background, *parts, "</svg>\n"])


def write_summary(samples: dict[str, list[Row]], path: Path) -> None:
    """Write a row of counts for each sample."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["sample", "planted", "found", "missed", "extra", "recall", "precision"])
        for sample, rows in samples.items():
            counts = Counter(row.status for row in rows)
            found, missed, extra = counts["found"], counts["missed"], counts["extra"]
            recall = f"{found / (found + missed):.3f}" if found + missed else ""
            precision = f"{found / (found + extra):.3f}" if found + extra else ""
            writer.writerow([sample, found + missed, found, missed, extra, recall, precision])


def main() -> None:
    """Draw the figure and write the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("comparisons", type=Path, nargs="+", help="one table a sample")
    parser.add_argument("--sample", dest="samples", action="append", required=True, help="again for each table")
    parser.add_argument("--title", help="heading of the figure")
    parser.add_argument("--genome-index", type=Path, required=True, help=".fai of the genome")
    parser.add_argument("--figure", type=Path, required=True, help="SVG file to write")
    parser.add_argument("--summary", type=Path, required=True, help="TSV file to write")
    options = parser.parse_args()

    paths = zip(options.samples, options.comparisons, strict=True)
    samples = {sample: read_rows(path) for sample, path in paths}
    write_summary(samples, options.summary)
    figure = draw(samples, read_lengths(options.genome_index), options.title)
    options.figure.write_text(figure, encoding="utf-8")


if __name__ == "__main__":
    main()
