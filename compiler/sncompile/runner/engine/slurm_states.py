"""Mends how snakemake-executor-plugin-slurm reads the states of jobs.

Of a job that somebody cancelled, `sacct` says who did so: `CANCELLED by 0`. The plugin (2.8.0) knows no such state and
takes the job for one that works on, so that a run never ends after `scancel`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

_Asked = Callable[..., Awaitable[tuple[Mapping[str, str] | None, float | None]]]


def mend_states() -> None:
    """Have the plugin take a state for what its first word says. Nothing where there is no such plugin."""
    try:
        plugin: Any = import_module("snakemake_executor_plugin_slurm")
    except ImportError:
        return
    original = getattr(plugin, "query_job_status", None)
    if original is not None:
        plugin.query_job_status = _plain(original)


def _plain(original: _Asked) -> _Asked:
    async def query_job_status(*said: Any, **named: Any) -> tuple[Mapping[str, str] | None, float | None]:
        states, took = await original(*said, **named)
        return (plain_states(states) if states is not None else None), took

    return query_job_status


def plain_states(states: Mapping[str, str]) -> dict[str, str]:
    """The states of jobs without what stands behind their first word."""
    return {job: state.split(maxsplit=1)[0] if state.strip() else state for job, state in states.items()}
