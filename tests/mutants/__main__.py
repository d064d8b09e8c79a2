"""`python -m tests.mutants [-v] [--page FILE]`: judge every mutant and print a table; `-v` also what was missed.

`--page` writes the page of the documentation.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from sncompile.diagnostics import Severity
from tests.mutants.judge import Verdict, false_alarms, judge, page, table
from tests.mutants.kinds import ROOT, Mutant, mutants
from tests.mutants.specs import valid_specs

EXPECTED_WARNINGS = {"SN511"}
"""Data that is not there."""


def run(folder: Path, every: int = 1) -> list[Verdict]:
    """The verdicts on the mutants of all specs, or on each of so many; each spec has a folder of its own."""
    chosen: list[tuple[Mutant, Path, frozenset[tuple[str, str]]]] = []
    for name, files in valid_specs().items():
        place = folder / name
        alarms = false_alarms(files, place)
        if any(d.severity is Severity.ERROR for d in alarms) and name.startswith(("library.", "used.")):
            continue  # What needs more than stands there: data, or values that somebody must give.
        unexpected = [d for d in alarms if d.code not in EXPECTED_WARNINGS]
        if unexpected and name.startswith("page."):
            continue  # A page that shows what is told of a spec that can be compiled all the same.
        if unexpected:
            raise SystemExit(f"a false alarm on `{name}`: {alarms[0].code} {alarms[0].message}")
        known = frozenset((d.code, d.message) for d in alarms)
        for mutant in mutants(files):
            alone = "\npipeline:" not in files["main.yaml"]
            if (mutant.kind == ROOT) if name.startswith("used.") else not (alone and mutant.kind == ROOT):
                chosen.append((mutant, place, known))
    return [judge(*one) for one in chosen[::every]]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        verdicts = run(Path(folder))
    if "-v" in sys.argv:
        for v in verdicts:
            if not (v.found and v.place and v.help):
                what = (
                    v.crash or "; ".join(f"{d.code} {d.span and d.span.line} {d.message}" for d in v.said) or "nothing"
                )
                sys.stdout.write(f"{v.mutant.kind} ({v.mutant.file}:{v.mutant.lines[:4]}): {what[:300]}\n")
    if "--page" in sys.argv:
        Path(sys.argv[sys.argv.index("--page") + 1]).write_text(page(verdicts), "utf-8")
    sys.stdout.write(table(verdicts))


if __name__ == "__main__":
    main()
