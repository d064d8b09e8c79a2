"""What stands between the words of a spec without being written: numbers of jobs, and how references bring values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sncompile.ir.graph.model import Relation, relate
from sncompile.lsp.hover import jobs_text
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import Kind, Occurrence


class Hint(NamedTuple):
    """A short text right before a column of a line, and what more is told of it."""

    line: int
    column: int
    text: str
    tip: str = ""


def hints(snapshot: Snapshot, outcome: Outcome | None, first: int, last: int) -> list[Hint]:
    """The hints in some lines, the last one included; none where the text has changed since it was checked."""
    if outcome is None or outcome.text != snapshot.text.text or not snapshot.is_current:
        return []
    found: list[Hint] = []
    for line in range(first, last + 1):
        for each in snapshot.names.lines.get(line, ()):
            found += _hint(snapshot, outcome, each)
    return found


def _hint(snapshot: Snapshot, outcome: Outcome, each: Occurrence) -> Iterator[Hint]:
    if each.symbol.kind is not Kind.STEP:
        return
    name, span = each.symbol.name, each.span
    if each.declares:
        count = outcome.count(name)
        if count is not None:
            # Behind the colon of the key.
            yield Hint(span.line, span.end_column + 1, f" {jobs_text(count)}")
        return
    if not each.step or snapshot.text.line(span.line)[span.end_column - 1 : span.end_column] != ".":
        return
    source, target = outcome.step(name), outcome.step(each.step)
    if source is None or target is None or not (source.keys.by or target.keys.by):
        return
    relation = relate(source.keys, target.keys)
    tip = {
        Relation.MAP: "one value, of the same keys",
        Relation.BROADCAST: "one value, which several jobs take",
        Relation.GATHER: f"a list, over {', '.join(key for key in source.keys.by if key not in target.keys.by)}",
    }[relation]
    yield Hint(span.line, span.column, f"{relation.value} ", tip)
