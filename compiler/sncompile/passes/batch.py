"""`batch`: has one job of the engine do many instances of a small step.

    small [well] x 96, batch 50   =>   48 instances in each of two jobs

The instances stay what they are: each has its command, its paths and its part of the log, fails alone and is redone
alone. Where the times of an earlier run are known, the longest goes to the batch that has the least to do (Graham,
"Bounds on multiprocessing timing anomalies", 1969); else the instances are dealt out in their order, equally many each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from heapq import heapify, heapreplace

from sncompile.ir.graph.feeds import reads_optional
from sncompile.ir.graph.images import images_used
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.jobs.expansion import job_id
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.remote import Remote
from sncompile.ir.values.run_time import dynamic
from sncompile.passes.result import Remark, Result


def batch(graph: Graph, seconds: Mapping[str, float] | None = None) -> Result:
    """The graph with batches for each step that asks for them; `seconds` are times of jobs by their id."""
    families = dict(graph.families)
    remote = Remote(graph.families, Evaluator(graph.families))
    remarks = []
    for name, family in graph.families.items():
        if family.batch < 2 or family.batches or len(family.keys) < 2:
            continue
        reason = _hindrance(family, graph)
        if reason is None and remote.ports(name):
            reason = "the engine fetches what it reads, or sends what it writes, one by one"
        if reason is not None:
            message = f"`{name}` is not done in batches: {reason}"
            remarks.append(Remark("batch", False, message, family.span))
            continue
        families[name] = family._replace(batches=_dealt(family, seconds or {}))
        count = max(families[name].batches) + 1
        known = "balanced by the times of an earlier run" if seconds else "equally many each"
        jobs = "1 job" if count == 1 else f"{count} jobs"
        message = f"the {len(family.keys)} instances of `{name}` are done by {jobs}, {known}"
        remarks.append(Remark("batch", True, message, family.span))
    return Result(replace(graph, families=families), tuple(remarks)) if remarks else Result(graph)


def _hindrance(family: Family, graph: Graph) -> str | None:
    if graph.feeds_itself(family.name):
        return "its instances wait for each other"
    if graph.sums:
        return "files of inputs are looked at before each job (`sha256`)"
    if len(images_used(family, Evaluator(graph.families))) > 1:
        return "its instances run in different images"
    if any(dynamic(value) for value in family.params.values()):
        return "it takes values that are known when it is about to run"
    if any(dynamic(value) for value in family.resources.values()):
        return "its resources depend on the size of each instance's files or on the attempt"
    if any(output.temp or output.protected for output in family.outputs.values()):
        return "the engine has to delete or protect its files one by one"
    if any(output.optional for output in family.outputs.values()):
        return "it has optional outputs"
    if any(output.value for output in family.outputs.values()):
        return "what it writes is looked at job by job"
    if reads_optional(family, graph.families):
        return "it reads files that may not be there"
    return None


def _dealt(family: Family, seconds: Mapping[str, float]) -> tuple[int, ...]:
    size = len(family.keys)
    count = -(-size // family.batch)
    if not seconds:
        return tuple(i * count // size for i in range(size))
    known = [seconds.get(job_id(family, i)) for i in range(size)]
    told = [s for s in known if s is not None]
    usual = sum(told) / len(told) if told else 1.0
    times = [usual if s is None else s for s in known]
    loads = [(0.0, number) for number in range(count)]
    heapify(loads)
    found = [0] * size
    for i in sorted(range(size), key=lambda i: -times[i]):
        load, number = loads[0]
        found[i] = number
        heapreplace(loads, (load + times[i], number))
    return tuple(found)
