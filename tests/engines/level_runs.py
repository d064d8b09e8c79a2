"""Runs one spec at a level of optimization, with a tool whose files tell what it was given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from sncompile.api import check, compile_graph, default_out, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.testing.spec import Spec, write_spec

from .cwl_runs import run_snakemake
from .expected_jobs import Expected, files_of
from .inputs import fill_inputs
from .recording import install


class Run(NamedTuple):
    """The graph that was run, and the SHA-256 sums of the files that it left, by their paths."""

    graph: Graph
    files: dict[str, str]


def graph_at(spec: Spec, folder: Path, level: int) -> Graph | None:
    """The graph of a spec after the passes of a level; None for a spec that is wrong or that Snakemake cannot have.

    What it can have without passes it must have with them.
    """
    checked = check(write_spec(spec, folder))
    if checked.failed:
        return None
    graph = graph_of(checked.require())
    try:
        compile_graph(graph)
    except CompileError:
        return None
    return optimize(graph, level, check=True).graph


def run_at(spec: Spec, folder: Path, level: int) -> Run | None:
    """Run a spec; None where it cannot be."""
    folder.mkdir()
    graph = graph_at(spec, folder, level)
    if graph is None:
        return None
    fill_inputs(graph)
    env = install(folder)
    files = run_snakemake(graph, env)
    left = _left_to_do(graph)
    assert left == "", f"-O{level}: after a run there is still to do:\n{left}"
    return Run(graph, files)


def _left_to_do(graph: Graph) -> str:
    """What Snakemake would do once more."""
    command = [sys.executable, "-m", "snakemake", "-s", str(default_out(graph).resolve() / "Snakefile"), "-n", "-q"]
    done = subprocess.run([*command, "rules"], cwd=graph.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return "" if "Nothing to be done" in done.stdout + done.stderr else done.stdout


def deleted(graph: Graph) -> set[str]:
    """The files that may be gone after a run, since somebody or a pass said that they are temporary."""
    expected = Expected(graph)
    ports = {(name, port) for name, family in graph.families.items() for port, o in family.outputs.items() if o.temp}
    return {
        path
        for name, found in expected.jobs.items()
        for job in found
        for path in files_of({port: paths for port, paths in job.outputs.items() if (name, port) in ports})
    }
