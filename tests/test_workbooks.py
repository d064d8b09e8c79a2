"""Tables from Excel workbooks: what cells mean, which sheet is read, and what is said of those that cannot be."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from xlsxwriter import Workbook

from sncompile.semantics.tables import workbooks
from sncompile.semantics.tables.sheet_text import SheetForm, TableError
from sncompile.semantics.tables.workbooks import read_workbook

from .test_sheets import checked, folder, words

__all__ = ["folder"]

FORMATS = ["General", "000", "dd.mm.yyyy", "h:mm", "yyyy-mm-dd hh:mm", '0.00" d"', "[Red]0", "mmm yy", "[h]:mm"]


class Number(NamedTuple):
    """A cell with a number, in one of `FORMATS`."""

    value: float
    style: int = 0


class Formula(NamedTuple):
    """A cell with a formula, and the value that the workbook was saved with."""

    text: str
    value: str | float


Cells = Sequence[Sequence[str | bool | Number | Formula | None]]
"""The cells of a sheet, by row."""


def row(*values: str) -> list[str | None]:
    """A row of texts; an empty one is no cell."""
    return [value or None for value in values]


def write(
    path: Path,
    sheets: Mapping[str, Cells],
    *,
    merged: Sequence[str] = (),
    hidden: str = "",
    hidden_rows: Sequence[int] = (),
    since_1904: bool = False,
) -> None:
    """Write a workbook, by another library than the one that reads it.

    `merged` and `hidden_rows`, which count from 1, are of each sheet; `hidden` is a sheet.
    """
    with Workbook(path, {"date_1904": since_1904}) as book:
        formats = [book.add_format({"num_format": code}) for code in FORMATS]
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for at, line in enumerate(cells):
                for column, cell in enumerate(line):
                    if isinstance(cell, Number):
                        sheet.write_number(at, column, cell.value, formats[cell.style])
                    elif isinstance(cell, Formula):
                        sheet.write_formula(at, column, cell.text, None, cell.value)
                    elif isinstance(cell, bool):
                        sheet.write_boolean(at, column, cell)
                    elif cell is not None:
                        sheet.write_string(at, column, cell)
            for area in merged:
                first = area.partition(":")[0]
                kept = cells[int(first[1:]) - 1][ord(first[0]) - 65]
                sheet.merge_range(area, kept)
            for at in hidden_rows:
                sheet.set_row(at - 1, None, None, {"hidden": True})
            if name == hidden:
                sheet.hide()


def patched(path: Path, old: bytes, new: bytes, part: str = "sheets/") -> None:
    """Replace text in the sheets of a workbook, or in another part of it."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    assert any(old in data for name, data in parts.items() if part in name)
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data.replace(old, new) if part in name else data)


def read(path: Path, key: str = "k", **form: str) -> str:
    """The text of the sheet that is meant."""
    return read_workbook(path, SheetForm(**form), [key]).text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (Number(1), "1"),
        (Number(0.30000000000000004), "0.3"),
        (Number(1e-7), "0.0000001"),
        (Number(1e21), "1000000000000000000000"),
        (Number(-0.5), "-0.5"),
        (Number(7, 1), "007"),
        (Number(-7, 1), "-7"),
        (Number(1234, 1), "1234"),
        (Number(45415, 2), "2024-05-03"),
        (Number(45415.4375, 2), "2024-05-03 10:30:00"),
        (Number(59, 2), "1900-02-28"),
        (Number(61, 2), "1900-03-01"),
        (Number(0.4375, 3), "10:30:00"),
        (Number(0.43750000001, 3), "10:30:00"),
        (Number(45415.4375, 4), "2024-05-03 10:30:00"),
        (Number(45415, 4), "2024-05-03 00:00:00"),
        (Number(45413, 7), "2024-05-01"),
        (Number(2.5, 5), "2.5"),
        (Number(12, 6), "12"),
        (Number(1.5, 8), "36:00:00"),
        (True, "true"),
        (Formula("=1/0", "#DIV/0!"), "#DIV/0!"),
        (Formula('="a"&"b"', "ab"), "ab"),
        (Formula("=1+1", 2), "2"),
        ("01", "01"),
        ("two\nlines", "two lines"),
        ("a\rb", "a b"),
        ("a,b", '"a,b"'),
    ],
)
def test_a_cell_is_the_text_that_people_see(tmp_path: Path, cell: str | bool | Number | Formula, shown: str) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k", "x"), ["r", cell]]})
    assert read(tmp_path / "t.xlsx") == f"k,x\nr,{shown}\n"


