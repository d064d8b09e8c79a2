"""`python -m tests.mutants [-v]`: judge every mutant and print a table; `-v` also what was missed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.mutants.judge import Verdict, false_alarms, judge, table
from tests.mutants.kinds import mutants
from tests.mutants.specs import valid_specs


def run(folder: Path) -> list[Verdict]:
    """The verdicts on all mutants of all specs; each spec has a folder of its own."""
    verdicts = []
    for name, files in valid_specs().items():
        place = folder / name
        for diagnostic in false_alarms(files, place):
            raise SystemExit(f"a false alarm on `{name}`: {diagnostic.code} {diagnostic.message}")
        verdicts += [judge(mutant, place) for mutant in mutants(files)]
    return verdicts


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
    sys.stdout.write(table(verdicts))


if __name__ == "__main__":
    main()
