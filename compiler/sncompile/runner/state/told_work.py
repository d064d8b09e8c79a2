"""What of a pipeline has to run, as people are told: with orphans, and with what steps were given before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.compilation import Compilation
from sncompile.ir.values.evaluate import Evaluator
from sncompile.runner.facts import given_to
from sncompile.runner.find import runs_in
from sncompile.runner.record import RunFolder, read_object, read_record
from sncompile.runner.state.orphans import orphans_of
from sncompile.semantics.program import Program
from sncompile.state.decisions import Decisions, Why
from sncompile.views.work import Change, Work, work_of


def told_work(made: Compilation, decisions: Decisions) -> Work:
    """What has to run, and why. Of a job that does something else than it did it is told which values of its step, or
    its image, are others, where the record of the run that made it is still there."""
    orphans = orphans_of(made, decisions.states, decisions)
    folder = made.graph.folder
    changes = dict(_changes(made.program, Path(folder), decisions))
    return work_of(decisions, folder, [each.paths for each in orphans], changes)


def _changes(program: Program, folder: Path, decisions: Decisions) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """What each step was given when its jobs ran that do something else now; where several runs made them, what all of
    these gave alike."""
    ended = _changed_steps(decisions)
    if not ended:
        return
    runs = list(_runs(folder / "runs", program.name))
    facts: dict[Path, Mapping[str, Mapping[str, Any]]] = {}
    evaluator = Evaluator(program.steps)
    for step, times in ended.items():
        makers = {next((run.folder for run in runs if run.started <= when <= run.ended), None) for when in times}
        if None in makers or step not in program.steps:
            continue
        now = given_to(program.steps[step], evaluator)
        found: list[list[Change]] = []
        for run in filter(None, makers):
            if run not in facts:
                facts[run] = _given_then(read_object(RunFolder(run).facts))
            then = facts[run].get(step, {})
            found.append([Change(n, then[n], now[n]) for n in then if n in now and _differ(then[n], now[n])])
        first, *others = found
        yield step, tuple(change for change in first if all(change in other for other in others))


def _differ(one: Any, other: Any) -> bool:
    # To Python, `1` and `true` are equal.
    return json.dumps(one) != json.dumps(other)


def _changed_steps(decisions: Decisions) -> dict[str, set[float]]:
    """Each step with jobs that do something else than they did, and when these ended."""
    found: dict[str, set[float]] = {}
    for made, number in decisions.jobs():
        reason, before = made.reasons[number], made.before[number]
        if reason is not None and reason.why is Why.CHANGED and before is not None:
            found.setdefault(made.task.ids[number].partition("/")[0], set()).add(before.ended)
    return found


class _Run(NamedTuple):
    folder: Path
    started: float
    ended: float


def _runs(folder: Path, pipeline: str) -> Iterator[_Run]:
    """The runs of a pipeline that have ended, with times in seconds since 1970, the newest first."""
    for path in reversed(runs_in(folder)):
        record = read_record(path)
        times = record.get("started"), record.get("ended")
        if record.get("pipeline") == pipeline and all(isinstance(each, (int, float)) for each in times):
            yield _Run(path, *map(float, times))  # type: ignore[arg-type]


def _given_then(facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What each step was given, by the facts of a run; what makes no sense says nothing."""
    found: dict[str, dict[str, Any]] = {}
    for each in _objects(facts.get("parameters")):
        if isinstance(each.get("step"), str) and isinstance(each.get("name"), str):
            found.setdefault(each["step"], {})[each["name"]] = each.get("value")
    for each in _objects(facts.get("steps")):
        if isinstance(each.get("name"), str):
            found.setdefault(each["name"], {})["container"] = each.get("container")
    return found


def _objects(held: Any) -> Iterator[dict[str, Any]]:
    yield from (each for each in held if isinstance(each, dict)) if isinstance(held, list) else ()
