"""Random specs, as Snakemake itself sees them: the same jobs and commands, and no fault that only Snakemake finds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from sncompile.api import check, compile_graph, default_out, graph_of
from sncompile.diagnostics import CompileError
from sncompile.ir.graph import Graph

from ..properties.compiled import write
from ..properties.oracle import Spec
from ..properties.strategies import specs
from .snakemake_jobs import compare, dry_run
from .test_snakemake import make_inputs

EXAMPLES = int(os.environ.get("SNCOMPILE_ENGINE_EXAMPLES", "12"))
SAME = "SNCOMPILE_ENGINE_EXAMPLES" not in os.environ


def emitted(spec: Spec, folder: Path) -> Graph | None:
    """A spec's graph with its files emitted, or None where the spec or the target refuses it."""
    checked = check(write(spec, folder))
    if checked.failed:
        return None
    graph = graph_of(checked.require())
    try:
        compile_graph(graph).write(default_out(graph))
    except CompileError as error:
        if {d.code[:3] for d in error.diagnostics} == {"SN6"}:
            return None  # What Snakemake cannot express is refused by name.
        raise
    make_inputs(graph)
    return graph


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(specs())
def test_snakemake_agrees_on_random_specs(spec: Spec) -> None:
    """Whatever compiles has, in Snakemake, the jobs of the graph; and its formatter leaves the file alone."""
    with tempfile.TemporaryDirectory() as name:
        graph = emitted(spec, Path(name))
        if graph is None:
            return
        snakefile = default_out(graph) / "Snakefile"
        told = compare(graph, dry_run(graph, *all_rules(graph)))
        assert told == [], snakefile.read_text()
        formatted = subprocess.run(
            [sys.executable, "-m", "snakefmt", "--check", "--diff", str(snakefile)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert formatted.returncode == 0, formatted.stdout


def all_rules(graph: Graph) -> list[str]:
    """The files of every job as targets, so that steps that no output needs are looked at too."""
    from sncompile.ir.jobs import jobs

    found: list[str] = []
    for job in jobs(graph):
        paths = [p for v in job.outputs.values() for p in (v if isinstance(v, list) else [v])]
        found += paths or [f"{graph.workspace}/{job.id}.done"]
    return ["--", *found]
