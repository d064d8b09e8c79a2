"""Texts that are broken anywhere, as texts are while they are typed: every question at every place has an answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.lsp import actions, completion, hints, hover, lenses, navigation, outcome, outline, rename
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.place import place_at
from sncompile.lsp.readings import Opened, Readings, Snapshot
from sncompile.lsp.texts import Text, from_units, to_units
from sncompile.semantics.program import Options

SPECS = Path(__file__).parents[2] / "specs"
EXAMPLES = sorted(
    path
    for folder in ("illumination", "variants", "rna-seq")
    for path in (SPECS / "examples" / folder).glob("*.yaml")
    if path.stat().st_size < 12_000
)
MODULES = [*sorted((SPECS / "examples" / "illumination" / "modules").glob("*.yaml"))]

PIECES = st.sampled_from(
    [
        "${", "}", "{", "[", "]", '"', "'", ":", ": ", "\n", "\n  ", "- ", "#", "|", ">", "&a ", "*a",
        "<<: *a", "\t", "!x ", "${a.b", "${lookup(", "${params.", "${keys(x).", "steps:\n", "module: ",
        "by: [", "µ", "\U0001f600", "\r\n", "\0", "\ud800", "\u2028", "---\n", "...", "? ", "$${",
        "with: {", "sncompile: 1\n", "@", "`", "%", "1e999", "=", ",",
    ]
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn, text: str) -> str:
    """A text with a few edits: pieces put in, stretches taken out, lines moved or doubled."""
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from([0, 1, 3, 40, 400])))
        kind = draw(st.sampled_from(["insert", "delete", "garble", "cut", "double"]))
        if kind == "insert":
            text = text[:at] + draw(PIECES) + text[at:]
        elif kind == "delete":
            text = text[:at] + text[end:]
        elif kind == "garble":
            text = text[:at] + draw(st.text(max_size=8)) + text[end:]
        elif kind == "double":
            text = text[:end] + text[at:end] + text[end:]
        else:
            text = text[:at]
    return text


class Session:
    """An editor in which a document was right at first, and has another text now."""

    def __init__(self, path: Path) -> None:
        self.path, self.first = path, path.read_text()
        self.readings = Readings()
        made = self.snapshot(self.first)
        assert made.document is not None
        self.outcome = self.check(self.first)

    def snapshot(self, text: str) -> Snapshot:
        made = self.readings.snapshot(self.path, Opened({self.path: text}))
        assert made is not None
        return made

    def check(self, text: str) -> Outcome:
        return outcome.check(self.path, text, Opened({self.path: text}), Options(invoked_from=self.path.parent))


PATHS = (*EXAMPLES[:3], *MODULES[:2])


@cache
def session_of(path: Path) -> Session:
    return Session(path)


def ask_everything(snapshot: Snapshot, known: Outcome | None, text: Text, line: int, column: int) -> None:
    """Every question at a place."""
    place = place_at(text, line, column)
    assert place.span.line == line
    for item in completion.complete(snapshot, known, text, line, column):
        assert item.text
    hover.hover(snapshot, known, text, line, column)
    navigation.definitions(snapshot, (), line, column)
    navigation.references(snapshot, (), line, column, declarations=True)
    try:
        found = rename.renamable(snapshot, line, column)
    except rename.CannotRename:
        return
    assert found.symbol.name


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_broken_text_is_answered_for_at_every_place(data: st.DataObject) -> None:
    session = session_of(data.draw(st.sampled_from(PATHS)))
    text = data.draw(edits(session.first))
    snapshot, shown = session.snapshot(text), Text(text)
    outline.outline(snapshot)
    hints.hints(snapshot, session.outcome, 1, len(shown.lines))
    lenses.lenses(snapshot, session.outcome)
    line = data.draw(st.integers(1, len(shown.lines)))
    for number in {line, 1, len(shown.lines)}:
        width = len(shown.line(number))
        for column in {*range(1, min(width, 150) + 3, 1 if number == line else 7)}:
            ask_everything(snapshot, session.outcome, shown, number, column)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_broken_text_is_checked_and_what_was_found_is_shown(data: st.DataObject) -> None:
    session = session_of(data.draw(st.sampled_from(PATHS)))
    text = data.draw(edits(session.first))
    snapshot, made = session.snapshot(text), session.check(text)
    last = text.count("\n") + 1
    actions.actions(made.checked.diagnostics, lambda _, span: made.file(span), 1, last)
    hints.hints(snapshot, made, 1, last)
    # What is asked at a place where a name stands works with a program that has holes, too.
    for each in snapshot.names.found:
        hover.hover(snapshot, made, snapshot.text, each.span.line, each.span.column)


def test_every_name_of_the_examples_tells_something() -> None:
    told = 0
    for session in map(session_of, PATHS):
        snapshot = session.snapshot(session.first)
        for each in snapshot.names.found:
            found = hover.hover(snapshot, session.outcome, snapshot.text, each.span.line, each.span.column)
            assert found is not None, each
            told += 1
    assert told > 200


@pytest.mark.parametrize("line", ["plain", "µ1 = x", "a\U0001f600b\U0001f600", "", "\ud800"])
def test_columns_lead_to_units_of_the_protocol_and_back(line: str) -> None:
    for column in range(1, len(line) + 2):
        assert from_units(line, to_units(line, column)) == column
