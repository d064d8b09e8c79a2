"""The logs of a run's jobs: which, what stands in them, and what comes while the run works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import names as faults
from sncompile.runner.job_names import JobName
from sncompile.runner.watch import Watch


@dataclass(frozen=True, slots=True)
class JobLog:
    """The log of a job that was started: `name` as the job knows it, and the file where it is to be read."""

    job: JobName
    state: str
    name: str
    path: Path

    @property
    def title(self) -> str:
        """Which job it is of, in a line: `second k=b (failed): logs/second/b.log`."""
        told = f" {self.job.told}" if self.job.key else ""
        return f"{self.job.step}{told} ({self.state}): {self.name}"

    def text(self) -> str:
        """What stands in it; empty where there is none yet."""
        try:
            return self.path.read_text("utf-8", "replace")
        except OSError:
            return ""


def job_logs(
    watch: Watch, step: str | None = None, key: Mapping[str, str] | None = None, *, failed: bool = False
) -> list[JobLog]:
    """The logs of the jobs that were started, in that order: of all steps or one, and of a part of its keys.

    Raises `CompileError` for a step or key that the run does not have.
    """
    wanted = {name: str(value) for name, value in (key or {}).items()}
    _check(watch, step, wanted)
    found = []
    for record in watch.progress.jobs.values():
        if failed and record.state != "failed":
            continue
        if step is not None and step not in watch.names.steps(record.rule):
            continue
        for job in watch.names.of(record.rule, record.outputs, record.wildcards):
            if step in (None, job.step) and wanted.items() <= dict(job.key).items():
                found += [JobLog(job, record.state, log, watch.places.log(log)) for log in record.logs]
    return found


def _check(watch: Watch, step: str | None, key: Mapping[str, str]) -> None:
    steps = {str(s["name"]): list(s["by"]) for s in watch.names.facts.get("steps") or ()}
    if step is not None and step not in steps:
        hint = did_you_mean(step, steps, what="its steps") or "it has none"
        raise CompileError([faults.UNKNOWN_STEP.at(None, f"the run has no step `{step}`", help=hint)])
    keys = dict.fromkeys(name for by in ([steps[step]] if step else steps.values()) for name in by)
    for name in key:
        if name not in keys:
            hint = did_you_mean(name, keys, what="it ranges over") or "it has one job"
            of = f"the step `{step}` does not range" if step else "no step ranges"
            raise CompileError([faults.UNKNOWN_NAME.at(None, f"{of} over `{name}`", help=hint)])


class Piece(NamedTuple):
    """New text of a log."""

    log: JobLog
    data: bytes


class LogFollower:
    """Reads on in logs that grow, and finds those that come to be."""

    def __init__(self, watch: Watch, step: str | None, key: Mapping[str, str] | None, *, failed: bool = False) -> None:
        self._watch, self._step, self._key, self._failed = watch, step, key, failed
        self._offsets: dict[str, int] = {}

    def new(self) -> Iterator[Piece]:
        """What has come since the last call. Look at the run (`watch.look()`) before."""
        for log in job_logs(self._watch, self._step, self._key, failed=self._failed):
            offset = self._offsets.get(log.name, 0)
            try:
                with log.path.open("rb") as file:
                    if file.seek(0, 2) < offset:
                        offset = 0  # Tried again: the log begins anew.
                    file.seek(offset)
                    data = file.read()
            except OSError:
                continue
            self._offsets[log.name] = offset + len(data)
            if data:
                yield Piece(log, data)
