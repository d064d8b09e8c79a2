"""What the jobs of a run took: times from events, memory and CPU time where Snakemake measured them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sncompile.ir.language.encoding import encode_key
from sncompile.runner.find import find_run
from sncompile.runner.job_names import JobName
from sncompile.runner.progress import JobRecord
from sncompile.runner.watch import Watch


class Measure(NamedTuple):
    """What Snakemake measured of a job: the most memory it held, in megabytes, and its CPU time in seconds."""

    memory: float | None
    cpu: float | None


@dataclass(frozen=True, slots=True)
class JobTime:
    """A job that was started: when, its state, and what was measured. Times are seconds since 1970."""

    name: JobName
    number: int
    """The engine's."""
    state: str
    started: float
    ended: float
    attempts: int
    measure: Measure

    @property
    def seconds(self) -> float:
        """How long its last try took, or has taken so far."""
        return max(0.0, self.ended - self.started)


@dataclass(frozen=True, slots=True)
class StepTime:
    """The jobs of a step taken together; the median and the longest time of ended ones. None where there is none."""

    step: str
    jobs: int
    median: float | None
    longest: JobTime | None
    total: float
    memory: float | None
    cpu: float | None
    cores: float | None
    """How many cores the jobs kept at work on average, of those that were measured."""


class Measures:
    """What was measured of a run's jobs. A job that has ended is looked at once."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._known: dict[tuple[int, int], Measure] = {}

    def of(self, record: JobRecord) -> Measure:
        """What was measured of a job."""
        if not record.benchmark:
            return Measure(None, None)
        which = (record.number, record.attempts)
        if which in self._known:
            return self._known[which]
        found = read_measure(self._watch.places.benchmark(record.benchmark))
        if record.ended is not None:
            self._known[which] = found
        return found


def job_times(watch: Watch, until: float, measures: Measures | None = None) -> list[JobTime]:
    """Every job that was started, in that order; `until` is when those that still run are looked at."""
    measures = measures or Measures(watch)
    found = []
    for record in watch.progress.jobs.values():
        if record.started is None or not record.step:
            continue
        ended = record.ended if record.ended is not None else until
        name = watch.names.first(record.rule, record.outputs, record.wildcards)
        found.append(
            JobTime(name, record.number, record.state, record.started, ended, record.attempts, measures.of(record))
        )
    return found


def seconds_of_run(run: str | Path) -> dict[str, float]:
    """`seconds_by_job` of a run by its folder, its name or its spec. Raises `CompileError` where there is none."""
    watch = Watch(find_run(run))
    watch.look()
    return seconds_by_job(watch)


def seconds_by_job(watch: Watch) -> dict[str, float]:
    """The time of every job that ended well, by its id; jobs that were done together are left out."""
    return {
        "/".join((job.name.step, *map(encode_key, job.name.key.values()))): job.seconds for job in ended_well(watch)
    }


def ended_well(watch: Watch) -> list[JobTime]:
    """The jobs that ended well by themselves, and so tell what one of them takes."""
    return [job for job in job_times(watch, 0.0) if job.state == "done" and job.name.jobs == 1]


def step_times(step: str, jobs: Sequence[JobTime]) -> StepTime:
    """The times of a step's jobs."""
    ended = [job for job in jobs if job.state in ("done", "failed")]
    memory = [job.measure.memory for job in jobs if job.measure.memory is not None]
    measured = [job for job in jobs if job.measure.cpu is not None]
    cpu, wall = sum(job.measure.cpu or 0.0 for job in measured), sum(job.seconds for job in measured)
    return StepTime(
        step,
        len(jobs),
        median(job.seconds for job in ended) if ended else None,
        max(ended, key=lambda job: job.seconds, default=None),
        sum(job.seconds for job in jobs),
        max(memory, default=None),
        cpu if measured else None,
        cpu / wall if wall else None,
    )


def read_measure(path: Path) -> Measure:
    """A file that Snakemake's `benchmark:` wrote; empty where there is none, or nothing was measured."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, ValueError, csv.Error):
        return Measure(None, None)
    # It may have been repeated: a line each.
    memory = [v for row in rows if (v := _number(row.get("max_rss"))) is not None]
    cpu = [v for row in rows if (v := _number(row.get("cpu_time"))) is not None]
    return Measure(max(memory, default=None), max(cpu, default=None))


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None  # `NA` and `-` stand for what was not measured.
