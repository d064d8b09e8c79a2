"""Tables from Excel workbooks: what cells mean, which sheet is read, and what is said of those that cannot be."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from sncompile.semantics.tables import workbooks
from sncompile.semantics.tables.sheet_text import SheetForm, TableError
from sncompile.semantics.tables.workbooks import read_workbook

from .test_sheets import checked, folder, words

__all__ = ["folder"]

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKED = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
FORMATS = ["General", "000", "dd.mm.yyyy", "h:mm", "yyyy-mm-dd hh:mm", '0.00" d"', "[Red]0", "mmm yy"]

Cells = Sequence[Sequence[str]]
"""The cells of a sheet as XML, by row; an empty text is no cell."""


def text(value: str) -> str:
    """A cell with a text of its own."""
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(value: str, style: int = 0) -> str:
    """A cell with a number, in one of `FORMATS`."""
    return f'<c s="{style}"><v>{value}</v></c>'


def row(*values: str) -> list[str]:
    """A row of texts."""
    return [text(value) if value else "" for value in values]


def write(path: Path, sheets: Mapping[str, Cells], *, more: str = "", hidden: str = "", days: str = "0") -> None:
    """Write a workbook; `more` stands at the end of each sheet."""
    names, related = [], []
    with zipfile.ZipFile(path, "w") as packed:
        for at, (name, cells) in enumerate(sheets.items(), 1):
            state = ' state="hidden"' if name == hidden else ""
            names.append(f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="r{at}"{state}/>')
            related.append(f'<Relationship Id="r{at}" Type="{KINDS}/worksheet" Target="worksheets/s{at}.xml"/>')
            lines = []
            for number, line in enumerate(cells, 1):
                placed = [cell.replace("<c", f'<c r="{chr(65 + n)}{number}"', 1) for n, cell in enumerate(line) if cell]
                lines.append(f'<row r="{number}">{"".join(placed)}</row>' if placed else "")
            packed.writestr(
                f"xl/worksheets/s{at}.xml",
                f"<worksheet {MAIN}><sheetData>{''.join(lines)}</sheetData>{more}</worksheet>",
            )
        codes = "".join(f'<numFmt numFmtId="{n}" formatCode={quoteattr(c)}/>' for n, c in enumerate(FORMATS, 164))
        used = "".join(f'<xf numFmtId="{n}"/>' for n in range(164, 164 + len(FORMATS)))
        packed.writestr(
            "xl/styles.xml", f"<styleSheet {MAIN}><numFmts>{codes}</numFmts><cellXfs>{used}</cellXfs></styleSheet>"
        )
        shared = "<si><t>one</t></si><si><r><t>A</t></r><r><t xml:space='preserve'> B</t></r><rPh><t>no</t></rPh></si>"
        packed.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{shared}</sst>")
        related += [
            f'<Relationship Id="{k}" Type="{KINDS}/{k}" Target="/xl/{k}.xml"/>' for k in ("styles", "sharedStrings")
        ]
        packed.writestr("xl/_rels/workbook.xml.rels", f"<Relationships {PACKED}>{''.join(related)}</Relationships>")
        main = f'<workbookPr date1904="{days}"/><sheets>{"".join(names)}</sheets>'
        packed.writestr("xl/workbook.xml", f'<workbook {MAIN} xmlns:r="{KINDS}">{main}</workbook>')
        begin = f'<Relationship Id="b" Type="{KINDS}/officeDocument" Target="xl/workbook.xml"/>'
        packed.writestr("_rels/.rels", f"<Relationships {PACKED}>{begin}</Relationships>")


def read(path: Path, key: str = "k", **form: str) -> str:
    """The text of the sheet that is meant."""
    return read_workbook(path, SheetForm(**form), [key]).text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (number("1"), "1"),
        (number("0.30000000000000004"), "0.3"),
        (number("1E-7"), "0.0000001"),
        (number("-0.5"), "-0.5"),
        (number("7", 1), "007"),
        (number("1234", 1), "1234"),
        (number("45415", 2), "2024-05-03"),
        (number("59", 2), "1900-02-28"),
        (number("61", 2), "1900-03-01"),
        (number("0.4375", 3), "10:30:00"),
        (number("45415.4375", 4), "2024-05-03 10:30:00"),
        (number("45413", 7), "2024-05-01"),
        (number("2.5", 5), "2.5"),
        (number("12", 6), "12"),
        ('<c t="b"><v>1</v></c>', "true"),
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c t="str"><f>"a"&amp;"b"</f><v>ab</v></c>', "ab"),
        ('<c t="s"><v>1</v></c>', "A B"),
        (text("01"), "01"),
        (text("two\nlines"), "two lines"),
        (text("a_x000D_b"), "a b"),
        (text("a,b"), '"a,b"'),
    ],
)
def test_a_cell_is_the_text_that_people_see(tmp_path: Path, cell: str, shown: str) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k", "x"), [text("r"), cell]]})
    assert read(tmp_path / "t.xlsx") == f"k,x\nr,{shown}\n"


def test_days_may_count_since_1904(tmp_path: Path) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k"), [number("43953", 2)]]}, days="1")
    assert read(tmp_path / "t.xlsx") == "k\n2024-05-03\n"


def test_a_workbook_is_a_table(folder: Path) -> None:
    """Its rows are jobs, and a fault of a cell stands in its row, empty ones before it and all."""
    write(folder / "t.xlsx", {"units": [row("k", "dose"), [], [text("a"), number("0.5")], row("b", "high")]})
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
    more = '<mergeCells><mergeCell ref="A2:A4"/><mergeCell ref="B1:C1"/></mergeCells>'
    write(folder / "t.xlsx", {"a": [row("p", "k"), row("P1", "a"), row("", "b"), [], row("P2", "c")]}, more=more)
    found = checked(folder, "{key: k, file: t.xlsx}", text="${t.p}")
    assert words(found) == ["P1", "P1", "P2"]
    assert [(d.code, d.message) for d in found.diagnostics] == [
        ("SN433", "`a` has a cell that is merged over several rows, and each of these has the value")
    ]


def test_hidden_rows_are_told(folder: Path) -> None:
    write(folder / "t.xlsx", {"a": [row("k"), row("a"), row("b")]})
    with zipfile.ZipFile(folder / "t.xlsx") as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(folder / "t.xlsx", "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data.replace(b'<row r="2"', b'<row r="2" hidden="1"'))
    found = checked(folder, "{key: k, file: t.xlsx}", text="${t.k}")
    assert words(found) == ["a", "b"]
    assert [(d.message, d.span and d.span.line) for d in found.diagnostics] == [
        ("1 row is hidden in `a`, and read as any other", 2)
    ]


def test_a_formula_that_nobody_computed_is_told_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "t.xlsx", {"a": [row("k", "n"), [text("a"), "<c><f>COUNTA(A1:A2)</f></c>"]]})
    with pytest.raises(TableError, match="the formula in B2 of `a` has no value") as told:
        read(tmp_path / "t.xlsx")
    assert told.value.faults[0].line == 2


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


def test_hostile_workbooks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entities that grow, parts that unpack to gigabytes, and cells at the end of the world."""
    path = tmp_path / "t.xlsx"
    write(path, {"a": [row("k")]})
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, b'<!DOCTYPE x [<!ENTITY e "k">]>' + data)
    with pytest.raises(TableError, match="it declares a document type"):
        read(path)
    write(path, {"a": [row("k"), ['<c r="XFD1048576"><v>1</v></c>']]})
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            far = data.replace(b'<c r="A2" r="XFD1048576">', b'<c r="XFD1048576">')
            packed.writestr(name, far.replace(b'<row r="2"', b'<row r="1048576"'))
    with pytest.raises(TableError, match="reaches to XFD1048576"):
        read(path)
    monkeypatch.setattr(workbooks, "MAX_PART", 100)
    with pytest.raises(TableError, match="larger than 256 MB when it is unpacked"):
        read(path)
