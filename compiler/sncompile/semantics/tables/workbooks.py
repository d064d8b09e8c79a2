"""Excel workbooks (`.xlsx`) → the text of one of their sheets, as CSV: a line for each row, in its place.

So all that holds of sheets holds of them. A workbook is packed XML; the standard library reads it. Decision 0101.
"""

from __future__ import annotations

import csv
import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from lzma import LZMAError
from pathlib import Path
from typing import NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate

from sncompile.semantics.git_lfs import PULL, is_pointer
from sncompile.semantics.tables.sheet_text import SheetFault, SheetForm, TableError, bytes_of
from sncompile.semantics.tables.workbook_cells import (
    Style,
    cell_name,
    column_number,
    number_text,
    one_line,
    style_of,
)

WORKBOOKS = (".xlsx", ".xlsm")

MAX_PART = 2**28
"""So many bytes may a part of a workbook have when it is unpacked."""

MAX_CELLS = 5_000_000
"""So many cells may the rectangle of a sheet have, empty ones among them."""

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    ExpatError,
    LookupError,
    RuntimeError,
    StopIteration,
    ValueError,
)
"""What the libraries say where a file is not what it should be."""

_ANEW = "open the workbook and save it anew, or save the sheet as CSV"


class SheetOfBook(NamedTuple):
    """The text of a sheet, and what is remarkable of it."""

    text: str
    remarks: tuple[SheetFault, ...]


class _Book(NamedTuple):
    """What all sheets of a workbook share: the file, texts, formats, and since when days count; and the sheets."""

    packed: zipfile.ZipFile
    texts: Sequence[str]
    styles: Sequence[Style]
    since_1904: bool
    sheets: Mapping[str, str]
    hidden: frozenset[str]


class _Grid(NamedTuple):
    """The filled cells of a sheet by row and column, how many columns there are, and what its form hides or joins."""

    rows: Mapping[int, Mapping[int, str]]
    width: int
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
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            book = _open(packed)
            name, grid, remarks = _meant(book, form, set(key))
    except TableError:
        raise
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
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
    for number in range(1, max(grid.rows, default=0) + 1):
        row = grid.rows.get(number)
        if row:
            writer.writerow([row.get(column, "") for column in range(grid.width)])
        else:
            out.write("\n")
    return out.getvalue()


# --- Which sheet -----------------------------------------------------------------------------------------------------


def _meant(book: _Book, form: SheetForm, key: set[str]) -> tuple[str, _Grid, list[SheetFault]]:
    """The sheet that is said, or the only one that can be meant, with a remark on how it was chosen."""
    names = ", ".join(f"`{name}`" for name in book.sheets)
    if form.sheet:
        if form.sheet not in book.sheets:
            raise TableError.of(f"the workbook has no sheet `{form.sheet}`", f"it has {names}", 0)
        return form.sheet, _grid(book, form.sheet), []
    grids = {name: _grid(book, name) for name in book.sheets if name not in book.hidden}
    filled = {name: grid for name, grid in grids.items() if grid.rows}
    if len(filled) <= 1:
        name, grid = next(iter((filled or grids).items()), ("", _Grid({}, 0, 0, ())))
        return name, grid, []
    fitting = [name for name, grid in filled.items() if form.header and key <= _names_of_columns(grid, form.first)]
    hint = f"say which one: `sheet: {(fitting or list(filled))[0]}`"
    if len(fitting) == 1:
        keys = ", ".join(f"`{name}`" for name in sorted(key))
        message = f"read the sheet `{fitting[0]}`, as no other one's first line has {keys}"
        return fitting[0], filled[fitting[0]], [SheetFault(message, f"`sheet: {fitting[0]}` in the table settles it")]
    raise TableError.of(f"the workbook has several sheets: {', '.join(f'`{name}`' for name in filled)}", hint, 0)


def _names_of_columns(grid: _Grid, first: int) -> set[str]:
    number = min((row for row in grid.rows if row >= first), default=0)
    return set(grid.rows.get(number, {}).values())


