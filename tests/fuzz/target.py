"""What is fuzzed: a spec goes from its bytes to the files of every target, and what comes of it is told in a word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sncompile.api import check, compile_graph, graph_of, optimize
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import jobs
from sncompile.targets.cwl.verify import differences

MOST_JOBS = 2_000
"""Jobs of a larger graph are not written out one by one."""


@dataclass(frozen=True)
class Told:
    """What a compile said: messages without their names and numbers, and how far it came."""

    kinds: frozenset[str]


def compile_everywhere(spec: Path) -> Told:
    """Compile a spec for all targets at all levels. Whatever it raises but `CompileError` is a finding."""
    checked = check(spec)
    kinds = {kind(d) for d in checked.diagnostics}
    if checked.program is None:
        return Told(frozenset(kinds))
    graph = graph_of(checked.program)
    out = spec.parent / "build" / "fuzz"
    small = graph.job_count() <= MOST_JOBS
    ids = [job.id for job in jobs(graph)] if small else []
    for level in (0, 1, 2):
        after = optimize(graph, level, check=True).graph
        if level == 1 and small:
            assert {job.id for job in jobs(after)} <= set(ids), "a pass made a job"
        kinds |= _lowered(after, "snakemake", out)
        if level == 1:
            kinds |= _lowered(after, "cwl", out)
    return Told(frozenset({*kinds, "compiled"}))


def _lowered(graph: Graph, target: str, out: Path) -> set[str]:
    try:
        emitted = compile_graph(graph, target, out=out)
    except CompileError as error:
        return {kind(d) for d in error.diagnostics}
    for name in emitted.files:
        assert not {"", ".."} & set(name.split("/")), f"a file elsewhere: {name}"
    if target == "cwl" and graph.job_count() <= MOST_JOBS:
        told = differences(graph, emitted.files, out)
        assert not told, f"CWL has other jobs: {told[:3]}"
    return set()


def kind(diagnostic: Diagnostic) -> str:
    """The code and the form of a message; names, texts and numbers in it left out."""
    form = re.sub(r"`[^`]*`|[\d.,]+|[^\x20-\x7e]", "", diagnostic.message)
    return f"{diagnostic.code} {' '.join(form.split())[:60]}"
