"""Which jobs a command line means: its selectors, or an end with what is wrong about them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sncompile.cli.reporter import write
from sncompile.cli.runs import misused
from sncompile.compilation import Compilation
from sncompile.diagnostics import CompileError
from sncompile.runner.selection.selection import Asked, Chosen, Selection, choose, with_needed
from sncompile.runner.state.deciding import decisions_for, every_job
from sncompile.semantics.program import Program
from sncompile.state.decisions import Verdict
from sncompile.state.versions import Hashing


class Looking(NamedTuple):
    """How it is found out what has to run: what is read of files, and the folder from which results are taken."""

    hashing: Hashing
    defer: Path | None


def selected(asked: Asked, program: Program) -> Selection:
    """The selection that is asked for. Leaves with code 2 where the pipeline has nothing of a name."""
    try:
        return Selection.read(asked, program)
    except CompileError as error:
        misused(error)


def chosen_jobs(selection: Selection, made: Compilation, looking: Looking) -> Chosen | None:
    """The jobs of a selection; None where all outputs are meant. Leaves with code 2 where there are no such jobs."""
    try:
        return choose(
            selection,
            made.graph,
            made.program,
            lambda: decisions_for(made, looking.hashing, every_job(made.jobs), looking.defer),
        )
    except CompileError as error:
        misused(error)


def tell_left_out(chosen: Chosen | None, made: Compilation, looking: Looking) -> None:
    """Say what is left out that would have to run before the jobs of a selection: they take what is there."""
    if chosen is None or not chosen.alone:
        return
    every = decisions_for(made, looking.hashing, with_needed(made.graph, chosen.named), looking.defer)
    number = sum(
        every.tasks[name].verdicts[n] is Verdict.RUN and n not in chosen.jobs.get(name, ())
        for name, numbers in every.wanted.items()
        for n in numbers
    )
    if number:
        what = (
            "1 job that they need has to run, too, and is"
            if number == 1
            else f"{number:,} jobs that they need have to run, too, and are"
        )
        write(f"note: {what} left out (`--only`): what is there is taken\n", err=True)
