"""What the engine of a run is told: which jobs to do, and what to write down of them.

`orders.jsonl` in the run's folder has a line for each list of paths that several jobs read (`["l", number, paths]`),
for each deleted file that counts as there (`g`), for each job that runs, or may (`j`), and for each temporary output
that may be there at the end (`t`). The engine knows a job by a file that it writes, or by the mark of its rule; where
it does several jobs as one, those that stay are there as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.ir.graph.model import Graph
from sncompile.lowering.model import Lowered
from sncompile.runner.files.job_files import marks
from sncompile.runner.record import private
from sncompile.state.decisions import Decisions, TaskDecisions, Verdict
from sncompile.state.store import Done
from sncompile.state.temporary import Temporary
from sncompile.targets.snakemake.batching import instance_mark


@dataclass(frozen=True, slots=True)
class Order:
    """A job that an engine is told of.

    `engine` is the file that the engine knows it by. `root`, `key` and `digest` are what the state knows it by,
    `inputs` and `outputs` its files, absolute. `before` are the versions of its inputs at its last end, where it stays
    if they are the same again. `made`: whether a run is known to have made its outputs, whatever has become of them. A
    job of a batch has a `mark` of its own, and the text that says that it is done.
    """

    engine: str
    id: str
    verdict: Verdict
    root: str
    key: str
    digest: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    before: Sequence[str] | None
    made: bool
    mark: str = ""
    mark_text: str = ""


class Deletion(NamedTuple):
    """A temporary output, as in `Temporary`; `after` are the files that the engine knows the jobs by."""

    path: str
    root: str
    key: str
    kept: bool
    after: frozenset[str]


_SHARED = 16
"""A list of more paths is written once."""


class Orders(NamedTuple):
    """What an engine is told.

    `jobs` are by the file that the engine knows them by, without `.` and `..`; `gone` are deleted temporary files that
    count as there, with their versions; `temporary` are those that may be there at the end.
    """

    jobs: Mapping[str, Sequence[Order]]
    gone: Mapping[str, str] = {}
    temporary: Sequence[Deletion] = ()


def write_orders(
    path: Path, orders: Iterable[Order], gone: Mapping[str, str], temporary: Iterable[Temporary], lowered: Lowered
) -> None:
    """Write orders down, with the deleted temporary files that count as there and their versions."""
    engines: dict[str, str] = {}
    lists: dict[int, tuple[int, Sequence[str]]] = {}
    with open(path, "w", encoding="utf-8", errors="surrogateescape", opener=private) as file:

        def told(held: Sequence[str] | None) -> Any:
            if held is None or len(held) <= _SHARED:
                return held
            if id(held) not in lists:
                lists[id(held)] = (len(lists), held)
                file.write(json.dumps(["l", len(lists) - 1, list(held)]) + "\n")
            return lists[id(held)][0]

        file.writelines(json.dumps(["g", *each]) + "\n" for each in gone.items())
        for order in orders:
            engines[order.id] = order.engine
            row = (
                "j", order.engine, order.id, int(order.verdict), order.root, order.key, order.digest,
                told(order.inputs), told(order.outputs), told(order.before), order.made, order.mark, order.mark_text,
            )  # fmt: skip
            file.write(json.dumps(row) + "\n")
        for each in temporary:
            after = dict.fromkeys(engines[lowered.tasks[job.task].ids[job.number]] for job in each.after)
            file.write(json.dumps(["t", each.path, each.root, each.key, each.kept, list(after)]) + "\n")


def read_orders(path: Path) -> Orders:
    """The orders in a file. Raises `OSError`."""
    found: dict[str, list[Order]] = {}
    gone: dict[str, str] = {}
    lists: dict[int, tuple[str, ...]] = {}
    temporary: list[Deletion] = []
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            kind, *told = json.loads(line)
            if kind == "g":
                gone[told[0]] = told[1]
                continue
            if kind == "l":
                lists[told[0]] = tuple(told[1])
                continue
            if kind == "t":
                place, of, name, kept, after = told
                temporary.append(Deletion(place, of, name, kept, frozenset(map(os.path.normpath, after))))
                continue
            engine, id, verdict, root, key, digest, *held, made, mark, text = told
            inputs, outputs, before = (lists[each] if isinstance(each, int) else each for each in held)
            order = Order(engine, id, Verdict(verdict), root, key, digest, inputs, outputs, before, made, mark, text)
            found.setdefault(os.path.normpath(engine), []).append(order)
    return Orders(found, gone, temporary)


def orders_of(graph: Graph, lowered: Lowered, decisions: Decisions, marked: Iterable[str]) -> Iterator[Order]:
    """The orders for the jobs of a graph; the `marked` families are known to the engine by their marks."""
    by_mark = frozenset(marked)
    for name, found in decisions.tasks.items():
        family = graph.families[name]
        if not any(found.verdicts):
            continue
        own = list(marks(graph, family)) if name in by_mark or not family.outputs else None
        firsts = own if own is not None else [_first(found, number) for number in range(len(found.keys))]
        if not family.batches:
            for number in decisions.wanted[name]:
                if found.verdicts[number]:
                    yield _order(found, number, firsts[number])
            continue
        busy = {firsts[number] for number in decisions.wanted[name] if found.verdicts[number]}
        for number in range(len(found.keys)):
            if firsts[number] in busy:
                mark = instance_mark(graph.workspace, family, number)
                yield _order(found, number, firsts[number], mark, lowered.tasks[name].digests[number])


def lacking_marks(graph: Graph, decisions: Decisions, marked: Iterable[str]) -> Iterator[str]:
    """The marks that are not there of jobs that the engine knows by one, and that need not run, or may not have to.

    Whoever reads from such a job, or comes after it, waits for its mark. Batches may be others than they were, with
    marks of their own, and so may rules that do the jobs of several steps.
    """
    by_mark = frozenset(marked)
    for name, found in decisions.tasks.items():
        if name not in by_mark and graph.families[name].outputs:
            continue
        own = list(marks(graph, graph.families[name]))
        runs = {own[number] for number in decisions.wanted[name] if found.verdicts[number] is Verdict.RUN}
        for mark in dict.fromkeys(own[number] for number in decisions.wanted[name]):
            if mark not in runs and not os.path.lexists(os.path.join(graph.folder, mark)):
                yield mark


def _first(found: TaskDecisions, number: int) -> str:
    """The first file that a job writes."""
    return next(paths[0] for output in found.task.outputs.values() if (paths := output.paths[number]))


def _order(found: TaskDecisions, number: int, engine: str, mark: str = "", text: str = "") -> Order:
    verdict, before = found.verdicts[number], found.before[number]
    known: Done | None = before if verdict is not Verdict.RUN else None
    return Order(
        engine, found.task.ids[number], verdict, found.roots[number], found.keys[number], found.digests[number],
        found.inputs[number], found.outputs[number], None if known is None else known.inputs, before is not None,
        mark, text,
    )  # fmt: skip


def engine_jobs(orders: Mapping[str, Sequence[Order]]) -> set[str]:
    """The files by which the engine knows the jobs that have something to do, or may have."""
    return {engine for engine, held in orders.items() if any(order.verdict for order in held)}
