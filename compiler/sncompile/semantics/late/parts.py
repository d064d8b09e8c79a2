"""A program in two parts: what is known before any step has run, and what is known after some have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sncompile.ir.graph.commands import Waits
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.values.model import Output, Value, walk
from sncompile.ir.values.relating import UNIT, see
from sncompile.ir.values.tables import tables_of
from sncompile.semantics.checking.checks import needed_steps, sources_of, step_values
from sncompile.semantics.program import LateSteps, Program, Step


def waiting_for_rows(steps: Mapping[str, Step]) -> dict[str, Step]:
    """The steps, each of which waits for those that write the rows of the tables that it sees anything of.

    A step that takes a number of a row needs no file of who wrote it, and yet cannot come before.
    """
    return {name: _waiting(step) for name, step in steps.items()}


def _waiting(step: Step) -> Step:
    tables = dict.fromkeys([*_of_keys(step.keys), *_tables_in(step)])
    sources = [table.late for table in tables if table.late is not None]
    if not sources:
        return step
    named = {waits.step for waits in step.after}
    more = [Waits(late.step, late.instances, step.keys) for late in sources if late.step not in named]
    return step._replace(after=(*step.after, *dict.fromkeys(more)))


def _tables_in(step: Step) -> Iterator[Table]:
    for value in step_values(step):
        yield from tables_of(value)


def _of_keys(keys: KeySet) -> tuple[Table, ...]:
    return keys.rows.tables


def split(program: Program, again: Program) -> Program:
    """The part of a program that is known before its steps run; `again` is the same over other stand-in rows.

    What later steps take of it are outputs of its own, so that they are made. It is the program itself where all is
    known.
    """
    open_tables = [t for t in program.tables.values() if t.late is not None and not t.late.known]
    if not open_tables:
        return program
    later = {table.name: _after(program, [table]) for table in open_tables}
    late = {name for names in later.values() for name in names}

    def known(value: Value) -> bool:
        return not late & {leaf.step for leaf in walk(value) if isinstance(leaf, Output)} and not any(
            table in open_tables for table in tables_of(value)
        )

    outputs = {name: value for name, value in program.outputs.items() if known(value)}
    outputs |= {name: value for name, value in _taken(program, late, open_tables).items() if name not in outputs}
    return replace(
        program,
        tables={name: table for name, table in program.tables.items() if table not in open_tables},
        steps={name: step for name, step in program.steps.items() if name not in late},
        outputs=outputs,
        handed=tuple(each for each in program.handed if known(each.value)),
        named=tuple(each for each in program.named if known(each.value)),
        late=tuple(
            LateSteps(table, table.late.step, table.late.port, tuple(later[table.name]))
            for table in open_tables if table.late is not None
        ),
        whole=(_with_sources(program), _with_sources(again)),
    )  # fmt: skip


def _with_sources(program: Program) -> Program:
    """The program with what its needed sources of rows write among its outputs: an engine that asks for rows one source
    after the other then has them all made at once.
    """
    needed = needed_steps(program, {name: sources_of(step) for name, step in program.steps.items()})
    outputs = dict(program.outputs)
    for table in program.tables.values():
        late = table.late
        if late is not None and not late.known and late.step in needed:
            kind = program.steps[late.step].outputs[late.port].path.type
            output = Output(late.step, late.port, kind, late.span)
            outputs.setdefault(f"{late.step}.{late.port}", see(output, late.instances, UNIT, late.span))
    return replace(program, outputs=outputs)


def _after(program: Program, tables: list[Table]) -> list[str]:
    """The steps that are not known as long as the tables are not, in the program's order."""
    found: set[str] = set()
    grown = True
    while grown:
        before = len(found)
        for name, step in program.steps.items():
            needs = {leaf.step for value in step_values(step) for leaf in walk(value) if isinstance(leaf, Output)}
            needs |= {waits.step for waits in step.after}
            seen = {*_of_keys(step.keys), *_tables_in(step)}
            if needs & found or any(table in seen for table in tables):
                found.add(name)
        grown = len(found) > before
    return [name for name in program.steps if name in found]


def _taken(program: Program, late: set[str], tables: list[Table]) -> dict[str, Value]:
    """What late steps, and tables that are not known, take of the other steps, as outputs."""
    wanted: dict[str, tuple[str, str]] = {}
    for table in tables:
        assert table.late is not None
        wanted[f"{table.late.step}.{table.late.port}"] = table.late.step, table.late.port
    for name in sorted(late):
        for value in step_values(program.steps[name]):
            for leaf in walk(value):
                if isinstance(leaf, Output) and leaf.step not in late:
                    wanted[f"{leaf.step}.{leaf.port}"] = leaf.step, leaf.port
    found: dict[str, Value] = {}
    for called, (name, port) in wanted.items():
        step = program.steps.get(name)
        if step is None or step.outputs[port].temp:
            continue
        output = Output(name, port, step.outputs[port].path.type, step.span)
        found[called] = see(output, step.keys, UNIT, step.span)
    return found
