"""A pipeline of Python compiled for what is asked of it: with the rows that are there, and the jobs that are meant."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from sncompile.api import Checked, Compilation, CompileOptions, compile_program
from sncompile.runner.forecasts import forecast_for
from sncompile.runner.late import with_rows
from sncompile.runner.selection.selection import Asked, Chosen, Selection, choose
from sncompile.runner.selection.wanted import left_out
from sncompile.runner.state.deciding import decisions_for, every_job
from sncompile.runner.state.told_work import told_work
from sncompile.semantics.program import Options, Program
from sncompile.state.decisions import Decisions
from sncompile.state.versions import Hashing
from sncompile.views.plan import Plan, plan_of

PathLike = str | os.PathLike[str]


class Checkable(Protocol):
    """A pipeline, as far as it is compiled here."""

    def options(self, working_dir: PathLike | None = None) -> Options:
        """What is set, as a compile takes it."""

    def checked_with(self, options: Options, *, strict: bool | tuple[str, ...] = False) -> Checked:
        """The pipeline checked with some options."""


@runtime_checkable
class HasPipeline(Protocol):
    """What makes a pipeline of itself alone: a module."""

    @property
    def pipeline(self) -> Checkable:
        """The pipeline."""


class Looking(NamedTuple):
    """How it is found out what has to run: what is read of files, and the folder from which results are taken."""

    hashing: Hashing
    defer: Path | None

    @classmethod
    def asked(cls, hashing: str, defer: PathLike | None) -> Looking:
        """What is asked for in words. Raises `ValueError` for what cannot be hashed."""
        if hashing not in list(Hashing):
            raise ValueError(f"hash: one of {', '.join(Hashing)}, and not {hashing!r}")
        return cls(Hashing(hashing), Path(defer) if defer is not None else None)


class Compiled(NamedTuple):
    """A pipeline compiled, with what options (the rows that are there among them), and its jobs that are meant;
    `chosen` is None where all outputs are."""

    checked: Checked
    made: Compilation
    options: Options
    chosen: Chosen | None


def texts(given: str | Sequence[str]) -> tuple[str, ...]:
    """One text, or several, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)


def compiled(
    pipeline: Checkable, working_dir: PathLike | None, asked: Asked, how: CompileOptions, looking: Looking, *,
    strict: bool | tuple[str, ...] = False, all_written: bool = False,
) -> Compiled:  # fmt: skip
    """Compile a pipeline with the rows that are there (all that can be, after a run: `all_written`), and find the jobs
    that are asked for. Raises `CompileError` for a pipeline with errors, and where it has nothing of a name."""
    checked: Checked | None = None

    def program_of(options: Options) -> Program:
        nonlocal checked
        checked = pipeline.checked_with(options, strict=strict)
        return checked.require()

    made, options, selection = with_rows(
        pipeline.options(working_dir), program_of, lambda program: Selection.read(asked, program),
        lambda program, keep: compile_program(program, how._replace(keep=keep)), looking.hashing,
        all_written=all_written,
    )  # fmt: skip
    assert checked is not None
    chosen = choose(
        selection, made.graph, made.program,
        lambda: decisions_for(made, looking.hashing, every_job(made.jobs), looking.defer),
    )  # fmt: skip
    return Compiled(checked, made, options, chosen)


def planned(found: Compiled, looking: Looking, cores: str) -> tuple[Plan, Decisions]:
    """What would be done, what of it has to run, why, and how long that would take with so many cores. Raises
    `CompileError` where the folder from which results are to be taken has none, and for jobs alone that cannot be run
    so."""
    checked, made, _, chosen = found
    decisions = decisions_for(made, looking.hashing, None if chosen is None else chosen.jobs, looking.defer)
    if chosen is not None and chosen.alone:
        left_out(decisions, made.jobs)
    work = told_work(made, decisions)
    expected = forecast_for(decisions, made.graph.folder, cores) if work.jobs else None
    plan = plan_of(made.program, made.unoptimized, checked.diagnostics, work, expected, decisions.looker)
    return plan, decisions
