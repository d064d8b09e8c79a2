"""What a run starts from, and how it is to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sncompile.compilation import Compilation
from sncompile.ir.graph.model import Graph
from sncompile.lowering.model import Lowered
from sncompile.runner.selection.wanted import Wanted
from sncompile.state.versions import Hashing
from sncompile.targets.emitted import Emitted


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: `arguments` go to Snakemake if they are admitted; `wanted` is what to make (None: all outputs);
    `command` and `invoked_from` are kept in the record, to start it again."""

    cores: str
    profile: str | None = None
    containers: str = "auto"
    wanted: Wanted | None = None
    keep_going: bool = False
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    invoked_from: str = ""
    telemetry: str | None = None
    """The address of a collector; without it the standard `OTEL_*` variables may name one. Empty: send nothing."""
    hashing: Hashing = Hashing.SMALL
    adopt: bool = False
    """Take results that are there, and that no run is known to have made, as made by today's jobs."""
    plan: Path | None = None
    """A plan: the run does that, or nothing."""
    defer: Path | None = None
    """A folder in which results of the same jobs are as good as those here."""
    disk: int | None = None
    """By how many bytes the disk may become fuller while the run goes on; None: as many as it takes."""
    prune: bool = False
    """Delete the results of jobs that the pipeline had and has no more."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a run starts from: what was compiled, its facts, and the texts of the spec."""

    made: Compilation
    facts: Mapping[str, Any]
    documents: Mapping[str, str]

    @property
    def graph(self) -> Graph:
        return self.made.graph

    @property
    def jobs(self) -> Lowered:
        """The jobs, whatever an engine takes for one."""
        return self.made.jobs

    @property
    def emitted(self) -> Emitted:
        """The files."""
        return self.made.emitted

    @property
    def out(self) -> Path:
        """The folder that the files go to."""
        return self.made.out
