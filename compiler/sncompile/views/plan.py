"""What a pipeline would do: its steps and their sizes, the files that must be there, the files that it is for.

Jobs are counted, never written out, so a plan of 100,000 jobs costs little more than one of ten.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.diagnostics.machine import as_object
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.text import value_text
from sncompile.ir.language.functions import ValueFault
from sncompile.ir.language.locations import is_url
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Value, is_constant
from sncompile.ir.values.relating import UNIT
from sncompile.ir.values.run_time import dynamic
from sncompile.semantics.checking.files import input_files
from sncompile.semantics.program import LateSteps, Program, Step
from sncompile.state.forecast import Forecast
from sncompile.state.versions import Looker
from sncompile.views.forecast_text import forecast_object
from sncompile.views.work import Work, work_object


class Amount(NamedTuple):
    """A resource over all instances of a step: least and most, and the expression where it is none fixed number.

    `low` and `high` are of the first attempt; None where the amount depends on the files' sizes.
    """

    low: int | None
    high: int | None
    expression: str | None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step: its keys, how many instances, and what each may use. Memory and disk in megabytes, time in minutes."""

    name: str
    title: str
    by: tuple[str, ...]
    instances: int
    module: str
    needs: tuple[str, ...]
    resources: Mapping[str, Amount]
    span: Span


class LatePlan(NamedTuple):
    """A step whose jobs are known after those of the steps `after` have run."""

    name: str
    title: str
    by: tuple[str, ...]
    after: tuple[str, ...]


class TablePlan(NamedTuple):
    """A table: its keys, how many rows, and what its other columns hold. What is None is known later."""

    name: str
    by: tuple[str, ...]
    rows: int | None
    columns: Mapping[str, str]


class InputFile(NamedTuple):
    """A file that must be there before a run. `exists` is None where that cannot be known (a URL)."""

    path: str
    exists: bool | None
    step: str
    port: str


