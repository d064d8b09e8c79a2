"""Has Snakemake tell of its jobs before they start and once they have ended, in its own process, and ask which to do.

Its log events come too late for that: they are written beside its work. So methods are wrapped through which every job
goes, of any executor: `JobScheduler.run` hands jobs to an executor, `Job.postprocess` looks at what they have written;
and `Job.prepare`, which clears up before a job of this machine. What has to run is decided in `DAG.update_needrun`, for
which ours stands in. Versions that lack them are refused.

Decision 0059.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from sncompile.runner.engine.storage import unfetched_words
from sncompile.runner.progress import UNFETCHED


class EngineJob(NamedTuple):
    """A job as Snakemake has it: its outputs (path, whether a directory, whether temporary), its logs, and the file in
    which it is measured, if it is."""

    outputs: tuple[tuple[str, bool, bool], ...]
    logs: tuple[str, ...]
    benchmark: str = ""


class Refused(Exception):
    """Jobs must not start; the text says why, for people."""


def name_of(file: Any) -> str:
    """What a file of Snakemake's is called in the spec: its URL, where it has a copy of what that names."""
    return str(file.storage_object.query) if getattr(file, "is_storage", False) else str(file)


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


class Listeners:
    """Several listeners as one, which hear in turn."""

    def __init__(self, every: Iterable[Listener]) -> None:
        self._every = tuple(every)

    def begin(self, jobs: list[EngineJob]) -> None:
        """As each has it; where one raises, those after it do not hear."""
        for each in self._every:
            each.begin(jobs)

    def prepared(self, job: EngineJob) -> None:
        """As each has it."""
        for each in self._every:
            each.prepared(job)

    def failing(self, job: EngineJob) -> None:
        """As each has it."""
        for each in self._every:
            each.failing(job)

    def end(self, job: EngineJob, *, well: bool, whole: bool) -> None:
        """As each has it."""
        for each in self._every:
            each.end(job, well=well, whole=whole)


class Decider(Protocol):
    """Says which jobs are done, and which turn out to be done already."""

    def runs(self, outputs: Iterable[str]) -> bool:
        """Whether a job with such outputs is to run, or may."""

    def stays(self, job: EngineJob) -> bool:
        """Whether a job whose turn has come need not run."""

    def unmet(self) -> set[str]:
        """What is to be done and no job was seen for."""

    def lacks(self, path: str) -> bool:
        """Whether an input is not there, and need not be: who would read it stays, or only comes after its maker."""

    def keeps(self, path: str) -> bool:
        """Whether a temporary output stays, whoever of the run has read it."""

    def fetching(self, job: EngineJob) -> None:
        """What a job reads from elsewhere is about to be fetched."""


Told = Callable[[str, list[str], dict[str, str]], None]
"""Hears of a job that need not run after all: its rule, its outputs, its wildcards."""

_DAG = (
    "_needrun", "_checkpoint_jobs", "_n_until_ready", "_ready_jobs", "_finished", "_dependencies",
)  # fmt: skip
"""What `update_needrun` of the versions that we know fills in, or reads."""


class _Aside(NamedTuple):
    """Jobs that do not start although Snakemake means to start them."""

    settled: set[Any]
    """Those known to stay before their inputs were fetched."""
    unfetched: dict[Any, str]
    """Those whose inputs cannot be fetched, and why."""
    unstarted: set[Any]
    """Single jobs that have written nothing at which Snakemake could look."""


def obey(decider: Decider, told: Told) -> None:
    """Have a decider say which jobs Snakemake does. Raises `RuntimeError` for a Snakemake that is not known to ask."""
    import_module("snakemake.cli")
    dag = getattr(import_module("snakemake.dag"), "DAG", None)
    scheduler = getattr(import_module("snakemake.scheduling.job_scheduler"), "JobScheduler", None)
    job = getattr(import_module("snakemake.jobs"), "Job", None)
    names = getattr(getattr(dag, "update_needrun", None), "__code__", None)
    waits = hasattr(import_module("snakemake.jobs"), "wait_for_files")
    known = waits and hasattr(scheduler, "_proceed")
    known = known and hasattr(dag, "is_needed_tempfile") and hasattr(dag, "retrieve_storage_inputs")
    if names is None or not set(_DAG) <= {*names.co_names} or not known:
        raise RuntimeError("this version of Snakemake decides in another way what has to run; use one that is known")
    aside = _Aside(set(), {}, set())
    _replace(dag, "update_needrun", functools.partial(_update_needrun, decider))
    _replace(dag, "is_needed_tempfile", functools.partial(_is_needed, decider))
    _replace(dag, "retrieve_storage_inputs", functools.partial(_fetch, decider, aside))
    _replace(scheduler, "run", functools.partial(_pass_over, decider, told, aside))
    _replace(job, "postprocess", functools.partial(_leave, aside))
    _replace(import_module("snakemake.jobs"), "wait_for_files", functools.partial(_wait, decider))


