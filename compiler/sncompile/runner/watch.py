"""Where a run stands, told from its events and its process, by whoever asks: its starter, another terminal, later.

Decision 0029.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from sncompile.diagnostics import Diagnostic
from sncompile.faults import runs as runs_faults
from sncompile.runner.disks import troubled
from sncompile.runner.events import Event, EventReader
from sncompile.runner.failures import (
    Failure,
    Places,
    changed_meanwhile,
    engine_failure,
    engine_gone,
    failures,
    not_there,
    together,
)
from sncompile.runner.job_names import JobNames
from sncompile.runner.lock import is_held
from sncompile.runner.processes import Process, Seen, look
from sncompile.runner.progress import Progress, StepProgress
from sncompile.runner.record import RunFolder, now
from sncompile.telemetry.redaction import Redaction

_REFUSED = {
    runs_faults.NOT_OURS: "move them away, or delete the directory",
    runs_faults.LED_ELSEWHERE: "take the link away, and have the job that makes it write it to another place",
    runs_faults.OVER_BUDGET: "run again with more for `--disk`; what is done stays done",
}
"""Why a run keeps its own jobs from starting, each with what to do."""


class State(StrEnum):
    """How a run is. `crashed`: its engine is gone and has not told of an end."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self is not State.RUNNING


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Where a run stands. Times are seconds since 1970; `seen` says whether its process could be looked at."""

    folder: Path
    pipeline: str
    spec: str
    state: State
    seen: Seen
    process: Process | None
    started: float | None
    ended: float | None
    total: int
    running: int
    done: int
    failed: int
    stopped: int
    steps: tuple[StepProgress, ...]

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        return None if self.started is None else max(0.0, (self.ended or now()) - self.started)


class Watch:
    """Follows one run. Every `look` takes in what has happened since the last."""

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path.resolve())
        self.names = JobNames(self.folder)
        self.progress = Progress(self.names)
        self._reader = EventReader(self.folder.events)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What `run.json` said when it was first looked at."""
        return self.folder.read()

    @cached_property
    def working(self) -> Path:
        """The jobs' working folder: beside `runs/`, should the whole have been moved."""
        said = Path(str(self.record.get("working_folder", "")))
        return said if said.is_absolute() and said.is_dir() else self.folder.path.parent.parent

    @property
    def places(self) -> Places:
        """Where the run's logs are."""
        return Places(self.folder.path, self.working, self._hide)

    @cached_property
    def _hide(self) -> Redaction:
        return self.folder.redaction(os.environ)

    @property
    def process(self) -> Process | None:
        """The engine's process; None before it told of itself."""
        return Process.from_object(self.progress.process)

    def look(self, heard: Callable[[Event], None] | None = None) -> RunStatus:
        """Where the run stands now. `heard` is called with each new event once it has been taken in."""
        self._take_events(heard)
        process = self.process or Process.from_object(self.record.get("starter"))
        # First the process, then its last words: the other way round it could end in between.
        seen = look(process) if process is not None else Seen.DEAD
        if seen is Seen.DEAD and self.process is None and is_held(self.working, str(self.folder.path)):
            seen = Seen.ALIVE  # Whoever started the engine is gone, and the engine is not yet so far as to speak.
        self._take_events(heard)
        return self._status(self._state(seen), seen)

    def _take_events(self, heard: Callable[[Event], None] | None) -> None:
        self.progress.cancelled_at = self.folder.cancelled_at
        for event in self._reader.new():
            self.progress.take(event)
            if heard is not None:
                heard(event)

    def _state(self, seen: Seen) -> State:
        cancelled = self.progress.cancelled_at is not None
        if self.progress.ended is None:
            if seen is not Seen.DEAD:
                return State.RUNNING
            self.progress.lose(self.progress.now)
            return State.CANCELLED if cancelled else State.CRASHED
        if self.progress.ended == 0:
            return State.DONE
        return State.CANCELLED if cancelled else State.FAILED

    def _status(self, state: State, seen: Seen) -> RunStatus:
        progress = self.progress
        steps = tuple(map(replace, progress.steps.values()))
        started = self.record.get("started", progress.started)
        return RunStatus(
            folder=self.folder.path,
            pipeline=str(self.record.get("pipeline", "")),
            spec=str(self.record.get("spec", "")),
            state=state,
            seen=seen,
            process=self.process,
            started=float(started) if isinstance(started, (int, float)) else None,
            ended=(progress.ended_at or progress.now or None) if state.ended else None,
            total=progress.total,
            running=progress.running,
            done=progress.done,
            failed=len(progress.failed),
            stopped=sum(step.stopped for step in steps),
            steps=steps,
        )

    def sources(self) -> dict[str, str]:
        """The texts of the spec as they were when the run began, by the names that diagnostics use."""
        found = {}
        for name, place in (self.names.facts.get("documents") or {}).items():
            with contextlib.suppress(OSError, UnicodeDecodeError):
                found[str(name)] = (self.folder.path / str(place)).read_text("utf-8")
        return found

    def failures(self) -> Iterator[Failure]:
        """The jobs that failed so far."""
        return failures(self.names, self.progress, self.places)

    def faults(self, state: State, *, singly: bool = False) -> list[Diagnostic]:
        """What went wrong, as diagnostics: one for the jobs of a step that failed for the same reason, or the engine's.

        With `singly`, one for each job.
        """
        found = [
            fault.at(None, reason, help=_REFUSED[fault])
            for code, reason in self.progress.refused
            for fault in _REFUSED
            if fault.code == code
        ]
        failed = self.failures()
        found += [each.diagnostic() for each in (failed if singly else together(failed))]
        if self.progress.missing_count:
            found.append(not_there(self.names, self.progress))
        if state is State.CRASHED:
            found.append(engine_gone(self.names, self.folder.engine_log))
        if not found and state is State.FAILED:
            found = [engine_failure(self.names, self.progress, self.folder.engine_log, self._hide)]
        if state in (State.FAILED, State.CRASHED) and not any(d.code == runs_faults.CANNOT_WRITE.code for d in found):
            found = [*self._full(), *found]
        if self.progress.lost:
            found.append(changed_meanwhile(self.progress.lost, gone=True))
        if self.progress.changed:
            found.append(changed_meanwhile(self.progress.changed))
        return found

    def _full(self) -> Iterator[Diagnostic]:
        """What there is to say of the disks on which the record lies, as they are now."""
        for disk in troubled([self.folder.path, self.working], Path()):
            message = f"{disk.trouble}; the run could not write all that it has to tell"
            help = "make room there; run again to go on from what is done"
            yield runs_faults.CANNOT_WRITE.at(None, message, help=help)
