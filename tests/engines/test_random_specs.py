"""Random specs, as Snakemake itself sees them: the same jobs and commands, and no fault that only Snakemake finds."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sncompile.api import check, compile_graph, default_out, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.passes.pipeline import LEVELS
from sncompile.testing.spec import Spec, write_spec

from ..properties.strategies import specs
from .expected_jobs import Expected
from .inputs import fill_inputs
from .snakemake_jobs import compare, dry_run, misformatted

EXAMPLES = int(os.environ.get("SNCOMPILE_ENGINE_EXAMPLES", "12"))
SAME = "SNCOMPILE_ENGINE_EXAMPLES" not in os.environ


def emitted(spec: Spec, folder: Path, level: int) -> Graph | None:
    """A spec's graph with its files emitted, or None where the spec or the target refuses it."""
    checked = check(write_spec(spec, folder))
    if checked.failed:
        return None
    graph = graph_of(checked.require())
    found = optimize(graph, level, check=True).graph
    try:
        compile_graph(found).write(default_out(found))
    except CompileError as error:
        if {d.code[:3] for d in error.diagnostics} == {"SN6"}:
            # What Snakemake cannot express is refused by name, whatever the level.
            with pytest.raises(CompileError):
                compile_graph(graph)
            return None
        raise
    fill_inputs(found)
    return found


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(specs(), st.sampled_from(LEVELS))
def test_snakemake_agrees_on_random_specs(spec: Spec, level: int) -> None:
    """Whatever compiles has, in Snakemake, the jobs of the graph; and its formatter leaves the file alone."""
    with tempfile.TemporaryDirectory() as name:
        graph = emitted(spec, Path(name), level)
        if graph is None:
            return
        snakefile = default_out(graph) / "Snakefile"
        told = compare(graph, dry_run(graph, Expected(graph).targets()))
        assert told == [], snakefile.read_text()
        assert misformatted(snakefile) == ""
