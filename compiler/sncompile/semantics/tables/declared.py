"""Columns that a table declares: what is missing is filled in, and what must not be so is told at its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Span, did_you_mean
from sncompile.diagnostics import Related as Place
from sncompile.diagnostics.few import few
from sncompile.diagnostics.suggest import is_near
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.keys.table import Cell
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.types import READ, Type
from sncompile.ir.language.written import converted
from sncompile.lazy_regex import regex
from sncompile.semantics.limits import check_patterns, check_value
from sncompile.syntax.document import ColumnDoc, TableDoc


class Declared(NamedTuple):
    """Columns as they are declared: with all of them there, those that read as something else, and those of files."""

    columns: Mapping[str, Sequence[Cell]]
    reads: Mapping[str, Type]
    files: Mapping[str, Type]


class Found(NamedTuple):
    """A table's columns as its source has them, how many rows there are, and where a cell stands."""

    columns: Mapping[str, Sequence[Cell]]
    size: int
    reads: Mapping[str, Type]
    cell_at: Callable[[int, str], Span]


def declare(doc: TableDoc, found: Found, report: Report) -> Declared | None:
    """The columns of a table, as it declares them; None after telling what is not so."""
    told = report.errors
    columns, reads, files = dict(found.columns), dict(found.reads), {}
    keys = {key.name for key in doc.key}
    check_patterns({name: column.declared for name, column in doc.columns.items()}, report)
    for name, column in doc.columns.items():
        cells = _filled(doc, column, found, report)
        if cells is None:
            continue
        if column.default is None or _check_default(column, report):
            _check_cells(doc, column, cells, found, report)
        kind = Type(column.declared.base, written=column.declared.base in READ)
        typed = any(cell is not None and not isinstance(cell, str) for cell in cells)
        reads.pop(name, None)
        if report.errors == told and name not in keys:
            if typed:
                cells = [converted(cell, kind.base) for cell in cells]
            elif kind.written:
                reads[name] = kind
        if column.files:
            files[name] = Type(column.files, formats=column.formats)
        columns[name] = cells
    return Declared(columns, reads, files) if report.errors == told else None


def _filled(doc: TableDoc, column: ColumnDoc, found: Found, report: Report) -> Sequence[Cell] | None:
    """A column's cells with its default where they are empty; None, which is told, where it must not be missing."""
    name, default = column.declared.name, None if column.default is None else column.default.name
    if name.name not in found.columns:
        if column.required:
            message = f"the table `{doc.name.name}` has no column `{name.name}`"
            hint = did_you_mean(name.name, found.columns)
            report.add(faults.NO_COLUMN.at(name.span, message, help=hint or "add it, or say `required: false` here"))
            return None
        _tell_near(doc, column, found, report)
        return [default] * found.size
    cells = found.columns[name.name]
    if None not in cells:
        return cells
    if default is not None:
        return [default if cell is None else cell for cell in cells]
    if column.required:
        empty = [row for row, cell in enumerate(cells) if cell is None]
        message = f"`{name.name}` of `{doc.name.name}` is empty"
        hint = "fill the cell, or say `required: false` or a `default` where the column is declared"
        related = (Place("the column is declared here", name.span),)
        for row, more in few(empty):
            place = found.cell_at(row, name.name)
            report.add(value_faults.ABSENT.at(place, message + more, help=hint, related=related))
    return cells


def _tell_near(doc: TableDoc, column: ColumnDoc, found: Found, report: Report) -> None:
    """Tell where a column that is not there stands under nearly its name, and nothing else is said of that."""
    name, table = column.declared.name, doc.name.name
    taken = {*doc.columns, *(key.name for key in doc.key)}
    near = next((other for other in found.columns if other not in taken and is_near(other, name.name)), None)
    if near is None:
        return
    where = "absent" if column.default is None else "its default"
    message = f"the table `{table}` has no column `{name.name}`, which is {where} in every row, but a column `{near}`"
    hint = f"if that is the one, write `{name.name}` in the sheet, or `{near}` here; if not, declare `{near}`, too"
    report.add(faults.NEAR_COLUMN.at(name.span, message, help=hint))


