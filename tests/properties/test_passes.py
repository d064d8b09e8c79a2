"""Passes over random specs: the jobs stay what they are, and a second time nothing is left to do."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.api import check, graph_of
from sncompile.ir.graph import Graph
from sncompile.ir.jobs import jobs
from sncompile.ir.text import graph_text
from sncompile.ir.verify import verify
from sncompile.passes.pipeline import LEVELS, PASSES, optimize
from sncompile.testing.spec import Spec, write_spec
from sncompile.testing.strategies import Branches, branches, graphs

EXAMPLES = int(os.environ.get("SNCOMPILE_EXAMPLES", "60"))
SAME = "SNCOMPILE_EXAMPLES" not in os.environ
SPECS = st.one_of(branches().map(lambda found: found.spec), graphs())
searching = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def graph_from(spec: Spec, folder: str) -> Graph | None:
    """The graph of a spec; None where it has errors."""
    checked = check(write_spec(spec, Path(folder)))
    return None if checked.failed else graph_of(checked.require())


def jobs_by_id(graph: Graph) -> dict[str, dict[str, Any]]:
    """Every job, digest included, by its id; `after` without regard to order."""
    found = {job.id: {**job.as_object(), "after": sorted(job.after)} for job in jobs(graph, files="files")}
    assert len(found) == graph.job_count()
    return found


@searching
@given(SPECS)
def test_jobs_are_the_same_after_every_pass_of_the_first_level(spec: Spec) -> None:
    """By itself and after those before it; `prune` and `dedupe` may leave jobs out, and no other pass."""
    with tempfile.TemporaryDirectory() as folder:
        start = graph_from(spec, folder)
        if start is None:
            return
        line = start
        for each in (p for p in PASSES if p.level == 1):
            for graph in (start, line):
                after = jobs_by_id(verify(each.run(graph).graph))
                before = jobs_by_id(graph)
                if each.name in ("prune", "dedupe"):
                    # Who waited for a step that was done twice waits for the one that is left.
                    before = {i: {**job, "after": after[i]["after"]} for i, job in before.items() if i in after}
                assert after == before, each.name
            line = each.run(line).graph


@searching
@given(SPECS)
def test_a_second_time_nothing_is_left_to_do(spec: Spec) -> None:
    """At every level: the order of the passes is a fixed point, and the verifier holds after each of them."""
    with tempfile.TemporaryDirectory() as folder:
        start = graph_from(spec, folder)
        if start is None:
            return
        for level in LEVELS:
            once = optimize(start, level, check=True).graph
            assert graph_text(optimize(once, level, check=True).graph) == graph_text(once)


@searching
@given(branches(odd=False))
def test_branches_written_out_become_as_many_families_as_a_person_would_write(found: Branches) -> None:
    """Where nothing sets one branch apart from the others."""
    with tempfile.TemporaryDirectory() as folder:
        start = graph_from(found.spec, folder)
        assert start is not None
        merged = optimize(start, 0, on=["merge"]).graph
        assert found.families is None or len(merged.families) == found.families


def test_an_unknown_pass_is_refused() -> None:
    """By its name."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_text("sncompile: 1\npipeline: a\nsteps: {s: {module: {command: [t]}}}\n")
        graph = graph_of(check(Path(folder) / "a.yaml").require())
    with pytest.raises(KeyError, match="murge"):
        optimize(graph, 1, off=["murge"])
