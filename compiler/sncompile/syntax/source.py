"""Reads a document's bytes and makes sure that they are text that can be shown and parsed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from sncompile.diagnostics import Diagnostic, Span
from sncompile.diagnostics.suggest import nearest
from sncompile.faults import reading
from sncompile.ir.graph.files import check_settled
from sncompile.lazy_regex import regex

MAX_BYTES = 32 * 1024 * 1024
"""Larger documents are refused: a spec of 100,000 written-out steps stays below this."""

DOCUMENT_SUFFIXES = (".yaml", ".yml")

# YAML's own line breaks beside \n would make lines differ between us and an editor.
_CONTROL = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_BIDI = regex("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Source:
    """A document's text. `name` is what diagnostics call it; `path` where it lies (None: standard input)."""

    name: str
    path: Path | None
    text: str

    @property
    def folder(self) -> Path:
        """The folder that relative paths of the document start from."""
        return self.path.parent if self.path is not None else Path()

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which every line starts."""
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]


def start_of(name: str) -> Span:
    """The first character of a file, for faults that concern it as a whole."""
    return Span(name, 1, 1, 1, 1)


def read_source(name: str, path: Path | None, *, settled: Path | None = None) -> Source | Diagnostic:
    """The source at `path` (standard input where it is None), or what is wrong with it.

    `settled` is the same place without links, where it was looked at: no link is followed that came later.
    """
    try:
        data = _read(path, settled)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        return reading.UNREADABLE.at(
            start_of(name),
            f"cannot read `{name}`: {reason}",
            help=_meant(name, path) or "check the path; `-` reads the spec from standard input",
        )
    if len(data) > MAX_BYTES:
        return reading.TOO_LARGE.at(
            start_of(name),
            f"the document is larger than {MAX_BYTES // 2**20} MB",
            help="keep large data in a table (`tables: {…: {file: …}}`)",
        )
    return decode(name, path, data)


def _meant(name: str, path: Path | None) -> str | None:
    """What to write for a path where nothing is: the document beside it that has nearly this name."""
    if path is None or path.exists() or not name.endswith(path.name):
        return None
    try:
        beside = [entry.name for entry in path.parent.iterdir() if entry.suffix in DOCUMENT_SUFFIXES]
    except (OSError, ValueError):
        return None
    guess = nearest(path.name, beside)
    return None if guess is None else f"did you mean `{name[: len(name) - len(path.name)]}{guess}`?"


def _read(path: Path | None, settled: Path | None) -> bytes:
    if path is None:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    # A pipe that nobody writes to would have us wait for ever: it is as good as empty.
    number = os.open(settled or path, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb") as file:
        if settled is not None:
            check_settled(number, settled)
        try:
            first = os.read(number, 1)
            if not first:
                return b""
        except BlockingIOError:
            first = b""
        os.set_blocking(number, True)
        return first + file.read(MAX_BYTES)


def decode(name: str, path: Path | None, data: bytes) -> Source | Diagnostic:
    """The text of `data`, which must be UTF-8 without characters that hide or break lines."""
    if data.startswith(_UTF16) or b"\x00" in data[:4]:
        return reading.NOT_UTF8.at(
            start_of(name),
            "the document is UTF-16 or UTF-32 text, not UTF-8",
            help="save it as UTF-8",
        )
    try:
        data = data.removeprefix(b"\xef\xbb\xbf")
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        span = _span_at(name, before, len(before))
        byte = data[error.start]
        return reading.NOT_UTF8.at(span, f"byte 0x{byte:02x} is not UTF-8", help="save the document as UTF-8")
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return Source(name, path, text)
    for pattern, fault, what in (
        (_CONTROL, reading.CONTROL_CHARACTER, "control character"),
        (_BIDI, reading.BIDI_CHARACTER, "invisible text-direction character"),
    ):
        match = pattern.search(text)
        if match is not None:
            return fault.at(
                _span_at(name, text, match.start()),
                f"{what} U+{ord(match[0]):04X}",
                help=f'write it as an escape in a double-quoted string: "\\u{ord(match[0]):04x}"',
            )
    return Source(name, path, text)


def _span_at(name: str, text: str, offset: int) -> Span:
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return Span(name, line, column, line, column + 1)
