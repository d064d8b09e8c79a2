"""What all jobs of a run together may use of this machine, and which jobs ask for more than it has.

Snakemake counts memory for jobs only where it is told how much there is, so it is told. What a single job asks for
beyond that it cuts down without a word, and starts the job: so that is looked at here, before the start. Where a
scheduler or a cloud runs the jobs, this machine says nothing of what there is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.text import TextRenderer
from sncompile.faults import runs as faults
from sncompile.lowering.amounts import Amounts, sizes_in
from sncompile.lowering.model import Lowered, Task
from sncompile.runner.engine.options import HERE, Asked, Verdict
from sncompile.runner.machine import Machine
from sncompile.state.decisions import Decisions
from sncompile.targets.emitted import Emitted
from sncompile.targets.snakemake.names import RESOURCES
from sncompile.views.columns import count
from sncompile.views.rounded import size_text

MEMORY, CPUS = "memory", "cpus"


class Limits(NamedTuple):
    """What jobs may use at once; None where nothing holds them.

    `memory` is in megabytes; where it is `said` by a user or a profile, jobs that ask for more are their own doing.
    `apart` are tasks whose jobs were given other amounts than they ask for.
    """

    cores: int | None
    memory: int | None
    said: bool
    machine: Machine
    apart: frozenset[str] = frozenset()


def limits_of(verdict: Verdict, machine: Machine, cores: str, emitted: Emitted) -> Limits:
    """What a run holds its jobs to that was asked for with `--cores`."""
    asked = verdict.asked
    if asked.executor != HERE:
        return Limits(None, None, False, machine)
    said = asked.shared.get(RESOURCES[MEMORY])
    own = machine.cores if cores == "all" else int(cores)
    return Limits(
        asked.cores or own, machine.memory if said is None else said, said is not None, machine,
        _tasks_of(asked, emitted),
    )  # fmt: skip


def shared(jobs: Lowered, verdict: Verdict, limits: Limits) -> dict[str, int]:
    """What Snakemake has to be told that all jobs together may use, by its names."""
    asks = MEMORY in jobs.resources or any(setting.member == "default_resources" for setting in verdict.settings)
    return {RESOURCES[MEMORY]: limits.memory} if asks and limits.memory is not None and not limits.said else {}


def _tasks_of(asked: Asked, emitted: Emitted) -> frozenset[str]:
    """The tasks whose rules somebody gave other amounts."""
    if not asked.own:
        return frozenset()
    rules = json.loads(emitted.files.get("Snakefile.map.json", b"{}")).get("rules") or {}
    return frozenset(str(rules[name]["step"]) for name in asked.own if name in rules)


def hold(
    jobs: Lowered, decisions: Decisions | None, limits: Limits, documents: Mapping[str, str],
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Tell of jobs that will get fewer cpus than they ask for.

    Raises `CompileError` where a job that runs, or may, asks for more memory than there is.
    """
    found = list(too_large(jobs, decisions, limits))
    if found:
        raise CompileError(found, dict(documents))
    fewer = list(cut_down(jobs, decisions, limits))
    if fewer:
        say(TextRenderer(documents).render(fewer).rstrip("\n"))


# --- What is too much -----------------------------------------------------------------------------------------------


class _Beyond(NamedTuple):
    """The jobs of a step that ask for more than there is: how many, the most, and one that asks for that."""

    jobs: int
    most: int
    id: str


def too_large(jobs: Lowered, decisions: Decisions | None, limits: Limits) -> Iterator[Diagnostic]:
    """The faults of jobs that run, or may, and ask for more memory than there is."""
    if limits.memory is None or limits.said:
        return
    for task, step, found in _beyond(jobs, decisions, limits, MEMORY, limits.memory):
        asks, has = _told(found.most, limits.memory)
        who = f"`{step}`" if found.jobs == 1 else f"`{step}` ({count(found.jobs, 'job')}, such as `{found.id}`)"
        where = "this container, or the job that we are in, has" if limits.machine.held else "this machine has"
        yield faults.TOO_LARGE.at(
            task.spans[MEMORY],
            f"{who} asks for {asks} of memory, and {where} {has}",
            help="ask for less; have a cluster run it (`--profile NAME`); or, to let it start with what there is: "
            f"`-- --resources {RESOURCES[MEMORY]}={found.most}`",
        )


def cut_down(jobs: Lowered, decisions: Decisions | None, limits: Limits) -> Iterator[Diagnostic]:
    """Warnings of jobs that run, or may, and ask for more cpus than the run has cores."""
    if limits.cores is None:
        return
    for task, step, found in _beyond(jobs, decisions, limits, CPUS, limits.cores):
        yield faults.FEWER_CPUS.at(
            task.spans[CPUS],
            f"`{step}` asks for {count(found.most, 'cpu')}, and the run has {count(limits.cores, 'core')}: "
            f"its jobs get {limits.cores}",
            help="`--cores` says how many a run may use",
        )


def _beyond(
    jobs: Lowered, decisions: Decisions | None, limits: Limits, resource: str, limit: int
) -> Iterator[tuple[Task, str, _Beyond]]:
    size_of = sizes_in(jobs.folder)
    for name, numbers in _busy(jobs, decisions).items():
        task = jobs.tasks[name]
        if resource not in task.resources or name in limits.apart:
            continue
        amounts = Amounts(task, resource, size_of)
        found: dict[str, _Beyond] = {}
        for number in numbers:
            amount = amounts(number)
            if amount is None or amount <= limit:
                continue
            step = task.ids[number].partition("/")[0]
            before = found.get(step, _Beyond(0, 0, ""))
            most = amount > before.most
            found[step] = _Beyond(
                before.jobs + 1, amount if most else before.most, task.ids[number] if most else before.id
            )
        for step, each in found.items():
            yield task, step, each


def _busy(jobs: Lowered, decisions: Decisions | None) -> Mapping[str, Sequence[int]]:
    """The jobs that run, or may, by task; all that are wanted where nobody has decided."""
    if decisions is None:
        return jobs.wanted
    return {name: [n for n in numbers if decisions.tasks[name].verdicts[n]] for name, numbers in
            decisions.wanted.items()}  # fmt: skip


def _told(asked: int, has: int) -> tuple[str, str]:
    """Two amounts of megabytes in words that differ."""
    found = size_text(asked * 1_000_000), size_text(has * 1_000_000)
    return found if found[0] != found[1] else (f"{asked:,} MB", f"{has:,} MB")
