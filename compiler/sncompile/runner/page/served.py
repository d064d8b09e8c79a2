"""Which files of a run its live page may give out: outputs and logs of its jobs, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sncompile.ir.language.locations import is_url
from sncompile.runner.log_files import pieces
from sncompile.runner.logs import withheld
from sncompile.runner.watch import Watch

PLACES = ("work", "run", "system")
"""What the links of a live page begin with: the working folder, the run's folder, and the root of the file system."""

_KEPT = ("logs", "tries")
"""Folders of the run's folder that hold nothing but logs."""


class Served:
    """The files of a run that are given out."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._working = watch.working
        self._known: set[str] = set()
        self._logs: set[str] = set()
        self._jobs = 0

    def find(self, place: str, path: str) -> Path | None:
        """The output or log that a link means; None for all that is none, or that is not there."""
        start = {"work": self._working, "run": self._watch.folder.path, "system": Path("/")}[place]
        # By its text first: what a path says is what was promised, wherever links on the disk lead.
        wanted = os.path.normpath(os.path.join(start, path))
        known = self._outputs_and_logs()
        if wanted in known:
            return Path(wanted) if os.path.exists(wanted) else None
        for folder in Path(wanted).parents:
            if str(folder) in known:
                return _within(folder, Path(wanted))
        return None

    def log(self, path: Path) -> Iterator[bytes] | None:
        """What stands in a log, without secrets; None for what is no log.

        Of a job that works and may print a secret whose value is not known here, it is that this is so.
        """
        kept = any(path.is_relative_to(self._watch.folder.path / name) for name in _KEPT)
        if str(path) not in self._logs and not kept:
            return None
        unset = [name for name in self._watch.folder.secrets if not os.environ.get(name)]
        if unset and any(
            self._absolute(log) == str(path)
            for record in list(self._watch.progress.jobs.values())
            if record.state == "running"
            for log in record.logs
        ):
            return iter([withheld(unset)])
        return self._watch.places.hide.in_bytes(pieces(path))

    def _outputs_and_logs(self) -> set[str]:
        """Their paths, absolute. Jobs come to be while the run works."""
        if not self._known:
            self._known |= {str(self._watch.folder.path / name) for name in _KEPT}
            for _, path, _ in self._watch.names.every():
                self._add(path)
            for output in (self._watch.names.facts.get("outputs") or {}).values():
                for path in output.get("paths") or ():
                    self._add(str(path))
        if len(self._watch.progress.jobs) != self._jobs:
            self._jobs = len(self._watch.progress.jobs)
            for record in list(self._watch.progress.jobs.values()):
                for path in (*record.outputs, *record.logs):
                    self._add(path)
                self._logs.update(map(self._absolute, record.logs))
        return self._known

    def _add(self, path: str | None) -> None:
        if path and not is_url(path):
            self._known.add(self._absolute(path))

    def _absolute(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._working, path))


def _within(folder: Path, path: Path) -> Path | None:
    """A file in a folder that is given out as a whole; None where a link leads out of it."""
    try:
        found = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return found if found.is_relative_to(folder.resolve()) else None
