"""Steps that were called otherwise: `moved: [{from: align, to: map}]`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sncompile.diagnostics import Diagnostic, did_you_mean
from sncompile.faults.names import WRONG_MOVE
from sncompile.syntax.document import MovedDoc, Named


def wrong_moves(moves: Sequence[MovedDoc], steps: Collection[str]) -> Iterator[Diagnostic]:
    """What is wrong with the moves of a pipeline whose steps, those of nested pipelines among them, are `steps`."""
    parts = [name.split(".") for name in steps]
    known = {".".join(each[:end]) for each in parts for end in range(1, len(each) + 1)}
    later = {move.old.name: move.new.name for move in moves}
    before: set[str] = set()
    for move in moves:
        old, new = move.old.name, move.new.name
        if _last(new, later) not in known:
            hint = did_you_mean(new, known, what="its steps") or "it has no steps"
            yield _wrong(move.new, f"`{new}` is no step of this pipeline", hint)
        if old in known:
            hint = "take the entry out, or give the step a name that is new"
            yield _wrong(move.old, f"`{old}` is a step of this pipeline still", hint)
        elif old in before:
            hint = "keep one of the entries: results go to one place"
            yield _wrong(move.old, f"`{old}` has moved already", hint)
        if new in before and new not in known:
            # Results of `old` would go to `new`, and nobody would take them on from there.
            hint = f"put this entry before the one from `{new}`: the earlier move comes first"
            yield _wrong(move.new, f"`{new}` has moved before this entry", hint)
        before.add(old)


def _last(name: str, later: Mapping[str, str]) -> str:
    """What something is called after all moves; one that comes back to its name is called so."""
    seen = {name}
    while name in later and later[name] not in seen:
        name = later[name]
        seen.add(name)
    return name


def _wrong(name: Named, message: str, help: str) -> Diagnostic:
    return WRONG_MOVE.at(name.span, message, help=help)
