"""Cells of an Excel workbook → text, as people see them: what a number means there is said by its format alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite


class Shape(Enum):
    """What the format of a cell makes of a number."""

    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    BOTH = "date and time"


class Style:
    """The format of a cell: what shape its numbers have, and to how many digits zeros fill them up."""

    def __init__(self, code: str) -> None:
        self.shape = _shape_of(code)
        self.digits = len(code) if re.fullmatch("0+", code) else 0


_BUILT_IN = {
    14: "yyyy-mm-dd",
    18: "h:mm",
    19: "h:mm",
    20: "h:mm",
    21: "h:mm",
    22: "yyyy h",
    45: "h",
    46: "[h]",
    47: "h",
}
"""Formats that have a number and no code, as far as they make another text of a number."""

for _number in (*range(15, 18), *range(27, 37), *range(50, 59)):
    _BUILT_IN[_number] = "yyyy-mm-dd"


def style_of(number: int, codes: dict[int, str]) -> Style:
    """The format of a number, of those that the workbook has itself or else of those that all have."""
    return Style(codes.get(number, _BUILT_IN.get(number, "General")))


def _shape_of(code: str) -> Shape:
    # What is quoted, escaped, a colour or a currency stands for itself. The first part is for positive numbers.
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code.lower()).split(";")[0]
    if "general" in plain:
        return Shape.NUMBER
    time = "h" in plain or "s" in plain
    date = "y" in plain or "d" in plain or ("m" in plain and not time)
    return Shape.BOTH if date and time else Shape.DATE if date else Shape.TIME if time else Shape.NUMBER


def number_text(written: str, style: Style, since_1904: bool) -> str:
    """A number as it looks: `0.3` for `0.30000000000000004`, `007` with the format `000`, dates as ISO 8601 has them.

    >>> number_text("45415", Style("dd/mm/yy"), False), number_text("7", Style("000"), False)
    ('2024-05-03', '007')
    >>> number_text("0.30000000000000004", Style("General"), False), number_text("1E-3", Style("0.0"), False)
    ('0.3', '0.001')
    """
    try:
        number = float(written)
    except ValueError:
        return written
    if not isfinite(number):
        return written
    if style.shape is not Shape.NUMBER and (moment := _moment(number, style.shape, since_1904)):
        return moment
    # Excel computes with 15 digits, and shows no more.
    short = f"{number:.15g}"
    plain = f"{Decimal(short):f}" if "e" in short else short
    return plain.zfill(style.digits) if style.digits and number >= 0 and "." not in plain else plain


def _moment(days: float, shape: Shape, since_1904: bool) -> str:
    """A number of days as a date or time; empty where it is none."""
    if not 0 <= days < 2_958_466:  # The end of the year 9999.
        return ""
    # Excel has a 29 February 1900, so that days before it are one further on.
    begin = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 31 if days < 60 else 30)
    try:
        at = begin + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return ""
    if shape is Shape.TIME and days < 1:
        return f"{at:%H:%M:%S}"
    if shape is Shape.DATE and at.time() == datetime.min.time():
        return at.date().isoformat()
    return at.isoformat(sep=" ")


def column_number(reference: str) -> int:
    """How many columns stand before that of a cell, by its name.

    >>> column_number("A1"), column_number("AB12")
    (0, 27)
    """
    number = 0
    for letter in reference:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1


def cell_name(row: int, column: int) -> str:
    """What people call a cell, of a row that counts from 1 and a column that counts from 0: `C5`."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def one_line(text: str) -> str:
    """The text of a cell: signs that XML cannot hold are put back, and line breaks become blanks.

    A row of the workbook is a line then, so that messages can name it.
    """
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
    return re.sub(r"[ ]?[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+[ ]?", " ", plain).replace("\0", "")
