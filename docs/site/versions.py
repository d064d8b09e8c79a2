"""Makes the front page of a folder that holds the site of each version, a folder each.

python docs/site/versions.py FOLDER
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>sncompile: documentation</title>
<style>body {{font: 1.1rem/1.6 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem}}</style>
<h1>sncompile</h1>
<p>Documentation of</p>
<ul>
{rows}
</ul>
"""


def page(versions: list[str]) -> str:
    """The front page: the newest release first, what is not released yet last."""
    ordered = sorted(versions, key=lambda v: [int(n) for n in re.findall(r"\d+", v)], reverse=True)
    rows = [f'<li><a href="{html.escape(v)}/docs/index.html">{html.escape(v)}</a></li>' for v in ordered]
    return PAGE.format(rows="\n".join(rows))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    there = [f.name for f in folder.iterdir() if (f / "docs" / "index.html").exists()]
    (folder / "index.html").write_text(page(there), "utf-8")
