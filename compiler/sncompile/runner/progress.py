"""Events → where a run stands. Pure bookkeeping, the same for a live run and for one of last week."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sncompile.runner.events import Event

_STATUS = re.compile(r"returned non-zero exit status (\d+)|died with <Signals\.(\w+)")
_JOB = re.compile(r"\bJob (\d+) +completed successfully, but (.*)", re.DOTALL)
_LINE = re.compile(r"line (\d+)")


@dataclass(slots=True)
class StepProgress:
    """The jobs of a step: how many there are to do, run, are done, and failed."""

    name: str
    total: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0


@dataclass(slots=True)
class JobRecord:
    """A job that was started. `rule` and `wildcards` are Snakemake's."""

    number: int
    rule: str
    wildcards: dict[str, str]
    logs: list[str]
    outputs: list[str]
    shell: str
    started: float | None = None
    ended: float | None = None
    state: str = "waiting"
    attempts: int = 0
    status: str = ""
    lacking: list[str] = field(default_factory=list)
    """Files that it should have written and did not."""


@dataclass(slots=True)
class Progress:
    """Where a run stands. `rules` leads from a rule's name to its step's."""

    rules: Mapping[str, str]
    steps: dict[str, StepProgress] = field(default_factory=dict)
    jobs: dict[int, JobRecord] = field(default_factory=dict)
    total: int = 0
    started: float | None = None
    now: float = 0.0
    errors: list[str] = field(default_factory=list)
    ended: int | None = None

    @property
    def done(self) -> int:
        """Jobs that are done, without the one that only asks for the outputs."""
        return sum(step.done for step in self.steps.values())

    @property
    def running(self) -> int:
        """Jobs that run."""
        return sum(step.running for step in self.steps.values())

    @property
    def failed(self) -> list[JobRecord]:
        """Jobs that failed and were not tried again with success."""
        return [job for job in self.jobs.values() if job.state == "failed"]

    def take(self, event: Event) -> None:
        """Take an event in. Unknown ones are passed over."""
        self.now = max(self.now, float(event.get("time", 0)))
        handler = getattr(self, f"_on_{event.get('event')}", None)
        if handler is not None:
            handler(event)

    def _step(self, rule: str) -> StepProgress | None:
        name = self.rules.get(rule)
        if name is None or rule == "all":
            return None
        return self.steps.setdefault(name, StepProgress(name))

    def _on_workflow_started(self, event: Event) -> None:
        self.started = self.started or event["time"]

    def _on_run_info(self, event: Event) -> None:
        stats = event.get("stats") or {}
        if not isinstance(stats, dict):
            return
        self.started = self.started or event["time"]
        self.total = 0
        for rule, count in stats.items():
            step = self._step(rule)
            if step is not None and isinstance(count, int):
                step.total = max(step.total, count)
        self.total = sum(step.total for step in self.steps.values())

    def _on_job_info(self, event: Event) -> None:
        number = int(event["jobid"])
        known = self.jobs.get(number)
        job = JobRecord(
            number, str(event.get("rule_name", "")), dict(event.get("wildcards") or {}), list(event.get("log") or []),
            list(event.get("output") or []), str(event.get("shellcmd") or ""),
        )  # fmt: skip
        job.attempts = known.attempts if known is not None else 0
        if known is not None and known.state == "failed":
            # Tried again: it has not failed yet.
            step = self._step(known.rule)
            if step is not None:
                step.failed -= 1
        self.jobs[number] = job
        self._start(job, event["time"])

    def _start(self, job: JobRecord, time: float) -> None:
        job.state, job.started = "running", time
        job.attempts += 1
        step = self._step(job.rule)
        if step is not None:
            step.running += 1

    def _end(self, number: Any, state: str, time: float) -> JobRecord | None:
        job = self.jobs.get(int(number))
        if job is None or job.state != "running":
            return None
        job.state, job.ended = state, time
        step = self._step(job.rule)
        if step is not None:
            step.running -= 1
            if state == "done":
                step.done += 1
            else:
                step.failed += 1
        return job

    def _on_job_finished(self, event: Event) -> None:
        self._end(event["job_id"], "done", event["time"])

    def _on_job_error(self, event: Event) -> None:
        job = self._end(event["jobid"], "failed", event["time"])
        if job is not None:
            job.shell = str(event.get("shellcmd") or job.shell)
            # The message that came just before holds the command and how it ended.
            told = [m for m in reversed(self.errors) if job.shell.strip() and job.shell.strip() in m]
            status = _STATUS.search(told[0][-200:]) if told else None
            if status is not None:
                job.status = f"exit status {status[1]}" if status[1] else f"ended by the signal {status[2]}"

    def _on_error(self, event: Event) -> None:
        message = str(event.get("message", ""))
        self.errors.append(message)
        unwritten = _JOB.search(message)
        if unwritten is not None:
            job = self._end(unwritten[1], "failed", event["time"])
            if job is not None:
                job.status = "exit status 0, but it did not write what it promised"
                job.lacking = [line.split(" (")[0] for line in unwritten[2].split("\n")[1:] if line.strip()]

    def _on_engine_ended(self, event: Event) -> None:
        code = event.get("code")
        self.ended = code if isinstance(code, int) else 0 if code is None else 1
        if self.ended:
            for job in list(self.jobs.values()):
                self._end(job.number, "failed", event["time"])

    def remaining(self) -> float | None:
        """Seconds that the rest will take at the pace so far; None where nothing is known yet."""
        if self.started is None or not self.done or not self.total:
            return None
        return (self.now - self.started) / self.done * (self.total - self.done)


def error_line(message: str) -> int | None:
    """The line of the Snakefile that an error message of Snakemake's names."""
    found = _LINE.search(message)
    return int(found[1]) if found else None
