"""The bytes of a sheet (a CSV, TSV or other text table) → its text, unpacked and decoded."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.lazy_regex import regex
from sncompile.semantics.git_lfs import PULL, is_pointer

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
"""What stands between the cells, by suffix, unless the sheet or the spec says otherwise."""

MAX_BYTES = 2**30
"""Larger sheets are refused: they are read as a whole."""

MAX_UNPACKED = 2**28
"""So large may a packed sheet be when it is unpacked: a thousandth of that may be on disk."""

_LARGE = "save it as Parquet, of which only the columns that are needed are read"
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class SheetForm(NamedTuple):
    """How a spec says that a sheet is written; None and empty where it does not say.

    `names` are the columns in their order, where the sheet has no header; `sheet` is the one of a workbook.
    `first` is the line that names the columns, or is the first row.
    """

    delimiter: str | None = None
    comment: str = ""
    encoding: str | None = None
    header: bool = True
    names: tuple[str, ...] = ()
    sheet: str = ""
    first: int = 1


PLAIN = SheetForm()


class SheetFault(NamedTuple):
    """What is wrong or remarkable in a sheet: lines and columns count from 1, the end is exclusive.

    Line 0 says that it is no sheet.
    """

    message: str
    help: str
    line: int = 1
    column: int = 1
    end: int = 1


class TableError(ValueError):
    """A table file that cannot be read, with all that was found wrong in it."""

    def __init__(self, faults: Sequence[SheetFault]) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, message: str, help: str, line: int = 1) -> TableError:
        """A single fault, of a whole line."""
        return cls([SheetFault(message, help, line)])


def is_packed(path: Path) -> bool:
    """Whether a sheet is packed with gzip, by its name."""
    return path.suffix.lower() == ".gz"


def suffix_of(path: Path) -> str:
    """The suffix that says what a sheet is: `.tsv` of `units.tsv.gz`."""
    return (path.with_suffix("") if is_packed(path) else path).suffix.lower()


def sheet_text(path: Path, encoding: str | None) -> str:
    """The text of a sheet. Raises `TableError` or `OSError`."""
    data = bytes_of(path)
    if is_pointer(data):
        raise TableError.of(f"`{path.name}` is a pointer of Git LFS, not the table itself", PULL)
    _check_kind(path, data)
    _check_encoding(data, encoding)
    text = _decoded(data, encoding)
    if (at := text.find("\0")) >= 0:
        line = text.count("\n", 0, at) + 1
        raise TableError.of("the table holds the character NUL", "save it as a text table in UTF-8", line)
    return text


def shown_text(path: Path, encoding: str | None) -> str:
    """The text of a sheet for messages: bytes that are no letters stand there as escapes."""
    try:
        data = bytes_of(path).removeprefix(b"\xef\xbb\xbf")
        return data.decode(encoding or _BOMS.get(data[:2], "utf-8"), "backslashreplace")
    except (TableError, OSError, ValueError):
        return ""


def bytes_of(path: Path) -> bytes:
    """What a file of a table holds, unpacked if it is packed with gzip. Raises `TableError` or `OSError`."""
    if not path.is_file() and path.exists():
        # A pipe or a device may never end.
        raise TableError.of(f"`{path.name}` is no plain file", "a table is read as a whole; save it to a file")
    if path.stat().st_size > MAX_BYTES:
        raise TableError.of("the table is larger than 1 GB", _LARGE)
    data = path.read_bytes()
    if not is_packed(path) or is_pointer(data):
        return data
    try:
        with gzip.open(path) as packed:
            data = packed.read(MAX_UNPACKED + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TableError.of(f"`{path.name}` cannot be unpacked: {error}", "pack it anew with `gzip`") from None
    if len(data) > MAX_UNPACKED:
        raise TableError.of("the table is larger than 256 MB when it is unpacked", f"unpack it, or {_LARGE}")
    return data


_KINDS = (
    (b"PK\x03\x04", "an Excel or another packed file", "if it is Excel's, give it the suffix `.xlsx`"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save the sheet as CSV or TSV"),
    (b"PAR1", "a Parquet file", "give it the suffix `.parquet`"),
    (b"\x1f\x8b", "packed with gzip", "give it the suffix `.gz` behind its own, such as `.csv.gz`"),
)
"""How files begin that are no text, whatever their names say; what each is, and what to do."""


def _check_kind(path: Path, data: bytes) -> None:
    """Tell of a file that is no sheet: of another kind, or a page that a server sent in its place."""
    for start, kind, help in _KINDS:
        if data.startswith(start):
            raise TableError.of(f"`{path.name}` is no text: it is {kind}", help)
    if data[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith((b"<!doctype html", b"<html")):
        help = "fetch it anew: servers send pages where a file is not there or needs a login"
        raise TableError.of(f"`{path.name}` is a web page, and no sheet", help)


def _check_encoding(data: bytes, encoding: str | None) -> None:
    """Tell of text in UTF-16, which would be told of as many NULs."""
    if encoding is None and (found := _BOMS.get(data[:2])) is not None:
        raise TableError.of(
            f"the table is not UTF-8, but UTF-16 (it begins with {_hex(data[:2])})",
            f"say `encoding: {found}` in the table, or save it as UTF-8",
        )


def _decoded(data: bytes, encoding: str | None) -> str:
    try:
        if encoding is None or encoding == "utf-8":
            return data.removeprefix(b"\xef\xbb\xbf").decode()
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TableError([_undecoded(data, error, encoding or "utf-8")]) from None


_WORD = regex(rb"[^\s,;|\"]*\Z")


def _undecoded(data: bytes, error: UnicodeDecodeError, encoding: str) -> SheetFault:
    """The fault of a byte that is no letter, with the word that it stands in."""
    line = data.count(b"\n", 0, error.start) + 1
    start = data.rfind(b"\n", 0, error.start) + 1
    before = _WORD.search(data[start : error.start])
    first = start + before.start() if before is not None else error.start
    rest = re.match(rb"[^\s,;|\"]*", data[error.start : error.start + 60])
    word = data[first : error.start + max(1, rest.end() if rest is not None else 1)]
    column = len(data[start:first].decode(encoding, "backslashreplace")) + 1
    shown = word.decode(encoding, "backslashreplace")
    # In Latin-1 these are control characters, which nobody types; in Windows' code page they are quotes and dashes.
    likely = "windows-1252" if any(0x80 <= byte < 0xA0 for byte in word) else "latin-1"
    read = word.decode(likely, "replace")
    return SheetFault(
        f"the table is not {encoding.upper()}: the byte {_hex(data[error.start : error.start + 1])} in `{shown}`",
        f"if it should read `{read}`, say `encoding: {likely}` in the table; or save it as UTF-8",
        line,
        column,
        column + len(shown),
    )


def _hex(data: bytes) -> str:
    return " ".join(f"0x{byte:02X}" for byte in data)
