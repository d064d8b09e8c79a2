"""A run as a handle: where it stands, what its jobs said, what came out, and its end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics.counted import counted
from sncompile.diagnostics.text import visible
from sncompile.ir.language.locations import is_url
from sncompile.notebook.errors import RunError
from sncompile.runner.ending import cancel, kill, settle
from sncompile.runner.failures import Failure
from sncompile.runner.find import find_run
from sncompile.runner.logs import JobLog, job_logs
from sncompile.runner.progress import StepProgress
from sncompile.runner.record import GRACE
from sncompile.runner.tool_versions import ToolVersion, versions_in
from sncompile.runner.watch import RunStatus, State, Watch

POLL = 0.1
"""Seconds between two looks at a run."""


class Status(str):
    """A run's state: `running`, `done`, `failed`, `cancelled` or `crashed`; a text with the numbers behind it."""

    details: RunStatus
    """All that is known: times, process, counts."""

    def __new__(cls, details: RunStatus) -> Status:
        found = super().__new__(cls, details.state.value)
        found.details = details
        return found

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.details.state.ended

    @property
    def total(self) -> int:
        """How many jobs there are to do."""
        return self.details.total

    @property
    def done(self) -> int:
        """How many are done."""
        return self.details.done

    @property
    def running(self) -> int:
        """How many work now."""
        return self.details.running

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.details.failed

    @property
    def steps(self) -> dict[str, StepProgress]:
        """The same for every step."""
        return {step.name: step for step in self.details.steps}

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        return self.details.seconds


MOST_OF_LOG = 4_000_000
"""So many bytes of a log are held as text at most, from its end."""


class Logs(str):
    """What jobs have said, one after the other; `files` are the logs themselves, of which large ones stand in part."""

    files: list[Path]

    def __new__(cls, logs: list[JobLog]) -> Logs:
        alone = len(logs) == 1
        found = super().__new__(cls, "".join(_log_text(log, alone=alone) for log in logs))
        found.files = [log.path for log in logs]
        return found

    def __repr__(self) -> str:
        # Nothing that a tool wrote may steer a terminal or a page.
        return visible(str(self))


def _log_text(log: JobLog, *, alone: bool) -> str:
    return log.text(MOST_OF_LOG) if alone else f"==> {log.title}\n{log.text(MOST_OF_LOG)}"


class Results(Mapping[str, "Path | str | list[Path | str]"]):
    """The files of a pipeline's outputs, by name: a path, a URL as text, or a list of them.

    They are there once the run is done. Of optional outputs only those are told that were written.
    """

    def __init__(self, outputs: Mapping[str, Any], working: Path) -> None:
        self._outputs, self._working = outputs, working

    def __getitem__(self, name: str) -> Path | str | list[Path | str]:
        output = self._outputs[name]
        paths: list[Path | str] = [path if is_url(path) else self._working / path for path in output["paths"]]
        if output.get("may_lack"):
            paths = [path for path in paths if isinstance(path, str) or os.path.lexists(path)]
        return paths if output["many"] or not paths else paths[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {_told(paths)}" for name, paths in self.items())


def _told(paths: Path | str | list[Path | str]) -> str:
    if not isinstance(paths, list):
        return str(paths)
    return counted(len(paths), "file") + (f", {paths[0]}, …" if paths else "")


class Run:
    """A run, whoever started it. It goes on when this handle, or its kernel, is gone; `attach` finds it again."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        """What follows the run's record."""
        self._told_in: int | None = None
        watch.look()

    @property
    def folder(self) -> Path:
        """The run's folder, which holds its record."""
        return self.watch.folder.path

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    @property
    def working_dir(self) -> Path:
        """The jobs' working folder."""
        return self.watch.working

    @property
    def status(self) -> Status:
        """Where it stands now."""
        return Status(self.watch.look())

    def wait(
        self, timeout: float | None = None, *, check: bool = True, show: bool | None = None, commands: bool = False
    ) -> Status:
        """Wait for the end, or for so many seconds; gives where it stands then.

        Raises `RunError` where the run failed, crashed or was cancelled, unless `check` is false. `show` says whether
        to show the progress; without it, it is shown in notebooks and terminals. With `commands`, those of the jobs are
        printed as they start, outside of notebooks. To interrupt it ends the waiting and
        not the run.
        """
        from sncompile.notebook.live import cell, progress_display

        deadline = None if timeout is None else time.monotonic() + timeout
        display = progress_display(show, commands=commands)
        status = self.watch.look()
        while not status.state.ended and (deadline is None or time.monotonic() < deadline):
            display.update(self.watch, status)
            time.sleep(POLL)
            status = self.watch.look()
        display.close(self.watch, status)
        self._told_in = cell() if show is not False else None
        if status.state.ended:
            settle(self.watch)
            if check and status.state is not State.DONE:
                raise RunError(self)
        return Status(status)

    def logs(self, step: str | None = None, /, **key: Any) -> Logs:
        """What the jobs have said: all, those of a step, or those with some keys: `run.logs("segment", well="A01")`.

        Raises `CompileError` for a step or key that the run does not have.
        """
        self.watch.look()
        return Logs(job_logs(self.watch, step, key))

    @property
    def engine_log(self) -> str:
        """What the engine itself has said."""
        log = self.watch.folder.engine_log
        return log.read_text("utf-8", "replace") if log.is_file() else ""

    @property
    def failures(self) -> list[Failure]:
        """The jobs that failed so far."""
        self.watch.look()
        return list(self.watch.failures())

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What went wrong so far, with its places in the spec."""
        return self.watch.faults(self.watch.look().state)

    @property
    def results(self) -> Results:
        """The files of the pipeline's outputs."""
        return Results(self.watch.names.facts.get("outputs") or {}, self.working_dir)

    @property
    def tools(self) -> list[ToolVersion]:
        """What the tools said of their versions before the first job (`version_command`), each for its steps."""
        return versions_in(self.watch.record)

    def cancel(self, grace: float = GRACE) -> Status:
        """End the run with all its jobs, which get `grace` seconds to end by themselves; returns once it has ended.

        Raises `CompileError` where it works on another machine and gives no answer.
        """
        return Status(cancel(self.watch, grace))

    def kill(self) -> Status:
        """End the run and its jobs at once. Raises `CompileError` as `cancel` does."""
        return Status(kill(self.watch))

    def report(self, out: str | os.PathLike[str] | None = None) -> Path:
        """Write a page about the run, by default `report.html` in its folder; gives its path."""
        from sncompile.runner.report import report_page

        path = Path(out) if out is not None else self.folder / "report.html"
        path.write_text(report_page(self.watch, path), "utf-8", errors="replace")
        return path

    def __repr__(self) -> str:
        from sncompile.runner.status_text import status_text

        return status_text(self.watch, self.watch.look(), 100, str).rstrip("\n")

    def _repr_html_(self) -> str:
        from sncompile.notebook.live import run_html

        return run_html(self.watch, self.watch.look())

    def _ipython_display_(self) -> None:
        from sncompile.notebook.live import cell, show_live

        # Whoever waited for it in this cell has just been shown it.
        if self._told_in is None or self._told_in != cell():
            show_live(self)


def attach(run: str | os.PathLike[str]) -> Run:
    """A run that was started elsewhere or before.

    `run` is a run's folder or its name; a spec, a working folder or a pipeline's name mean the last run there. Raises
    `CompileError` where there is none.
    """
    return Run(Watch(find_run(run)))
