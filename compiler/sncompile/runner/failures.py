"""Failures in the user's terms: step, key, exit status, the log's last lines, the command, the line of YAML."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import runs as faults
from sncompile.ir.language.encoding import encode_key
from sncompile.runner.job_names import JobName, JobNames
from sncompile.runner.progress import JobRecord, Progress, error_line
from sncompile.telemetry.redaction import NO_SECRETS, Redaction

LOG_LINES = 12
_TAIL_BYTES = 16384
_BATCH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed. `logs` are where its log is to be read now; `command` repeats it by hand."""

    job: JobName
    status: str
    attempts: int
    lacking: tuple[str, ...]
    logs: tuple[tuple[str, Path], ...]
    """Each log's name, and the file to read it from."""
    command: str
    span: Span | None
    hide: Redaction = NO_SECRETS

    @property
    def step(self) -> str:
        """The job's step."""
        return self.job.step

    @property
    def key(self) -> dict[str, str]:
        """The job's key."""
        return dict(self.job.key)

    @property
    def message(self) -> str:
        """What happened, in a line."""
        told = self.job.told
        tries = f" after {self.attempts} tries" if self.attempts > 1 else ""
        return f"`{self.step}`{f' for {told}' if told else ''} failed{tries}: {self.status}"

    def tail(self, path: Path, count: int = LOG_LINES) -> list[str]:
        """The last lines of one of its logs, as `log_tail` has them."""
        return log_tail(path, count, self.hide)

    def diagnostic(self) -> Diagnostic:
        """The failure as a diagnostic at its step."""
        lines = [f"not there, or not as it should be: {path}" for path in self.lacking]
        for name, path in self.logs:
            lines += [f"the end of {name}:", *(f"  {line}" for line in self.tail(path))]
        lines += ["to repeat it by hand:", f"  {self.command}"]
        return faults.JOB_FAILED.at(self.span, self.message, help="\n".join(lines))


def failures(names: JobNames, progress: Progress, places: Places) -> Iterator[Failure]:
    """Every job that failed, in the order of their numbers."""
    for record in progress.failed:
        name = _failed(names, record, places)
        yield Failure(
            name,
            record.status or "it did not end well; the engine's log tells more",
            record.attempts,
            tuple(record.lacking),
            tuple((log, places.log(log)) for log in record.logs),
            _command(record, places.working),
            names.spans.get(name.step),
            places.hide,
        )


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

    def benchmark(self, name: str) -> Path:
        """The file that holds a job's measurements."""
        return self._kept("benchmarks", name)

    def _kept(self, kind: str, name: str) -> Path:
        kept = self.folder / kind / name.removeprefix(f"{kind}/")
        return kept if kept.is_file() else self.working / name


def _command(record: JobRecord, working: Path) -> str:
    """The job's command without what leads its output into the log, to be run by hand."""
    script = record.shell.strip()
    for log in map(shlex.quote, record.logs):
        script = script.removesuffix(f" &> {log}")
        script, whole = script.removeprefix(f"exec &> {log}\n"), script
        if script != whole:
            # With the options that Snakemake gives it, so that a script does by hand what it did.
            script = f"bash -euo pipefail -c {_pasted(script)}"
    # The engine makes the folders of outputs, and takes them away again with what a failed job wrote.
    folders = sorted({os.path.dirname(path) for path in record.outputs} - {""})
    lacking = [folder for folder in folders if not (working / folder).is_dir()]
    made = f"mkdir -p {shlex.join(lacking)} && " if lacking else ""
    return f"cd {shlex.quote(str(working))} && {made}{script}"


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
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            cut = file.seek(max(0, file.tell() - _TAIL_BYTES))
            if cut and hide:
                file.readline()  # A secret in it may have been cut in two.
            text = hide(file.read().decode("utf-8", "replace"))
    except OSError:
        return ["(there is none)"]
    found = [line.rstrip() for line in text.split("\n")]
    while found and not found[-1]:
        found.pop()
    return [f"| {line}" for line in found[-count:]] or ["(it is empty)"]


def engine_failure(names: JobNames, progress: Progress, log: Path) -> Diagnostic:
    """What is told when the engine itself gave up: its first message, led back to the spec, and never a traceback."""
    message = next((m for m in progress.errors if m.strip()), "")
    line = error_line(message)
    steps = names.steps(names.rule_at(line) or "") if line is not None else {}
    step = next(iter(steps), None) if len(steps) == 1 else None
    span = names.spans.get(step or "", names.span)
    told = _sentences(message).removeprefix("WorkflowError: ") or "it ended without a word"
    return faults.ENGINE_FAILED.at(
        span, f"Snakemake stopped{f' at `{step}`' if step else ''}: {told}", help=f"its own log is {log}"
    )


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


def _sentences(message: str) -> str:
    """A message's lines that are no traceback, as one."""
    kept = [
        line.strip()
        for line in message.split("\n")
        if line.strip() and not line.lstrip().startswith(("Traceback", "File ", "raise ", "^"))
    ]
    return " ".join(kept)[:600]
