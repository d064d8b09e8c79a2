"""What a run shows while it works: live in a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol, TextIO

from sncompile.diagnostics.counted import counted
from sncompile.runner.progress import Progress

if TYPE_CHECKING:
    from rich.console import Group


class Display(Protocol):
    """Shows where a run stands."""

    def note(self, line: str) -> None:
        """Show what happens before the run."""

    def update(self, progress: Progress) -> None:
        """Show it."""

    def close(self, progress: Progress) -> None:
        """Show it for the last time."""


def duration(seconds: float) -> str:
    """A time for people: `41 s`, `3:20 min`, `2:05 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d} h"


def still_text(progress: Progress) -> str | None:
    """That nothing moves, in words; None where something does."""
    if progress.still_since is None or not progress.running:
        return None
    steps = ", ".join(f"`{step.name}`" for step in progress.steps.values() if step.running)
    return (
        f"no sign of work for {duration(time.time() - progress.still_since)}: what runs ({steps}) uses no CPU and "
        "writes nothing; `sncompile logs` shows what it said, `sncompile cancel` ends it"
    )


class PlainDisplay:
    """A line whenever another part of the work is done; for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._said = -1
        self._failed = 0
        self._still: float | None = None

    def note(self, line: str) -> None:
        print(line, file=self._stream, flush=True)

    def update(self, progress: Progress) -> None:
        failed = len(progress.failed)
        share = (progress.done + failed) * 20 // progress.total if progress.total else -1
        # The first failure is told at once.
        if share > self._said or bool(failed) > bool(self._failed):
            self._said, self._failed = max(share, self._said), failed
            self._say(progress)
        if progress.still_since != self._still:
            self._still = progress.still_since
            told = still_text(progress)
            if told is not None:
                self.note(told)

    def _say(self, progress: Progress) -> None:
        active = [s.name for s in progress.steps.values() if s.running]
        rest = progress.remaining()
        parts = [f"{progress.done} of {counted(progress.total, 'job')} done"]
        parts += [f"{self._failed} failed"] if self._failed else []
        parts += [f"running {', '.join(active)}"] if active else []
        parts += [f"{duration(rest)} left"] if rest and progress.done < progress.total else []
        print("; ".join(parts), file=self._stream, flush=True)

    def close(self, progress: Progress) -> None:
        self.update(progress)


class LiveDisplay:
    """A bar for all, and a line for each step."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(file=stream), auto_refresh=False, transient=False)
        self._live.start()
        self._last = 0.0

    def note(self, line: str) -> None:
        self._live.console.print(line, markup=False, highlight=False)

    def update(self, progress: Progress) -> None:
        # Ten pictures a second are enough for anybody.
        if time.monotonic() - self._last >= 0.1:
            self._last = time.monotonic()
            self._live.update(self._picture(progress), refresh=True)

    def _picture(self, progress: Progress) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        wall = time.time() - progress.started if progress.started else 0
        rest = progress.remaining()
        head = Table.grid(padding=(0, 1))
        left = f"{duration(rest)} left" if rest is not None and progress.done < progress.total else duration(wall)
        bar = ProgressBar(total=max(progress.total, 1), completed=progress.done, width=36)
        head.add_row(bar, Text(f"{progress.done}/{progress.total}"), Text(left, style="dim"))
        steps = Table.grid(padding=(0, 2))
        for step in progress.steps.values():
            tone = "red" if step.failed else "green" if step.done == step.total else "cyan" if step.running else "dim"
            mark = "✗" if step.failed else "✓" if step.done == step.total else "▸" if step.running else "·"
            told = f"{step.done}/{step.total}"
            running = f"{step.running} running" if step.running else ""
            failed = f"{step.failed} failed" if step.failed else ""
            steps.add_row(
                Text(f"{mark} {step.name}", style=tone),
                Text(told),
                Text(running, style="cyan"),
                Text(failed, style="red"),
            )
        still = still_text(progress)
        return Group(head, steps, *([Text(still, style="yellow")] if still is not None else []))

    def close(self, progress: Progress) -> None:
        self._live.update(self._picture(progress), refresh=True)
        self._live.stop()


def make_display(stream: TextIO | None = None) -> Display:
    """The display that fits where the output goes."""
    stream = stream or sys.stderr
    return LiveDisplay(stream) if stream.isatty() else PlainDisplay(stream)
