"""The engine as a process group: started, watched, and ended with all its jobs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# How long jobs get to end by themselves after each signal, in seconds.
PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


class Engine:
    """A running engine. Its jobs are in its process group, so that they end with it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stopping = 0
        self._deadline = float("inf")

    @staticmethod
    def start(arguments: list[str], events: Path, log: Path, working: Path, lock: int) -> Engine:
        """Start Snakemake with `arguments`; its own talk goes to `log`, its events to `events`."""
        command = [sys.executable, "-m", "sncompile.runner.engine_child", str(events), *arguments]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=working,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )
        return Engine(process)

    @property
    def pid(self) -> int:
        """The engine's process and process group."""
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status, or None while it runs. Goes on to a harder signal when patience is over."""
        if self._stopping and time.monotonic() > self._deadline:
            self.stop()
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait so long at most; the exit status, or None if it still runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.poll()

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to stop."""
        return self._stopping > 0

    def stop(self) -> None:
        """Ask the whole group to end; each further call asks harder."""
        number = min(self._stopping, len(PATIENCE) - 1)
        self._stopping += 1
        self._deadline = time.monotonic() + PATIENCE[number][1]
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, PATIENCE[number][0])

    def kill_rest(self) -> None:
        """End what is left of the group once the engine itself is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
