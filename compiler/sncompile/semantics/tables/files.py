"""Reads tables from files: sheets (CSV, TSV and other text, Excel workbooks) and Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.ir.keys.table import Cell
from sncompile.semantics.git_lfs import PULL, stands_for_another
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.stored_columns import ParquetColumns, StoreError
from sncompile.semantics.tables.sheet_places import SheetPlaces
from sncompile.semantics.tables.sheet_text import (
    PLAIN,
    SEPARATORS,
    SheetFault,
    SheetForm,
    TableError,
    is_packed,
    sheet_text,
    suffix_of,
)
from sncompile.semantics.tables.sheets import read_sheet
from sncompile.semantics.tables.workbooks import WORKBOOKS, read_workbook

PARQUET = (".parquet", ".pq")
_WHERE = "paths start at the spec's folder, or at `--directory`"


class Columns(NamedTuple):
    """Columns by name, the line of every row where it is not simply the row's number + 2, and how many rows.

    `remarks` say how the file was read, where it was not quite as its name says.
    """

    columns: Mapping[str, Sequence[Cell]]
    lines: Sequence[int] | None
    size: int | None = None
    remarks: tuple[SheetFault, ...] = ()


def is_sheet(path: Path, form: SheetForm) -> bool:
    """Whether a file is read as text: its suffix says so, or the spec says how it is written."""
    return suffix_of(path) in (*SEPARATORS, *WORKBOOKS) or (suffix_of(path) not in PARQUET and form != PLAIN)


def plain_separator(path: Path, form: SheetForm) -> str | None:
    """What stands between the cells of a sheet of which nothing special is said; None for every other file."""
    return None if form != PLAIN or is_packed(path) else SEPARATORS.get(path.suffix.lower())


def read_table(path: Path, key: Sequence[str], databases: Databases, form: SheetForm, places: SheetPlaces) -> Columns:
    """The columns of a table file, those of `key` as text. Raises `TableError` or `OSError`.

    Those of a Parquet file are read when they are asked for, by one of `databases`. `places` is told how a sheet is
    written, so that it finds its cells.
    """
    if is_sheet(path, form):
        remarks: tuple[SheetFault, ...] = ()
        if form.sheet and path.suffix.lower() not in WORKBOOKS:
            raise TableError.of(f"`sheet` names one of an Excel workbook, and `{path.name}` is none", "take it out")
        if path.suffix.lower() in WORKBOOKS:
            places.shown_as = ""  # What is packed is nothing to show.
            text, remarks = read_workbook(path, form, key)
            places.shown_as, form = text, form._replace(delimiter=",")
        else:
            text = sheet_text(path, form.encoding)
        sheet = read_sheet(text, SEPARATORS.get(suffix_of(path), "\t"), form, key)
        places.delimiter, places.numbers = sheet.delimiter, sheet.numbers
        shifted = bool(sheet.lines) and sheet.lines[-1] != len(sheet.lines) + 1
        return Columns(sheet.columns, sheet.lines if shifted else None, None, (*remarks, *sheet.remarks))
    if path.suffix.lower() in PARQUET:
        if form != PLAIN:
            message = (
                "`delimiter`, `comment`, `encoding`, `header` and `sheet` are about sheets, and this is a Parquet file"
            )
            raise TableError.of(message, "leave them out")
        stored = _open_parquet(path, key, databases)
        return Columns(stored, None, stored.size)
    raise TableError([SheetFault(f"a table cannot be read from `{path.name}`", _help_for(path), 0)])


def _help_for(path: Path) -> str:
    if path.suffix.lower() in (".xls", ".xlsb", ".ods"):
        return "save the sheet as Excel's `.xlsx`, or as CSV or TSV"
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        return "write its rows as CSV or TSV; a mapping of names to settings can be a parameter of the type `map`"
    known = ", ".join((*SEPARATORS, *WORKBOOKS[:1], *PARQUET))
    return f"its suffix must be one of {known}; of a text table by another name say the `delimiter`"


def _open_parquet(path: Path, key: Sequence[str], databases: Databases) -> ParquetColumns:
    if not path.is_file():
        # The library would read a folder as several files.
        message = f"`{path.name}` is no plain file" if path.exists() else "there is no such file"
        raise TableError.of(message, _WHERE)
    if stands_for_another(path):
        raise TableError.of(f"`{path.name}` is a pointer of Git LFS, not the table itself", PULL)
    try:
        return ParquetColumns(path, key, databases)
    except StoreError as error:
        if error.limit:
            raise TableError.of(f"the Parquet table cannot be read: {error}", error.help or "write it anew") from None
        if error.help:
            raise TableError.of(str(error), error.help) from None
        raise TableError.of(f"not a Parquet table: {error}", "write it anew") from None
