"""Reads tables from CSV, TSV and Parquet files, as columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.ir.keys.table import Cell
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.stored_columns import ParquetColumns, StoreError

DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
SUFFIXES = (*DELIMITERS, ".parquet", ".pq")


_WHERE = "paths start at the spec's folder, or at `--directory`"


class TableError(ValueError):
    """A table file that cannot be read; `line` is where, from 1."""

    def __init__(self, message: str, *, line: int = 1, help: str | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.help = help


class Columns(NamedTuple):
    """Columns by name, the line of every row where it is not simply the row's number + 2, and how many rows."""

    columns: Mapping[str, Sequence[Cell]]
    lines: list[int] | None
    size: int | None = None


def read_table(path: Path, key: Sequence[str], databases: Databases) -> Columns:
    """The columns of a table file, those of `key` as text. Raises `TableError` or `OSError`.

    Those of a Parquet file are read when they are asked for, by one of `databases`.
    """
    suffix = path.suffix.lower()
    if suffix in DELIMITERS:
        return _read_text(path, DELIMITERS[suffix])
    if suffix in (".parquet", ".pq"):
        stored = _open_parquet(path, key, databases)
        return Columns(stored, None, stored.size)
    raise TableError(
        f"a table cannot be read from `{path.name}`", help=f"its suffix must be one of {', '.join(SUFFIXES)}"
    )


def _read_text(path: Path, delimiter: str) -> Columns:
    if not path.is_file() and path.exists():
        # A pipe or a device may never end.
        raise TableError(f"`{path.name}` is no plain file", help="a table is read as a whole; save it to a file")
    reader = csv.reader(io.StringIO(_text_of(path), newline=""), delimiter=delimiter, strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    try:
        header = next(reader, None)
        if header is None:
            raise TableError("the table is empty", help="its first line names the columns")
        _check_header(header)
        before = reader.line_num
        for row in reader:
            if len(row) == len(header):
                rows.append(row)
                lines.append(before + 1)
            elif row:
                raise TableError(
                    f"the row has {len(row)} cells, the header {len(header)}",
                    line=before + 1,
                    help="quote cells that hold the separator",
                )
            before = reader.line_num
    except csv.Error as error:
        hint = "close the quotes, and double those that stand inside of a cell"
        raise TableError(f"not a table: {error}", line=reader.line_num, help=hint) from None
    columns: dict[str, Sequence[Cell]] = {}
    for name, cells in zip(header, zip(*rows, strict=True) if rows else [()] * len(header), strict=True):
        columns[name] = [cell if cell != "" else None for cell in cells] if "" in cells else cells
    shifted = bool(lines) and lines[-1] != len(lines) + 1
    return Columns(columns, lines if shifted else None)


MAX_BYTES = 2**30
"""Larger text tables are refused: they are read as a whole."""


def _text_of(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        hint = "save it as Parquet, of which only the columns that are needed are read"
        raise TableError("the table is larger than 1 GB", help=hint)
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if (at := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, at) + 1
        raise TableError("the table holds the character NUL", line=line, help="save it as a text table in UTF-8")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError("the table is not UTF-8", line=line, help="save it as UTF-8") from None


def _check_header(header: list[str]) -> None:
    seen: set[str] = set()
    for name in header:
        if not name:
            raise TableError("a column without a name", help="name every column in the first line")
        if name in seen:
            raise TableError(f"the column `{name}` stands in the header twice", help="rename one of them")
        seen.add(name)


def _open_parquet(path: Path, key: Sequence[str], databases: Databases) -> ParquetColumns:
    if not path.is_file():
        # The library would read a folder as several files.
        raise TableError(f"`{path.name}` is no plain file" if path.exists() else "there is no such file", help=_WHERE)
    try:
        return ParquetColumns(path, key, databases)
    except StoreError as error:
        if error.limit:
            raise TableError(f"the Parquet table cannot be read: {error}", help=error.help) from None
        raise TableError(f"not a Parquet table: {error}", help="write it anew") from None
