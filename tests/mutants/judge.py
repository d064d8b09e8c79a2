"""Runs the checker on mutants and judges what it says."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from sncompile.api import check
from sncompile.diagnostics import Diagnostic, Span
from sncompile.semantics.program import Options
from tests.mutants.kinds import Mutant
from tests.mutants.specs import Files


class Verdict(NamedTuple):
    """What became of a mutant: `found` at all, at its `place`, with a `help` everywhere, in so many `messages`."""

    mutant: Mutant
    found: bool
    place: bool
    help: bool
    messages: int
    crash: str
    said: tuple[Diagnostic, ...]
    folder: Path = Path()
    known: Collection[tuple[str, str]] = ()


def write(files: Files, folder: Path) -> None:
    """Write a spec's files, leaving alone what stands there already."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")


def judge(mutant: Mutant, folder: Path, known: Collection[tuple[str, str]] = ()) -> Verdict:
    """Check one mutant in a folder that holds its original; `known` is what is said of that too, and is no finding."""
    write(mutant.files, folder)
    try:
        said = check(folder / "main.yaml", Options(invoked_from=folder)).diagnostics
    except Exception as error:  # Whatever comes out, it is the judge's to tell.
        return Verdict(mutant, False, False, False, 0, f"{type(error).__name__}: {error}", ())
    said = tuple(d for d in said if (d.code, d.message) not in known)
    return Verdict(
        mutant,
        bool(said),
        any(_at_place(d, mutant) for d in said),
        all(d.help for d in said),
        len(said),
        "",
        said,
        folder,
        known,
    )


def _at_place(diagnostic: Diagnostic, mutant: Mutant) -> bool:
    """Whether a diagnostic points where one would edit: at the fault itself, or mainly at what else may be mended."""
    related = [r.span for r in diagnostic.related]
    if any(_names(span, mutant.file, mutant.lines) for span in (diagnostic.span, *related)):
        return True
    return any(_names(diagnostic.span, file, lines) for file, lines in mutant.also.items())


def _names(span: Span | None, file: str, lines: Collection[int]) -> bool:
    if span is None or not span.file.endswith(file):
        return False
    return any(n in lines for n in range(span.line, span.end_line + 1))


def false_alarms(files: Files, folder: Path) -> tuple[Diagnostic, ...]:
    """What is said of a valid spec, which should be nothing."""
    write(files, folder)
    return check(folder / "main.yaml", Options(invoked_from=folder)).diagnostics


def by_kind(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """The verdicts of each kind of fault, and of `all`."""
    kinds: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        kinds.setdefault(verdict.mutant.kind, []).append(verdict)
    return {**kinds, "all": [v for group in kinds.values() for v in group]}


def table(verdicts: Iterable[Verdict]) -> str:
    """A table with a line for each kind of fault."""
    lines = [f"{'fault':<32} {'mutants':>7} {'found':>6} {'place':>6} {'help':>5} {'messages':>9}"]
    for kind, group in by_kind(verdicts).items():
        found, place, helped = (sum(getattr(v, n) for v in group) for n in ("found", "place", "help"))
        mean = sum(v.messages for v in group) / max(1, len(group))
        lines.append(f"{kind:<32} {len(group):>7} {found:>6} {place:>6} {helped:>5} {mean:>9.1f}")
    return "\n".join(lines) + "\n"


def page(verdicts: Iterable[Verdict]) -> str:
    """The same as a page of the documentation, with what is missed."""
    rows, missed = [], []
    for kind, group in by_kind(verdicts).items():
        found, place = (sum(getattr(v, n) for v in group) for n in ("found", "place"))
        helped = sum(v.found and v.help for v in group)
        rows.append(f"| {kind} | {len(group):,} | {found:,} | {place:,} | {helped:,} |")
        if kind != "all":
            missed += [f"- {kind}: {line}" for line in dict.fromkeys(map(_missed, group)) if line]
    head = "| fault | mutants | found | right place | useful help |\n|---|---:|---:|---:|---:|\n"
    return _PAGE.format(table=head + "\n".join(rows), missed="\n".join(missed) or "Nothing.")


def _missed(verdict: Verdict) -> str:
    number = min(verdict.mutant.lines, default=1)
    line = verdict.mutant.files[verdict.mutant.file].split("\n")[number - 1].strip()
    if not verdict.found:
        return f"`{line}`: not found"
    return "" if verdict.place else f"`{line}`: told elsewhere ({', '.join(d.code for d in verdict.said)})"


_PAGE = """\
# How well faults are found

Faults that people make are put into valid specs, one at a time: a slip in a name, a dropped line, a wrong type. Then
it is counted how many are found when the spec is checked, with a message at the place where one would edit, and with a
help. The specs are the shipped examples, the module library, and those valid pages of `tests/cases/` of which nothing
is said as long as they have no fault; a false alarm on the others stops the judge.

- **found**: something is said that was not said before.
- **right place**: a message, or a place that it names beside, is on a line that the fault changed; or the message is on
  another line that mends it as well: the reference where a port changed, the step where its line was dropped.
- **useful help**: every message about it says what to do.

`python -m tests.mutants` makes the table, `-v` says what was missed, and `--page docs/diagnostics-score.md` writes
this page. `tests/mutants/test_mutants.py` keeps the score on a sample of them. The kinds are in
`tests/mutants/kinds.py`.

{table}

## What is missed

Lines as they are with the fault in them. Inputs that may be left out are no fault to the checker when they are, and a
step without its `by` may be valid as well; a line that moved may have become part of a text.

{missed}
"""
