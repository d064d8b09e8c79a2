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
    after = {move.old.name for move in moves}
    before: set[str] = set()
    for move in moves:
        old, new = move.old.name, move.new.name
        if new not in known and new not in after:
            hint = did_you_mean(new, known, what="its steps") or "it has no steps"
            yield _wrong(move.new, f"`{new}` is no step of this pipeline", hint)
        if old in known:
            hint = "take the entry out, or give the step a name that is new"
            yield _wrong(move.old, f"`{old}` is a step of this pipeline still", hint)
        elif old in before:
            hint = "keep one of the entries: results go to one place"
            yield _wrong(move.old, f"`{old}` has moved already", hint)
        before.add(old)


def _wrong(name: Named, message: str, help: str) -> Diagnostic:
    return WRONG_MOVE.at(name.span, message, help=help)


def former_names(step: str, moved: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What a step was called before, the last name first; `moved` leads from what is called anew to what it was.

    >>> former_names("map", {"map": ["align"], "align": ["bwa"]})
    ('align', 'bwa')
    >>> former_names("prepare.trim", {"prepare": ["prep"]})
    ('prep.trim',)
    """
    found = [step]
    for name in found:
        for new, olds in moved.items():
            if name == new or name.startswith(f"{new}."):
                former = (old + name[len(new) :] for old in olds)
                found += [each for each in former if each not in found][: _MOST - len(found)]
    return tuple(found[1:])


_MOST = 100
"""So many names are looked at in all."""
