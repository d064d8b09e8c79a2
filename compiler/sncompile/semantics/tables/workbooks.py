"""Excel workbooks (`.xlsx`) → the text of one of their sheets, as CSV: a line for each row, in its place.

So all that holds of sheets holds of them. openpyxl reads them, of the extra `excel`. Decision 0101.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sncompile.lazy_regex import regex
from sncompile.semantics.git_lfs import PULL, is_pointer
from sncompile.semantics.tables.sheet_text import SheetFault, SheetForm, TableError, bytes_of

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

WORKBOOKS = (".xlsx", ".xlsm")

MAX_UNPACKED = 2**27
"""So many bytes may the parts of a workbook have when they are unpacked, all together."""

MAX_CELLS = 2_000_000
"""So many cells may the rectangle of a sheet have, empty ones among them, and so many may be merged in it."""

_ANEW = "open the workbook and save it anew, or save the sheet as CSV"


class SheetOfBook(NamedTuple):
    """The text of a sheet, and what is remarkable of it."""

    text: str
    remarks: tuple[SheetFault, ...]


class _Grid(NamedTuple):
    """The filled cells of a sheet by row and column, both from 1, and what its form hides or joins."""

    rows: Mapping[int, Mapping[int, str]]
    merged: int
    hidden: Sequence[int]


def read_workbook(path: Path, form: SheetForm, key: Sequence[str]) -> SheetOfBook:
    """The text of the sheet that a table means. Raises `TableError` or `OSError`."""
    if form.delimiter is not None or form.encoding is not None:
        message = "`delimiter` and `encoding` are about text, and this is an Excel workbook"
        raise TableError.of(message, "leave them out")
    data = bytes_of(path)
    if is_pointer(data):
        raise TableError.of(f"`{path.name}` is a pointer of Git LFS, not the table itself", PULL, 0)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        message = f"`{path.name}` is an old Excel file, or locked with a password"
        raise TableError.of(message, "save it as `.xlsx` without a password", 0)
    if not data.startswith(b"PK"):
        message = f"`{path.name}` is no Excel workbook, whatever its name says"
        raise TableError.of(message, "a text table has the suffix `.csv` or `.tsv`", 0)
    if importlib.util.find_spec("openpyxl") is None or importlib.util.find_spec("defusedxml") is None:
        message = "Excel workbooks are read by the packages openpyxl and defusedxml, which are not installed"
        raise TableError.of(message, "`pip install 'sncompile[excel]'`, or save the sheet as CSV", 0)
    try:
        _check_sizes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of what a workbook has beside its cells.
            book = _load(data)
            name, grid, remarks = _meant(book, form, set(key))
            _check_formulas(data, book, name, grid)
    except TableError:
        raise
    # What the library raises where a file is not what it should be is not written down anywhere.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TableError.of(f"`{path.name}` cannot be read as an Excel workbook: {reason}", _ANEW, 0) from None
    told = list(remarks)
    if grid.merged:
        cells = "a cell that is" if grid.merged == 1 else f"{grid.merged:,} cells that are"
        message = f"`{name}` has {cells} merged over several rows, and each of these has the value"
        told.append(SheetFault(message, "fill each cell by itself, and this is not said again"))
    if grid.hidden:
        rows = "1 row is" if len(grid.hidden) == 1 else f"{len(grid.hidden):,} rows are"
        message = f"{rows} hidden in `{name}`, and read as any other"
        told.append(SheetFault(message, "delete what is not meant, or leave it out with `where`", grid.hidden[0]))
    return SheetOfBook(_as_csv(grid), tuple(told))


def _as_csv(grid: _Grid) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    width = max((max(row) for row in grid.rows.values()), default=0)
    for number in range(1, max(grid.rows, default=0) + 1):
        row = grid.rows.get(number)
        if row:
            writer.writerow([row.get(column, "") for column in range(1, width + 1)])
        else:
            out.write("\n")
    return out.getvalue()


# --- Which sheet -----------------------------------------------------------------------------------------------------


def _load(data: bytes, **how: bool) -> Workbook:
    from openpyxl import load_workbook

    return load_workbook(io.BytesIO(data), keep_links=False, **({"data_only": True} | how))


def _meant(book: Workbook, form: SheetForm, key: set[str]) -> tuple[str, _Grid, list[SheetFault]]:
    """The sheet that is said, or the only one that can be meant, with a remark on how it was chosen."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if form.sheet:
        if form.sheet not in sheets:
            names = ", ".join(f"`{name}`" for name in sheets)
            raise TableError.of(f"the workbook has no sheet `{form.sheet}`", f"it has {names}", 0)
        return form.sheet, _grid(sheets[form.sheet]), []
    grids = {name: _grid(sheet) for name, sheet in sheets.items() if sheet.sheet_state == "visible"}
    filled = {name: grid for name, grid in grids.items() if grid.rows}
    if len(filled) <= 1:
        name, grid = next(iter((filled or grids).items()), ("", _Grid({}, 0, ())))
        return name, grid, []
    fitting = [name for name, grid in filled.items() if form.header and key <= _names_of_columns(grid, form.first)]
    hint = f"say which one: `sheet: {(fitting or list(filled))[0]}`"
    if len(fitting) == 1:
        keys = ", ".join(f"`{name}`" for name in sorted(key))
        message = f"read the sheet `{fitting[0]}`, as no other one has {keys} in its header"
        return fitting[0], filled[fitting[0]], [SheetFault(message, f"`sheet: {fitting[0]}` in the table settles it")]
    raise TableError.of(f"the workbook has several sheets: {', '.join(f'`{name}`' for name in filled)}", hint, 0)


