"""What the compiler makes of a spec, in the oracle's terms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sncompile.api import check, graph_of
from sncompile.ir.jobs.expansion import jobs
from sncompile.testing.spec import Spec, write_spec

from .oracle import Job


@dataclass(frozen=True)
class Refused:
    """The compiler reports errors."""

    errors: tuple[str, ...]

    def is_all(self, code: str) -> bool:
        """Whether nothing else is wrong than what a code stands for."""
        return all(error.startswith(f"{code}:") for error in self.errors)


def compile_file(path: Path) -> list[Job] | Refused:
    """The jobs of a pipeline's file, or its errors."""
    checked = check(path)
    if checked.failed:
        errors = [d for d in checked.diagnostics if d.severity.value == "error"]
        return Refused(tuple(f"{d.code}: {d.message}" for d in errors))
    graph = graph_of(checked.require())
    return [
        Job(
            id=job.id,
            step=job.step,
            key=dict(job.key),
            command=job.command,
            shell=job.shell,
            inputs=dict(job.inputs),
            outputs=dict(job.outputs),
            resources=dict(job.resources),
            container=job.container,
            after=frozenset(job.after),
        )
        for job in jobs(graph, files=f"build/{graph.name}/files")
    ]


def compile_spec(spec: Spec, folder: Path) -> list[Job] | Refused:
    """What the compiler makes of a spec, written to an empty folder."""
    return compile_file(write_spec(spec, folder))
