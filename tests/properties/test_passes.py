"""What passes must keep: every job with its command, files and digest. And what they must settle: a second time changes
nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from sncompile.api import check, compile_graph, graph_of
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.ir.graph.text import graph_text
from sncompile.ir.graph.verify import verify
from sncompile.ir.jobs.expansion import jobs
from sncompile.passes.merge import merge
from sncompile.passes.pipeline import LEVELS, PASSES, Pass, optimize
from sncompile.testing.spec import Spec, write_spec
from sncompile.testing.strategies import Branches, branches, graphs, specs

EXAMPLES = int(os.environ.get("SNCOMPILE_EXAMPLES", "25"))
SAFE = [each for each in PASSES if each.level == 1]
"""The passes that keep every job."""

SPECS = st.one_of(specs(wrong=False), branches().map(lambda found: found.spec), graphs(steps=8, rows=6))
varied = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="SNCOMPILE_EXAMPLES" not in os.environ,
    # Each of these holds dozens of jobs; to shrink one takes longer than to read it.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

Jobs = dict[str, dict[str, Any]]


@contextmanager
def compiled(spec: Spec) -> Iterator[Graph | None]:
    """A spec's graph, as long as its files are there; None for a spec that is wrong. A failure shows the spec."""
    with tempfile.TemporaryDirectory() as folder:
        checked = check(write_spec(spec, Path(folder)))
        try:
            yield None if checked.failed else graph_of(checked.require())
        except Exception as error:
            error.add_note(spec.text())
            raise


def jobs_of(graph: Graph) -> Jobs:
    """Every job as `--emit jobs` has it, by its id."""
    found: Jobs = {}
    for job in jobs(graph, files="files"):
        assert job.id not in found, f"two jobs are called {job.id}"
        found[job.id] = {**job.as_object(), "after": sorted(job.after)}
    return found


def without(gone: Callable[[dict[str, Any]], str | None], before: Jobs, after: Jobs) -> Jobs:
    """The jobs of `before` that are left, waiting for what stands for those that are gone (None: for nothing)."""
    stands = {id: None if id in after else gone(job) for id, job in before.items()}
    return {
        id: {**job, "after": sorted({other if other in after else stands[other] or other for other in job["after"]})}
        for id, job in before.items()
        if id in after
    }


def expected_after(each: Pass, graph: Graph, before: Jobs, after: Jobs) -> Jobs:
    """The jobs that a pass has to leave."""
    if each.name == "prune":
        assert not {id for id in before.keys() - after.keys() if before[id]["step"] in needed(graph)}
        return without(lambda job: None, before, after)
    if each.name == "dedupe":
        left = {work(job): id for id, job in after.items() if not job["outputs"]}
        assert all(not before[id]["outputs"] for id in before.keys() - after.keys())
        return without(lambda job: left[work(job)], before, after)
    return before


def work(job: dict[str, Any]) -> str:
    """What a job does, whatever it is called."""
    return repr([job[name] for name in ("key", "command", "shell", "container", "env", "inputs", "digest")])


def needed(graph: Graph) -> set[str]:
    """The steps that the pipeline's outputs, or steps that write nothing, need."""
    from sncompile.ir.graph.feeds import steps_in

    pending = [step for value in graph.outputs.values() for step in steps_in(value)]
    pending += [name for name, family in graph.families.items() if not family.outputs]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [edge.source for edge in graph.into(name)]
    return found


@varied
@given(SPECS)
def test_each_pass_keeps_the_jobs(spec: Spec) -> None:
    """Alone and after those before it: the same jobs, by id, with every field and with their digests."""
    with compiled(spec) as graph:
        if graph is None:
            event("refused")
            return
        plain = jobs_of(graph)
        here, known = graph, plain
        for each in SAFE:
            for start, before in ((graph, plain), (here, known)):
                found = verify(each.run(start).graph)
                after = jobs_of(found)
                assert after == expected_after(each, start, before, after), each.name
                if found is not start and len(found.families) < len(start.families):
                    event(f"{each.name} had something to do")
            here, known = found, after