def _names_of_columns(grid: _Grid, first: int) -> set[str]:
    number = min((row for row in grid.rows if row >= first), default=0)
    return set(grid.rows.get(number, {}).values())


# --- What makes much of little, or nothing ---------------------------------------------------------------------------


def _check_sizes(data: bytes) -> None:
    """Raises `TableError` for what would take all memory: openpyxl makes an object of each cell, merged ones too."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
            message = f"the workbook is larger than {MAX_UNPACKED // 2**20} MB when it is unpacked"
            raise TableError.of(message, "save the sheet as CSV or Parquet")
        for part in packed.namelist():
            if part.endswith(".xml") and "sheets/" in part:
                _check_merged(packed.read(part))


_MERGED = regex(rb"""<(?:\w+:)?mergeCell\s[^>]*\bref\s*=\s*["']\$?([A-Za-z]+)\$?(\d+):\$?([A-Za-z]+)\$?(\d+)""")


def _check_merged(sheet: bytes) -> None:
    from openpyxl.utils import column_index_from_string as column

    size = 0
    for left, top, right, bottom in _MERGED.findall(sheet):
        size += (int(bottom) - int(top) + 1) * (column(right.decode()) - column(left.decode()) + 1)
    if size > MAX_CELLS:
        raise TableError.of(f"{size:,} cells of a sheet are merged", "undo the merging of whole rows and columns")


def _check_formulas(data: bytes, book: Workbook, name: str, grid: _Grid) -> None:
    """Raises `TableError` for a sheet whose formulas no spreadsheet has computed: not one of them has a value.

    Where some have one, the others gave an empty text. Some programs write 0 in the place of a value, and ask for
    all to be computed when the workbook is opened.
    """
    if not name or not grid.rows:
        return
    lacking: list[tuple[int, str]] = []
    written = _load(data, data_only=False, read_only=True)
    none_yet = ("", "0") if _asks_for_values(data) else ("",)
    for row in written[name].iter_rows(max_row=book[name].max_row, max_col=book[name].max_column):
        for cell in row:
            if cell.data_type == "f" and cell.row is not None:
                if grid.rows.get(cell.row, {}).get(cell.column or 0, "") not in none_yet:
                    return
                lacking.append((cell.row, cell.coordinate))
    if lacking:
        row_number, cell_name = lacking[0]
        many = "" if len(lacking) == 1 else f" (and {len(lacking) - 1:,} more)"
        raise TableError.of(
            f"the formula in {cell_name} of `{name}`{many} has no value: no spreadsheet computed it yet",
            "open the workbook in a spreadsheet and save it, or write values",
            row_number,
        )