def _check_default(column: ColumnDoc, report: Report) -> bool:
    """Whether a default serves; told where not."""
    assert column.default is not None
    name, place = column.declared.name.name, column.default.span
    wrong = _wrong(column, column.default.name, f"the default of `{name}`", place)
    if wrong is not None:
        report.add(replace(wrong, code=value_faults.BAD_DEFAULT.code))
    return wrong is None


def _check_cells(doc: TableDoc, column: ColumnDoc, cells: Sequence[Cell], found: Found, report: Report) -> None:
    """Tell of cells that are not as the column declares."""
    name = column.declared.name.name
    what = f"`{name}` of `{doc.name.name}`"
    distinct = {cell for cell in cells if cell is not None}
    wrong = {cell for cell in distinct if _wrong(column, cell, what, column.declared.name.span) is not None}
    if not wrong:
        return
    rows = [row for row, cell in enumerate(cells) if cell in wrong]
    for row, more in few(rows):
        told = _wrong(column, cells[row], what, found.cell_at(row, name))
        if told is not None:
            report.add(replace(told, message=told.message + more))


def _wrong(column: ColumnDoc, cell: Cell, what: str, place: Span) -> Diagnostic | None:
    """What is wrong with a cell, told at a place; None if nothing is."""
    declared = column.declared
    try:
        value = converted(cell, declared.base) if declared.base in READ else to_text(cell)
    except ValueFault as fault:
        related = (Place("the column is declared here", declared.name.span),)
        hint = number_help(cell) or f"the column has the type `{declared.base}`"
        return value_faults.BAD_CELL.at(place, f"{what}: {fault}", help=hint, related=related)
    told = check_value(declared, value, what, place, "column")
    nothing = told is not None and str(cell).strip().casefold() in _NOTHING
    return replace(told, help=number_help(cell)) if told is not None and nothing else told


_NOTHING = frozenset({"na", "n/a", "nan", "none", "null", "-", "."})
"""What stands in sheets for nothing, by programs that write them or by habit."""


_EITHER = regex(r"[+-]?[1-9]\d{0,2},\d{3}")
"""A comma that may be a point, or part thousands."""

_GROUPED = regex(
    r"(?P<sign>[+-]?)(?P<whole>\d{1,3}(?P<between>[,.'’ \u00a0\u2009\u202f])\d{3}(?:(?P=between)\d{3})*)"
    r"(?:(?!(?P=between))[.,](?P<fraction>\d+))?"
)
"""A number with a sign between its thousands."""


def number_help(cell: Cell) -> str | None:
    """What to do with a number that has a comma where a point belongs, and with words for nothing.

    >>> number_help("0,003"), number_help("thirty")
    ('write it with a point: `0.003`', None)
    >>> number_help("1,234"), number_help("1'234,5")
    ('write `1234` if the comma parts thousands, and `1.234` if it is a point', 'write it plainly: `1234.5`')
    """
    text = str(cell).strip()
    if cell is not None and text.casefold() in _NOTHING:
        return f"leave the cell empty where there is nothing: `{text}` is a text like any other"
    if _EITHER.fullmatch(text):
        whole, point = text.replace(",", ""), text.replace(",", ".")
        return f"write `{whole}` if the comma parts thousands, and `{point}` if it is a point"
    if text.count(",") == 1 and text.replace(",", "").lstrip("+-").isdigit():
        return f"write it with a point: `{text.replace(',', '.')}`"
    grouped = _GROUPED.fullmatch(text)
    if grouped is not None:
        digits = re.sub(r"\D", "", grouped["whole"])
        fraction = f".{grouped['fraction']}" if grouped["fraction"] else ""
        return f"write it plainly: `{grouped['sign']}{digits}{fraction}`"
    return None
