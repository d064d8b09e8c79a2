"""The progress of a run while it works: in notebooks by updates of one display, in terminals as on the command line."""

from __future__ import annotations

import contextlib
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sncompile.diagnostics.counted import counted
from sncompile.notebook import html
from sncompile.runner.display import Display, PlainDisplay, duration, make_display
from sncompile.runner.progress import StepProgress
from sncompile.runner.status_text import SAYS
from sncompile.runner.watch import RunStatus, State, Watch

if TYPE_CHECKING:
    from sncompile.notebook.runs import Run

REFRESH = 1.0
"""Seconds between two pictures in a notebook."""

MOST_STEPS = 30
"""So many steps are seen at once."""

_STATES = ("done", "failed", "running", "stopped")


class ProgressDisplay(Protocol):
    """Shows where a run stands."""

    def update(self, watch: Watch, status: RunStatus) -> None:
        """Show it."""

    def close(self, watch: Watch, status: RunStatus) -> None:
        """Show it for the last time."""


def in_notebook() -> bool:
    """Whether a kernel shows what comes out."""
    # Nothing is imported for it: where there is a kernel, IPython is there already.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def progress_display(show: bool | None, *, commands: bool = False) -> ProgressDisplay:
    """The display that fits where Python runs; none where `show` is false, or where nobody would see it."""
    if show is False:
        return _Nothing()
    if in_notebook():
        return _Notebook()
    if show and commands:
        return _Commands()
    return _Terminal() if show or sys.stderr.isatty() else _Nothing()


class _Nothing:
    def update(self, watch: Watch, status: RunStatus) -> None:
        return

    def close(self, watch: Watch, status: RunStatus) -> None:
        return


class _Terminal:
    def __init__(self) -> None:
        self._display: Display = make_display()

    def update(self, watch: Watch, status: RunStatus) -> None:
        self._display.update(watch.progress)

    def close(self, watch: Watch, status: RunStatus) -> None:
        self._display.close(watch.progress)


class _Commands:
    """The command of each job when it has started, and a line of progress now and then."""

    def __init__(self) -> None:
        self._display = PlainDisplay(sys.stdout)
        self._said: set[int] = set()

    def update(self, watch: Watch, status: RunStatus) -> None:
        for number, job in list(watch.progress.jobs.items()):
            if job.started is not None and job.shell and number not in self._said:
                self._said.add(number)
                keys = [f"{name}={value}" for name, value in job.wildcards.items()]
                self._display.note(" ".join([job.step, *keys]) + f":\n{textwrap.indent(job.shell.strip(), '    ')}")
        self._display.update(watch.progress)

    def close(self, watch: Watch, status: RunStatus) -> None:
        self.update(watch, status)


class _Notebook:
    def __init__(self) -> None:
        self._handle: Any = None
        self._last = 0.0

    def update(self, watch: Watch, status: RunStatus) -> None:
        if time.monotonic() - self._last >= REFRESH:
            self._show(watch, status)

    def close(self, watch: Watch, status: RunStatus) -> None:
        self._show(watch, status)

    def _show(self, watch: Watch, status: RunStatus) -> None:
        from IPython.display import display

        self._last = time.monotonic()
        shown = _Shown(run_html(watch, status), run_text(watch, status))
        if self._handle is None:
            self._handle = display(shown, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown)


class _Shown:
    """HTML with a text for where there is none."""

    def __init__(self, html: str, text: str) -> None:
        self._html, self._text = html, text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


def cell() -> int | None:
    """The number of the cell that a notebook is at; None where there is no notebook."""
    if not in_notebook():
        return None
    number: int = sys.modules["IPython"].get_ipython().execution_count
    return number


def show_live(run: Run) -> None:
    """Show a run, and go on showing it while it works, without holding up the cell."""
    display = _Notebook() if in_notebook() else _Printed()
    # A reader of its own: the handle may be asked meanwhile.
    watch = Watch(run.folder)
    status = watch.look()
    display.update(watch, status)
    if status.state.ended or not in_notebook():
        return

    def follow() -> None:
        with contextlib.suppress(Exception):  # A kernel that goes takes its displays along.
            while not (status := watch.look()).state.ended:
                display.update(watch, status)
                time.sleep(REFRESH)
            display.close(watch, status)

    threading.Thread(target=follow, daemon=True).start()


class _Printed(_Nothing):
    def update(self, watch: Watch, status: RunStatus) -> None:
        print(run_text(watch, status))


def run_text(watch: Watch, status: RunStatus) -> str:
    """Where a run stands, as text."""
    from sncompile.runner.status_text import status_text

    return status_text(watch, status, 100, str).rstrip("\n")


def run_html(watch: Watch, status: RunStatus) -> str:
    """Where a run stands, for a notebook: state, bars, and what failed."""
    rest = watch.progress.remaining() if status.state is State.RUNNING else None
    left = f", about {duration(rest)} left" if rest else ""
    counts = f"{status.done:,} of {counted(status.total, 'job')}, {duration(status.seconds or 0)}{left}"
    head = (
        f'<p><span class="sn-badge sn-is-{status.state.value}">{html.text(status.state.value)}</span> '
        f"<strong>{html.text(status.pipeline)}</strong> "
        f"<span class=sn-soft>{html.text(counts)}</span></p>"
    )
    if status.state is State.CRASHED:
        head += f"<p class=sn-soft>{html.text(SAYS[status.state])}</p>"
    steps = status.steps if len(status.steps) <= MOST_STEPS else sorted(status.steps, key=_is_over)
    rows = [
        f"<tr><td>{html.text(step.name)}</td><td>{_bar(step, step.total)}</td>"
        f"<td class=sn-num>{step.done:,}/{step.total:,}</td><td class=sn-soft>{html.text(_beside(step))}</td></tr>"
        for step in steps
    ]
    faults = html.diagnostics(watch.faults(status.state)[:3], watch.sources())
    folder = f"<p class=sn-soft>{html.text(status.folder)}</p>"
    return html.framed(head, _table(rows[:MOST_STEPS]), _folded(rows[MOST_STEPS:]), faults, folder)


def _table(rows: Sequence[str]) -> str:
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _folded(rows: Sequence[str]) -> str:
    """The rows of a large pipeline beyond those that are seen at once."""
    return f"<details><summary>{counted(len(rows), 'more step')}</summary>{_table(rows)}</details>" if rows else ""


def _is_over(step: StepProgress) -> bool:
    """Whether there is nothing to see any more; those of which there is come first."""
    return step.done >= step.total and not (step.failed or step.running or step.stopped)


def _bar(step: Any, total: int) -> str:
    parts = "".join(
        f'<i class="sn-is-{state}" style="width:{100 * getattr(step, state) / max(total, 1):.1f}%"></i>'
        for state in _STATES
        if getattr(step, state)
    )
    return f'<span class="sn-track">{parts}</span>'


def _beside(step: Any) -> str:
    return ", ".join(f"{getattr(step, state):,} {state}" for state in _STATES[1:] if getattr(step, state))
