"""Backends: what runs a pipeline, and how."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sncompile.api import CompileOptions, compile_program
from sncompile.faults.graph import MISSING_FILE
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.quantities import quantity
from sncompile.notebook.compiling import Checkable, Compiled, HasPipeline, Looking, PathLike, compiled, texts
from sncompile.notebook.runs import Run
from sncompile.runner.disk_budget import for_the_rest, taken_by
from sncompile.runner.facts import facts_of
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.selection.selection import Asked
from sncompile.runner.selection.wanted import marked_families, wanted
from sncompile.runner.start import start
from sncompile.runner.state.plan_file import asked_in
from sncompile.targets.target import wrapped_for
from sncompile.telemetry.destination import asked_for

CONTAINERS = ("auto", "apptainer", "docker", "podman", "none")
"""What may run images; `auto` is Apptainer where it is installed, and else nothing."""


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
        self, pipeline: Checkable | HasPipeline, config: SnakemakeBackendConfig | None = None,
        working_dir: PathLike | None = None, *, out: PathLike | None = None,
    ) -> Path:  # fmt: skip
        """Write the files and run nothing; gives the folder that holds the Snakefile.

        It is `build/NAME` in the working folder unless `out` says otherwise. Raises `CompileError` for a pipeline with
        errors.
        """
        config = config or self.config
        _make(working_dir)
        found = _pipeline(pipeline)
        program = found.checked_with(found.options(working_dir)).require()
        return compile_program(program, _options(config, Path(out) if out is not None else None)).write()

    def run(
        self, pipeline: Checkable | HasPipeline, config: SnakemakeBackendConfig | None = None,
        working_dir: PathLike | None = None, *, background: bool = False, targets: Sequence[str] = (),
        select: str | Sequence[str] = (), only: str | Sequence[str] = (), plan: PathLike | None = None,
        adopt: bool = False, prune: bool = False, defer: PathLike | None = None, disk: int | str | None = None,
        hash: str = "small", **settings: Any,
    ) -> Run:  # fmt: skip
        """Run a pipeline in a working folder, and wait for the end unless it is to work in the background.

        `targets` are outputs or steps to make, all outputs unless given. `select` and `only` are selectors of jobs,
        with what they need or alone: `"tag:qc"`, `"state:modified+"`. `plan` is a file that a plan was saved to
        (`pipeline.plan().save(FILE)`, `sncompile plan -o FILE`): the run does that, or nothing. `adopt` takes results
        that no run is known to have made, `prune` deletes those of jobs that the pipeline had and has no more, `defer`
        names a folder whose results are as good as those here, `disk` (bytes, or a text such as `"40GB"`) is by how
        much the disk may become fuller, and `hash` says what is read of files (`always`, `small`, `never`).
        `settings` are those of the configuration, for this run.

        Where rows are known after a step has run, a run that is waited for reads them then, and runs what follows.
        To interrupt the waiting cancels the run. Raises `CompileError` for a pipeline with errors, or where the run
        cannot start, and `RunError` where it did not do what it should.
        """
        config = replace(config or self.config, **settings)
        _make(working_dir)
        path = Path(plan) if plan is not None else None
        asked = Asked(targets=texts(targets), select=texts(select), only=texts(only))
        if path is not None and not any(asked):
            asked = asked_in(path)
        looking = Looking.asked(hash, defer)
        how = _how(config, looking, path, adopt=adopt, prune=prune, disk=_bytes(disk))
        # A part that is named, or a plan, knows of no rows that are to come; nobody waits for those of the background.
        goes_on = not background and path is None and not any(asked)
        after = False
        while True:
            building = _options(config)._replace(staged=not background or any(asked))
            found = compiled(
                _pipeline(pipeline), working_dir, asked, building, looking, strict=(MISSING_FILE.code,),
                all_written=after,
            )  # fmt: skip
            before = taken_by(found.made.graph, how)
            run = Run(start(*_prepared(found, how)))
            if background:
                return run
            try:
                run.wait(show=config.print_exec, commands=bool(config.print_exec))
            except KeyboardInterrupt:
                run.cancel()
                raise
            if not goes_on or not found.made.program.late:
                return run
            how = for_the_rest(how, found.made.graph, before)
            after = True


def _pipeline(pipeline: Checkable | HasPipeline) -> Checkable:
    return pipeline.pipeline if isinstance(pipeline, HasPipeline) else pipeline


def _make(working_dir: PathLike | None) -> None:
    """Make the working folder: through one that is not there, `../a.csv` leads nowhere. Raises `OSError`."""
    if working_dir is not None:
        Path(working_dir).mkdir(parents=True, exist_ok=True)


def _options(config: SnakemakeBackendConfig, out: Path | None = None) -> CompileOptions:
    return CompileOptions(
        level=config.optimize, out=out, benchmark=config.benchmark, containers=wrapped_for(config.containers)
    )


def _bytes(disk: int | str | None) -> int | None:
    """A number of bytes, or of a text with a unit. Raises `ValueError`."""
    if disk is None or isinstance(disk, int):
        return disk
    try:
        return quantity("megabytes", 1e-6)(disk) * 1_000_000
    except ValueFault as fault:
        raise ValueError(f"disk: {fault}") from None


def _how(
    config: SnakemakeBackendConfig, looking: Looking, plan: Path | None, *, adopt: bool, prune: bool, disk: int | None
) -> RunOptions:
    return RunOptions(
        cores=str(config.cores), profile=config.profile, containers=config.containers, keep_going=config.keep_going,
        arguments=tuple(config.arguments), invoked_from=str(Path.cwd()),
        telemetry=config.telemetry or (asked_for(os.environ) if config.use_opentelemetry else ""),
        hashing=looking.hashing, adopt=adopt, plan=plan, defer=looking.defer, disk=disk, prune=prune,
    )  # fmt: skip


def _prepared(found: Compiled, how: RunOptions) -> tuple[Prepared, RunOptions]:
    checked, made, options, chosen = found
    goal = None if chosen is None else wanted(made.graph, chosen, marked_families(made.emitted))
    facts = facts_of(made.program, options, origin_of_params="Python")
    return Prepared(made, facts, checked.sources), replace(how, wanted=goal)
