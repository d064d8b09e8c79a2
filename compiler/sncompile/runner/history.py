"""The runs of a working folder: which there are, and how to delete the records of old ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.runner.find import runs_in
from sncompile.runner.record import read_record
from sncompile.runner.watch import State, Watch


class PastRun(NamedTuple):
    """A run as its record has it. `settled`: it has ended, and nothing of it is left to be put in order."""

    folder: Path
    pipeline: str
    spec: str
    state: State
    settled: bool
    started: float | None
    ended: float | None
    done: int
    size: int
    """Bytes of its record; a log that the working folder still has by another name is none of them."""

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    @property
    def seconds(self) -> float | None:
        """How long it took; None where that is not known."""
        return None if self.started is None or self.ended is None else max(0.0, self.ended - self.started)

    def as_object(self) -> dict[str, Any]:
        """The form for machines."""
        return {
            "run": str(self.folder), "name": self.name, "pipeline": self.pipeline, "spec": self.spec,
            "state": self.state.value, "started": self.started, "ended": self.ended, "done": self.done,
            "bytes": self.size,
        }  # fmt: skip


def past_runs(folder: Path) -> list[PastRun]:
    """The runs in a folder `runs`, the newest first."""
    return [_past_run(path.resolve()) for path in reversed(runs_in(folder))]


def _past_run(path: Path) -> PastRun:
    record = read_record(path)
    said = str(record.get("state", ""))
    settled = said in {state.value for state in State if state.ended}
    # Who has not said how it ended may have died: the process is looked at.
    state = State(said) if settled else Watch(path).look().state
    return PastRun(
        path, str(record.get("pipeline", "")), str(record.get("spec", "")), state, settled,
        _number(record.get("started")), _number(record.get("ended")), int(_number(record.get("done")) or 0),
        _size(path),
    )  # fmt: skip


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _size(folder: Path) -> int:
    total = 0
    for here, _, files in os.walk(folder):
        for name in files:
            try:
                found = os.lstat(os.path.join(here, name))
            except OSError:
                continue  # Deleted by now.
            total += found.st_size if found.st_nlink == 1 else 0
    return total


def old_runs(runs: Sequence[PastRun], keep: int) -> list[PastRun]:
    """The runs, of those from new to old, whose records may go: all but the newest `keep`.

    Those that work stay, and so do those that died and were not put in order: the next run needs what they tell.
    """
    return [run for run in runs[max(keep, 1) :] if run.settled]


def forget(run: PastRun) -> None:
    """Delete the record of a run. Raises `OSError`."""
    shutil.rmtree(run.folder)
