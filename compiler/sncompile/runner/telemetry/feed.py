"""What an engine's events mean to telemetry: it is told of the run, its steps and its jobs in the spec's terms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sncompile.lazy_regex import regex
from sncompile.runner.events import Event
from sncompile.runner.job_names import JobName
from sncompile.runner.measures import read_measure
from sncompile.runner.progress import JobRecord
from sncompile.runner.watch import RunStatus, Watch
from sncompile.telemetry.moments import Attribute, Counts, JobBegun, JobEnded, Line, Place, RunBegun
from sncompile.telemetry.signals import Signals

LOG_BYTES = 256 * 1024
"""So much of the end of a job's log is sent."""

_MEASURED = {"memory": "sncompile.measured.memory_mb", "cpu": "sncompile.measured.cpu_seconds"}
_EXIT = regex(r"^exit status (\d+)")
_SIGNAL = regex(r"^ended by the signal (\w+)")


class Feed:
    """Leads the events of a watched run to the signals: `watch.look(feed.take)`, at the end `feed.end`."""

    def __init__(self, signals: Signals, watch: Watch) -> None:
        self._signals, self._watch = signals, watch
        self._begun: float | None = None
        self._running: dict[int, JobRecord] = {}
        self._ended: dict[int, JobRecord] = {}
        """Tries that have ended and are not told yet: whether there is a next one decides whose log it is."""
        self._made: dict[str, float] = {}
        """File → when the job that wrote it ended."""
        self._steps = {str(s.get("name")): s for s in watch.names.facts.get("steps") or ()}

    def take(self, event: Event) -> None:
        """Take an event in that the watch has taken in."""
        self._begin(event)
        name = event.get("event")
        if name == "job_info":
            self._begin_job(event)
        elif name in ("job_finished", "job_error"):
            told = event.get("job_id", event.get("jobid"))
            self._end_jobs([told] if told in self._running else [])
        elif name in ("error", "engine_ended"):
            self._end_jobs(list(self._running))

    def end(self, status: RunStatus) -> None:
        """The run has ended, by itself or because its engine is gone."""
        self._begin({})
        self._end_jobs(list(self._running))
        self.settle()
        names = ("total", "done", "failed", "stopped")
        attributes: dict[str, Attribute] = {f"sncompile.jobs.{name}": getattr(status, name) for name in names}
        if self._watch.progress.ended is not None:
            attributes["process.exit.code"] = self._watch.progress.ended
        self._signals.end(self._watch.progress.now or self._begun or 0.0, status.state.value, attributes)

    def settle(self) -> None:
        """Tell of what has ended, and how many jobs of each step are in each state; after each look at the run."""
        for number in list(self._ended):
            self._tell_end(number)
        found = {}
        for name, step in self._watch.progress.steps.items():
            waiting = max(0, step.total - step.running - step.done - step.failed - step.stopped)
            found[name] = Counts(waiting, step.running, step.done, step.failed, step.stopped)
        self._signals.count(found)

    def _begin(self, event: Event) -> None:
        if self._begun is not None:
            return
        record, names = self._watch.record, self._watch.names
        said = record.get("started", event.get("time", self._watch.progress.now))
        self._begun = float(said) if isinstance(said, (int, float)) else 0.0
        attributes: dict[str, Attribute] = {"sncompile.run": str(record.get("name") or self._watch.folder.path.name)}
        for name in ("spec", "digest"):
            if record.get(name):
                attributes[f"sncompile.{name}"] = str(record[name])
        for name, version in (record.get("versions") or {}).items():
            attributes[f"sncompile.version.{name}"] = str(version)
        span = names.span
        place = Place(span.file, span.line, span.column) if span is not None else None
        self._signals.begin(RunBegun(str(record.get("pipeline", "")), self._begun, attributes, place))

    def _begin_job(self, event: Event) -> None:
        number = int(event.get("jobid", -1))
        job = self._watch.progress.jobs.get(number)
        if job is None or not job.step or job.started is None or number in self._running:
            return
        if number in self._ended:
            self._tell_end(number, job.started)
        name = self._watch.names.first(job.rule, job.outputs, job.wildcards)
        # What it reads and no job of this run wrote was there from the beginning.
        ready = max([self._begun or 0.0, *(self._made.get(str(path), 0.0) for path in event.get("input") or ())])
        self._running[number] = job
        self._signals.begin_job(
            JobBegun(
                number, name.step, job.started, min(ready, job.started), job.attempts, name.key,
                self._described(job, name, event), self._place(name.step, job.rule),
            )
        )  # fmt: skip

    def _described(self, job: JobRecord, name: JobName, event: Event) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {
            "sncompile.job.id": job.number,
            "sncompile.job.rule": job.rule,
            "sncompile.job.instances": name.jobs,
            "sncompile.resource.threads": job.threads,
        }
        resources: Any = event.get("resources")
        for resource, value in resources.items() if isinstance(resources, dict) else ():
            # The engine's own bookkeeping is no resource.
            if not resource.startswith("_") and resource != "tmpdir" and isinstance(value, (int, float, str)):
                found[f"sncompile.resource.{resource}"] = value
        step = self._steps.get(name.step, {})
        if step.get("container"):
            found["container.image.name"] = str(step["container"])
        if step.get("module"):
            found["sncompile.module"] = str(step["module"])
        return found

    def _place(self, step: str, rule: str) -> Place | None:
        span = self._watch.names.spans.get(step)
        if span is not None:
            return Place(span.file, span.line, span.column)
        told = self._watch.names.place(rule)
        return Place(*told) if told is not None else None

    def _end_jobs(self, numbers: list[int]) -> None:
        for number in numbers:
            job = self._running[number]
            if job.state != "running":
                del self._running[number]
                self._ended[number] = job
                for path in job.outputs:
                    self._made[path] = job.ended or self._watch.progress.now

    def _tell_end(self, number: int, again: float | None = None) -> None:
        """Tell of a try's end; `again` is when the next one began."""
        job = self._ended.pop(number)
        ended = job.ended if job.ended is not None else self._watch.progress.now
        lines = tuple(
            line
            for log in job.logs
            for line in last_lines(log, self._watch.places.log_of_try(log, job.attempts), again)
        )
        self._signals.end_job(JobEnded(number, ended, job.state, job.status, self._outcome(job), lines))

    def _outcome(self, job: JobRecord) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        code, signal = _EXIT.match(job.status), _SIGNAL.match(job.status)
        if job.state == "done" or code is not None:
            found["process.exit.code"] = int(code[1]) if code is not None else 0
        if signal is not None:
            found["sncompile.job.signal"] = signal[1]
        if job.lacking:
            found["sncompile.job.lacking"] = ", ".join(job.lacking)
        measure = read_measure(self._watch.places.benchmark(job.benchmark)) if job.benchmark else None
        for name, value in measure._asdict().items() if measure is not None else ():
            if value is not None and math.isfinite(value):
                found[_MEASURED[name]] = value
        return found


def last_lines(name: str, path: Path, again: float | None = None) -> Iterator[Line]:
    """The lines at the end of a log, with their numbers; where more stands in it, a line first that says so.

    `again` is when another try began to write the same file.
    """
    try:
        if again is not None and path.stat().st_mtime >= again:
            yield Line(name, 1, "(the next try has overwritten what this one wrote)")
            return
        with path.open("rb") as file:
            size = file.seek(0, 2)
            skipped = max(0, size - LOG_BYTES)
            file.seek(0)
            number = 0
            for start in range(0, skipped, LOG_BYTES):
                number += file.read(min(LOG_BYTES, skipped - start)).count(b"\n")
            text = file.read(LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return
    lines = text.split("\n")
    if skipped:
        # The first line is cut, and a secret in it might be, too.
        lines, number = lines[1:], number + 1
        yield Line(name, 1, f"(the {number:,} lines before are not sent)")
    for place, line in enumerate(lines, number + 1):
        if line.strip():
            yield Line(name, place, line.rstrip("\r"))
