"""Events → where a run stands. Pure bookkeeping, the same for a live run and for one of last week."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sncompile.lazy_regex import regex
from sncompile.runner.disks import Disk
from sncompile.runner.events import Event
from sncompile.runner.job_names import ALL, JobName

_STATUS = regex(r"returned non-zero exit status (\d+)|died with <Signals\.(\w+)")
_PROMISED = {
    "Detected unexpected empty output files": "an output is empty, which `success` does not allow",
    "Output files have checksums that differ": "an output has another SHA-256 sum than `success` says",
}
_NAMED = regex(r"^(.+?) \(rule ", re.MULTILINE)
_KIND = "ImproperOutputException"
_AFFECTED = regex(r"\n\s*affected files:\n((?:\s+\S.*\n?)+)")
_ELSEWHERE = "For further error details see the cluster/cloud log"
"""What Snakemake adds to all that it says of a job that is not this machine's."""

_OF_OTHERS = (
    "CalledProcessError", "Exiting because a job execution failed", "At least one job did not complete successfully",
    "Error in group", "completed successfully, but", "affected files:",
)  # fmt: skip
"""What stands in messages that say of no job, or of another one, what happened."""

_JUST = 3
"""The message that says why a command was never run is one of so many last ones."""

UNFETCHED = "unfetched"
"""What the engine's process adds to what is told of a job whose inputs could not be fetched."""

_NEAR = 50
"""Of so many of the last messages one tells how a job ended."""

_JOB = regex(r"\bJob (\d+) +completed successfully, but (.*)", re.DOTALL)
_LINE = regex(r"line (\d+)")
_GONE = regex(r"\A\w+ in rule (\w+) in file .*?\bMissing files after (\d+) seconds(.*)", re.DOTALL)
"""What the engine gives up with when a job is to begin, and a file that it reads is not there (any more)."""
_NOT_SEEN = regex(r"^(.+?) \(missing locally", re.MULTILINE)


class Naming(Protocol):
    """Leads from the engine's jobs to those of the spec (`JobNames`)."""

    def steps(self, rule: str) -> Mapping[str, int]:
        """The steps that a rule's jobs belong to, each with how many jobs it has."""

    def of(self, rule: str, outputs: Iterable[str], wildcards: Mapping[str, str]) -> list[JobName]:
        """The jobs of the spec that a job of the engine stands for."""


@dataclass(slots=True)
class StepProgress:
    """The jobs of a step: how many there are to do, run, are done, failed, and were stopped before their end."""

    name: str
    total: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    stopped: int = 0


@dataclass(slots=True)
class JobRecord:
    """A job that was started. `rule` and `wildcards` are Snakemake's, `step` is the spec's; times are of its last try.

    `state` is `waiting`, `running`, `done`, `failed`, or `stopped` where the run ended before the job did.
    """

    number: int
    rule: str
    step: str
    wildcards: dict[str, str]
    logs: list[str]
    outputs: list[str]
    shell: str
    benchmark: str | None = None
    threads: int = 1
    started: float | None = None
    ended: float | None = None
    state: str = "waiting"
    attempts: int = 0
    status: str = ""
    lacking: list[str] = field(default_factory=list)
    """Files that it should have written and did not."""
    gone: list[str] = field(default_factory=list)
    """Files that it should have read, and that were not there when it was to begin."""
    resources: dict[str, Any] = field(default_factory=dict)
    """What its last try asked for, by Snakemake's names."""
    said: str = ""
    """What the engine, or the cluster by its mouth, said of its end."""
    submitted: bool = True
    """False where a cluster did not take it."""
    fetched: bool = True
    """False where a file from elsewhere, which it reads, could not be fetched: it was never started."""
    wrong_kind: bool = False
    """It wrote a directory in the place of a file, or the other way round; `lacking` says which."""
    engine_logs: list[str] = field(default_factory=list)
    """Logs that the engine or the cluster keeps of it, beside its own."""
    disks: list[Disk] = field(default_factory=list)
    """The disks that were full or read-only when it had just failed."""
    earlier: list[str] = field(default_factory=list)
    """How its earlier tries ended."""

    @property
    def seconds(self) -> float | None:
        """How long its last try took; None where it has not ended."""
        return None if self.started is None or self.ended is None else max(0.0, self.ended - self.started)


