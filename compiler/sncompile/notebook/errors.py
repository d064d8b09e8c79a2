"""What goes wrong with a run, as an exception."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics.text import TextRenderer
from sncompile.runner.failures import Failure
from sncompile.runner.status_text import SAYS
from sncompile.views.columns import count

if TYPE_CHECKING:
    from sncompile.notebook.runs import Run

FEW = 3
"""So many reasons are told in the message; `failures` holds every job that failed."""


class RunError(Exception):
    """A run failed, crashed or was cancelled."""

    def __init__(self, run: Run) -> None:
        self.run = run
        """The run."""
        self.failures: list[Failure] = run.failures
        """The jobs that failed: step, key, status, logs, the command to repeat it, and the place in the spec."""
        self.diagnostics: list[Diagnostic] = run.diagnostics
        """Why jobs failed, those of a step for the same reason together, or the engine's own; with their places."""
        super().__init__(self._message())

    @property
    def logs(self) -> dict[str, str]:
        """The log of every job that failed, by the log's name."""
        return {log.name: _read(log.path) for failure in self.failures for log in failure.logs}

    def _message(self) -> str:
        status = self.run.status
        head = f"{self.run.name}: {SAYS[status.details.state]}"
        told = TextRenderer(self.run.watch.sources()).render(self.diagnostics[:FEW]).rstrip("\n")
        left = len(self.diagnostics) - FEW
        more = f"\nand {count(left, 'more reason')} why jobs failed" if left > 0 else ""
        return f"{head}\n\n{told}{more}".rstrip("\n")

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback, which would say nothing of the jobs."""
        return ["RunError", *str(self).splitlines()]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