class OutputFiles(NamedTuple):
    """What the pipeline is for: an output's name and its path or paths."""

    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, steps in an order in which they could run."""

    pipeline: str
    title: str
    jobs: int
    steps: tuple[StepPlan, ...]
    inputs: tuple[InputFile, ...]
    outputs: tuple[OutputFiles, ...]
    warnings: tuple[Diagnostic, ...]
    work: Work | None = None
    """What of it has to run, and why; None where nobody looked."""
    forecast: Forecast | None = None
    """What that would take; None where nothing has to run, or nobody looked."""
    late: tuple[LatePlan, ...] = ()
    """The steps whose jobs are known later."""
    tables: tuple[TablePlan, ...] = ()
    """The tables of the pipeline itself."""
    later: tuple[LateSteps, ...] = ()
    """The steps whose jobs are known later, by the tables that they wait for."""

    def as_object(self) -> dict[str, Any]:
        """The JSON form of the interface."""
        return {
            "pipeline": self.pipeline,
            "title": self.title,
            "jobs": self.jobs,
            "steps": [_step_object(step) for step in self.steps],
            "tables": [
                {"name": t.name, "by": list(t.by), "rows": t.rows, "columns": dict(t.columns)} for t in self.tables
            ],
            "inputs": [file._asdict() for file in self.inputs],
            "outputs": [{"name": output.name, "paths": list(output.paths)} for output in self.outputs],
            "warnings": [as_object(warning) for warning in self.warnings],
            **({} if not self.late else {"late": [_late_object(late) for late in self.late]}),
            **({} if self.work is None else {"work": work_object(self.work)}),
            **({} if self.forecast is None else {"forecast": forecast_object(self.forecast)}),
        }


def plan_of(
    program: Program, graph: Graph, warnings: Sequence[Diagnostic] = (), work: Work | None = None,
    expected: Forecast | None = None, looker: Looker | None = None,
) -> Plan:  # fmt: skip
    """The plan of a program and its graph; `warnings` are told with it, what of it has to run, and what that takes.
    `looker` has looked at files already."""
    exists = _existence(program, looker)
    evaluator = Evaluator(graph.families)
    return Plan(
        graph.name,
        graph.title,
        graph.job_count(),
        (
            *(_step(graph, graph.families[name], evaluator) for name in graph.order()),
            *(_without_jobs(step) for name, step in program.steps.items() if name not in graph.families),
        ),
        tuple(
            InputFile(path, exists(path), step, port)
            for path, (step, port) in input_files(program, Evaluator(program.steps)).items()
        ),
        tuple(OutputFiles(name, _paths(value, evaluator)) for name, value in graph.outputs.items()),
        tuple(warnings),
        work,
        expected,
        late_plans(program),
        tuple(_table_plans(program)),
        tuple(program.late),
    )


def _table_plans(program: Program) -> Iterator[TablePlan]:
    late = {each.table.name: each.table for each in program.late}
    for name, table in {**program.tables, **late}.items():
        kinds = {**{column: str(kind) for column, kind in {**table.reads, **table.files}.items()}}
        columns = {column: kinds.get(column, "string") for column in table.columns if column not in table.key}
        yield TablePlan(name, table.key, None if name in late else len(table), columns)


def late_plans(program: Program) -> tuple[LatePlan, ...]:
    """The steps whose jobs are known after others have run, each once, with all of those others."""
    sources: dict[str, list[str]] = {}
    for late in program.late:
        for step in late.steps:
            sources.setdefault(step, []).append(late.source)
    if program.whole is None:
        return ()
    steps = program.whole[0].steps
    return tuple(LatePlan(n, steps[n].title, steps[n].keys.by, tuple(sources[n])) for n in steps if n in sources)


def _late_object(late: LatePlan) -> dict[str, Any]:
    return {"name": late.name, "title": late.title, "by": list(late.by), "known_after": list(late.after)}


def _step(graph: Graph, family: Family, evaluator: Evaluator) -> StepPlan:
    amounts = {
        each.job: _amount(family.resources[name], family, evaluator)
        for name, each in RESOURCES.items()
        if name in family.resources
    }
    needs = dict.fromkeys(graph.above(family.name))
    by = tuple(family.keys.by)
    return StepPlan(family.name, family.title, by, len(family.keys), family.module, tuple(needs), amounts, family.span)


def _without_jobs(step: Step) -> StepPlan:
    """A step that has no jobs, as the rows that it ranges over are none."""
    return StepPlan(step.name, step.title, step.keys.by, 0, step.module.name.name, (), {}, step.span)


def _amount(value: Value, family: Family, evaluator: Evaluator) -> Amount:
    expression = f"${{{value_text(value)}}}" if dynamic(value) or not is_constant(value) else None
    number = 1 if is_constant(value) else len(family.keys)
    try:
        closure = evaluator.closure(value, family.keys, family)
        found = [closure(i) for i in range(min(number, len(family.keys)))]
    except (AtRunTime, ValueFault):
        return Amount(None, None, expression)
    low, high = min(found, default=0), max(found, default=0)
    return Amount(low, high, expression if low != high or dynamic(value) else None)


def _existence(program: Program, looker: Looker | None) -> Callable[[str], bool | None]:
    """Whether an input is there; None where nobody knows."""
    folder = str(program.folder)
    start = f"{os.path.abspath(folder)}/"

    def exists(path: str) -> bool | None:
        if is_url(path):
            return None
        # Of many files, and `Path` costs ten times that.
        there = looker.there(path if path[:1] == "/" else start + path) if looker is not None else None
        return os.path.exists(os.path.join(folder, path)) if there is None else there

    return exists


def _paths(value: Value, evaluator: Evaluator) -> tuple[str, ...]:
    found = evaluator.closure(value, UNIT)(0)
    return tuple(map(str, found)) if isinstance(found, tuple) else () if found is None else (str(found),)


def _step_object(step: StepPlan) -> dict[str, Any]:
    return {
        "name": step.name,
        "title": step.title,
        "by": list(step.by),
        "instances": step.instances,
        "module": step.module,
        "needs": list(step.needs),
        "resources": {
            name: amount.low if amount.expression is None else amount._asdict()
            for name, amount in step.resources.items()
        },
        "span": step.span._asdict(),
    }
