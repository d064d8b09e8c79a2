"""Has Snakemake tell of its jobs before they start and once they have ended, in its own process.

Its log events come too late for that: they are written beside its work. So methods are wrapped through which every job
goes, of any executor: `JobScheduler.run` hands jobs to an executor, `Job.postprocess` looks at what they have written;
and `Job.prepare`, which clears up before a job of this machine. Versions that lack them are refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, NamedTuple, Protocol


class EngineJob(NamedTuple):
    """A job as Snakemake has it: its outputs (path, whether a directory, whether temporary) and logs."""

    outputs: tuple[tuple[str, bool, bool], ...]
    logs: tuple[str, ...]


class Refused(Exception):
    """Jobs must not start; the text says why, for people."""


class Listener(Protocol):
    """Hears of jobs."""

    def begin(self, jobs: list[EngineJob]) -> None:
        """These jobs are about to start. What is raised keeps them from it, with `Refused` in its words alone."""

    def prepared(self, job: EngineJob) -> None:
        """What earlier tries left of a job of this machine is gone, and it starts now."""

    def failing(self, job: EngineJob) -> None:
        """A job has failed, and what it wrote is still there."""

    def end(self, job: EngineJob, *, well: bool, whole: bool) -> None:
        """A job has ended; `whole`: what it wrote is whole, or gone."""


def listen(listener: Listener) -> None:
    """Have a listener hear of every job. Raises `RuntimeError` for a Snakemake that cannot tell of them."""
    # In this order: they import each other.
    import_module("snakemake.cli")
    scheduler = getattr(import_module("snakemake.scheduling.job_scheduler"), "JobScheduler", None)
    job = getattr(import_module("snakemake.jobs"), "Job", None)
    if not hasattr(scheduler, "run") or not hasattr(job, "postprocess") or not hasattr(job, "prepare"):
        raise RuntimeError("this version of Snakemake does not say when it starts a job; use one that sncompile knows")
    _replace(scheduler, "run", functools.partial(_run, listener))
    _replace(job, "prepare", functools.partial(_prepare, listener))
    _replace(job, "postprocess", functools.partial(_postprocess, listener))


def _replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(owner, name, wrap(getattr(owner, name)))


def _run(listener: Listener, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def run(self: Any, jobs: Iterable[Any], executor: Any = None) -> None:
        every = list(jobs)
        try:
            listener.begin([_plain(job) for job in _single(every)])
        except Refused as refused:
            raise import_module("snakemake.exceptions").WorkflowError(str(refused)) from None
        original(self, every, executor)

    return run


def _prepare(listener: Listener, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def prepare(self: Any) -> None:
        await original(self)
        listener.prepared(_plain(self))

    return prepare


def _postprocess(listener: Listener, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def postprocess(self: Any, *args: Any, **named: Any) -> None:
        error = bool(named.get("error"))
        if error:
            listener.failing(_plain(self))
        # Where it raises, Snakemake calls it once more with `error`.
        await original(self, *args, **named)
        kept = error and self.dag.workflow.execution_settings.keep_incomplete
        listener.end(_plain(self), well=not error, whole=not kept)

    return postprocess


def _single(jobs: Iterable[Any]) -> Iterator[Any]:
    for job in jobs:
        # A group of jobs is handed over as one.
        yield from job.jobs if job.is_group() else (job,)


def _plain(job: Any) -> EngineJob:
    return EngineJob(
        tuple((str(f), bool(f.is_directory), "temp" in f.flags) for f in job.output), tuple(map(str, job.log))
    )
