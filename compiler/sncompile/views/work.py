"""What of a plan has to run, and why: decisions about jobs, told by the steps of the spec."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from sncompile.diagnostics.counted import counted
from sncompile.state.decisions import Decisions, Reason, Verdict, Why


class JobWork(NamedTuple):
    """A job that has to run, or may: its id, and the first reason; paths as seen from the working folder."""

    id: str
    verdict: Verdict
    reason: Reason


class Change(NamedTuple):
    """What a step was given when it last ran, and what it is given now: values as JSON has them, texts of expressions
    where they differ between jobs."""

    name: str
    before: Any
    now: Any

    def told(self) -> str:
        """`sigma` 2 → 3."""
        return f"`{self.name}` {_short(self.before)} → {_short(self.now)}"


def _short(value: Any) -> str:
    plain = isinstance(value, str) and value.isprintable() and value.strip() == value != ""
    text = value if plain else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


_LONGEST = 40


@dataclass(slots=True)
class StepWork:
    """The jobs of a step: how many are current, have results elsewhere that are taken, may have to run and have to; how
    many for each reason, with the first of them as an example. Of those that do something else than they did,
    `changes` tell what they were given, where that is known."""

    current: int = 0
    taken: int = 0
    may_run: int = 0
    to_run: int = 0
    reasons: dict[tuple[Why, str], tuple[int, str]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What has to run of a pipeline, step by step; `jobs` are those that run, or may.

    `known`: whether any run is known to have made anything of it. `taken`: of how many jobs the results are taken from
    elsewhere, by whose they are. `orphans` are the files of each job that the pipeline had and has no more.
    """

    steps: Mapping[str, StepWork]
    jobs: tuple[JobWork, ...]
    known: bool
    taken: Mapping[str, int]
    orphans: tuple[tuple[str, ...], ...] = ()

    @property
    def to_run(self) -> int:
        """How many jobs have to run."""
        return sum(step.to_run for step in self.steps.values())

    @property
    def may_run(self) -> int:
        """How many jobs run if one before them writes something else than before."""
        return sum(step.may_run for step in self.steps.values())

    @property
    def current(self) -> int:
        """How many jobs need not run."""
        return sum(step.current for step in self.steps.values())


def work_of(
    decisions: Decisions, folder: str, orphans: Iterable[Sequence[str]] = (),
    changes: Mapping[str, tuple[Change, ...]] = MappingProxyType({}),
) -> Work:  # fmt: skip
    """What has to run; `folder` is the working folder, and `orphans` are told with it, and what has changed by step."""
    steps: dict[str, StepWork] = {}
    jobs = []
    known = False
    taken: Counter[str] = Counter()
    brought_to = {name for name, _ in decisions.brought}
    for name, numbers in decisions.wanted.items():
        found = decisions.tasks[name]
        known = known or any(found.before[number] is not None for number in numbers)
        if not (any(found.verdicts) or name in brought_to or found.task.made_of):
            # As of most tasks of a pipeline that has run: the names of its jobs need not even be made.
            if numbers:
                steps.setdefault(name, StepWork(changes=changes.get(name, ()))).current += len(numbers)
            continue
        ids = found.task.ids
        for number in numbers:
            name_of_step = ids[number].partition("/")[0]
            step = steps.setdefault(name_of_step, StepWork(changes=changes.get(name_of_step, ())))
            verdict, reason = found.verdicts[number], found.reasons[number]
            if (name, number) in decisions.brought:
                taken[decisions.brought[name, number].whose] += 1
            if reason is None:
                if (name, number) in decisions.brought:
                    step.taken += 1
                else:
                    step.current += 1
                continue
            reason = _near(reason, folder)
            jobs.append(JobWork(ids[number], verdict, reason))
            if verdict is Verdict.RUN:
                step.to_run += 1
            else:
                step.may_run += 1
            kind = (reason.why, _kind(reason))
            count, example = step.reasons.get(kind, (0, reason.what))
            step.reasons[kind] = (count + 1, example)
    lost = tuple(tuple(_near_path(path, folder) for path in paths) for paths in orphans)
    return Work(steps, tuple(jobs), known, taken, lost)


