"""Pipecraft's backend, as StarryNight's newer notebooks call it: one for each pipeline and its working folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sncompile.notebook.backend import SnakemakeBackend, SnakemakeBackendConfig
from sncompile.notebook.flow import Module
from sncompile.notebook.pipeline import Pipeline
from sncompile.notebook.runs import Run


@dataclass(frozen=True, slots=True)
class SnakeMakeConfig:
    """How a pipeline is run, by pipecraft's names. `use_fluent_bit` sends telemetry to OpenTelemetry's usual place."""

    use_fluent_bit: bool = False
    print_exec: bool | None = None
    background: bool = False


class SnakeMakeBackend:
    """Runs one pipeline in a working folder: `SnakeMakeBackend(module.pipe, config, folder).run().wait()`.

    `mounts` may be given, and make no difference: containers see what a pipeline reads and writes.
    """

    def __init__(
        self,
        pipeline: Pipeline | Module,
        config: SnakeMakeConfig | None = None,
        output_dir: str | os.PathLike[str] | None = None,
        mounts: Sequence[Any] = (),
        **settings: Any,
    ) -> None:
        self.config = config or SnakeMakeConfig()
        asked = {"use_opentelemetry": self.config.use_fluent_bit, "print_exec": self.config.print_exec, **settings}
        self._pipeline, self._folder = pipeline, output_dir
        self._backend = SnakemakeBackend(SnakemakeBackendConfig(**asked))

    def compile(self, output_dir: str | os.PathLike[str] | None = None) -> Path:
        """Write the files and run nothing; gives the folder that holds the Snakefile."""
        return self._backend.compile(self._pipeline, working_dir=output_dir or self._folder)

    def run(self) -> Run:
        """Run the pipeline. In the background the handle comes at once, and its `wait()` waits."""
        return self._backend.run(self._pipeline, working_dir=self._folder, background=self.config.background)
