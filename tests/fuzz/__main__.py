"""`python -m tests.fuzz [SECONDS [SEED]]`: fuzzes the compiler. Ends with 1 where something was found."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .seeds import FOUND, keep

ROUND = 300.0
"""A process fuzzes so many seconds at most; what a compile leaves behind in a process cannot hide for long."""


def main(seconds: float, seed: int) -> int:
    """Fuzz in one process after the other; a process that dies has found something."""
    end = time.monotonic() + seconds
    failed = False
    while (left := end - time.monotonic()) > 1:
        with tempfile.TemporaryDirectory(prefix="sncompile-fuzz-") as name:
            command = [sys.executable, "-m", "tests.fuzz.worker", str(min(left, ROUND)), str(seed), name]
            code = subprocess.run(command, check=False).returncode
            if code not in (0, 1):
                page, _, data = (Path(name) / "current").read_bytes().partition(b"\n")
                print(f"{keep(page.decode(), data, FOUND)}: the process died, or hung ({code})", flush=True)
        failed |= code != 0
        seed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    started = int(time.time())
    sys.exit(main(float((sys.argv[1:] or ["60"])[0]), int(sys.argv[2]) if len(sys.argv) > 2 else started))
