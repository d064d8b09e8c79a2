"""Every job of a run as data for its page: which, in what state, what it asked for and used, where its files are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property
from itertools import islice
from typing import Any

from sncompile.ir.language.locations import normalized
from sncompile.runner.failures import without_log
from sncompile.runner.job_names import JobName
from sncompile.runner.measures import Measures
from sncompile.runner.page.links import Links
from sncompile.runner.page.wells import well_key
from sncompile.runner.progress import JobRecord
from sncompile.runner.state.orders import read_orders
from sncompile.runner.watch import RunStatus, State, Watch

STATES = ("failed", "running", "stopped", "waiting", "not run", "done", "up to date")
"""The states of a job, what needs attention first."""

MOST_ROWS = 20_000
"""So many jobs are listed; of more, the rest is counted."""

MOST_FILES = 40
LONGEST_COMMAND = 3000
"""Of longer lists of files, and longer commands, the beginning is shown."""

Row = tuple[int, Sequence[str], int, int, str]
"""A job of the spec: its step's number, key, state's number, the engine's job (-1: none), and its first file."""


class PageJobs:
    """The jobs of a run for its page. What does not change while the run works is read once."""

    def __init__(self, watch: Watch, links: Links, measures: Measures) -> None:
        self._watch, self._links, self._measures = watch, links, measures
        self._known: dict[tuple[Any, ...], list[Any]] = {}
        self._told = {str(step["name"]): step for step in watch.names.facts.get("steps") or ()}

    @cached_property
    def _ordered(self) -> frozenset[str] | None:
        """What the engine was told to do, by the files that it knows jobs by; None where nobody knows."""
        try:
            return frozenset(read_orders(self._watch.folder.orders).jobs)
        except (OSError, ValueError):
            return None

    def data(self, status: RunStatus, until: float) -> dict[str, Any]:
        """What the page's script reads. `until` is when jobs that still run are looked at."""
        numbers = {name: number for number, name in enumerate(self._told or (step.name for step in status.steps))}
        records = [r for r in self._watch.progress.jobs.values() if r.started is not None and r.step]
        started = list(self._started(records))
        engine: dict[int, int] = {}
        told: list[list[Any]] = []
        rows: list[Row] = []
        for name, record in started[:MOST_ROWS]:
            if record.number not in engine:
                engine[record.number] = len(told)
                told.append(self._known_job(record, until, status.started or 0.0))
            step = numbers.setdefault(name.step, len(numbers))
            rows.append((step, list(name.key.values()), STATES.index(record.state), engine[record.number], ""))
        begun = {(name.step, *name.key.values()) for name, _ in started}
        others = self._not_started(status, begun, numbers)
        rows += islice(others, MOST_ROWS - len(rows))
        return {
            "steps": self._steps(numbers, rows),
            "states": STATES,
            "links": {name: getattr(self._links, name) for name in ("work", "run", "system", "preview")},
            "engine": told,
            "jobs": rows,
            "more": sum(1 for _ in others) + max(0, len(started) - MOST_ROWS),
        }

    def _steps(self, numbers: Iterable[str], rows: Iterable[Row]) -> list[dict[str, Any]]:
        keys: dict[int, list[Sequence[str]]] = {}
        for row in rows:
            keys.setdefault(row[0], []).append(row[1])
        found = []
        for number, name in enumerate(numbers):
            by = [str(key) for key in self._told.get(name, {}).get("by") or ()]
            found.append({"name": name, "by": by, "well": well_key(by, keys.get(number, ()))})
        return found

    def _started(self, records: Iterable[JobRecord]) -> Iterator[tuple[JobName, JobRecord]]:
        """The jobs of the spec that were started, those that need attention first."""
        for record in sorted(records, key=lambda record: record.state not in ("failed", "running", "stopped")):
            for name in self._watch.names.of(record.rule, record.outputs, record.wildcards):
                yield name, record

    def _known_job(self, record: JobRecord, until: float, start: float) -> list[Any]:
        """As `_engine_job`; of one that has ended the same as before, unless its log may have been moved."""
        which = (record.number, record.attempts, record.state, self._watch.progress.ended)
        if record.ended is None:
            return self._engine_job(record, until, start)
        if which not in self._known:
            self._known[which] = self._engine_job(record, until, start)
        return self._known[which]

    def _engine_job(self, record: JobRecord, until: float, start: float) -> list[Any]:
        """One of the engine's jobs.

        Number, tries, when it began and how long it took in seconds; the memory and the CPU time that it used; the
        cores, memory and minutes that it asked for; how it ended; its command; its outputs; its logs, each with whether
        the run's folder has it.
        """
        measure = self._measures.of(record)
        ended = record.ended if record.ended is not None else until
        began = record.started or start
        asked = record.resources
        return [
            record.number,
            record.attempts,
            round(began - start, 2),
            round(max(0.0, ended - began), 2),
            measure.memory,
            measure.cpu,
            record.threads,
            _amount(asked.get("mem_mb")),
            _amount(asked.get("runtime")),
            record.status if record.state == "failed" else "",
            _cut(without_log(record)),
            [self._links.shown(path) for path in record.outputs[:MOST_FILES]],
            list(_logs(self._watch, record)),
        ]

    def _not_started(self, status: RunStatus, begun: Set[tuple[str, ...]], numbers: dict[str, int]) -> Iterator[Row]:
        """The jobs of the graph that have not been started, each with its first file.

        What the engine was not told to do was up to date, and so is what it could leave out of a run that went well.
        """
        done, wanted = status.state is State.DONE, self._ordered
        left = STATES.index("waiting" if status.state is State.RUNNING else "not run")
        same = STATES.index("up to date")
        for name, *files in self._watch.names.every():
            if (name.step, *name.key.values()) not in begun:
                to_do = not done and (wanted is None or not wanted.isdisjoint(map(normalized, filter(None, files))))
                step = numbers.setdefault(name.step, len(numbers))
                yield step, list(name.key.values()), left if to_do else same, -1, self._links.shown(files[0] or "")


def _amount(value: object) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _logs(watch: Watch, record: JobRecord) -> Iterator[list[Any]]:
    run, last = watch.folder.path, record.attempts
    for log in record.logs:
        for attempt in range(1, last + 1):
            path = watch.places.log(log) if attempt == last else watch.places.log_of_try(log, attempt)
            kept = path.is_relative_to(run)
            yield [path.relative_to(run).as_posix() if kept else log, kept]


def _cut(command: str) -> str:
    if len(command) <= LONGEST_COMMAND:
        return command
    return f"{command[:LONGEST_COMMAND]}… ({len(command):,} characters; all of it is in events.jsonl)"