@varied
@given(SPECS)
def test_a_second_time_changes_nothing(spec: Spec) -> None:
    """Each pass is idempotent, and the order of the passes is a fixed point, at every level."""
    with compiled(spec) as graph:
        if graph is None:
            return
        for each in PASSES:
            once = each.run(graph).graph
            assert graph_text(each.run(once).graph) == graph_text(once), each.name
        for level in LEVELS:
            once = optimize(graph, level, check=True).graph
            assert graph_text(optimize(once, level, check=True).graph) == graph_text(once), f"-O{level}"


@varied
@given(SPECS)
def test_no_level_loses_a_file(spec: Spec) -> None:
    """What is written at `-O1` and `-O2` is what the steps that are left out of account write without passes."""
    with compiled(spec) as graph:
        if graph is None:
            return
        wanted = files(optimize(graph, 0, on=["prune"]).graph)
        assert files(optimize(graph, 1).graph) == wanted, "-O1"
        # Steps that became one job may both have had an output of the same name: it is called otherwise then.
        assert files(optimize(graph, 2).graph).keys() == wanted.keys(), "-O2"


def files(graph: Graph) -> dict[str, str]:
    """Every path with the port that it is of."""
    return {
        path: port
        for job in jobs(graph, files="files")
        for port, paths in job.outputs.items()
        for path in (paths if isinstance(paths, list) else [paths])
    }


@varied
@given(SPECS)
def test_what_compiles_compiles_at_every_level(spec: Spec) -> None:
    """What Snakemake can have without passes it can have with them."""
    with compiled(spec) as graph:
        if graph is None:
            return
        try:
            compile_graph(graph)
        except CompileError:
            return
        for level in (1, 2):
            compile_graph(optimize(graph, level).graph)


@varied
@given(branches(odd=False))
def test_branches_written_out_become_their_template(found: Branches) -> None:
    """As many families as a person would have written steps, whatever form the branches have."""
    with compiled(found.spec) as graph:
        assert graph is not None
        merged = merge(graph).graph
        assert len(merged.families) == found.families, list(merged.families)
        assert jobs_of(merged) == jobs_of(graph)


@varied
@given(branches())
def test_odd_branches_keep_their_jobs(found: Branches) -> None:
    """Branches that lack a step, read from each other, or have settings of their own, merged as far as they go."""
    with compiled(found.spec) as graph:
        assert graph is not None
        merged = verify(merge(graph).graph)
        for oddity in found.odd or ["none"]:
            event(f"oddity: {oddity}")
        assert jobs_of(merged) == jobs_of(graph)


@pytest.mark.parametrize("seed", range(3))
def test_strategies_draw_what_they_promise(seed: int) -> None:
    """What is drawn is no fault of the spec's, and branches do get merged: else these tests would test nothing."""
    from hypothesis import seed as seeded

    seen: dict[str, int] = {"valid": 0, "merged": 0, "all": 0}

    @seeded(seed)
    @settings(varied, max_examples=20, database=None, derandomize=False)
    @given(branches())
    def draw(found: Branches) -> None:
        with compiled(found.spec) as graph:
            seen["all"] += 1
            seen["valid"] += graph is not None
            seen["merged"] += graph is not None and len(merge(graph).graph.families) < len(graph.families)

    draw()
    assert seen["valid"] == seen["all"]
    assert seen["merged"] > seen["all"] // 2


def test_an_unknown_pass_is_refused() -> None:
    """By its name."""
    with compiled(Spec({"pipeline": "a", "steps": {"s": {"module": {"command": ["t"]}}}})) as graph:
        assert graph is not None
        with pytest.raises(KeyError, match="murge"):
            optimize(graph, 1, off=["murge"])
