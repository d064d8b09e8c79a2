"""Reads the rows that a step wrote, and refuses what cannot be a row. The standard library is all that it needs: its
text stands beside emitted files, too, which run where sncompile is not installed.

Rows come from tools and data, so nothing is taken on trust. A key is plain text: it stands in paths as it is.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

MOST_ROWS = 100_000
"""Rows of one instance of a step."""

MOST_BYTES = 64_000_000
"""Of a file that holds rows."""

LONGEST_KEY = 200
"""Bytes, since it is a part of files' names."""

_NO_KEY = re.compile(r"[/%{}<>\\\x00-\x1f\x7f-\x9f\u2028\u2029]|^[-~. ]|[. ]$")
_NO_CELL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_PATH = re.compile(r"[{}\x00-\x1f\x7f-\x9f\u2028\u2029]|<\w+>")
_REPEATING = re.compile(r"(.+?)\1{19}\Z", re.DOTALL)
_TYPES = {
    "integer": re.compile(r"-?(0|[1-9][0-9]{0,17})"),
    "number": re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?"),
    "boolean": re.compile(r"true|false"),
}
_FILES = ("file", "directory")


class Reader(Protocol):
    """What `csv.reader` gives."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class BadRows(Exception):
    """What a step wrote holds no rows that can be used; the message says which and why."""


def rows_of(
    place: str,
    key: Sequence[str],
    pattern: str = "",
    columns: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
    base: str = ".",
    names: Sequence[str] = (),
    comment: str = "",
) -> list[dict[str, str]]:
    """The rows in a sheet, or with a `pattern` the files in a directory: a mapping of texts for each, in order.

    `columns` maps the names of the columns to their types; what those of files name must lie in `place`'s folder or
    below one of `within`. Relative paths start at `base`. `names` are all columns of a sheet without a header, in
    order; lines that begin with `comment` are none. Raises `BadRows`.
    """
    found: Iterable[tuple[str, dict[str, str]]] = (
        _listed(place, pattern, base) if pattern else _sheet(place, key, columns or {}, within, base, names, comment)
    )
    rows: list[dict[str, str]] = []
    known: dict[tuple[str, ...], str] = {}
    for where, row in found:
        if len(rows) >= MOST_ROWS:
            raise BadRows(f"`{place}` has more than {MOST_ROWS:,} rows")
        for name in key:
            _check_key(row[name], name, where)
        told = tuple(row[name] for name in key)
        # Some file systems take names that differ in their case for one.
        folded = tuple(part.casefold() for part in told)
        if folded in known:
            raise BadRows(f"{where}: the key {_shown(', '.join(told))} is that of {known[folded]}")
        known[folded] = where
        rows.append(row)
    return rows


def line(cells: Sequence[str], form: str) -> str:
    """Cells as a line of `csv` or `tsv`; without a form there is one cell, as it is."""
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(cells)
        return text.getvalue()
    return "\t".join(cells)


def _shown(text: str) -> str:
    return ascii(text[:80])


def _check_key(text: str, name: str, where: str) -> None:
    if not text:
        raise BadRows(f"{where}: `{name}` is empty")
    if _NO_KEY.search(text) or _REPEATING.search(text):
        raise BadRows(f"{where}: {_shown(text)} cannot be a key: it stands in paths as it is")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadRows(f"{where}: {_shown(text)} is not UTF-8") from None
    if size > LONGEST_KEY:
        raise BadRows(f"{where}: {_shown(text)}… is longer than {LONGEST_KEY} bytes")


def _listed(place: str, pattern: str, base: str) -> list[tuple[str, dict[str, str]]]:
    """The files below a directory that fit a pattern, by name."""
    start = os.path.join(base, place)
    if not os.path.isdir(start):
        raise BadRows(f"`{place}` is no directory")
    fits, inside = re.compile(pattern), os.path.realpath(start)
    found: list[dict[str, str]] = []
    for folder, folders, names in os.walk(start):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            inner = os.path.relpath(os.path.join(folder, name), start)
            path, match = f"{place}/{inner}", fits.fullmatch(inner)
            if match is None:
                continue
            actual = os.path.realpath(os.path.join(start, inner))
            if not _below(actual, inside) or not os.path.isfile(actual):
                raise BadRows(f"{_shown(path)} is no file in `{place}`, or leads out of it")
            if _NO_PATH.search(path):
                raise BadRows(f"{_shown(path)} has signs that no path may have here")
            found.append({**match.groupdict(), "path": path})
            if len(found) > MOST_ROWS:
                break
    found.sort(key=lambda row: row["path"])
    return [(f"`{row['path']}`", row) for row in found]


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _sheet(
    place: str,
    key: Sequence[str],
    columns: Mapping[str, str],
    within: Sequence[str],
    base: str,
    names: Sequence[str],
    comment: str,
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV or TSV file: tabs separate the cells if one stands in the first line, else commas."""
    try:
        if os.path.getsize(os.path.join(base, place)) > MOST_BYTES:
            raise BadRows(f"`{place}` is larger than {MOST_BYTES:,} bytes")
        with open(os.path.join(base, place), encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRows(f"`{place}` cannot be read: {error}") from None
    if comment:
        # Empty lines in their place keep the numbers of the others.
        text = re.sub(rf"^{re.escape(comment)}.*$", "", text, flags=re.MULTILINE)
    tabs = "\t" in text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    try:
        yield from _rows(place, reader, key, columns, (within, base), names)
    except csv.Error as error:
        raise BadRows(f"`{place}`, line {reader.line_num}: {error}") from None


def _rows(
    place: str,
    reader: Reader,
    key: Sequence[str],
    columns: Mapping[str, str],
    within: tuple[Sequence[str], str],
    names: Sequence[str],
) -> Iterator[tuple[str, dict[str, str]]]:
    header = list(names) if names else next(filter(None, reader), None)
    if header is None:
        raise BadRows(f"`{place}` is empty: it has no line with the names of its columns")
    names = [name.strip() for name in header]
    for name in (*key, *columns):
        if names.count(name) != 1:
            raise BadRows(f"`{place}` has {'no' if name not in names else 'more than one'} column `{name}`")
    for cells in reader:
        where = f"`{place}`, line {reader.line_num}"
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise BadRows(f"{where}: there are {len(cells)} cells, and {len(names)} columns")
        row = {name: cells[names.index(name)].strip() for name in dict.fromkeys((*key, *columns))}
        for name, kind in columns.items():
            # What a key must be is looked at with all keys; its type is looked at here.
            if name not in key or kind in _TYPES:
                _check_cell(row[name], name, kind, where, within)
        yield where, row


def _check_cell(text: str, name: str, kind: str, where: str, within: tuple[Sequence[str], str]) -> None:
    if not text:
        raise BadRows(f"{where}: `{name}` is empty")
    if _NO_CELL.search(text):
        raise BadRows(f"{where}: `{name}` has a line break or a control character")
    if kind in _TYPES and not _TYPES[kind].fullmatch(text):
        raise BadRows(f"{where}: `{name}` is {_shown(text)}, and not of the type `{kind}`")
    if kind in _FILES:
        if _NO_PATH.search(text) or text.startswith(("-", "~")) or "\\" in text:
            raise BadRows(f"{where}: {_shown(text)} has signs that no path may have here")
        folders, base = within
        actual = os.path.realpath(os.path.join(base, text))
        if not any(_below(actual, os.path.realpath(os.path.join(base, folder))) for folder in folders):
            raise BadRows(f"{where}: {_shown(text)} leads neither to an output of the step nor into a data root")
        if not (os.path.isdir if kind == "directory" else os.path.isfile)(actual):
            raise BadRows(f"{where}: there is no {kind} {_shown(text)}")
