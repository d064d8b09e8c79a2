"""Notices that the jobs of a run have come to a standstill: they live, use no CPU, and write nothing.

A tool that waits for a licence, a display or a lock looks like any other that works for long. Only what runs on this
machine can be seen; of what a cluster has, nothing is said.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from sncompile.runner.events import tell
from sncompile.runner.processes import Process, cpu_seconds, members
from sncompile.runner.record import RunFolder
from sncompile.runner.watch import Watch

LOOK = 30.0
"""Seconds between two looks."""

STILL = 600.0
"""After so many seconds without a sign of work it is told."""

IDLE = 0.01
"""What uses less of a core than this does nothing: some programs wake up to see that there is nothing to do."""

_MOST_FILES = 500


class Signs(NamedTuple):
    """What can be seen of jobs: their processes, the CPU time of these in seconds, and their files."""

    processes: frozenset[int]
    cpu: float
    files: tuple[tuple[str, int, int], ...]


class Stillness:
    """Tells when nothing moves, and when it does again. Times are in seconds."""

    def __init__(self, see: Callable[[], Signs | None], say: Callable[[float | None], None]) -> None:
        self._see, self._say = see, say
        self._last: tuple[float, Signs] | None = None
        self._since = 0.0
        self._told = False

    def look(self, now: float) -> None:
        """Compare what is to be seen now with what was seen at the last look."""
        signs = self._see()
        if signs is None or self._last is None or self._moved(now, signs):
            self._since = now
            if self._told:
                self._told = False
                self._say(None)
        elif now - self._since >= STILL and not self._told:
            self._told = True
            self._say(self._since)
        self._last = None if signs is None else (now, signs)

    def _moved(self, now: float, signs: Signs) -> bool:
        assert self._last is not None
        then, before = self._last
        if (signs.processes, signs.files) != (before.processes, before.files):
            return True
        return signs.cpu - before.cpu > IDLE * (now - then)


def signs_of(watch: Watch, process: Process) -> Signs | None:
    """What there is to see of a run's jobs; None where none runs here."""
    watch.look()
    jobs = [job for job in watch.progress.jobs.values() if job.state == "running"]
    others = frozenset(members(process)) - {process.pid}
    if not jobs or not others:
        return None
    files = []
    for path in [path for job in jobs for path in (*job.logs, *job.outputs)][:_MOST_FILES]:
        try:
            found = os.stat(watch.working / path)
        except OSError:
            continue
        files.append((path, found.st_size, found.st_mtime_ns))
    return Signs(others, cpu_seconds(others), tuple(files))


class StillnessWatch(threading.Thread):
    """Looks now and then, for as long as the run's engine lives."""

    def __init__(self, folder: RunFolder, process: Process) -> None:
        super().__init__(daemon=True)
        watch = Watch(folder.path)
        self._stillness = Stillness(
            lambda: signs_of(watch, process), lambda since: tell(folder.events, event="still", since=since)
        )

    def run(self) -> None:
        """Look until the process ends."""
        while True:
            time.sleep(LOOK)
            try:
                self._stillness.look(time.time())
            except OSError:
                continue  # It is only something more to know.
