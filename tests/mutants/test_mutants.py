"""Of the faults that people make, nearly all are found, where they are, with a way to mend them."""

from __future__ import annotations

import pytest

from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics.fixes import edited
from tests.mutants.__main__ import run
from tests.mutants.judge import Verdict, judge, table

FLOOR_FOUND = 0.99
FLOOR_PLACE = 0.98
FLOOR_FIXED = 0.5
EVERY = 19
"""One mutant of so many is judged here; `python -m tests.mutants` judges all."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """A sample of all mutants, judged; there is no false alarm on the originals."""
    return run(tmp_path_factory.mktemp("mutants"), EVERY)


def test_no_mutant_crashes_the_checker(verdicts: list[Verdict]) -> None:
    """Whatever is wrong with a spec, a diagnostic says it."""
    assert [v.crash for v in verdicts if v.crash] == []


def test_mutants_are_found_at_their_place(verdicts: list[Verdict]) -> None:
    """The floor holds, over many kinds of fault."""
    assert len({v.mutant.kind for v in verdicts}) >= 20
    assert sum(v.found for v in verdicts) >= FLOOR_FOUND * len(verdicts), table(verdicts)
    assert sum(v.place for v in verdicts) >= FLOOR_PLACE * len(verdicts), table(verdicts)


def test_every_fix_leaves_one_fault_fewer(verdicts: list[Verdict]) -> None:
    """Each fix, made alone: its fault is gone, and nothing new is told. An unsure one may uncover another fault."""
    tried = [(v, d) for v in verdicts for d in v.said if d.fixes and d.fixes[0].safe]
    assert len(tried) >= FLOOR_FIXED * sum(len(v.said) for v in verdicts)
    left = {(v.mutant.kind, d.message): after(v, d) for v, d in tried}
    assert {what: told for what, told in left.items() if told} == {}


def after(verdict: Verdict, diagnostic: Diagnostic) -> list[str]:
    """What is told that was not told before a fix, or is still told."""
    (edit, *_) = diagnostic.fixes[0].edits
    file = next(name for name in verdict.mutant.files if edit.span.file.endswith(name))
    text = edited(verdict.mutant.files[file], diagnostic.fixes[0].edits)
    mended = verdict.mutant._replace(files={**verdict.mutant.files, file: text})
    before = [(d.code, d.message) for d in verdict.said]
    again = [(d.code, d.message) for d in judge(mended, verdict.folder, verdict.known).said]
    return [str(each) for each in again if each not in before or each == (diagnostic.code, diagnostic.message)]


def test_every_diagnostic_says_how_to_mend(verdicts: list[Verdict]) -> None:
    """No diagnostic is without a help, and one fault gives few of them."""
    assert [d.message for v in verdicts for d in v.said if not d.help] == []
    assert sum(v.messages for v in verdicts) / len(verdicts) < 2
