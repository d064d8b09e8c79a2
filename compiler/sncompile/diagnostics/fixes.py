"""Fixes of diagnostics: where their edits stand, and texts with edits made (decision 0086)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from sncompile.diagnostics.model import Diagnostic, Edit, Fix, Span


def located(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """The diagnostics with the places of their fixes found in `sources` (file name → text).

    A fix whose place cannot be found for certain is left out.
    """
    lines: dict[str, Sequence[str]] = {}
    found = []
    for diagnostic in diagnostics:
        if diagnostic.fixes:
            fixes = tuple(fix for each in diagnostic.fixes if (fix := _located(each, sources, lines)) is not None)
            diagnostic = replace(diagnostic, fixes=fixes)
        found.append(diagnostic)
    return tuple(found)


def _located(fix: Fix, sources: Mapping[str, str], lines: dict[str, Sequence[str]]) -> Fix | None:
    edits = []
    for edit in fix.edits:
        file = edit.span.file
        if file not in lines:
            lines[file] = sources.get(file, "").split("\n")
        found = _found(edit, lines[file])
        if found is None:
            return None
        edits.append(found)
    return fix._replace(edits=tuple(edits))


def _found(edit: Edit, lines: Sequence[str]) -> Edit | None:
    """An edit at its very place in the lines of its file, or None."""
    span = edit.span
    first, last = span.line - 1, span.end_line - 1
    if not 0 <= first <= last < len(lines) or span.column > len(lines[first]) + 1:
        return None
    if span.end_column > len(lines[last]) + 1:
        return None
    if not edit.old:
        return edit
    places = []
    for number in range(first, last + 1):
        start = span.column - 1 if number == first else 0
        end = span.end_column - 1 if number == last else len(lines[number])
        places += [(number, at) for at in _occurrences(edit.old, lines[number], start, end)]
    if len(places) != 1:
        return None
    number, at = places[0]
    return Edit(Span(span.file, number + 1, at + 1, number + 1, at + 1 + len(edit.old)), edit.text)


def _occurrences(old: str, line: str, start: int, end: int) -> list[int]:
    """Where a text stands in a part of a line, as a whole word where it is one."""
    before, after = (edge if re.match(r"\w", end) else "" for edge, end in ((r"(?<!\w)", old[0]), (r"(?!\w)", old[-1])))
    return [m.start() for m in re.compile(before + re.escape(old) + after).finditer(line, start) if m.end() <= end]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made, which do not overlap. Its lines may end as on Windows; those of new text end alike."""
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    # What starts a text marks its encoding, and is no column of its first line.
    mark = 1 if text.startswith("\ufeff") else 0

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column - 1 + (mark if line == 1 else 0)

    for edit in sorted(set(edits), key=lambda e: e.span[1:], reverse=True):
        _, line, column, end_line, end_column = edit.span
        start, end = offset(line, column), offset(end_line, end_column)
        text = text[:start] + edit.text.replace("\n", end_of_line) + text[end:]
    return text


def compatible(fixes: Iterable[Fix]) -> list[Fix]:
    """Of some fixes those that can be made together: each that overlaps with none before it."""
    taken: list[Edit] = []
    chosen = []
    for fix in fixes:
        if all(not _overlap(edit, other) for edit in fix.edits for other in taken if edit != other):
            chosen.append(fix)
            taken += fix.edits
    return chosen


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits touch the same place; those that only meet do not, unless both insert there."""
    if one.span.file != other.span.file:
        return False
    (a, b), (c, d) = ((e.span[1:3], e.span[3:5]) for e in (one, other))
    return (a < d and c < b) or a == c