_ASKS = regex(rb"""<(?:\w+:)?calcPr\s[^>]*\bfullCalcOnLoad\s*=\s*["'](?:1|true)["']""")


def _asks_for_values(data: bytes) -> bool:
    """Whether a workbook is to be computed when it is opened; openpyxl says so of each that says nothing."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return any(_ASKS.search(packed.read(part)) for part in packed.namelist() if part.endswith("workbook.xml"))


# --- One sheet -------------------------------------------------------------------------------------------------------


def _grid(sheet: Worksheet) -> _Grid:
    from openpyxl.utils import get_column_letter

    height, width = sheet.max_row, sheet.max_column
    if height * width > MAX_CELLS:
        message = f"the sheet `{sheet.title}` reaches to {get_column_letter(width)}{height}"
        raise TableError.of(message, "delete what stands far outside, or save the sheet as CSV or Parquet")
    rows: dict[int, dict[int, str]] = {}
    for number, column, text in _filled(sheet):
        rows.setdefault(number, {})[column] = text
    merged = 0
    # What is merged over several columns is a title, and stays where it begins.
    for joined in sheet.merged_cells.ranges:
        value = rows.get(joined.min_row, {}).get(joined.min_col, "")
        below = [number for number in range(joined.min_row + 1, joined.max_row + 1) if number in rows]
        if value and below:
            merged += 1
            for number in below:
                rows[number].setdefault(joined.min_col, value)
    hidden = sorted(number for number, row in sheet.row_dimensions.items() if row.hidden and number in rows)
    return _Grid(rows, merged, hidden)


def _filled(sheet: Worksheet) -> Iterator[tuple[int, int, str]]:
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None and (text := cell_text(cell.value, cell.number_format)):
                yield cell.row, cell.column, text


def cell_text(value: object, code: str) -> str:
    """What a cell shows, of its value and the code of its format, where that can be meant in one way only.

    That is `0.3` for `0.30000000000000004`, `007` for 7 in the format `000`, and dates as ISO 8601 has them.

    >>> cell_text(0.30000000000000004, "General"), cell_text(7, "000"), cell_text(datetime(2024, 5, 3), "dd/mm/yy")
    ('0.3', '007', '2024-05-03')
    >>> cell_text(datetime(2024, 5, 3), "dd/mm/yy hh:mm"), cell_text(timedelta(hours=36), "[h]:mm")
    ('2024-05-03 00:00:00', '36:00:00')
    """
    from openpyxl.styles.numbers import is_datetime

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        # Excel computes with 15 digits, and shows no more.
        short = f"{value:.15g}"
        plain = f"{Decimal(short):f}" if "e" in short else short
        zeros = re.fullmatch("0+", code)
        return plain.zfill(len(code)) if zeros and value >= 0 and "." not in plain else plain
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{'-' * (seconds < 0)}{abs(seconds) // 3600:02}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    if isinstance(value, datetime):
        at = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        only_date = at.time() == time() and is_datetime(code) == "date"
        return at.date().isoformat() if only_date else at.isoformat(sep=" ")
    if isinstance(value, time):
        whole = datetime.combine(date(1900, 1, 1), value) + timedelta(microseconds=500_000)
        return f"{whole:%H:%M:%S}"
    return _one_line(str(value))


_ESCAPED = regex("_x([0-9A-Fa-f]{4})_")


def _one_line(text: str) -> str:
    """The text of a cell: signs that XML cannot hold are put back, and line breaks become blanks.

    A row of the workbook is a line then, so that messages can name it.
    """
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
    return re.sub(r"[ ]?[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+[ ]?", " ", plain).replace("\0", "")
