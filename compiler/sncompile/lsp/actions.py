"""What can be done about faults at a place: their fixes, and all that are safe at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.diagnostics.fixes import compatible
from sncompile.lsp.rename import Change


class Action(NamedTuple):
    """Something that can be done: the faults that it mends, and what changes. `likely`: it is what was meant."""

    title: str
    mends: tuple[Diagnostic, ...]
    changes: tuple[Change, ...]
    likely: bool
    all: bool = False


def actions(
    diagnostics: Sequence[Diagnostic], file_of: Callable[[Diagnostic, Span], Path], first: int, last: int
) -> list[Action]:
    """What can be done about the faults of a document: those on some lines one by one, and all that are safe."""
    found = []
    for each in diagnostics:
        if each.span is None or each.span.line > last or each.span.end_line < first:
            continue
        for number, fix in enumerate(each.fixes):
            changes = tuple(Change(file_of(each, edit.span), edit.span, edit.text) for edit in fix.edits)
            found.append(Action(fix.title, (each,), changes, fix.safe and number == 0))
    return [*found, *_all_safe(diagnostics, file_of)]


def _all_safe(diagnostics: Iterable[Diagnostic], file_of: Callable[[Diagnostic, Span], Path]) -> Iterable[Action]:
    mended = [each for each in diagnostics if each.fixes and each.fixes[0].safe]
    chosen = compatible([each.fixes[0] for each in mended])
    changes = [
        Change(file_of(each, edit.span), edit.span, edit.text)
        for each in mended
        if each.fixes[0] in chosen
        for edit in each.fixes[0].edits
    ]
    if len(chosen) > 1:
        yield Action("make every safe fix of this file", tuple(mended), tuple(dict.fromkeys(changes)), False, True)
