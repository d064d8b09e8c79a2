"""A run's moments → spans (run → step → job), metrics and log records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sncompile.telemetry.moments import Attribute, Counts, JobBegun, JobEnded, Line, Place, RunBegun
from sncompile.telemetry.redaction import Redaction
from sncompile.telemetry.sending import SCOPE, Sending

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import CallbackOptions, Observation
    from opentelemetry.trace import Span, Tracer

_SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 21600, 86400)
"""The bounds of histograms of times: from a moment to a day."""


class Signals:
    """Makes the signals of one run. It is told of everything in the order in which it happened."""

    def __init__(self, sending: Sending, redact: Redaction, parent: Mapping[str, str]) -> None:
        """`parent` may hold a `traceparent` (W3C Trace Context) that the run is a part of."""
        self._sending, self._redact, self._parent = sending, redact, parent
        self._run: Span | None = None
        self._steps: dict[str, Span] = {}
        self._step_ends: dict[str, float] = {}
        self._jobs: dict[int, tuple[JobBegun, Span]] = {}
        self._counts: Mapping[str, Counts] = {}
        self._begun = False
        self._logger = sending.logs.get_logger(SCOPE) if sending.logs is not None else None
        self._make_metrics()

    def _make_metrics(self) -> None:
        from opentelemetry.metrics import NoOpMeterProvider

        meter = (self._sending.metrics or NoOpMeterProvider()).get_meter(SCOPE)
        meter.create_observable_gauge("sncompile.jobs", [self._observe], "{job}", "Jobs of a step, by state")
        self._durations = meter.create_histogram(
            "sncompile.job.duration", "s", "How long tries of jobs took", explicit_bucket_boundaries_advisory=_SECONDS
        )
        self._queue_times = meter.create_histogram(
            "sncompile.job.queue_time", "s", "How long jobs waited for their turn when all that they need was there",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )  # fmt: skip

    def _observe(self, options: CallbackOptions) -> Iterable[Observation]:
        from opentelemetry.metrics import Observation

        for step, counts in self._counts.items():
            for state, count in counts._asdict().items():
                yield Observation(count, {"sncompile.step": step, "sncompile.job.state": state})

    # --- What is told -------------------------------------------------------------------------------------------------

    def begin(self, run: RunBegun) -> None:
        """The run begins. Told again, it is passed over."""
        if self._begun:
            return
        self._begun = True
        attributes = {"sncompile.pipeline": run.pipeline, **run.attributes, **_place(run.place)}
        self._run = self._start(f"run {run.pipeline}", None, attributes, run.time)

    def begin_job(self, job: JobBegun) -> None:
        """A try of a job begins."""
        attributes: dict[str, Attribute] = {
            "sncompile.step": job.step,
            "sncompile.job.attempt": job.attempt,
            "sncompile.job.queue_time": round(max(0.0, job.time - job.ready), 6),
            **{f"sncompile.key.{name}": value for name, value in job.key.items()},
            **job.attributes,
            **_place(job.place),
        }
        step = self._steps.get(job.step)
        if step is None:
            told: dict[str, Attribute] = {"sncompile.step": job.step, **_place(job.place)}
            step = self._steps[job.step] = self._start(f"step {job.step}", self._run, told, job.time)
        self._jobs[job.number] = job, self._start(f"job {job.title}", step, attributes, job.time)
        if job.attempt == 1:
            self._queue_times.record(max(0.0, job.time - job.ready), {"sncompile.step": self._redact(job.step)})

    def end_job(self, end: JobEnded) -> None:
        """A try of a job has ended."""
        from opentelemetry.trace import Status, StatusCode

        job, span = self._jobs.pop(end.number)
        labels = {"sncompile.step": self._redact(job.step), "sncompile.job.state": end.state}
        self._durations.record(max(0.0, end.time - job.time), labels)
        for name, value in {"sncompile.job.state": end.state, **end.attributes}.items():
            span.set_attribute(name, self._plain(value))
        if end.state != "done":
            span.set_status(Status(StatusCode.ERROR, self._redact(end.status or end.state)))
            self._steps[job.step].set_status(Status(StatusCode.ERROR))
        for line in end.output:
            self._log(line, job, end, span)
        self._end(span, end.time)
        self._step_ends[job.step] = max(end.time, self._step_ends.get(job.step, 0.0))

    def count(self, counts: Mapping[str, Counts]) -> None:
        """How the steps' jobs stand now."""
        self._counts = {self._redact(step): told for step, told in counts.items()}

    def end(self, time: float, state: str, attributes: Mapping[str, Attribute]) -> None:
        """The run has ended; every job has before."""
        from opentelemetry.trace import Status, StatusCode

        for step, span in self._steps.items():
            self._end(span, self._step_ends.get(step, time))
        if self._run is None:
            return
        for name, value in {"sncompile.run.state": state, **attributes}.items():
            self._run.set_attribute(name, self._plain(value))
        self._run.set_status(Status(StatusCode.OK if state == "done" else StatusCode.ERROR))
        self._end(self._run, time)

    # --- How it is made -----------------------------------------------------------------------------------------------

    @property
    def _tracer(self) -> Tracer:
        from opentelemetry.trace import NoOpTracerProvider

        return (self._sending.traces or NoOpTracerProvider()).get_tracer(SCOPE)

    def _start(self, name: str, parent: Span | None, attributes: Mapping[str, Attribute], time: float) -> Span:
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        if parent is not None:
            context = set_span_in_context(parent)
        else:
            context = TraceContextTextMapPropagator().extract(dict(self._parent))
        plain = {self._redact(key): self._plain(value) for key, value in attributes.items()}
        return self._tracer.start_span(
            self._redact(name), context, SpanKind.INTERNAL, plain, start_time=_nanoseconds(time)
        )

    def _end(self, span: Span, time: float) -> None:
        if span.is_recording():
            self._sending.tally.add_made("spans")
        span.end(_nanoseconds(time))

    def _log(self, line: Line, job: JobBegun, end: JobEnded, span: Span) -> None:
        from opentelemetry._logs import LogRecord, SeverityNumber
        from opentelemetry.trace import set_span_in_context

        if self._logger is None:
            return
        # Tools do not say when they wrote a line. That it was there when the job ended is certain.
        record: Any = LogRecord(
            timestamp=_nanoseconds(end.time),
            observed_timestamp=_nanoseconds(end.time),
            context=set_span_in_context(span),
            severity_number=SeverityNumber.INFO,
            body=self._redact(line.text),
            attributes={
                "sncompile.step": self._redact(job.step),
                "log.file.path": self._redact(line.file),
                "sncompile.log.line": line.number,
            },
        )
        self._sending.tally.add_made("log records")
        self._logger.emit(record)

    def _plain(self, value: Attribute) -> Attribute:
        return self._redact(value) if isinstance(value, str) else value


def _place(place: Place | None) -> dict[str, Attribute]:
    """A place in the words of OpenTelemetry's semantic conventions."""
    if place is None:
        return {}
    return {"code.file.path": place.file, "code.line.number": place.line, "code.column.number": place.column}


def _nanoseconds(time: float) -> int:
    return int(time * 1_000_000_000)
