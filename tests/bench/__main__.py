"""`python -m tests.bench`: measures, prints tables, and writes JSON, text and a picture below `build/bench/`.

Decision 0016.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import group_check, group_compile, group_dry_run, group_run
from tests.bench.goals import goals
from tests.bench.measure import Failed, Found, Meter
from tests.bench.report import TITLES, machine, text_of, write_json
from tests.bench.sweep import FULL, QUICK, USUAL, Extent

GROUPS: dict[str, Callable[[Meter, Extent], list[Found]]] = {
    "table": group_compile.by_table,
    "steps": group_compile.by_steps,
    "check": group_check.check,
    "run": group_run.run,
    "dry run": group_dry_run.dry_run,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; gives 1 where a command of it failed. Goals that are not met do not make it fail."""
    given = _parser().parse_args(arguments)
    extent = QUICK if given.quick else FULL if given.full else USUAL
    out: Path = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    meter = Meter(out / "scratch", extent.limit, lambda text: print(text, flush=True))
    groups: dict[str, list[Found]] = {}
    about = machine()
    start = time.monotonic()
    for name in given.only or GROUPS:
        print(f"{TITLES[name]}, after {time.monotonic() - start:.0f} s", flush=True)
        try:
            groups[name] = GROUPS[name](meter, extent)
        except Failed as error:
            print(f"failed: {error}", file=sys.stderr)
            return 1
        shutil.rmtree(meter.scratch, ignore_errors=True)  # A million rules are some hundred MB.
    told = goals(groups)
    text = text_of(groups, told, about)
    print(f"\n{text}\n{time.monotonic() - start:.0f} s in all; {out / 'bench.json'}")
    (out / "bench.txt").write_text(text, "utf-8")
    write_json(out / "bench.json", groups, told, about)
    try:
        from tests.bench.plot import draw

        draw(groups, out / "bench.png")
    except ImportError:
        print("no picture: matplotlib is not installed")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small sizes, one run each: to see that all of it works")
    size.add_argument("--full", action="store_true", help="every size of every series, which takes hours")
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), metavar="FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
