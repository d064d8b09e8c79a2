"""Runs the checker on mutants and judges what it says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sncompile.api import check
from sncompile.diagnostics import Diagnostic
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


def write(files: Files, folder: Path) -> None:
    """Write a spec's files, leaving alone what stands there already."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")


def judge(mutant: Mutant, folder: Path) -> Verdict:
    """Check one mutant in a folder that holds its original."""
    write(mutant.files, folder)
    try:
        said = check(folder / "main.yaml", Options(invoked_from=folder)).diagnostics
    except Exception as error:  # Whatever comes out, it is the judge's to tell.
        return Verdict(mutant, False, False, False, 0, f"{type(error).__name__}: {error}", ())
    return Verdict(
        mutant,
        bool(said),
        any(_at_place(d, mutant) for d in said),
        all(d.help for d in said),
        len(said),
        "",
        said,
    )


def _at_place(diagnostic: Diagnostic, mutant: Mutant) -> bool:
    spans = [diagnostic.span, *(related.span for related in diagnostic.related)]
    told = [span for span in spans if span is not None]
    if mutant.file.endswith(".csv"):
        return any(span.file.endswith((mutant.file, "main.yaml")) for span in told)
    # A module's fault may show where the module is used.
    used = mutant.file != "main.yaml" and diagnostic.span is not None and diagnostic.span.file.endswith("main.yaml")
    return used or any(span.file.endswith(mutant.file) and span.line in mutant.lines for span in told)


def false_alarms(files: Files, folder: Path) -> tuple[Diagnostic, ...]:
    """What is said of a valid spec, which should be nothing."""
    write(files, folder)
    return check(folder / "main.yaml", Options(invoked_from=folder)).diagnostics


def table(verdicts: Iterable[Verdict]) -> str:
    """A table with a line for each kind of fault."""
    kinds: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        kinds.setdefault(verdict.mutant.kind, []).append(verdict)
    lines = [f"{'fault':<32} {'mutants':>7} {'found':>6} {'place':>6} {'help':>5} {'messages':>9}"]
    for kind, group in (*kinds.items(), ("all", [v for g in kinds.values() for v in g])):
        found, place, helped = (sum(getattr(v, n) for v in group) for n in ("found", "place", "help"))
        mean = sum(v.messages for v in group) / max(1, len(group))
        lines.append(f"{kind:<32} {len(group):>7} {found:>6} {place:>6} {helped:>5} {mean:>9.1f}")
    return "\n".join(lines) + "\n"
