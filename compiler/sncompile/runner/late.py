"""Steps whose jobs are known after others have run: their rows are read from what these have written.

A run does what is known, reads the rows, and compiles again; then all is known, and every job is decided on as in any
other pipeline. Nothing is taken from rows whose step would have to run again.

Decision 0077.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Generic, NamedTuple, Protocol, TypeVar

from sncompile.compilation import Compilation
from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults
from sncompile.faults import tables as table_faults
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion
from sncompile.ir.keys.late_rows import BadRows, rows_of
from sncompile.runner.state.deciding import decisions_for
from sncompile.semantics.late.link import KnownRows
from sncompile.semantics.program import LateSteps, Options, Program
from sncompile.state.decisions import Decisions
from sncompile.state.versions import Hashing


class Asked(Protocol):
    """A selection: the steps that it names are wanted, whether an output needs them or not."""

    def steps(self, program: Program) -> tuple[str, ...]: ...


SelectionT = TypeVar("SelectionT", bound=Asked)


class WithRows(NamedTuple, Generic[SelectionT]):
    """A compile over all rows that are there, the options that it was made with, and the selection of its jobs."""

    made: Compilation
    options: Options
    selection: SelectionT


def with_rows(
    options: Options,
    program_of: Callable[[Options], Program],
    select: Callable[[Program], SelectionT],
    compile: Callable[..., Compilation],
    hashing: Hashing,
    *,
    all_written: bool = False,
) -> WithRows[SelectionT]:
    """Compile with the rows that are there.

    `compile` takes a program and the steps to keep. Rows count where the jobs that write them are current; after a run,
    all of them are (`all_written`). Only then it is asked what of it is selected. Raises `CompileError` as these
    functions do, and for rows that cannot be used.
    """
    program = program_of(options)
    while program.late:
        wanted = [late for late in program.late if late.table.name not in options.rows]
        made = compile(program, keep=_sources(program))
        ready = wanted if all_written else _current(made, wanted, hashing)
        if not ready:
            break
        options = replace(options, rows={**options.rows, **read_rows(program, made.unoptimized, ready)})
        program = program_of(options)
    selection = select(program)
    return WithRows(compile(program, keep=(*selection.steps(program), *_sources(program))), options, selection)


def _sources(program: Program) -> tuple[str, ...]:
    """The steps that write rows, which stay what they are: their rows are read."""
    known = (table.late.step for table in program.tables.values() if table.late is not None)
    return tuple(dict.fromkeys([*known, *(late.source for late in program.late)]))


def _current(made: Compilation, late: Iterable[LateSteps], hashing: Hashing) -> list[LateSteps]:
    decisions = decisions_for(made, hashing)
    # What was made under a former name of the step is not in its place before a run has moved it there.
    elsewhere = {made.graph.families[name].origin(number)[0].step for name, number in decisions.brought}
    running = _to_run(made.graph, decisions) | elsewhere
    return [each for each in late if each.source not in running]


def _to_run(graph: Graph, decisions: Decisions) -> set[str]:
    """The steps of the spec some of whose jobs run, or may."""
    return {graph.families[found.task.name].origin(number)[0].step for found, number in decisions.jobs()}


def read_rows(program: Program, graph: Graph, late: Iterable[LateSteps]) -> KnownRows:
    """The rows of some tables, as they were written. Raises `CompileError` for those that cannot be used."""
    expansion = Expansion(graph)
    roots = [root for root in graph.roots.values() if root != graph.workspace and "://" not in root]
    found: dict[str, dict[tuple[str, ...], list[dict[str, str]]]] = {}
    told = []
    for table, step, port, _ in late:
        source = table.late
        assert source is not None
        here = found[table.name] = {}
        for number, key in enumerate(graph.families[step].keys.instances):
            outputs = expansion.outputs(step, number)
            within = [*roots, *(str(path) for path in outputs.values() if isinstance(path, str))]
            try:
                place, form = str(outputs[port]), (source.pattern, source.types)
                here[key] = rows_of(
                    place, source.own, *form, within, base=graph.folder, names=source.names, comment=source.comment
                )
            except BadRows as error:
                hint = f"mend what `{step}` writes, and run again"
                told.append(table_faults.BAD_ROWS.at(table.span, f"the rows of `{table.name}`: {error}", help=hint))
    if told:
        raise CompileError(told)
    return found


def refuse_unknown(made: Compilation) -> None:
    """Raise `CompileError` for a pipeline that would be run as if there were no jobs but those that are known."""
    if not made.program.late or made.options.staged:
        return
    told = [
        faults.ROWS_TO_COME.at(
            late.table.span,
            f"the jobs of {', '.join(f'`{step}`' for step in late.steps)} are known after `{late.source}` has run",
            help="`run(background=False)` waits, and goes on with them; or run that step first, with `select`",
        )
        for late in made.program.late
    ]
    raise CompileError(told)


def refuse_stale(program: Program, graph: Graph, decisions: Decisions) -> None:
    """Raise `CompileError` where jobs were made for rows whose own step has to run again: there may be others then."""
    known = {t.late.step: t for t in program.tables.values() if t.late is not None and t.late.known}
    if not known:
        return
    told = [
        faults.ROWS_GONE.at(
            known[step].span,
            f"the rows of `{known[step].name}` were read, and `{step}`, which writes them, has to run again",
            help="run again; leave `--forceall` out, which would have it so each time",
        )
        for step in sorted(_to_run(graph, decisions) & known.keys())
    ]
    if told:
        raise CompileError(told)