# --- Parts of a workbook ---------------------------------------------------------------------------------------------


def _open(packed: zipfile.ZipFile) -> _Book:
    main = next(
        (target for kind, target in _related(packed, "").values() if kind == "officeDocument"), "xl/workbook.xml"
    )
    related = _related(packed, main)
    parts = dict(related.values())
    sheets: dict[str, str] = {}
    hidden: set[str] = set()
    since_1904 = False

    def begin(tag: str, said: Mapping[str, str]) -> None:
        nonlocal since_1904
        if tag == "workbookPr":
            since_1904 = said.get("date1904") in ("1", "true")
        elif tag == "sheet":
            kind, target = related[next(value for name, value in said.items() if _without_namespace(name) == "id")]
            if kind != "worksheet":
                return  # A chart.
            sheets[said["name"]] = target
            if said.get("state", "visible") != "visible":
                hidden.add(said["name"])

    _parse(packed, main, begin)
    texts = _texts(packed, parts["sharedStrings"]) if "sharedStrings" in parts else []
    styles = _styles(packed, parts["styles"]) if "styles" in parts else []
    return _Book(packed, texts, styles, since_1904, sheets, frozenset(hidden))


def _related(packed: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part says of others: their kind and name in the file, by the name that it has for them."""
    folder, name = posixpath.split(part)
    found: dict[str, tuple[str, str]] = {}

    def begin(tag: str, said: Mapping[str, str]) -> None:
        if tag == "Relationship" and said.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, said["Target"])).lstrip("/")
            found[said["Id"]] = posixpath.basename(said["Type"]), target

    _parse(packed, posixpath.join(folder, "_rels", f"{name}.rels"), begin)
    return found


def _texts(packed: zipfile.ZipFile, part: str) -> list[str]:
    """The texts that cells share; how they are to be spoken is left out."""
    texts: list[str] = []
    pieces: list[str] = []
    inside = {"t": 0, "rPh": 0}

    def begin(tag: str, said: Mapping[str, str]) -> None:
        if tag in inside:
            inside[tag] += 1

    def end(tag: str) -> None:
        if tag in inside:
            inside[tag] -= 1
        elif tag == "si":
            texts.append(one_line("".join(pieces)))
            pieces.clear()

    def text(data: str) -> None:
        if inside["t"] and not inside["rPh"]:
            pieces.append(data)

    _parse(packed, part, begin, end, text)
    return texts


def _styles(packed: zipfile.ZipFile, part: str) -> list[Style]:
    codes: dict[int, str] = {}
    numbers: list[int] = []
    cells = False

    def begin(tag: str, said: Mapping[str, str]) -> None:
        nonlocal cells
        if tag == "numFmt":
            codes[int(said["numFmtId"])] = said["formatCode"]
        elif tag == "cellXfs":
            cells = True
        elif tag == "xf" and cells:
            numbers.append(int(said.get("numFmtId", 0)))

    def end(tag: str) -> None:
        nonlocal cells
        cells = cells and tag != "cellXfs"

    _parse(packed, part, begin, end)
    return [style_of(number, codes) for number in numbers]


def _parse(
    packed: zipfile.ZipFile,
    part: str,
    begin: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Read a part, and call with the names of tags, without their namespaces, and attributes. Raises `ExpatError`."""
    if packed.getinfo(part).file_size > MAX_PART:
        raise TableError.of(
            "the workbook is larger than 256 MB when it is unpacked", "save the sheet as CSV or Parquet"
        )
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    # There are few names and millions of tags.
    plain = cache(_without_namespace)
    parser.StartElementHandler = lambda tag, said: begin(plain(tag), said)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(plain(tag))
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with packed.open(part) as file:
        while data := file.read(2**20):
            parser.Parse(data)
        parser.Parse(b"", True)


def _without_namespace(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse_doctype(*_: object) -> None:
    # Entities, which could make much of little, are declared there. No workbook has any.
    raise ExpatError("it declares a document type")


# --- One sheet -------------------------------------------------------------------------------------------------------


def _grid(book: _Book, name: str) -> _Grid:
    reading = _Cells(book, name)
    _parse(book.packed, book.sheets[name], reading.begin, reading.end, reading.text)
    if reading.lacking:
        row, column = reading.lacking[0]
        many = "" if len(reading.lacking) == 1 else f" (and {len(reading.lacking) - 1:,} more)"
        message = (
            f"the formula in {cell_name(row, column)} of `{name}`{many} has no value: no spreadsheet computed it yet"
        )
        raise TableError.of(message, "open the workbook in a spreadsheet and save it, or write values", row)
    merged = reading.fill_merged()
    width = max((max(row) + 1 for row in reading.rows.values()), default=0)
    if width * max(reading.rows, default=0) > MAX_CELLS:
        message = f"the sheet `{name}` reaches to {cell_name(max(reading.rows), width - 1)}"
        raise TableError.of(message, "delete what stands far outside, or save the sheet as CSV or Parquet")
    return _Grid(reading.rows, width, merged, [row for row in reading.hidden if row in reading.rows])


class _Cells:
    """The reading of one sheet: what was found up to here, and the cell at hand."""

    def __init__(self, book: _Book, name: str) -> None:
        self._book, self._name = book, name
        self.rows: dict[int, dict[int, str]] = {}
        self.hidden: list[int] = []
        self.lacking: list[tuple[int, int]] = []
        self._merged: list[str] = []
        self._row, self._column = 0, -1
        self._kind, self._style, self._formula = "", 0, False
        self._within = ""
        self._pieces: list[str] = []
        self._phonetic = False

    def begin(self, tag: str, said: Mapping[str, str]) -> None:
        """A tag begins."""
        if tag == "row":
            self._row, self._column = int(said.get("r", self._row + 1)), -1
            if said.get("hidden") in ("1", "true"):
                self.hidden.append(self._row)
        elif tag == "c":
            self._column = column_number(said["r"]) if "r" in said else self._column + 1
            self._kind, self._style, self._formula = said.get("t", "n"), int(said.get("s", 0)), False
            self._pieces.clear()
        elif tag == "mergeCell":
            self._merged.append(said["ref"])
        elif tag == "f":
            self._formula = True
        elif tag == "rPh":
            self._phonetic = True
        elif tag in ("v", "t"):
            self._within = tag

    def text(self, data: str) -> None:
        """Text within a tag."""
        if self._within and not self._phonetic:
            self._pieces.append(data)

    def end(self, tag: str) -> None:
        """A tag ends."""
        if tag in ("v", "t"):
            self._within = ""
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "c":
            written = "".join(self._pieces)
            if written != "":
                self.rows.setdefault(self._row, {})[self._column] = self._shown(written)
            elif self._formula and self._kind != "str":
                self.lacking.append((self._row, self._column))

    def _shown(self, written: str) -> str:
        if self._kind == "s":
            return self._book.texts[int(written)]
        if self._kind == "b":
            return "true" if written.strip() == "1" else "false"
        if self._kind == "n":
            styles = self._book.styles
            style = styles[self._style] if self._style < len(styles) else Style("General")
            return number_text(written.strip(), style, self._book.since_1904)
        return one_line(written)

    def fill_merged(self) -> int:
        """Have the value of cells that are merged over several rows in each of them; gives how many there were.

        What is merged over several columns is a title, and stays where it begins.
        """
        filled = 0
        for reference in self._merged:
            first, _, last = reference.partition(":")
            column, top = column_number(first), int(first.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
            bottom = int(last.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or top)
            value = self.rows.get(top, {}).get(column, "")
            below = [row for row in range(top + 1, min(bottom, max(self.rows, default=0)) + 1) if row in self.rows]
            if value and below:
                filled += 1
                for row in below:
                    self.rows[row].setdefault(column, value)
        return filled
