"""What of each step has to run, above its name."""

from __future__ import annotations

from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import Kind


class Lens(NamedTuple):
    """A line above a place."""

    span: Span
    text: str


def lenses(snapshot: Snapshot, outcome: Outcome | None) -> list[Lens]:
    """What of each step has to run, by the files that are there; nothing where the text has changed since."""
    if outcome is None or outcome.text != snapshot.text.text or not snapshot.is_current:
        return []
    states = outcome.states
    return [
        Lens(each.span, states[each.symbol.name])
        for each in snapshot.names.found
        if each.symbol.kind is Kind.STEP and each.declares and states.get(each.symbol.name)
    ]
