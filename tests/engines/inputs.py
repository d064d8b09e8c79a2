"""The files that a graph reads and does not make."""

from __future__ import annotations

from pathlib import Path

from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import jobs

from .expected_jobs import files_of


def fill_inputs(graph: Graph) -> None:
    """Write files, with text of their own, for everything that a graph reads from outside and that is not there."""
    everything = list(jobs(graph))
    made = {path for job in everything for path in files_of(job.outputs)}
    for path in dict.fromkeys(path for job in everything for path in files_of(job.inputs)):
        place = Path(graph.folder) / path
        if path in made or place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path)
