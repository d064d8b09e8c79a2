"""Failures in the user's terms: step, key, reason, the log's last lines, the command, the line of YAML.

Jobs of a step that failed for the same reason are told together.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.diagnostics.counted import counted
from sncompile.faults import runs as faults
from sncompile.ir.language.encoding import encode_key
from sncompile.lazy_regex import regex
from sncompile.runner.causes import ON_DISKS, Cause, cause_of, says_disk, told_words
from sncompile.runner.job_names import JobName, JobNames
from sncompile.runner.log_files import read_lines
from sncompile.runner.progress import JobRecord, Progress, error_line
from sncompile.runner.record import RunFolder
from sncompile.targets.snakemake.storage import PLACE
from sncompile.telemetry.redaction import NO_SECRETS, Redaction

LOG_LINES = 12
FEW = 5
"""So many jobs that failed for the same reason are named; of more, the rest is counted."""

_TAIL_BYTES = 16384
_FEW_BESIDE = 5
"""A folder with more is not one job's own."""
_BATCH_BYTES = 1 << 20
_LONGEST_COMMAND = 4000
_STATUS = regex(r"exit status \d+|SIG[A-Z]+")
_NUMBER = regex(r"0x[0-9a-fA-F]+|\d+")


class LogPlace(NamedTuple):
    """A log's name, the file to read it from, and which try wrote it."""

    name: str
    path: Path
    attempt: int


@dataclass(frozen=True)
class Failure:
    """A job that failed, and why. `command` repeats it by hand."""

    job: JobName
    cause: Cause
    attempts: int
    lacking: tuple[str, ...]
    """Outputs that are not there or not as they should be, each with what stands in their place."""
    logs: tuple[LogPlace, ...]
    """The logs of its last try."""
    command: str
    span: Span | None
    hide: Redaction = NO_SECRETS
    earlier: tuple[tuple[str, tuple[LogPlace, ...]], ...] = ()
    """How the tries before that ended, and their logs."""
    end: tuple[str, ...] = ()
    """The last lines of its logs."""

    @property
    def step(self) -> str:
        """The job's step."""
        return self.job.step

    @property
    def key(self) -> dict[str, str]:
        """The job's key."""
        return dict(self.job.key)

    @property
    def status(self) -> str:
        """Why it failed, in words."""
        return self.cause.why

    @property
    def tries(self) -> str:
        """How often it was tried, where that was more than once."""
        return f" after {self.attempts} tries" if self.attempts > 1 else ""

    @property
    def message(self) -> str:
        """What happened, in a line."""
        told = self.job.told
        return f"`{self.step}`{f' for {told}' if told else ''} {self.cause.how}{self.tries}: {self.status}"

    @cached_property
    def reason(self) -> tuple[str, ...]:
        """What two failures of one reason have in common: the step, the cause, and how the log ends.

        Where they name their own keys, or numbers, they are alike all the same.
        """
        last = next((line for line in reversed(self.end) if line.strip()), "")
        status = _STATUS.search(self.status)
        told = (self._without_own(text) for text in (self.status, last))
        return (self.step, self.cause.fault.code, status[0] if status is not None else "", *told)

    def _without_own(self, text: str) -> str:
        own = {form for value in self.key.values() for form in (value, encode_key(value)) if form}
        for form in sorted(own, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "#", text)
        return _NUMBER.sub("#", text)

    def tail(self, path: Path, count: int = LOG_LINES) -> list[str]:
        """The last lines of one of its logs, as `log_tail` has them."""
        return log_tail(path, count, self.hide)

    def diagnostic(self) -> Diagnostic:
        """The failure as a diagnostic at its step."""
        return self.told(self.message, ())

    def told(self, message: str, about: Iterable[str]) -> Diagnostic:
        """A diagnostic at its step that says `message` and, after `about`, what is known of this job."""
        lines = [*about, *self.cause.advice]
        if self.cause.fault is not faults.WRONG_KIND:
            lines += [f"not there, or not as it should be: {path}" for path in self.lacking]
        # What was never run has said nothing.
        for name, path, _ in self.logs if self.cause.fault is not faults.NOT_SUBMITTED else ():
            lines += [f"the end of {name}:", *(f"  {line}" for line in self.tail(path))]
        for number, (status, logs) in enumerate(self.earlier, 1):
            lines.append(f"try {number}: {status or 'failed'}; {', '.join(str(log.path) for log in logs) or 'no log'}")
        found = self.cause.fault.at(self.span, message, help="\n".join(lines))
        # A command that was cut would be another one.
        return replace(found, help=f"{found.help}\nto repeat it by hand:\n  {self.command}".lstrip())


