"""The text of a sheet → its columns.

Sheets come from spreadsheets, instruments and scripts, and are seldom quite what their suffix says. What can only be
meant in one way is read and remarked; everything else is told with its row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from sncompile.diagnostics.few import MAX_TOLD, few
from sncompile.ir.keys.table import Cell
from sncompile.lazy_regex import regex
from sncompile.semantics.tables.sheet_places import cells_of
from sncompile.semantics.tables.sheet_text import SheetFault, SheetForm, TableError

_SAID = regex(r'\A"?sep=([^"\w\r\n])"?[ \t]*(?:\r?\n|\Z)', re.IGNORECASE)
"""The first line by which spreadsheets tell each other what stands between the cells."""

MAX_BEFORE = 100
"""In so many lines the names of columns are looked for."""

_CANDIDATES = ("\t", ";", ",", "|")
_SHOWN = {"\t": "a tab", ";": "`;`", ",": "`,`", "|": "`|`"}
_WRITTEN = {"\t": '"\\t"'}


class Sheet(NamedTuple):
    """A sheet that was read: its columns, the line of every row, what stands between cells, and what is remarkable.

    `numbers` says of each column how many stand before it in the file.
    """

    columns: Mapping[str, Sequence[Cell]]
    lines: Sequence[int]
    delimiter: str
    numbers: Mapping[str, int]
    remarks: tuple[SheetFault, ...]


def read_sheet(text: str, usual: str, form: SheetForm, key: Sequence[str]) -> Sheet:
    """The columns of a sheet; `usual` is what mostly stands between cells of its kind. Raises `TableError`."""
    return _Reading(text, usual, form, key).sheet()


def cut(line: str, delimiter: str) -> list[str]:
    """The cells of one line; the whole of one that is no row."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