_PATHS = (Why.INPUT, Why.OUTPUT, Why.GONE, Why.HALF)


def _near(reason: Reason, folder: str) -> Reason:
    if reason.why not in _PATHS or not os.path.isabs(reason.what):
        return reason
    return reason._replace(what=_near_path(reason.what, folder))


def _near_path(path: str, folder: str) -> str:
    near = os.path.relpath(path, os.path.abspath(folder))
    return near if not near.startswith("../../..") else path


def _kind(reason: Reason) -> str:
    """What reasons of one kind have in common: the parts that changed, or the step that comes before."""
    if reason.why is Why.CHANGED:
        return reason.what
    return reason.what.partition("/")[0] if reason.why in (Why.AFTER, Why.NEEDED) else ""


def work_object(work: Work) -> dict[str, Any]:
    """What has to run, for machines."""
    return {
        "to_run": work.to_run,
        "may_run": work.may_run,
        "current": work.current,
        "taken": dict(work.taken),
        "orphans": [list(paths) for paths in work.orphans],
        "steps": {name: _step_object(step) for name, step in work.steps.items()},
    }


def _step_object(step: StepWork) -> dict[str, Any]:
    return {
        "to_run": step.to_run,
        "may_run": step.may_run,
        "current": step.current,
        "taken": step.taken,
        "reasons": [
            {"why": why.value, "of": kind, "jobs": count, "example": example}
            for (why, kind), (count, example) in step.reasons.items()
        ],
        "changes": [change._asdict() for change in step.changes],
    }


def job_object(job: JobWork) -> dict[str, Any]:
    """A job that has to run, or may, for machines."""
    return {"id": job.id, "verdict": VERDICTS[job.verdict], "why": job.reason.why.value, "of": job.reason.what}


VERDICTS = {Verdict.RUN: "run", Verdict.MAY: "may"}


def orphans_told(work: Work) -> str:
    """The orphans in words: `2 jobs that are no more left 3 files: out/a and 2 more`; empty without any."""
    files = [path for paths in work.orphans for path in paths]
    if not files:
        return ""
    jobs, more = len(work.orphans), f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    whose = f"{jobs:,} {'job that is' if jobs == 1 else 'jobs that are'} no more"
    return f"{whose} left {counted(len(files), 'file')}: {files[0]}{more}"


def reasons_told(step: StepWork) -> Iterator[str]:
    """The reasons of a step in words, each with how many jobs have it."""
    given = ", ".join(change.told() for change in step.changes)
    for (why, kind), (count, example) in step.reasons.items():
        changed = f" ({given})" if given and why is Why.CHANGED else ""
        yield f"{count:,} {told(Reason(why, kind or example))}{changed}"


def told(reason: Reason) -> str:
    """A reason in words."""
    what = reason.what
    match reason.why:
        case Why.UNKNOWN:
            return "not made by any run that is known"
        case Why.UNFINISHED:
            return "failed or stopped when last run"
        case Why.CHANGED:
            return f"changed: {', '.join(_PARTS.get(part, part) for part in what.split(', '))}"
        case Why.INPUTS:
            return f"number of input files {what}"
        case Why.INPUT:
            return f"input changed: {what}"
        case Why.OUTPUT:
            return f"output changed by something else: {what}"
        case Why.GONE:
            return f"output gone: {what}"
        case Why.HALF:
            return f"output half-written: {what}"
        case Why.NEEDED:
            return f"temporary output needed again by {what}"
        case Why.AFTER:
            return f"after {what}"
        case Why.ASKED:
            return "asked for"


_PARTS = {
    "command": "its command or a value in it",
    "paths": "its files, their paths or what they must be like",
    "files": "a file of its module",
    "container": "its container",
    "environment": "its environment variables",
}