@dataclass(frozen=True, slots=True)
class SameFailures:
    """Jobs of one step that failed for the same reason, the first of them and the rest."""

    first: Failure
    rest: tuple[Failure, ...]

    @property
    def message(self) -> str:
        """What happened, in a line."""
        first = self.first
        if not self.rest:
            return first.message
        return f"{1 + len(self.rest):,} jobs of `{first.step}` {first.cause.how}{first.tries}: {first.status}"

    def named(self, most: int = FEW) -> str:
        """The jobs in words, some of them."""
        told = [failure.job.told for failure in (self.first, *self.rest[: most - 1])]
        more = 1 + len(self.rest) - len(told)
        return "; ".join(told) + (f"; and {more:,} more" if more > 0 else "")

    def diagnostic(self) -> Diagnostic:
        """The failures as one diagnostic at their step."""
        if not self.rest:
            return self.first.diagnostic()
        every = " (`sncompile status --all` tells of each)" if len(self.rest) >= FEW else ""
        about = (f"they are {self.named()}{every}", f"the first of them, {self.first.job.told}:")
        return self.first.told(self.message, about)


def together(found: Iterable[Failure]) -> list[SameFailures]:
    """Failures by step and reason, in the order in which the first of each stands."""
    groups: dict[tuple[str, ...], list[Failure]] = {}
    for failure in found:
        groups.setdefault(failure.reason, []).append(failure)
    return [SameFailures(first, tuple(rest)) for first, *rest in groups.values()]


def failures(names: JobNames, progress: Progress, places: Places) -> Iterator[Failure]:
    """Every job that failed, in the order of their numbers."""
    kinds = {str(step["name"]): step.get("writes") or ("file",) for step in names.facts.get("steps") or ()}
    for record in progress.failed:
        name = _failed(names, record, places)
        # What an earlier run has left there says nothing of a job that was never started.
        own = record.logs if record.fetched else ()
        logs = tuple(LogPlace(log, places.log(log), record.attempts) for log in own)
        end = tuple(line for log in logs for line in _last_lines(log.path, LOG_LINES, places.hide))
        if not any(line.strip() for line in end):
            # What a cluster keeps of a job says more than a log that the job itself never began.
            beside = tuple(LogPlace(log, places.working / log, record.attempts) for log in record.engine_logs)
            logs += beside
            end = tuple(line for log in beside for line in _last_lines(log.path, LOG_LINES, places.hide))
        said = "" if record.submitted else _said_before(places.engine_log, record.rule, places.hide)
        yield Failure(
            name,
            cause_of(record, end, kinds.get(name.step, ("file",)), said),
            record.attempts,
            tuple(_in_place_of(path, places.working) for path in record.lacking),
            logs,
            _command(record, places.working),
            names.spans.get(name.step),
            places.hide,
            tuple(
                (
                    told_words(status),
                    tuple(each for each in _logs_of_try(record, places, number) if each.path.is_file()),
                )
                for number, status in enumerate(record.earlier, 1)
            ),
            end,
        )


def _logs_of_try(record: JobRecord, places: Places, number: int) -> Iterator[LogPlace]:
    return (LogPlace(log, places.log_of_try(log, number), number) for log in record.logs)


def _in_place_of(path: str, working: Path) -> str:
    """An output that a job owes, with what is there instead: mostly the tool has chosen another name."""
    place = working / path
    if place.is_symlink() and not place.exists():
        return f"{path}, a link that leads nowhere (to {os.readlink(place)})"
    if place.exists():
        return path
    try:
        with os.scandir(place.parent) as entries:
            names = sorted(entry.name for entry in islice(entries, _FEW_BESIDE + 1) if not entry.name.startswith("."))
    except OSError:
        return path
    return f"{path}; beside it there is {', '.join(names)}" if 0 < len(names) <= _FEW_BESIDE else path


