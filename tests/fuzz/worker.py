"""Fuzzes for a while in a process of its own, whose memory is bounded, and which ends where an input takes too long.

    python -m tests.fuzz.worker SECONDS SEED FOLDER

`FOLDER/current` holds the page and the bytes of the input that is being compiled, for whoever finds the process dead.
"""

from __future__ import annotations

import faulthandler
import random
import resource
import sys
import time
import traceback
from pathlib import Path

from ..waiting import PATIENCE
from .mutate import mutated
from .seeds import FOUND, keep, kept, page_names, surroundings
from .target import compile_everywhere

SECONDS_FOR_ONE = 5.0
MEMORY = 2**30


def run(seconds: float, seed: int, folder: Path) -> int:
    """Fuzz; gives how many inputs did what none may do. Each is kept, and told on standard output."""
    chance = random.Random(seed)
    specs = {name: surroundings(name, folder / name) for name in page_names()}
    pool = [(name, spec.read_bytes()) for name, spec in specs.items() if spec is not None] + kept()
    pool = [(name, data) for name, data in pool if specs.get(name) is not None]
    seen: set[str] = set()
    found = number = 0
    start = time.monotonic()
    queue = list(pool)
    while time.monotonic() - start < seconds:
        if queue:
            name, data = queue.pop()
        else:
            name, data = chance.choice(pool)
            data = mutated(data, [d for _, d in chance.choices(pool, k=3)], chance)
        spec = specs[name]
        assert spec is not None
        number += 1
        told = one(spec, name, data, folder)
        if told is None:
            found += 1
        elif told - seen:
            if number > len(specs) and keep(name, data) is not None:
                pool.append((name, data))
            seen |= told
    print(f"{number} inputs, {len(seen)} kinds of answers, {len(pool)} in the corpus, {found} findings", flush=True)
    return found


def one(spec: Path, name: str, data: bytes, folder: Path) -> frozenset[str] | None:
    """Compile one input; None where it was a finding."""
    (folder / "current").write_bytes(name.encode() + b"\n" + data)
    spec.write_bytes(data)
    started = time.process_time()
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    try:
        kinds = compile_everywhere(spec).kinds
    except Exception:
        print(f"{keep(name, data, FOUND)}:\n{traceback.format_exc()[-1500:]}", flush=True)
        return None
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if seconds > SECONDS_FOR_ONE or memory > MEMORY:
        print(f"{keep(name, data, FOUND)}: {seconds:.1f} s, {memory / 2**20:.0f} MB", flush=True)
        return None
    return kinds


if __name__ == "__main__":
    sys.exit(1 if run(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])) else 0)
