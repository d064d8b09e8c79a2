"""Backends: what runs a pipeline, and how."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sncompile.api import Checked, Compilation, CompileOptions, compile_program
from sncompile.faults.graph import MISSING_FILE
from sncompile.notebook.modules import Module
from sncompile.notebook.pipeline import Pipeline
from sncompile.notebook.runs import Run
from sncompile.runner.facts import facts_of
from sncompile.runner.late import with_rows
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.selection.selection import Asked, Selection, choose
from sncompile.runner.selection.wanted import marked_families, wanted
from sncompile.runner.start import start
from sncompile.runner.state.deciding import decisions_for, every_job
from sncompile.semantics.program import Options, Program
from sncompile.state.versions import Hashing
from sncompile.targets.target import wrapped_for
from sncompile.telemetry.destination import asked_for

CONTAINERS = ("auto", "apptainer", "docker", "podman", "none")
"""What may run images; `auto` is Apptainer where it is installed, and else nothing."""

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class SnakemakeBackendConfig:
    """How Snakemake runs a pipeline.

    `print_exec` prints the command of each job of a run that is waited for, as it starts, and its progress; notebooks
    show their picture of the run. Without it, the progress is shown in notebooks and terminals; nothing is shown where
    it is false. `cores` is a number or `all`; `profile` an emitted
    profile's name or a folder; `containers` is one of `CONTAINERS`. `keep_going` goes on with what does not
    need a failed job, `telemetry` is the address of an OpenTelemetry collector (`use_opentelemetry` asks for the one
    that `OTEL_EXPORTER_OTLP_ENDPOINT` names, or the usual one on this machine), `benchmark` has every job measured,
    `optimize` is the level of the passes (0 to 2), and `arguments` are options of Snakemake that a run admits.
    """

    use_opentelemetry: bool = False
    print_exec: bool | None = None
    cores: int | str = "all"
    profile: str | None = None
    containers: str = "auto"
    keep_going: bool = False
    benchmark: bool = False
    telemetry: str | None = None
    optimize: int = 1
    arguments: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.cores != "all" and not (str(self.cores).isdigit() and int(self.cores) > 0):
            raise ValueError(f"cores: a whole number from 1, or `all`, and not {self.cores!r}")
        if self.containers not in CONTAINERS:
            raise ValueError(f"containers: one of {', '.join(CONTAINERS)}, and not {self.containers!r}")


class SnakemakeBackend:
    """Compiles pipelines to Snakefiles and runs them: `SnakemakeBackend(config)` or `SnakemakeBackend(cores=8)`."""

    def __init__(self, config: SnakemakeBackendConfig | None = None, **settings: Any) -> None:
        self.config = replace(config or SnakemakeBackendConfig(), **settings)
        """How it runs, unless a call says otherwise."""

    def compile(
        self, pipeline: Pipeline | Module, config: SnakemakeBackendConfig | None = None,
        working_dir: PathLike | None = None, *, out: PathLike | None = None,
    ) -> Path:  # fmt: skip
        """Write the files and run nothing; gives the folder that holds the Snakefile.

        It is `build/NAME` in the working folder unless `out` says otherwise. Raises `CompileError` for a pipeline with
        errors.
        """
        config = config or self.config
        _make(working_dir)
        program = _pipeline(pipeline).checked(working_dir).require()
        return compile_program(program, _options(config, Path(out) if out is not None else None)).write()

    def run(
        self, pipeline: Pipeline | Module, config: SnakemakeBackendConfig | None = None,
        working_dir: PathLike | None = None, *, background: bool = False, targets: Sequence[str] = (),
        select: str | Sequence[str] = (), only: str | Sequence[str] = (), **settings: Any,
    ) -> Run:  # fmt: skip
        """Run a pipeline in a working folder, and wait for the end unless it is to work in the background.

        `targets` are outputs or steps to make, all outputs unless given. `select` and `only` are selectors of jobs,
        with what they need or alone: `"tag:qc"`, `"state:modified+"`. `settings` are those of the configuration,
        for this run. To interrupt the waiting cancels the run. Raises `CompileError` for a pipeline with errors, or
        where the run cannot start, and `RunError` where it did not do what it should.
        """
        config = replace(config or self.config, **settings)
        asked = Asked(targets=_texts(targets), select=_texts(select), only=_texts(only))
        run = Run(start(*_prepared(_pipeline(pipeline), config, working_dir, asked)))
        if background:
            return run
        try:
            run.wait(show=config.print_exec, commands=bool(config.print_exec))
        except KeyboardInterrupt:
            run.cancel()
            raise
        return run


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _pipeline(pipeline: Pipeline | Module) -> Pipeline:
    return pipeline.pipeline if isinstance(pipeline, Module) else pipeline


def _make(working_dir: PathLike | None) -> None:
    """Make the working folder: through one that is not there, `../a.csv` leads nowhere."""
    if working_dir is not None:
        Path(working_dir).mkdir(parents=True, exist_ok=True)


def _options(config: SnakemakeBackendConfig, out: Path | None = None, keep: Sequence[str] = ()) -> CompileOptions:
    return CompileOptions(
        level=config.optimize, out=out, keep=tuple(keep), benchmark=config.benchmark,
        containers=wrapped_for(config.containers),
    )  # fmt: skip


def _prepared(
    pipeline: Pipeline, config: SnakemakeBackendConfig, working_dir: PathLike | None, asked: Asked
) -> tuple[Prepared, RunOptions]:
    _make(working_dir)
    # What is only a warning when compiling stops a run: the files must be there now.
    checked: Checked | None = None

    def program_of(given: Options) -> Program:
        nonlocal checked
        checked = pipeline.checked_with(given, strict=(MISSING_FILE.code,))
        return checked.require()

    def compiled(program: Program, keep: tuple[str, ...]) -> Compilation:
        # Rows that are known later are waited for by nobody here: only a part that is named does without.
        return compile_program(program, _options(config, keep=keep)._replace(staged=any(asked)))

    made, _, selection = with_rows(
        pipeline.options(working_dir), program_of, lambda program: Selection.read(asked, program), compiled,
        Hashing.SMALL,
    )  # fmt: skip
    assert checked is not None
    program = made.program
    graph, emitted = made.graph, made.emitted
    chosen = choose(selection, graph, program, lambda: decisions_for(made, wanted=every_job(made.jobs)))
    goal = None if chosen is None else wanted(graph, chosen, marked_families(emitted))
    facts = facts_of(program, pipeline.options(working_dir), origin_of_params="Python")
    options = RunOptions(
        cores=str(config.cores), profile=config.profile, containers=config.containers, wanted=goal,
        keep_going=config.keep_going, arguments=tuple(config.arguments), invoked_from=str(Path.cwd()),
        telemetry=config.telemetry or (asked_for(os.environ) if config.use_opentelemetry else ""),
    )  # fmt: skip
    return Prepared(made, facts, checked.sources), options