def _said_before(log: Path, rule: str, hide: Redaction) -> str:
    """What stands in the engine's log before it tells that a job of a rule failed: what the cluster's command said."""
    found: list[str] = []
    for line in log_text(log, hide):
        if line.startswith(f"Error in rule {rule}:"):
            break
        # Indented lines and those in brackets are Snakemake's own.
        found = [*found, line] if line.strip() and not line.startswith((" ", "[")) else [] if line[:1] == " " else found
    else:
        return ""
    return " ".join(found)


def _failed(names: JobNames, record: JobRecord, places: Places) -> JobName:
    """The first job of the spec that failed where the engine's job did; of a batch its log tells which these are."""
    jobs = names.of(record.rule, record.outputs, record.wildcards)
    if len(jobs) > 1:
        told = {name for log in record.logs for name in _told_of(places.log(log))}
        jobs = [job for job in jobs if "/".join(map(encode_key, job.key.values())) in told] or jobs
        return jobs[0]._replace(jobs=len(jobs))
    return names.first(record.rule, record.outputs, record.wildcards)


def _told_of(log: Path) -> set[str]:
    """The instances that failed by the log of a batch, as far as its end tells of them."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _BATCH_BYTES))
            lines = file.read().decode("utf-8", "surrogateescape").split("\n")
    except OSError:
        return set()
    return {line[3:-7] for line in lines if line.startswith("== ") and line.endswith(" failed")}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run's files are to be found: below its folder once they are kept, in the working folder before."""

    folder: Path
    working: Path
    hide: Redaction = NO_SECRETS
    """Takes secrets out of what is read."""

    def log(self, name: str) -> Path:
        """The file that holds a job's log."""
        return self._kept("logs", name)

    def log_of_try(self, name: str, number: int) -> Path:
        """The file that holds the log of an earlier try, or will hold it as soon as the next one begins."""
        kept = RunFolder(self.folder).kept_of_try(name, number)
        return kept if kept.is_file() else self.log(name)

    @property
    def engine_log(self) -> Path:
        """What the engine itself has said."""
        return RunFolder(self.folder).engine_log

    def benchmark(self, name: str) -> Path:
        """The file that holds a job's measurements."""
        return self._kept("benchmarks", name)

    def _kept(self, kind: str, name: str) -> Path:
        kept = self.folder / kind / name.removeprefix(f"{kind}/")
        return kept if kept.is_file() else self.working / name


def _command(record: JobRecord, working: Path) -> str:
    """The job's command without what leads its output into the log, to be run by hand."""
    script = without_log(record)
    if len(script) > _LONGEST_COMMAND:
        return f"(its command has {len(script):,} characters; it is the last `shellcmd` of the job in `events.jsonl`)"
    if f"{PLACE}/" in script:
        return (
            "(it works with copies of files from elsewhere, which the engine keeps as long as it needs them; "
            "its command is the last `shellcmd` of the job in `events.jsonl`)"
        )
    # The engine makes the folders of outputs, and takes them away again with what a failed job wrote.
    folders = sorted({os.path.dirname(path) for path in record.outputs} - {""})
    lacking = [folder for folder in folders if not (working / folder).is_dir()]
    made = f"mkdir -p {shlex.join(lacking)} && " if lacking else ""
    return f"cd {shlex.quote(str(working))} && {made}{script}"


_CRITERION = r"\w+: (?:not empty|[0-9A-Fa-f]{64})"
_NOTE = rf"(?: # {_CRITERION}(?:, {_CRITERION})*)?"
"""What is promised of outputs stands behind the log, as a comment."""


def without_log(record: JobRecord) -> str:
    """A job's command without what leads its output into the log."""
    script = record.shell.strip()
    for log in map(re.escape, map(shlex.quote, record.logs)):
        script = re.sub(rf" &> {log}{_NOTE}\Z", "", script)
        script, whole = re.sub(rf"\Aexec &> {log}{_NOTE}\n", "", script), script
        if script != whole:
            # With the options that Snakemake gives it, so that a script does by hand what it did.
            script = f"bash -euo pipefail -c {_pasted(script)}"
    return script


def _pasted(script: str) -> str:
    """A script as one word of the shell. A here-document ends at a line that begins as it is told: it gets no indent.

    >>> _pasted("cat <<E\\nit's\\nE"), _pasted("true")
    ("$'cat <<E\\\\nit\\\\'s\\\\nE'", 'true')
    """
    if "<<" not in script or "\n" not in script:
        return shlex.quote(script)
    escaped = script.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"$'{escaped}'"


