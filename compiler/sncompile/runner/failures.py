"""Failures in the user's terms: step, key, exit status, the log's last lines, the command, the line of YAML."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import runs as faults
from sncompile.ir.graph import Graph
from sncompile.ir.jobs import Expansion, Job
from sncompile.runner.progress import JobRecord, Progress, error_line

LOG_LINES = 12


class SourceMap:
    """Leads from rules and lines of the emitted file back to the spec."""

    def __init__(self, path: Path) -> None:
        self._data: dict[str, Any] = json.loads(path.read_text("utf-8"))

    @property
    def rules(self) -> dict[str, str]:
        """Rule → step."""
        return {name: rule["step"] for name, rule in self._data["rules"].items()}

    def rule_at(self, line: int) -> str | None:
        """The rule that a line of the Snakefile belongs to."""
        for name, rule in self._data["rules"].items():
            first, last = rule["lines"]
            if first <= line <= last:
                return str(name)
        return None


def find_job(graph: Graph, expansion: Expansion, record: JobRecord, step: str) -> Job | None:
    """The job of the graph that an engine's record is about, by what it writes."""
    if step not in graph.families:
        return None
    wanted = set(record.outputs)
    for job in expansion.jobs(step):
        paths = [p for v in job.outputs.values() for p in (v if isinstance(v, list) else [v])]
        if wanted & set(paths) or len(graph.families[step].keys) == 1:
            return job
    return None


def failed_jobs(
    graph: Graph, progress: Progress, rules: dict[str, str], working: Path, files: str
) -> Iterator[Diagnostic]:
    """A diagnostic for every job that failed."""
    expansion = Expansion(graph, files=files)
    for record in progress.failed:
        step = rules.get(record.rule, record.rule)
        yield _failed_job(record, step, find_job(graph, expansion, record, step), graph, working)


def _failed_job(record: JobRecord, step: str, job: Job | None, graph: Graph, working: Path) -> Diagnostic:
    key = ", ".join(f"{n}={v}" for n, v in (job.key if job else record.wildcards).items())
    tries = f" after {record.attempts} tries" if record.attempts > 1 else ""
    status = record.status or "it did not end well; the engine's log tells more"
    message = f"`{step}`{f' for {key}' if key else ''} failed{tries}: {status}"
    lines = [f"not there, or not as it should be: {path}" for path in record.lacking]
    for log in record.logs:
        lines += [f"the end of {log}:", *_tail(working / log)]
    command = _command(job) or record.shell.strip()
    lines += ["to repeat it by hand:", f"  cd {shlex.quote(str(working))} && {command}"]
    span = graph.families[step].span if step in graph.families else None
    return faults.JOB_FAILED.at(span, message, help="\n".join(lines))


def _command(job: Job | None) -> str:
    if job is None:
        return ""
    env = "".join(f"{name}={shlex.quote(value)} " for name, value in job.env.items() if value != "***")
    if job.command is not None:
        return env + shlex.join(job.command)
    return f"{env}bash -euo pipefail -c {shlex.quote(job.shell or '')}"


def _tail(log: Path) -> list[str]:
    """The last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 16384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ["  (there is none)"]
    found = [line.rstrip() for line in text.split("\n")]
    while found and not found[-1]:
        found.pop()
    return [f"  | {line}" for line in found[-LOG_LINES:]] or ["  (it is empty)"]


def engine_failure(graph: Graph, progress: Progress, source_map: SourceMap, log: Path) -> Diagnostic:
    """What is told when the engine itself gave up: its first message, led back to the spec, and never a traceback."""
    message = next((m for m in progress.errors if m.strip()), "")
    span: Span | None = graph.span
    rule = None
    line = error_line(message)
    if line is not None:
        rule = source_map.rule_at(line)
    step = source_map.rules.get(rule or "")
    if step is not None and step in graph.families:
        span = graph.families[step].span
    told = _sentences(message) or "it ended without a word"
    return faults.ENGINE_FAILED.at(
        span, f"Snakemake stopped{f' at `{step}`' if step else ''}: {told}", help=f"its own log is {log}"
    )


def _sentences(message: str) -> str:
    """A message's lines that are no traceback, as one."""
    kept = [
        line.strip()
        for line in message.split("\n")
        if line.strip() and not line.lstrip().startswith(("Traceback", "File ", "raise ", "^"))
    ]
    return " ".join(kept)[:600]
