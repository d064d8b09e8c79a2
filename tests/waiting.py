"""Waits for what other processes do: as long as a slow machine may need, and no longer than it takes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

PATIENCE = 300
"""Seconds after which what did not come will not come. Only a test that fails waits so long."""


def until(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so; where `process` is to make it so, that must not end before."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if process is not None and process.poll() is not None and not condition():
            raise AssertionError(f"it ended with {process.returncode}: {process.communicate()}")
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
