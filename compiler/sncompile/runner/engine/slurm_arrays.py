"""Mends how snakemake-executor-plugin-slurm makes job arrays of what the scheduler hands to it.

Until 2.8.0 at least, it holds jobs of a step back while others of it are ready, and forgets them: with more jobs than
`jobs` allows at once a run hangs (snakemake/snakemake-executor-plugin-slurm, issue 473). And an array has the resources
of its first job, whatever the others ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any


def mend_arrays() -> None:
    """Have the plugin submit whatever it gets, in arrays of jobs that ask for the same. Nothing where there is none."""
    try:
        plugin: Any = import_module("snakemake_executor_plugin_slurm")
    except ImportError:
        return
    original = getattr(plugin.Executor, "run_jobs", None)
    if original is None or not hasattr(plugin, "pending_jobs_for_rule"):
        return  # A version without arrays, or with others.
    # What is not handed over yet is no reason to wait for it.
    plugin.pending_jobs_for_rule = _none_pending
    plugin.Executor.run_jobs = _by_size(original)


def _none_pending(dag: object, rule: str) -> int:
    return 0


def _by_size(original: Callable[[Any, list[Any]], None]) -> Callable[[Any, list[Any]], None]:
    def run_jobs(self: Any, jobs: list[Any]) -> None:
        for same in alike(jobs):
            original(self, same)

    return run_jobs


def alike(jobs: Iterable[Any]) -> list[list[Any]]:
    """Snakemake's jobs, those together that are of one rule and ask for the same; a group of jobs stays alone."""
    found: dict[object, list[Any]] = {}
    for job in jobs:
        if job.is_group():
            found[job] = [job]
            continue
        asked = sorted((name, str(value)) for name, value in job.resources.items())
        found.setdefault((job.rule.name, job.threads, tuple(asked)), []).append(job)
    return list(found.values())
