"""`snakemake --logger sncompile-otel`: OpenTelemetry traces, metrics and logs of any Snakemake workflow.

Snakemake finds logger plugins by the name of their package, so this one stands beside `sncompile`. It writes events
down, and a process of its own sends them: a collector that is slow, down or broken does not concern the workflow.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from logging import Handler, LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase

from snakemake_logger_plugin_sncompile_otel.settings import LogHandlerSettings
from sncompile.diagnostics import CompileError
from sncompile.runner.engine.child import event_of
from sncompile.runner.processes import identify
from sncompile.runner.record import RunFolder, now, versions
from sncompile.runner.telemetry import sender as telemetry_sender
from sncompile.telemetry.destination import Destination, asked_for

__all__ = ["LogHandler", "LogHandlerSettings"]

_MAP = "Snakefile.map.json"


class LogHandler(LogHandlerBase):  # type: ignore[misc]  # Snakemake ships no types.
    """Writes the workflow's events to a folder like a run's, and starts what sends them once the rules are known."""

    def __post_init__(self) -> None:
        Handler.__init__(self)  # Version 1 of the interface leaves it out.
        url = getattr(self.settings, "url", None)
        self._where = None if self.common_settings.dryrun else _destination(url)
        self._sending = False
        self._stopped = self._job_failed = False
        self._snakefile = Path("Snakefile")
        if self._where is not None:
            self._folder = RunFolder(Path(tempfile.mkdtemp(prefix="sncompile-otel-")))
            self._tell(event="engine_started", process=_process())

    def emit(self, record: LogRecord) -> None:
        """Write an event down. Nothing that goes wrong here may reach the workflow."""
        if self._where is None:
            return
        with contextlib.suppress(Exception):
            event = event_of(record)
            if event is None:
                return
            # `snakefile` in the same record is Snakemake's own main file.
            self._snakefile = Path(str(getattr(record, "snakefile_main", self._snakefile)))
            if event["event"] == "run_info" and not self._sending:
                self._begin(event)
            self._stopped = self._stopped or event["event"] == "error"
            self._job_failed = self._job_failed or event["event"] == "job_error"
            self._tell(**event)

    def close(self) -> None:
        """The workflow has ended: wait a moment for what is on its way, and say what did not arrive."""
        if self._where is not None:
            self._where = None
            with contextlib.suppress(Exception):
                self._end()
        super().close()

    def _begin(self, event: dict[str, Any]) -> None:
        """The rules are known: describe the run as `sncompile run` does, and have it followed."""
        beside = self._snakefile.parent / _MAP
        self._folder.source_map.parent.mkdir()
        if beside.is_file():
            shutil.copyfile(beside, self._folder.source_map)
        else:
            # Some other Snakefile: its rules are the steps.
            rules = {rule: {"step": rule} for rule in event.get("stats") or {} if rule != "total"}
            self._folder.source_map.write_text(json.dumps({"rules": rules}), encoding="utf-8")
        name = self._snakefile.resolve().parent.name
        self._folder.write(
            {
                "pipeline": name,
                "name": self._folder.path.name,
                "spec": str(json.loads(self._folder.source_map.read_text("utf-8")).get("spec", self._snakefile)),
                "working_folder": str(Path.cwd()),
                "versions": versions(),
                "started": event.get("time", now()),
            }
        )
        assert self._where is not None
        self._sending = True
        telemetry_sender.send(self._folder, self._where)

    def _end(self) -> None:
        from sncompile.runner.watch import Watch

        watch = Watch(self._folder.path)
        watch.look()
        # Of a job that did well when it was tried again nothing is left to complain of. Snakemake's exit status is
        # not told to plugins.
        failed = bool(watch.progress.failed) or (self._stopped and not self._job_failed)
        for job in watch.progress.jobs.values():
            # With `-q` Snakemake tells nobody of the end of a job.
            written = _written(job.outputs, job.started or 0.0) if job.state == "running" else None
            if job.state == "running" and (written is not None or not failed):
                self._tell(event="job_finished", job_id=job.number, time=written or now())
        self._tell(event="engine_ended", code=1 if failed else 0)
        told = telemetry_sender.told(self._folder) if self._sending else None
        if told is not None:
            print(told, file=sys.stderr)
        state = json.loads((self._folder.path / telemetry_sender.RECORD).read_text("utf-8")).get("state")
        if state == "ended" and told is None:
            shutil.rmtree(self._folder.path, ignore_errors=True)

    def _tell(self, **event: Any) -> None:
        with self._folder.events.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": now(), **event}) + "\n")

    @property
    def writes_to_stream(self) -> bool:
        """It does not: Snakemake's own output stays as it is."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """It does, but to none that concerns Snakemake."""
        return False

    @property
    def has_filter(self) -> bool:
        """Its own, which is none: `-q` would take away the ends of jobs."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It needs none."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It does not."""
        return False


def _destination(url: str | None) -> Destination | None:
    try:
        return telemetry_sender.wanted(url) or telemetry_sender.wanted(asked_for(os.environ))
    except CompileError as error:
        for diagnostic in error.diagnostics:
            print(f"sncompile-otel: {diagnostic.message}", diagnostic.help or "", sep="; ", file=sys.stderr)
        return None


def _written(outputs: list[str], since: float) -> float | None:
    """When the last of a job's files was written; None where one is missing, or older than the job."""
    try:
        times = [os.stat(path).st_mtime for path in outputs]
    except OSError:
        return None
    return max(times) if times and min(times) >= since else None


def _process() -> dict[str, Any] | None:
    found = identify(os.getpid())
    return found.as_object() if found is not None else None
