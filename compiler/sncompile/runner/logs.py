"""The logs of a run's jobs: which, what stands in them, and what comes while the run works."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import names as faults
from sncompile.runner.job_names import JobName
from sncompile.runner.log_files import pieces, start_of_tail
from sncompile.runner.progress import JobRecord
from sncompile.runner.watch import Watch
from sncompile.telemetry.redaction import NO_SECRETS, RedactedStream, Redaction


@dataclass(frozen=True, slots=True)
class JobLog:
    """The log of a job that was started: `name` as the job knows it, and the file where it is to be read."""

    job: JobName
    state: str
    name: str
    path: Path
    attempt: int
    """Which try wrote it."""
    tries: int
    """How often the job was tried so far."""
    hide: Redaction = NO_SECRETS
    unknown: tuple[str, ...] = ()
    """Variables with secrets that this job may be printing, and whose values are not known here."""

    @property
    def title(self) -> str:
        """Which job it is of, in a line: `second k=b (failed): logs/second/b.log`; and which try of several."""
        told = f" {self.job.told}" if self.job.key else ""
        which = f", try {self.attempt} of {self.tries}" if self.tries > 1 else ""
        # Where the last try's log stands, there is none of those before it.
        where = self.name if self.attempt == self.tries else self.path
        return f"{self.job.step}{told} ({self.state}{which}): {where}"

    def pieces(self, tail: int | None = None) -> Iterator[bytes]:
        """What stands in it, in pieces and without secrets; with `tail` only the last so many lines.

        Of a job that works and may print a secret whose value is not known here, it is that this is so.
        """
        if self.unknown:
            yield withheld(self.unknown)
            return
        start = 0 if tail is None else start_of_tail(self.path, tail)
        yield from self.hide.in_bytes(pieces(self.path, start))

    def text(self, most: int) -> str:
        """The same as text; of more bytes than `most`, the end. Empty where there is none yet."""
        try:
            left_out = max(0, self.path.stat().st_size - most)
        except OSError:
            left_out = 0
        if not left_out or self.unknown:
            return b"".join(self.pieces()).decode("utf-8", "replace")
        # A secret could be cut in two where the end begins.
        rest = b"".join(self.hide.in_bytes(pieces(self.path, left_out))).partition(b"\n")[2]
        return f"(the {left_out:,} bytes before are left out; all is in {self.path})\n{rest.decode('utf-8', 'replace')}"


def withheld(names: Iterable[str]) -> bytes:
    """What stands in the place of what a job says that may hold secrets."""
    return f"(withheld until the job has ended: the values of {', '.join(names)} are not set here)\n".encode()


def job_logs(
    watch: Watch, step: str | None = None, key: Mapping[str, str] | None = None, *, failed: bool = False
) -> list[JobLog]:
    """The logs of the jobs that were started, in that order: of all steps or one, and of a part of its keys.

    Raises `CompileError` for a step or key that the run does not have.
    """
    wanted = {name: str(value) for name, value in (key or {}).items()}
    _check(watch, step, wanted)
    found: list[JobLog] = []
    hide = watch.folder.redaction(os.environ)
    unset = tuple(name for name in watch.folder.secrets if not os.environ.get(name))
    for record in watch.progress.jobs.values():
        if failed and record.state != "failed":
            continue
        if step is not None and step not in watch.names.steps(record.rule):
            continue
        for job in watch.names.of(record.rule, record.outputs, record.wildcards):
            if step in (None, job.step) and wanted.items() <= dict(job.key).items():
                found += _tries_of(watch, record, job, hide, unset)
    return found


def _tries_of(
    watch: Watch, record: JobRecord, job: JobName, hide: Redaction, unset: tuple[str, ...]
) -> Iterator[JobLog]:
    """The logs of a job, those of its first try first."""
    last = record.attempts
    for attempt in range(1, last + 1):
        state = record.state if attempt == last else "failed"
        unknown = unset if state == "running" else ()
        for log in record.logs:
            path = watch.places.log(log) if attempt == last else watch.places.log_of_try(log, attempt)
            yield JobLog(job, state, log, path, attempt, last, hide, unknown)


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
        self._offsets: dict[tuple[str, int], int] = {}
        self._streams: dict[tuple[str, int], RedactedStream] = {}
        self._told: set[str] = set()

    def new(self) -> Iterator[Piece]:
        """What has come since the last call. Look at the run (`watch.look()`) before."""
        for log in job_logs(self._watch, self._step, self._key, failed=self._failed):
            if log.unknown:
                if log.name not in self._told:
                    self._told.add(log.name)
                    yield Piece(log, withheld(log.unknown))
                continue
            which = (log.name, log.attempt)
            offset = self._offsets.get(which, 0)
            stream = self._streams.setdefault(which, log.hide.stream())
            for data in pieces(log.path, offset):
                offset += len(data)
                if told := stream.feed(data):
                    yield Piece(log, told)
            self._offsets[which] = offset
            if log.state != "running" and (told := stream.flush()):
                yield Piece(log, told)
