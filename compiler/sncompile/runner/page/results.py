"""The outputs of a run for its page: links, pictures, the first rows of tables, and what has become of each since."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sncompile.ir.language.locations import is_url
from sncompile.runner.page.links import Links
from sncompile.runner.page.pictures import PREVIEWED, SHOWN, picture
from sncompile.runner.status_text import clock
from sncompile.runner.watch import RunStatus, Watch

MOST_PATHS = 12
"""So many files of an output are shown; of more, the rest is counted."""

MOST_PREVIEWS = 24
"""So many previews of images stand in a page that is a file; one that is served asks for each."""

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 8, 14, 60
_TABLES = {".csv": ",", ".tsv": "\t"}
_FIRST = 200_000
"""Of a table so many bytes are read."""

_CLOCKS = 2.0
"""Seconds that clocks of machines which share files may differ by."""


class Table(NamedTuple):
    """The beginning of a table: its columns and first rows; `more` says whether there is more of either."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: bool


class Shown(NamedTuple):
    """A file of an output: its link, what has become of it since the run, and what is shown of it.

    `picture` is the address of a picture; empty for what is none.
    """

    path: str
    link: str
    since: str
    picture: str
    table: Table | None


class Result(NamedTuple):
    """An output of the pipeline: its first files, and how many more there are."""

    name: str
    files: Sequence[Shown]
    more: int


def results(watch: Watch, status: RunStatus, links: Links) -> list[Result]:
    """The outputs of the pipeline, as they are now."""
    targets = [str(target) for target in (watch.record.get("engine") or {}).get("targets") or ()]
    found, previews = [], 0
    for name, output in (watch.names.facts.get("outputs") or {}).items():
        paths = [str(path) for path in output.get("paths") or ()]
        if output.get("may_lack"):
            paths = [path for path in paths if os.path.lexists(watch.working / path)]
        files = []
        for path in paths[:MOST_PATHS]:
            files.append(_shown(path, watch.working, status, targets, links, preview=previews < MOST_PREVIEWS))
            previews += files[-1].picture.startswith("data:")
        found.append(Result(name, files, max(0, len(paths) - MOST_PATHS)))
    return found


def _shown(
    path: str, working: Path, status: RunStatus, targets: Sequence[str], links: Links, *, preview: bool
) -> Shown:
    file = working / path
    there = not is_url(path) and file.exists()
    ending = file.suffix.lower()
    return Shown(
        links.shown(path),
        links.to(path) if there else "",
        _since(path, working, status, targets),
        _picture(file, links.to(path), links, preview=preview) if there and file.is_file() else "",
        head_of(file, _TABLES[ending]) if there and ending in _TABLES else None,
    )


def _picture(file: Path, link: str, links: Links, *, preview: bool) -> str:
    ending = file.suffix.lower()
    if ending in SHOWN:
        return link
    if ending not in PREVIEWED:
        return ""
    return f"{link}{links.preview}" if links.preview else picture(file) if preview else ""


def _since(path: str, working: Path, status: RunStatus, targets: Sequence[str]) -> str:
    """What is to be said of an output as it is now; nothing where it is as the run left it."""
    if is_url(path):
        return ""  # A page asks nobody.
    try:
        changed = (working / path).stat().st_mtime
    except OSError:
        if not status.state.ended:
            return "is not there yet"
        asked = not targets or "all" in targets or path in targets
        return "is not there now" if asked else "was not asked for (--target), and is not there now"
    # A file system's clock may be a little ahead of ours.
    if status.ended is not None and status.state.ended and changed > status.ended + _CLOCKS:
        return f"was written again since this run, at {clock(changed)}"
    return ""


def head_of(path: Path, delimiter: str) -> Table | None:
    """The first rows of a table; None for what cannot be read as one."""
    try:
        with path.open("rb") as file:
            text = file.read(_FIRST).decode("utf-8-sig", "replace")
        whole = path.stat().st_size <= _FIRST
        lines = text.splitlines()
        read = list(islice(csv.reader(lines if whole else lines[:-1], delimiter=delimiter), MOST_ROWS + 2))
    except (OSError, csv.Error):
        return None
    if not read or not read[0]:
        return None
    head, *rows = ([_cell(cell) for cell in row[:MOST_COLUMNS]] for row in read)
    more = len(rows) > MOST_ROWS or not whole or any(len(row) > MOST_COLUMNS for row in read)
    return Table(head, rows[:MOST_ROWS], more)


def _cell(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