def _update_needrun(decider: Decider, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def update_needrun(self: Any, create_inventory: bool = False) -> None:
        for held in (self._needrun, self._checkpoint_jobs, self._n_until_ready, self._ready_jobs):
            held.clear()
        asking = []
        for job in self.jobs:
            if self.finished(job):
                continue
            if job.is_norun:
                asking.append(job)
            elif decider.runs(map(name_of, job.output)):
                self.reason(job).forced = True
                self._needrun.add(job)
        unmet = decider.unmet()
        if unmet:
            few = ", ".join(sorted(unmet)[:3])
            error = f"{len(unmet)} jobs are to be done for which the engine has no rule, such as that of {few}"
            raise import_module("snakemake.exceptions").WorkflowError(error)
        if self._needrun:
            # Rules that run nothing and only ask for files: they are done when these are.
            self._needrun.update(asking)
        for job in self._needrun:
            self._n_until_ready[job] = sum(1 for other in self._dependencies[job] if other in self._needrun)
            if job.is_checkpoint:
                self._checkpoint_jobs.add(job)
        self._len = len(self._finished | self._needrun)

    return update_needrun


def _is_needed(decider: Decider, original: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(original)
    def is_needed_tempfile(self: Any, job: Any, tempfile: Any, *args: Any, **named: Any) -> bool:
        return decider.keeps(str(tempfile)) or original(self, job, tempfile, *args, **named)

    return is_needed_tempfile


def _fetch(decider: Decider, aside: _Aside, original: Callable[..., Any]) -> Callable[..., Any]:
    error: type[Exception] = import_module("snakemake.exceptions").WorkflowError

    @functools.wraps(original)
    async def retrieve_storage_inputs(self: Any, jobs: Iterable[Any], *args: Any, **named: Any) -> None:
        # Copies of what jobs read are made before `JobScheduler.run` hears of these; nobody reads those of a job that
        # stays, and without them it must stay.
        left = []
        for job in jobs:
            single = list(_single([job]))
            aside.unstarted.difference_update(single)
            stored = any(file.is_storage for each in single for file in each.input)
            if stored and all(decider.stays(_plain(each)) for each in single):
                aside.settled.add(job)
                continue
            for each in single:
                decider.fetching(_plain(each))
            left.append(job)
        try:
            await original(self, left, *args, **named)
        except error:
            # It does not say for which of them: each is tried by itself.
            for job in left:
                try:
                    await original(self, [job], *args, **named)
                except error as why:
                    aside.unfetched[job] = str(why)

    return retrieve_storage_inputs


def _pass_over(
    decider: Decider, told: Told, aside: _Aside, original: Callable[..., None]
) -> Callable[..., None]:  # fmt: skip
    @functools.wraps(original)
    def run(self: Any, jobs: Iterable[Any], executor: Any = None) -> None:
        left = []
        for job in jobs:
            single = list(_single([job]))
            why = aside.unfetched.pop(job, None)
            if why is not None:
                aside.unstarted.update(single)
                for each in single:
                    each.log_info()
                    each.log_error(msg=unfetched_words(why), **{UNFETCHED: True})
                # As for any job that fails: it may be tried again, and others go on if they are to.
                self.error_callback(job)
            elif job in aside.settled or all(decider.stays(_plain(each)) for each in single):
                aside.unstarted.update(single)
                for each in single:
                    told(each.rule.name, list(map(name_of, each.output)), dict(each.wildcards_dict))
                self._proceed(job)
            else:
                left.append(job)
        if left:
            original(self, left, executor)

    return run


class Chooser(Protocol):
    """Says which of the jobs that are ready may start now."""

    def choose(self, jobs: Iterable[Any], plain: Callable[[Any], list[EngineJob]]) -> list[Any]:
        """Those of some jobs that may; `plain` makes plain jobs of one, several of a group."""

    def give_back(self, jobs: Iterable[EngineJob]) -> None:
        """Jobs that were chosen do not start now."""

    def stuck(self) -> str:
        """Nothing runs, and nothing may start: why, for people."""


def choose(chooser: Chooser) -> None:
    """Have a chooser say which jobs may start. Raises `RuntimeError` for a Snakemake that is not known to ask."""
    import_module("snakemake.cli")
    scheduler = getattr(import_module("snakemake.scheduling.job_scheduler"), "JobScheduler", None)
    if not hasattr(scheduler, "job_selector"):
        raise RuntimeError("this version of Snakemake chooses jobs in another way; use one that sncompile knows")
    _replace(scheduler, "job_selector", functools.partial(_select, chooser))


def _select(chooser: Chooser, original: Callable[..., Any]) -> Callable[..., Any]:
    def plain(job: Any) -> list[EngineJob]:
        return list(map(_plain, _single([job])))

    @functools.wraps(original)
    def job_selector(self: Any, jobs: Iterable[Any]) -> Any:
        may = chooser.choose(jobs, plain)
        if not may and not self.running:
            raise import_module("snakemake.exceptions").WorkflowError(chooser.stuck())
        selected = original(self, set(may)) if may else []
        chosen = set(selected)
        chooser.give_back([each for job in may if job not in chosen for each in plain(job)])
        return selected

    return job_selector


def _leave(aside: _Aside, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def postprocess(self: Any, *args: Any, **named: Any) -> None:
        # Of what was done, times say nothing: what is current is known without them, and clocks of several machines
        # differ.
        if self not in aside.unstarted:
            await original(self, *args, **{**named, "check_output_mtime": False})

    return postprocess


def _wait(decider: Decider, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def wait_for_files(files: Iterable[Any], *args: Any, **named: Any) -> Any:
        # Of several jobs in one some may stay, and a job may come after one that is left out: nobody reads that.
        return await original([file for file in files if not decider.lacks(name_of(file))], *args, **named)

    return wait_for_files


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
        tuple((name_of(f), bool(f.is_directory), "temp" in f.flags) for f in job.output), tuple(map(str, job.log)),
        str(job.benchmark or ""),
    )  # fmt: skip
