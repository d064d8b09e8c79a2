"""Runs a pipeline in the foreground: starts it, shows it, and is there for Ctrl-C."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sncompile.diagnostics import Diagnostic
from sncompile.runner.display import Display
from sncompile.runner.ending import end_all, kill, others, settle
from sncompile.runner.record import GRACE
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.start import start_if_needed
from sncompile.runner.watch import State, Watch

POLL = 0.1
"""Seconds between two looks at a run."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, and what there is to tell of it; without a `folder` nothing had to be done."""

    state: State
    folder: Path | None
    done: int
    seconds: float
    diagnostics: tuple[Diagnostic, ...]


def run(prepared: Prepared, options: RunOptions, display: Display) -> RunResult:
    """Run, and wait for the end. Ctrl-C ends the jobs and the run; pressed again, it does so more firmly.

    Raises `CompileError` where the run cannot start.
    """
    presses = _Presses()
    before = {number: signal.signal(number, presses) for number in _SIGNALS}
    try:
        watch = start_if_needed(prepared, options, display.note)
        if watch is None:
            return RunResult(State.DONE, None, 0, 0.0, ())
        presses.take(watch)
        status = watch.look()
        told = 0
        while not status.state.ended:
            display.update(watch.progress)
            time.sleep(POLL)
            # Not told where it is pressed: a handler of signals may interrupt the display itself. But before the next
            # look: the run may have ended by then.
            if presses.count > told:
                told = presses.count
                display.note(_PRESSED[min(told, len(_PRESSED)) - 1])
            status = watch.look()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    display.close(watch.progress)
    settle(watch)
    faults = () if status.state is State.CANCELLED else tuple(watch.faults(status.state))
    return RunResult(status.state, status.folder, status.done, status.seconds or 0.0, faults)


_PRESSED = (
    f"ending: jobs have {GRACE:.0f} s to end by themselves; Ctrl-C again ends them at once",
    "ending the jobs (SIGTERM); Ctrl-C once more kills them",
    "killing the jobs",
)


class _Presses:
    """What Ctrl-C does: first the run is asked to end, then its jobs, and then nobody is asked."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self.count = 0

    def take(self, watch: Watch) -> None:
        """From now on there is a run to end; what was pressed before counts."""
        self._watch = watch
        if self.count:
            watch.folder.note_cancellation()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        watch = self._watch
        if watch is None:
            if self.count > 1:
                raise KeyboardInterrupt  # Starting takes too long for somebody.
            return
        watch.folder.note_cancellation()
        process = watch.process
        if self.count == 2 and process is not None:
            end_all(lambda: others(process, watch.folder), signal.SIGTERM)
        elif self.count > 2:
            kill(watch)
