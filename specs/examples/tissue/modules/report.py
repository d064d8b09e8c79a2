"""Writes the report: a table with a row for each region, and a page with bars and pictures."""

import argparse
import base64
import csv
import html
from pathlib import Path

STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse } td, th { padding: .2rem .8rem; text-align: right }
tr { border-bottom: 1px solid #ddd }
i { display: inline-block; height: .6rem; background: #2e7ebc; margin-left: .5rem }
img { height: 220px; margin: 2px }"""


def cell(count: str, of: str) -> str:
    """Return a cell of the table: a count, and a bar for its share."""
    share = int(count) / int(of) if int(of) else 0
    return f'<td>{html.escape(count)}<i style="width: {share * 3:.2f}rem"></i></td>'


def images(paths: list[Path]) -> str:
    """Return pictures as they stand in a page."""
    encoded = [base64.b64encode(path.read_bytes()).decode("ascii") for path in paths]
    return "<p>" + "".join(f'<img alt="" src="data:image/png;base64,{picture}">' for picture in encoded) + "</p>"


def main() -> None:
    """Report on the summaries that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--summaries", type=Path, nargs="+", required=True)
    parser.add_argument("--pictures", type=Path, nargs="+", required=True)
    parser.add_argument("--overlays", type=Path, nargs="*", default=[])
    parser.add_argument("--html", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--title", required=True)
    options = parser.parse_args()

    columns: list[str] = []
    rows: list[dict[str, str]] = []
    for path in options.summaries:
        with path.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream)
            rows += table
            columns = list(table.fieldnames or [])
    with options.csv.open("w", encoding="utf-8", newline="") as stream:
        written = csv.DictWriter(stream, columns, lineterminator="\n")
        written.writeheader()
        written.writerows(rows)

    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    lines = [
        "<tr>"
        + "".join(f"<td>{html.escape(row[name])}</td>" for name in columns[:3])
        + "".join(cell(row[name], row["cells"]) for name in columns[3:])
        + "</tr>"
        for row in rows
    ]
    far = f"<h2>Slides that lay far off in one cycle</h2>{images(options.overlays)}" if options.overlays else ""
    total = sum(int(row["cells"]) for row in rows)
    title = html.escape(options.title)
    options.html.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1><p>{total} cells in {len(rows)} regions.</p>"
        f"<table><tr>{head}</tr>{''.join(lines)}</table>{images(options.pictures)}"
        f"{far}</html>\n",
        encoding="utf-8",
    )
    print(f"{total} cells in {len(rows)} regions")


if __name__ == "__main__":
    main()
