"""Holds the jobs of a lowered model against those of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.lowering.jobs import jobs as lowered_jobs
from sncompile.lowering.lower import lower
from sncompile.lowering.text import lowered_text


def facts(job: Job) -> dict[str, Any]:
    """All that is said of a job. What takes the size of a file is written in either model's own way."""
    found = job.as_object()
    del found["source"]
    late = {name: "late" for name, amount in job.resources.items() if isinstance(amount, str)}
    if late:
        found["command"] = ["late" if "${" in word else word for word in job.command or ()]
        found["shell"] = "late" if "${" in (job.shell or "") else job.shell
    return {**found, "resources": {**job.resources, **late}}


def differences(graph: Graph) -> Iterator[str]:
    """What differs between the jobs of a graph and those of its lowered model."""
    lowered = lower(graph, "files")
    assert lowered_text(lowered) == lowered_text(lower(graph, "files"))
    wanted = {job.id: facts(job) for job in jobs(graph, files="files")}
    found = {job.id: facts(job) for job in lowered_jobs(lowered)}
    if list(wanted) != list(found) and sorted(wanted) != sorted(found):
        yield f"jobs {sorted(wanted.keys() ^ found.keys())}"
    for id in wanted.keys() & found.keys():
        for field, value in wanted[id].items():
            if found[id][field] != value:
                yield f"{id}: {field}: {found[id][field]!r} instead of {value!r}"