@dataclass(slots=True)
class Progress:
    """Where a run stands. What ends after `cancelled_at` without being done was stopped and did not fail."""

    names: Naming
    cancelled_at: float | None = None
    steps: dict[str, StepProgress] = field(default_factory=dict)
    jobs: dict[int, JobRecord] = field(default_factory=dict)
    total: int = 0
    stayed: int = 0
    """Jobs that might have had to run, and did not."""
    started: float | None = None
    now: float = 0.0
    errors: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Why jobs were kept from starting by the run itself: the fault's code, and the message."""
    process: object = None
    """The engine's process, as its first event tells it."""
    missing: list[tuple[str, str]] = field(default_factory=list)
    """Files that were promised and are not as they should be, and how they are; the first of `missing_count`."""
    missing_count: int = 0
    changed: dict[str, list[str]] = field(default_factory=dict)
    """Inputs that changed while jobs read them, each with the first outputs of these jobs."""
    lost: dict[str, list[str]] = field(default_factory=dict)
    """Those that went away meanwhile, likewise."""
    disks: list[Disk] = field(default_factory=list)
    """The disks that were full or read-only when the engine gave up."""
    queues: list[str] = field(default_factory=list)
    """The names that the run's jobs bear in a scheduler's queue."""
    ended: int | None = None
    ended_at: float | None = None
    still_since: float | None = None
    """Since when the running jobs have shown no sign of work; None while they do."""

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
        # The one that only asks for the outputs fails where one of them is missing, which is told by itself.
        return [job for job in self.jobs.values() if job.state == "failed" and job.rule != ALL]

    @property
    def steps_begun(self) -> bool:
        """Whether a job of any step was started."""
        return any(job.rule != ALL for job in self.jobs.values())

    @property
    def incomplete(self) -> bool:
        """Whether the engine misses an output once all jobs have ended."""
        return any(job.state != "done" and job.rule == ALL for job in self.jobs.values())

    def take(self, event: Event) -> None:
        """Take an event in. Unknown ones, and ones that lack something, are passed over."""
        handler = getattr(self, f"_on_{event.get('event')}", None)
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            self.now = max(self.now, float(event["time"]))
            if handler is not None:
                handler(event)

    def _step(self, name: str) -> StepProgress | None:
        return self.steps.setdefault(name, StepProgress(name)) if name else None

    def _on_engine_started(self, event: Event) -> None:
        self.process = event["process"]

    def _on_queue(self, event: Event) -> None:
        self.queues.append(str(event["name"]))

    def _on_workflow_started(self, event: Event) -> None:
        self.started = self.started or event["time"]

    def _on_run_info(self, event: Event) -> None:
        stats = {rule: count for rule, count in event["stats"].items() if isinstance(count, int)}
        self.started = self.started or event["time"]
        everything = stats.pop("total", 0)
        if self.names.steps("total"):
            stats["total"] = everything - sum(stats.values())  # A step may be called so.
        self.total = 0
        for rule, count in stats.items():
            steps = self.names.steps(rule)
            self.total += count if steps else 0
            for name, instances in steps.items():
                step = self._step(name)
                # Of a rule of several steps it is not told which of their jobs are to be done, unless all are.
                if step is not None and (len(steps) == 1 or sum(steps.values()) == count):
                    step.total = max(step.total, count if len(steps) == 1 else instances)

    def _on_job_info(self, event: Event) -> None:
        number = int(event["jobid"])
        known = self.jobs.get(number)
        rule, wildcards, outputs = (
            str(event.get("rule_name", "")),
            dict(event.get("wildcards") or {}),
            _list(event, "output"),
        )
        job = JobRecord(
            number, rule, self._step_of(rule, outputs, wildcards), wildcards, _list(event, "log"), outputs,
            str(event.get("shellcmd") or ""), event.get("benchmark"), int(event.get("threads") or 1),
        )  # fmt: skip
        job.resources = dict(event.get("resources") or {})
        if known is not None:
            job.attempts = known.attempts
            job.earlier = [*known.earlier, known.status or known.said]
        if known is not None and known.state == "failed":
            # Tried again: it has not failed yet.
            step = self._step(known.step)
            if step is not None:
                step.failed -= 1
        self.jobs[number] = job
        self._start(job, event["time"])

    def _step_of(self, rule: str, outputs: list[str], wildcards: dict[str, str]) -> str:
        steps = self.names.steps(rule)
        if len(steps) <= 1:
            return next(iter(steps), "")
        return self.names.of(rule, outputs, wildcards)[0].step

    def _on_still(self, event: Event) -> None:
        since = event["since"]
        self.still_since = None if since is None else float(since)

    def _on_stays(self, event: Event) -> None:
        """A job that might have had to run need not: what it reads turned out to be as it was."""
        outputs = _list(event, "output")
        rule = str(event["rule"])
        step = self._step(self._step_of(rule, outputs, dict(event.get("wildcards") or {})))
        self.total -= 1
        self.stayed += 1
        if step is not None and step.total:
            step.total -= 1

    def _start(self, job: JobRecord, time: float) -> None:
        job.state, job.started = "running", time
        self.still_since = None
        job.attempts += 1
        step = self._step(job.step)
        if step is not None:
            step.running += 1
            step.total = max(step.total, step.running + step.done + step.failed)

    def _end(self, number: Any, state: str, time: float) -> JobRecord | None:
        job = self.jobs.get(int(number))
        if job is None or job.state != "running":
            return None
        if state == "failed" and self.cancelled_at is not None and time >= self.cancelled_at:
            state = "stopped"
        job.state, job.ended = state, time
        self.still_since = None
        step = self._step(job.step)
        if step is not None:
            step.running -= 1
            setattr(step, state, getattr(step, state) + 1)
        return job

    def _on_job_finished(self, event: Event) -> None:
        self._end(event["job_id"], "done", event["time"])

    def _on_job_error(self, event: Event) -> None:
        job = self._end(event["jobid"], "failed", event["time"])
        if job is not None:
            job.shell = str(event.get("shellcmd") or job.shell)
            job.engine_logs = [log for log in _list(event, "log") if log not in job.logs]
            said = str(event.get("rule_msg") or "")
            job.said, elsewhere, _ = said.partition(_ELSEWHERE)
            # Whoever takes a job gives it a number of its own.
            aux = event.get("aux") or {}
            job.submitted = not elsewhere or "external_jobid" in aux
            job.fetched = UNFETCHED not in aux
            # The message that came just before holds the command and how it ended.
            # It is among the last; to look through all of thousands for each failed job would take minutes.
            last, shell = self.errors[-_NEAR:], job.shell.strip()
            told = next((m for m in reversed(last) if shell and shell in m), None)
            status = _STATUS.search(told[-200:]) if told is not None else None
            if status is not None:
                job.status = f"exit status {status[1]}" if status[1] else f"ended by the signal {status[2]}"
            elif told is None and not said:
                # Its command was never run: what the engine said last of no command is why.
                job.said = next((m for m in reversed(last[-_JUST:]) if not _is_of_others(m)), "")

    def _on_refused(self, event: Event) -> None:
        self.refused.append((str(event.get("code", "")), str(event.get("message", ""))))

    def _on_error(self, event: Event) -> None:
        message = str(event.get("message", ""))
        self.errors.append(message)
        unwritten = _JOB.search(message)
        if unwritten is not None:
            job = self._end(unwritten[1], "failed", event["time"])
            if job is not None:
                job.status = "exit status 0, but it did not write what it promised"
                job.lacking = [line.split(" (")[0] for line in unwritten[2].split("\n")[1:] if line.strip()]
        elif (gone := _GONE.search(message)) is not None:
            self._miss(gone[1], _NOT_SEEN.findall(gone[3]), event["time"])
        elif event.get("exception") == _KIND:
            affected = _AFFECTED.search(message)
            self._write_wrong([line.strip() for line in affected[1].splitlines()] if affected else [], event["time"])
        else:
            told = next((told for said, told in _PROMISED.items() if said in message), None)
            if told is not None:
                # Of what is there and not as it should be the engine names the files alone.
                self._lack(_NAMED.findall(message), told)

    def _miss(self, rule: str, paths: list[str], time: float) -> None:
        """A job of a rule could not begin, as files were not there; Snakemake names these, and not the job."""
        running = [job for job in self.jobs.values() if job.rule == rule and job.state == "running"]
        named = [job for job in running if any(path in job.shell for path in paths)]
        for job in (named or running)[:1]:
            if self._end(job.number, "failed", time) is not None:
                job.gone = paths

    def _lack(self, paths: list[str], told: str) -> None:
        for job in list(self.jobs.values()):
            lacking = [path for path in paths if path in job.outputs]
            if lacking:
                job.status = f"exit status 0, but {told}"
                job.lacking = lacking
                return

    def _write_wrong(self, paths: list[str], time: float) -> None:
        """A job has written a directory for a file, or a file for a directory; Snakemake says no more of it."""
        for job in list(self.jobs.values()):
            lacking = [path for path in paths if path in job.outputs]
            if lacking and self._end(job.number, "failed", time) is not None:
                job.status, job.lacking, job.wrong_kind = "exit status 0", lacking, True

    def _on_disks(self, event: Event) -> None:
        wanted, found = set(event["outputs"]), [Disk.from_object(disk) for disk in event["disks"]]
        self.disks = self.disks if wanted else found
        for job in self.jobs.values():
            if not wanted.isdisjoint(job.outputs):
                job.disks = found

    def _on_missing(self, event: Event) -> None:
        self.missing = [(str(file["path"]), str(file["how"])) for file in event["files"]]
        self.missing_count = int(event["count"])

    def _on_changed(self, event: Event) -> None:
        inputs = self.lost if event.get("gone") else self.changed
        inputs.setdefault(str(event["input"]), []).append(str(event["output"]))

    def _on_engine_ended(self, event: Event) -> None:
        code = event.get("code")
        self.ended = code if isinstance(code, int) else 0 if code is None else 1
        self.ended_at = event["time"]
        if self.ended:
            # Who ran when the engine gave up because of another job has not failed: nobody knows how it ended.
            if not self.failed:
                self._end_all("failed", event["time"])
                self._give_up()
            self._end_all("stopped", event["time"])

    def _give_up(self) -> None:
        """What the engine said last is why those failed at which it gave up: it may not touch what they wrote, say."""
        last = next((message for message in reversed(self.errors) if message.strip()), "")
        for job in self.failed:
            job.said = job.said or (f"the engine could not end it:\n{last}" if last else "")

    def lose(self, time: float) -> None:
        """The engine is gone without a word: what ran is stopped."""
        self._end_all("stopped", time)

    def _end_all(self, state: str, time: float) -> None:
        for job in list(self.jobs.values()):
            self._end(job.number, state, time)

    def remaining(self) -> float | None:
        """Seconds that the rest will take at the pace so far; None where nothing is known yet."""
        if self.started is None or not self.done or not self.total:
            return None
        return (self.now - self.started) / self.done * (self.total - self.done)


def _is_of_others(message: str) -> bool:
    return any(words in message for words in _OF_OTHERS)


def _list(event: Event, name: str) -> list[str]:
    return [str(item) for item in event.get(name) or ()]


def error_line(message: str) -> int | None:
    """The line of the Snakefile that an error message of Snakemake's names."""
    found = _LINE.search(message)
    return int(found[1]) if found else None
