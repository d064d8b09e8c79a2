"""Tells of cells of sheets that begin or end with blanks, which nobody sees and everything compares."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sncompile.diagnostics import Report
from sncompile.diagnostics.counted import counted
from sncompile.faults import tables as faults
from sncompile.ir.keys.table import Cell, Table
from sncompile.lazy_regex import regex
from sncompile.semantics.queries.stored_columns import StoredColumns, quoted, text_sql

_AT_AN_END = regex(r"^[ \t\u00a0\u200b\u2007\u202f\u3000]|[ \t\u00a0\u200b\u2007\u202f\u3000]$", re.MULTILINE)
_IN_SQL = r"^[ \t\x{a0}\x{200b}\x{2007}\x{202f}\x{3000}]|[ \t\x{a0}\x{200b}\x{2007}\x{202f}\x{3000}]$"


def check_blanks(table: Table, report: Report) -> None:
    """Tell how many cells of a sheet have blanks at their ends, and of the first in each column that has some."""
    found = {name: here for name in table.columns if (here := _blanks(table, name))}
    if not found or not table.columns.keys() >= set(table.key):
        return  # A key that no column has is told of by itself.
    name, (_, row) = min(found.items(), key=lambda item: item[1][1])
    number = sum(count for count, _ in found.values())
    verb = "has a blank at an end" if number == 1 else "have blanks at their ends"
    columns = ", ".join(f"`{column}`" for column in found)
    where = "" if len(found) == 1 else f", in the columns {columns}"
    first = "it is" if number == 1 else "the first is"
    cells, cell = counted(number, "cell"), table.columns[name][row]
    message = f"{cells} of `{table.name}` {verb}{where}: {first} `{cell}`, `{name}` of {table.describe(row)}"
    hint = "a blank is a part of the value, which is another one without it: take it out of the sheet"
    report.add(faults.BLANKS.at(table.cell_span(row, name), message, help=hint))


def _blanks(table: Table, name: str) -> tuple[int, int] | None:
    """How many cells of a column have blanks at their ends, and the first row with one."""
    columns = table.columns
    if isinstance(columns, StoredColumns):
        if columns.types[name] != "VARCHAR":
            return None
        test = f"regexp_matches({quoted(name)}, {text_sql(_IN_SQL)})"
        number, row = columns.rows(f"SELECT count(*), min(rowid) FROM {columns.relation} WHERE {test}")[0]
        return (number, row) if number else None
    return _among(columns[name])


def _among(cells: Sequence[Cell]) -> tuple[int, int] | None:
    # Mostly there is none, and that is soon seen of all cells together.
    texts = [cell if isinstance(cell, str) else "" for cell in cells]
    if _AT_AN_END.search("\n".join(texts)) is None:
        return None
    rows = [row for row, text in enumerate(texts) if text and (_is_blank(text[0]) or _is_blank(text[-1]))]
    return (len(rows), rows[0]) if rows else None


def _is_blank(sign: str) -> bool:
    return _AT_AN_END.match(sign) is not None