def test_days_may_count_since_1904(tmp_path: Path) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k"), [Number(43953, 2)]]}, since_1904=True)
    assert read(tmp_path / "t.xlsx") == "k\n2024-05-03\n"


def test_a_workbook_is_a_table(folder: Path) -> None:
    """Its rows are jobs, and a fault of a cell stands in its row, empty ones before it and all."""
    write(folder / "t.xlsx", {"units": [row("k", "dose"), [], ["a", Number(0.5)], row("b", "high")]})
    found = checked(folder, "{key: k, file: t.xlsx}", text="${t.dose}")
    assert words(found) == ["0.5", "high"]
    found = checked(folder, "{key: k, file: t.xlsx, columns: {dose: {type: number}}}", text="${t.dose}")
    assert [(d.code, d.span and (d.span.file, d.span.line, d.span.column)) for d in found.diagnostics] == [
        ("SN330", ("t.xlsx", 4, 3))
    ]


def test_the_sheet_that_has_the_key_is_read_and_remarked(folder: Path) -> None:
    write(
        folder / "t.xlsx",
        {"readme": [row("By me")], "units": [row("k"), row("a")], "old": [row("k"), row("z")]},
        hidden="old",
    )
    found = checked(folder, "{key: k, file: t.xlsx}", text="${t.k}")
    assert words(found) == ["a"]
    assert [(d.code, d.help) for d in found.diagnostics] == [("SN433", "`sheet: units` in the table settles it")]
    found = checked(folder, "{key: k, file: t.xlsx, sheet: old}", text="${t.k}")
    assert (words(found), found.diagnostics) == (["z"], ())


@pytest.mark.parametrize(
    ("said", "message", "help"),
    [
        ("", "the workbook has several sheets: `a`, `b`", "say which one: `sheet: a`"),
        (", sheet: c", "the workbook has no sheet `c`", "it has `a`, `b`"),
        (
            ', delimiter: ";"',
            "`delimiter` and `encoding` are about text, and this is an Excel workbook",
            "leave them out",
        ),
    ],
)
def test_a_sheet_that_cannot_be_told_is_asked_for(folder: Path, said: str, message: str, help: str) -> None:
    write(folder / "t.xlsx", {"a": [row("k"), row("1")], "b": [row("k"), row("2")]})
    found = checked(folder, f"{{key: k, file: t.xlsx{said}}}")
    assert [(d.code, d.message, d.help) for d in found.diagnostics] == [("SN401", message, help)]


def test_merged_cells_count_in_each_of_their_rows(folder: Path) -> None:
    cells = [row("p", "k"), row("P1", "a"), row("", "b"), [], row("P2", "c")]
    write(folder / "t.xlsx", {"a": cells}, merged=["A2:A4"])
    found = checked(folder, "{key: k, file: t.xlsx}", text="${t.p}")
    assert words(found) == ["P1", "P1", "P2"]
    assert [(d.code, d.message) for d in found.diagnostics] == [
        ("SN433", "`a` has a cell that is merged over several rows, and each of these has the value")
    ]


def test_hidden_rows_are_told(folder: Path) -> None:
    write(folder / "t.xlsx", {"a": [row("k"), row("a"), row("b")]}, hidden_rows=[2])
    found = checked(folder, "{key: k, file: t.xlsx}", text="${t.k}")
    assert words(found) == ["a", "b"]
    assert [(d.message, d.span and d.span.line) for d in found.diagnostics] == [
        ("1 row is hidden in `a`, and read as any other", 2)
    ]


def test_a_title_over_several_columns_stays_where_it_begins(folder: Path) -> None:
    write(folder / "t.xlsx", {"a": [row("Plates of May", "", ""), row("k", "dose"), row("a", "1")]}, merged=["A1:C1"])
    found = checked(folder, "{key: k, file: t.xlsx, header: 2}", text="${t.dose}")
    assert (words(found), found.diagnostics) == (["1"], ())


def test_a_formula_that_nobody_computed_is_told_by_its_name(tmp_path: Path) -> None:
    """As of workbooks that a program wrote: none of their formulas has a value."""
    write(tmp_path / "t.xlsx", {"a": [row("k", "n"), ["a", Formula("=COUNTA(A1:A2)", "")]]})
    patched(tmp_path / "t.xlsx", b"<v></v>", b"")
    with pytest.raises(TableError, match="the formula in B2 of `a` has no value") as told:
        read(tmp_path / "t.xlsx")
    assert told.value.faults[0].line == 2


