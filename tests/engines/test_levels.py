"""The levels of optimization, really run: the same files, whatever the passes did."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from sncompile.api import compile_graph, default_out
from sncompile.passes.pipeline import LEVELS
from sncompile.testing.spec import Spec
from sncompile.testing.strategies import branches, graphs

from .expected_jobs import Expected
from .inputs import fill_inputs
from .level_runs import deleted, graph_at, run_at
from .recording import recorded
from .snakemake_jobs import compare, dry_run

EXAMPLES = int(os.environ.get("SNCOMPILE_LEVEL_EXAMPLES", "4"))
SAME = "SNCOMPILE_LEVEL_EXAMPLES" not in os.environ
# A run is dear: small specs, and never shrunk by running them again and again.
SPECS = st.one_of(graphs(steps=5, rows=3), branches(steps=3, count=3).map(lambda found: found.spec))
engine = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@engine
@given(SPECS)
def test_every_level_leaves_the_same_files(spec: Spec) -> None:
    """Path by path and byte by byte, with tools that write down what they were told and what they read; nothing is left
    to do after. At `-O2` those may be gone that nobody wants kept."""
    spec = recorded(copy.deepcopy(spec))
    with tempfile.TemporaryDirectory() as name:
        runs = [run_at(spec, Path(name) / f"O{level}", level) for level in LEVELS]
        plain, usual, full = runs
        if plain is None or usual is None or full is None:
            event("refused")
            return
        event(f"families fewer by passes: {len(plain.graph.families) - len(full.graph.families)}")
        assert usual.files == plain.files, spec.text()
        gone = plain.files.keys() - full.files.keys()
        allowed = deleted(full.graph)
        assert {p for p in gone if not any(p == path or p.startswith(f"{path}/") for path in allowed)} == set()
        assert full.files == {path: digest for path, digest in plain.files.items() if path not in gone}, spec.text()


@engine
@given(SPECS, st.sampled_from(LEVELS))
def test_snakemake_has_the_graphs_jobs(spec: Spec, level: int) -> None:
    """A dry run has each job with its command, its files and what it waits for, as part of whatever rule."""
    with tempfile.TemporaryDirectory() as name:
        graph = graph_at(spec, Path(name), level)
        if graph is None:
            return
        compile_graph(graph).write(default_out(graph))
        fill_inputs(graph)
        assert compare(graph, dry_run(graph, Expected(graph).targets())) == [], spec.text()
