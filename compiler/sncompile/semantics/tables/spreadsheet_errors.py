"""Warns of cells that hold what a spreadsheet writes where it could not compute: `#REF!`, `#DIV/0!`, `#####`."""

from __future__ import annotations

from collections.abc import Iterable

from sncompile.diagnostics import Report
from sncompile.diagnostics.counted import counted
from sncompile.faults import tables as faults
from sncompile.ir.keys.table import Table
from sncompile.lazy_regex import regex
from sncompile.semantics.queries.stored_columns import StoredColumns, quoted, text_sql

_ERROR = "#(?:[A-ZÄÖÜÉÇ0-9/_]+[!?]|N/A|NV|N/D|##+)"
"""In any language: `#VALUE!`, `#WERT!`, `#NOMBRE?`; `#N/A` and its like; what is too wide for its column."""

_WHOLE = regex(_ERROR)


def check_spreadsheet_errors(table: Table, names: Iterable[str], report: Report) -> None:
    """Tell how many cells of some columns of a sheet hold errors of a spreadsheet, and of the first."""
    if not table.columns.keys() >= set(table.key):
        return
    found = {name: rows for name in names if (rows := _rows(table, name))}
    if not found:
        return
    name, rows = min(found.items(), key=lambda item: item[1][0])
    row, number = rows[0], sum(map(len, found.values()))
    cell, said = table.columns[name][row], counted(number, "cell")
    first = "" if number == 1 else ", the first of them"
    verb = "holds an error" if number == 1 else "hold errors"
    message = f"{said} of `{table.name}` {verb} of a spreadsheet: `{cell}`{first}, `{name}` of {table.describe(row)}"
    hint = "mend the formula and save the sheet anew, or leave the cell empty where there is nothing"
    report.add(faults.SPREADSHEET_ERROR.at(table.cell_span(row, name), message, help=hint))


def _rows(table: Table, name: str) -> list[int]:
    columns = table.columns
    if isinstance(columns, StoredColumns):
        if columns.types[name] != "VARCHAR":
            return []
        test = f"regexp_full_match({quoted(name)}, {text_sql(_ERROR)})"
        return [row for (row,) in columns.rows(f"SELECT rowid FROM {columns.relation} WHERE {test} ORDER BY rowid")]
    return [
        row
        for row, cell in enumerate(columns[name])
        if isinstance(cell, str) and cell.startswith("#") and _WHOLE.fullmatch(cell.strip())
    ]