@pytest.mark.parametrize(("value", "asks", "told"), [(0, True, True), (0, False, False), (5, True, False)])
def test_a_formula_that_stands_at_0_in_a_workbook_to_be_computed_is_told(
    tmp_path: Path, value: int, asks: bool, told: bool
) -> None:
    """As XlsxWriter writes formulas: with a 0, and a mark that all is to be computed when a spreadsheet opens it."""
    write(tmp_path / "t.xlsx", {"a": [row("k", "n"), ["a", Formula("=5*B9", value)], ["b", Formula("=0", 0)]]})
    if not asks:
        patched(tmp_path / "t.xlsx", b'fullCalcOnLoad="1"', b"", part="xl/workbook.xml")
    if told:
        with pytest.raises(TableError, match=r"B2 of `a` \(and 1 more\) has no value"):
            read(tmp_path / "t.xlsx")
    else:
        assert read(tmp_path / "t.xlsx") == f"k,n\na,{value}\nb,0\n"


def test_formulas_may_give_nothing(tmp_path: Path) -> None:
    """As those that were filled down a column, beside others that gave something."""
    cells = [row("k", "n"), ["a", Formula('=IF(A2="a",A2,"")', "a")], ["b", Formula('=IF(A3="a",A3,"")', "")]]
    write(tmp_path / "t.xlsx", {"a": cells})
    assert read(tmp_path / "t.xlsx") == "k,n\na,a\nb,\n"


def test_what_stands_before_the_header_is_passed_over(folder: Path) -> None:
    """As in text: the help names the line, and that line is taken."""
    write(folder / "t.xlsx", {"a": [row("Plate 7"), [], row("k", "dose"), row("a", "high")]})
    (folder / "t.csv").write_text("Plate 7\nOperator;me\n\nk;dose\na;high\n")
    for name, line in (("t.xlsx", 3), ("t.csv", 4)):
        found = checked(folder, f"{{key: k, file: {name}}}")
        assert [(d.code, d.help) for d in found.diagnostics] == [
            ("SN401", f"say `header: {line}` in the table, or delete the lines before")
        ]
        assert words(checked(folder, f"{{key: k, file: {name}, header: {line}}}", text="${t.dose}")) == ["high"]


def test_a_header_with_another_case_is_no_title(folder: Path) -> None:
    (folder / "t.csv").write_text("K,dose\nk,1\n")
    assert [d.code for d in checked(folder, "{key: k, file: t.csv}").diagnostics] == ["SN402"]


def test_a_table_of_a_step_has_no_such_form(folder: Path) -> None:
    for said in ("header: 3", "sheet: a"):
        found = checked(folder, f'{{key: k, from: "${{one.said}}", {said}}}')
        assert "SN401" in [d.code for d in found.diagnostics]


@pytest.mark.parametrize("data", [b"k,dose\na,1\n", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0old", b""])
def test_what_is_no_workbook_is_told(folder: Path, data: bytes) -> None:
    (folder / "t.xlsx").write_bytes(data)
    found = checked(folder, "{key: k, file: t.xlsx}")
    assert [d.code for d in found.diagnostics] == ["SN401"]


def test_a_sheet_of_text_has_no_sheets(folder: Path) -> None:
    (folder / "t.csv").write_text("k\na\n")
    (found,) = checked(folder, "{key: k, file: t.csv, sheet: a}").diagnostics
    assert found.message == "`sheet` names one of an Excel workbook, and `t.csv` is none"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"<worksheet", b'<!DOCTYPE x [<!ENTITY e "k">]><worksheet', "cannot be read as an Excel workbook"),
        (b'<row r="2"', b'<row r="1048576"', "reaches to XFD1048576"),
        (
            b"</sheetData>",
            b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
            "17,179,869,184 cells of a sheet are merged",
        ),
    ],
)
def test_hostile_workbooks_are_refused(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    """Entities that grow, and cells at the end of the world."""
    path = tmp_path / "t.xlsx"
    write(path, {"a": [row("k"), [Number(1)]]})
    patched(path, b'<c r="A2"', b'<c r="XFD1048576"')
    patched(path, old, new)
    with pytest.raises(TableError, match=message):
        read(path)


def test_a_workbook_that_unpacks_to_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k")]})
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 2**10)
    with pytest.raises(TableError, match="larger than 0 MB when it is unpacked"):
        read(tmp_path / "t.xlsx")


def test_the_extra_is_named_where_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k")]})
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(TableError, match="openpyxl and defusedxml, which are not installed") as told:
        read(tmp_path / "t.xlsx")
    assert told.value.faults[0].help == "`pip install 'sncompile[excel]'`, or save the sheet as CSV"