class _Reading:
    """The reading of one sheet: what was found up to here."""

    def __init__(self, text: str, usual: str, form: SheetForm, key: Sequence[str]) -> None:
        self._text, self._usual, self._form = text, usual, form
        self._said = _SAID.match(text)
        self._start = 0
        """The line in which the row begins that is being read; 0 between rows."""
        self._remarks: list[SheetFault] = []
        self._key = set(key)
        self._delimiter = self._separator(self._key)
        self._rows: list[list[str]] = []
        self._lines: list[int] = []
        self._faults: list[SheetFault] = []

    def sheet(self) -> Sheet:
        records = self._records()
        header = list(self._form.names)
        if self._form.header:
            line, header = next(records, (1, []))
            if not header:
                raise TableError.of("the table is empty", "its first line names the columns")
            self._check_first(header, line)
            self._check_header(header, line)
        self._read(records, len(header), header)
        if self._faults:
            raise TableError([fault._replace(message=fault.message + more) for fault, more in few(self._faults)])
        numbers = self._named(header)
        columns: dict[str, Sequence[Cell]] = {}
        cells = list(zip(*self._rows, strict=True)) if self._rows else [()] * len(header)
        for name, number in numbers.items():
            here = cells[number]
            columns[name] = [cell if cell != "" else None for cell in here] if "" in here else here
        return Sheet(columns, self._lines, self._delimiter, numbers, tuple(self._remarks))

    # --- Lines and separators ------------------------------------------------------------------------------------

    def _separator(self, key: set[str]) -> str:
        """What stands between the cells: as the spec says, or the sheet, or as its first line has the key."""
        if self._form.delimiter is not None:
            return self._form.delimiter
        if self._said is not None:
            self._remark_separator(self._said[1], 1, "as its first line says")
            return self._said[1]
        number, first = next(((n, line) for n, line in self._raw() if line.strip()), (1, ""))
        signs = tuple(dict.fromkeys((self._usual, *_CANDIDATES)))
        cells = {sign: cut(first, sign) for sign in signs}
        named = [sign for sign in signs if self._form.header and key <= set(cells[sign])]
        several = [sign for sign in signs if len(cells[sign]) > 1]
        found = (*named, *several, self._usual)[0]
        if found != self._usual:
            self._remark_separator(found, number, "as its first line has it")
        return found

    def _remark_separator(self, sign: str, line: int, why: str) -> None:
        written = _WRITTEN.get(sign, f'"{sign}"')
        message = f"read with {_SHOWN.get(sign, f'`{sign}`')} between the cells, {why}"
        self._remarks.append(SheetFault(message, f"`delimiter: {written}` in the table settles it", line))

    def _raw(self) -> Iterator[tuple[int, str]]:
        """The lines that are read, with their numbers; comments between rows are passed over."""
        after = self._said.end() if self._said is not None else 0
        first = 2 if self._said is not None else 1
        # Many a sheet has no comments, and then there is nothing to look for.
        comment = self._form.comment
        for number, line in enumerate(io.StringIO(self._text[after:] if after else self._text, newline=""), first):
            if number < self._form.first or (comment and not self._start and line.startswith(comment)):
                continue
            self._start = self._start or number
            yield number, line

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The rows as they stand there, each with the line that it begins in."""
        self._start = 0
        reader = csv.reader((line for _, line in self._raw()), delimiter=self._delimiter, strict=True)
        try:
            for row in reader:
                start, self._start = self._start, 0
                if row:
                    yield start, row
        except csv.Error as error:
            hint = "close the quotes, and double those that stand inside of a cell"
            raise TableError.of(f"not a table: {error}", hint, self._start or 1) from None

    # --- Rows ----------------------------------------------------------------------------------------------------

    def _read(self, records: Iterable[tuple[int, list[str]]], width: int, header: list[str]) -> None:
        rows, lines = self._rows, self._lines
        empty: list[int] = []
        trailing: list[int] = []
        for line, row in records:
            if len(row) > width and not any(row[width:]):
                trailing.append(line)
                del row[width:]
            if not any(row) or (len(row) < width and not any(map(str.strip, row))):
                empty.append(line)
            elif len(row) == width:
                rows.append(row)
                lines.append(line)
            else:
                tell = self._too_short if len(row) < width else self._too_long
                self._faults.append(tell(line, row, header) if len(self._faults) < MAX_TOLD else SheetFault("", ""))
        if empty:
            self._remark_left_out(f"{_count(empty, 'row')} in which no cell is filled", empty[0])
        if trailing:
            self._remark_left_out(f"the empty cells after the last column, in {_count(trailing, 'row')}", trailing[0])

    def _remark_left_out(self, what: str, line: int) -> None:
        hint = "delete what is empty in the sheet, and this is not said again"
        self._remarks.append(SheetFault(f"left out: {what}", hint, line))

    def _too_short(self, line: int, row: list[str], header: list[str]) -> SheetFault:
        lacking = header[len(row) :]
        text = self._line(line)
        hint = "write empty cells, too"
        if len(text) <= 60 and '"' not in text:
            hint = f"write empty cells, too: `{text + self._delimiter * len(lacking)}`"
        message = f"the row lacks {_names(lacking)}: it has {_count(row, 'cell')}, and {self._columns(header)}"
        end = len(text) + 1
        return SheetFault(message, self._or_comment(line, hint), line, end, end + 1)

    def _too_long(self, line: int, row: list[str], header: list[str]) -> SheetFault:
        more = row[len(header) :]
        shown = ", ".join(f"`{cell}`" for cell in more[:3]) + (", …" if len(more) > 3 else "")
        message = f"the row has {_count(more, 'cell')} too much, {shown}: {self._columns(header)}"
        if not self._form.header:
            hint = "name all columns of the sheet under `columns`"
        else:
            hint = f"quote cells that hold {_SHOWN.get(self._delimiter, f'`{self._delimiter}`')}, or name the column"
        place = self._place(line, len(header))
        return SheetFault(message, self._or_comment(line, hint), line, *place)

    def _columns(self, header: Sequence[str]) -> str:
        verb = "is" if len(header) == 1 else "are"
        return f"{_count(header, 'column')} {verb} named"

    def _or_comment(self, line: int, hint: str) -> str:
        """A help, or what to do where the row, or the first line before it, looks like a comment."""
        if self._form.comment:
            return hint
        begins = [text.lstrip()[:1] for text in (self._line(line), self._line(1))]
        if "#" in begins:
            return 'say `comment: "#"` in the table, so that lines which begin so are passed over'
        return hint

    def _line(self, number: int) -> str:
        lines = self._text.split("\n", number)
        return lines[number - 1].rstrip("\r") if number <= len(lines) else ""

    def _place(self, line: int, number: int) -> tuple[int, int]:
        """The first and last column of a cell, within the line that its row begins in."""
        cells = list(cells_of([*[""] * (line - 1), self._line(line)], line, self._delimiter))
        return (cells[number].column, cells[number].end_column) if number < len(cells) else (1, 1)

    # --- Columns -------------------------------------------------------------------------------------------------

    def _check_header(self, header: list[str], line: int) -> None:
        for number, name in enumerate(header):
            if name and name in header[:number]:
                place = self._place(line, number)
                message = f"the column `{name}` stands in the header twice"
                raise TableError([SheetFault(message, "rename one of them", line, *place)])

    def _check_first(self, header: list[str], line: int) -> None:
        """Tell where lines stand before the one that names the columns, as titles and notes of instruments do."""
        if self._form.first > 1 or {name.strip().lower() for name in header} & {name.lower() for name in self._key}:
            return
        signs = (self._form.delimiter,) if self._form.delimiter else _CANDIDATES
        for number, text in islice(self._raw(), MAX_BEFORE):
            self._start = 0
            if any(self._key <= set(cut(text.rstrip("\r\n"), sign)) for sign in signs):
                keys = _names(sorted(self._key))
                message = f"the first line does not name the columns: {keys} stands in line {number}"
                hint = f"say `header: {number}` in the table, or delete the lines before"
                raise TableError([SheetFault(message, self._or_comment(line, hint), line)])

    def _named(self, header: list[str]) -> dict[str, int]:
        """Columns by name, with how many stand before each; those without name or cells are left out."""
        found = {name: number for number, name in enumerate(header) if name}
        nameless = [number for number, name in enumerate(header) if not name]
        for number in nameless:
            filled = next((row for row, cells in enumerate(self._rows) if cells[number]), None)
            if filled is not None:
                line = self._lines[filled]
                message = f"column {number + 1} has no name, and it holds `{self._rows[filled][number]}` here"
                hint = self._or_comment(line, "name it in the first line, or empty it")
                raise TableError([SheetFault(message, hint, line, *self._place(line, number))])
        if nameless:
            self._remark_left_out(f"{_count(nameless, 'column')} without a name, in which no cell is filled", 1)
        return found


def _count(things: Sequence[object], what: str) -> str:
    return f"{len(things):,} {what}{'' if len(things) == 1 else 's'}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
