"""`python -m tests.traces TRACE.jsonl -o spec.yaml`: a trace → a spec with every task written out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.traces.convert import raw_files, spec_of
from tests.traces.tasks import read_trace


def main() -> int:
    """Convert one trace; gives 1 for a file that is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.traces", description=__doc__)
    parser.add_argument("trace", type=Path, metavar="TRACE.jsonl")
    parser.add_argument("-o", "--out", type=Path, metavar="SPEC", help="the spec's file; standard output unless given")
    parser.add_argument("--name", help="the pipeline's name; the trace's file name unless given")
    parser.add_argument("--touch", type=Path, metavar="FOLDER", help="make the inputs that no task writes, empty")
    given = parser.parse_args()
    try:
        tasks = read_trace(given.trace)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    text = spec_of(tasks, given.name or given.trace.stem)
    if given.out is None:
        sys.stdout.buffer.write(text.encode())
    else:
        given.out.write_text(text, "utf-8")
    for name in raw_files(tasks) if given.touch else ():
        place = given.touch / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
