"""Looks through many seeds: `python -m tests.properties.specs.search 0 500 --run 1 2 --without periods --reduce`.

Every kind of difference (its signature) is told once, with the seed that showed it first, and the smallest spec.
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections import Counter

from .comparison import Difference, differences, signature
from .model import Spec
from .pipelines import make
from .reduce import reduced


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--run", type=int, nargs="*", default=[], help="levels to run with Snakemake")
    parser.add_argument("--levels", type=int, nargs="*", default=[0, 1, 2], help="levels whose jobs are compared")
    parser.add_argument("--without", nargs="*", default=[], help="what is left out of the specs")
    parser.add_argument("--reduce", action="store_true", help="make the first spec of every kind small")
    parser.add_argument("--every", action="store_true", help="run also where the jobs differ already")
    parser.add_argument("--only", default="", help="only signatures with this text")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    start = time.monotonic()

    def all_of(spec: Spec) -> list[Difference]:
        found = differences(spec, levels=tuple(given.levels), runs=())
        if given.run and (given.every or not found):
            found += differences(spec, levels=(), runs=tuple(given.run))
        return [difference for difference in found if given.only in signature(difference)]

    for seed in range(given.first, given.last):
        try:
            spec = make(seed, frozenset(given.without))
            found = all_of(spec)
        except Exception:
            print(f"seed {seed}: the generator itself fails\n{traceback.format_exc()}", flush=True)
            continue
        kinds = list(dict.fromkeys(signature(difference) for difference in found))
        counts.update(kinds)
        # One difference brings others with it: a spec is told for the first of a kind that was not seen.
        for kind in [kind for kind in kinds if counts[kind] == 1][:1]:
            print(f"\n=== seed {seed}, after {time.monotonic() - start:.0f} s: {kind}", flush=True)
            if given.reduce:
                runs = (int(kind.split("-O")[1][0]),) if kind.startswith(("run", "emit")) else ()
                levels = () if runs else tuple(given.levels)

                def holds(
                    smaller: Spec, runs: tuple[int, ...] = runs, levels: tuple[int, ...] = levels, kind: str = kind
                ) -> bool:
                    return any(signature(d) == kind for d in differences(smaller, levels=levels, runs=runs))

                spec = reduced(make(seed, frozenset(given.without)), holds, 120 if runs else 800)
                print(spec.text())
                found = differences(spec, levels=levels, runs=runs)
            for difference in found:
                print(str(difference)[:1200], flush=True)
    print(f"\n{given.last - given.first} seeds in {time.monotonic() - start:.0f} s")
    for kind, count in counts.most_common():
        print(f"{count:5} {kind}")


if __name__ == "__main__":
    main()