def log_tail(path: Path, count: int, hide: Redaction) -> list[str]:
    """The last lines of a log, each behind a bar; in words where there are none."""
    if not path.is_file():
        return ["(there is none)"]
    return [f"| {line}" for line in _last_lines(path, count, hide)] or ["(it is empty)"]


def _last_lines(path: Path, count: int, hide: Redaction) -> list[str]:
    found = log_text(path, hide)
    while found and not found[-1]:
        found.pop()
    return found[-count:]


def log_text(path: Path, hide: Redaction) -> list[str]:
    """The lines at the end of a log; none where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            cut = file.seek(max(0, file.tell() - _TAIL_BYTES))
            if cut and hide:
                file.readline()  # A secret in it may have been cut in two.
            text = hide(file.read().decode("utf-8", "replace"))
    except OSError:
        return []
    return read_lines(text)


def engine_failure(names: JobNames, progress: Progress, log: Path, hide: Redaction) -> Diagnostic:
    """What is told when the engine itself gave up: its first message, led back to the spec, and never a traceback."""
    message = next((m for m in progress.errors if m.strip()), "")
    line = error_line(message)
    steps = names.steps(names.rule_at(line) or "") if line is not None else {}
    step = next(iter(steps), None) if len(steps) == 1 else None
    span = names.spans.get(step or "", names.span)
    told = told_words(message).removeprefix("WorkflowError: ")
    full = [trouble for disk in progress.disks if (trouble := disk.trouble) is not None]
    if full or says_disk(told):
        help = "\n".join((*ON_DISKS, f"the engine's own log is {log}"))
        return faults.CANNOT_WRITE.at(span, f"the run could not go on: {'; '.join(full) or told}", help=help)
    lines = [f"its own log is {log}"]
    if not told:
        last = [line for line in log_text(log, hide) if line.strip()][-LOG_LINES:]
        told, lines = "its log tells what it was at", [f"the end of {log}:", *(f"  | {line}" for line in last)]
    return faults.ENGINE_FAILED.at(
        span, f"Snakemake stopped{f' at `{step}`' if step else ''}: {told}", help="\n".join(lines)
    )


def engine_gone(names: JobNames, log: Path) -> Diagnostic:
    """What is told where the engine has not told of its end."""
    help = f"run again: what is done stays done, and what is half-written is made again\nthe engine's own log is {log}"
    message = "the engine is gone without a word: it was killed, memory ran out, or the machine was restarted"
    return faults.ENGINE_FAILED.at(names.span, message, help=help)


def changed_meanwhile(changed: Mapping[str, Sequence[str]], *, gone: bool = False) -> Diagnostic:
    """What is told of inputs that changed, or went away, while jobs read them; each has an output of each job."""
    path, *more = changed
    jobs = list(dict.fromkeys(output for outputs in changed.values() for output in outputs))
    inputs = f"`{path}` and {counted(len(more), 'more input')}" if more else f"`{path}`"
    read = "read them" if more else "read it"
    whose = f"the job of `{jobs[0]}`" if len(jobs) == 1 else f"{len(jobs):,} jobs, such as that of `{jobs[0]}`,"
    if gone:
        message = f"{inputs} went away while {whose} {read}"
        help = (
            "bring back what is missing: what was made of it is made anew by the next run\n"
            "where the command itself moves or deletes what it is given, have it work on a copy"
        )
    else:
        message = f"{inputs} changed while {whose} {read}"
        help = (
            "run again once nothing writes there any more: what was made of it is made anew\n"
            "where the command itself writes there, have it work on a copy: it would run again each time"
        )
    return faults.CHANGED_MEANWHILE.at(None, message, help=help)


def not_there(names: JobNames, progress: Progress) -> Diagnostic:
    """What is told where the engine did all that it was asked for, and files are missing all the same."""
    lines = [f"{path}: {how}" for path, how in progress.missing]
    rest = progress.missing_count - len(lines)
    lines += [f"and {rest:,} more"] if rest > 0 else []
    files = "1 file is" if progress.missing_count == 1 else f"{progress.missing_count:,} files are"
    message = f"all jobs have ended well, but {files} not there as promised"
    if any(how not in ("not there", "a link to nothing") for _, how in progress.missing):
        lines.append("delete what is there in their place, and the next run makes them again")
    return faults.NOT_THERE.at(names.span, message, help="\n".join(lines))
