"""`run --disk SIZE`: the disk becomes fuller by no more than that, or the run does not start.

What jobs are expected to write says in which order they fit; the engine's process holds them to it
(`engine/disk_keeping.py`).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import CompileError, Diagnostic, Span
from sncompile.faults import runs as faults
from sncompile.ir.graph.model import Graph
from sncompile.runner.engine.disk_keeping import Place, size_of
from sncompile.runner.engine.options import Setting
from sncompile.runner.files.run_files import files_of
from sncompile.runner.record import private
from sncompile.runner.run_options import RunOptions
from sncompile.runner.state.orders import Order
from sncompile.state.decisions import Decisions
from sncompile.state.disk_order import DiskOrder, smallest_order
from sncompile.state.expected import Basis
from sncompile.state.forecast import Workload
from sncompile.views.rounded import size_text

_FEW = 3
"""So many steps are named."""


class Room(NamedTuple):
    """Where it is written down for the engine, the budget in bytes, and the files that were asked for."""

    path: Path
    budget: int
    targets: Sequence[str] = ()


def keep_room(
    room: Room, decisions: Decisions | None, settings: Iterable[Setting], folder: str, orders: Iterable[Order],
    documents: Mapping[str, str],
) -> str:  # fmt: skip
    """Write down for the engine in which order jobs fit into the room; gives what there is to say of it.

    Raises `CompileError` where they do not, or nobody knows.
    """
    if decisions is None or any(setting.member == "notemp" for setting in settings):
        why = "files are stored elsewhere" if decisions is None else "`--notemp` keeps what would be deleted"
        help = "run without `--disk`, or without that"
        raise CompileError([faults.NO_ROOM.at(None, f"`--disk` cannot be held, as {why}", help=help)])
    kept = [os.path.normpath(os.path.join(os.path.abspath(folder), path)) for path in room.targets]
    work = Workload(decisions, folder, kept)
    spans = {name: made.task.span for name, made in decisions.tasks.items()}
    order = smallest_order(work.load)
    found = _unknown(work, spans) or (_no_room(room.budget, order, work, spans) if order.peak > room.budget else None)
    if found is not None:
        raise CompileError([found], dict(documents))
    engine = {each.id: each.engine for each in orders}
    places = [
        Place(engine[work.id_of(turn.job)], turn.needs, turn.level, work.sizes[turn.job])
        for turn in order.turns
        if work.id_of(turn.job) in engine
    ]
    with open(room.path, "w", encoding="utf-8", opener=private) as file:
        json.dump({"budget": room.budget, "places": places}, file)
    least = size_text(max(0, order.peak))
    return f"disk: job by job, it would become {least} fuller; it is kept to {size_text(room.budget)}"


def taken_by(graph: Graph, options: RunOptions) -> int:
    """The bytes of what the jobs of a graph write, as far as it is there; 0 where the run has no budget."""
    if options.disk is None:
        return 0
    files = files_of(graph, Path(graph.folder), graph.families, ())
    # Of what lies in a directory that is written, the directory tells.
    parts = {path for path in files.writes for folder in Path(path).parents if str(folder) in files.folders}
    return sum(size_of(Path(path)) for path in files.writes.keys() - parts)


def for_the_rest(options: RunOptions, graph: Graph, before: int) -> RunOptions:
    """The options for what follows from rows that a run has written: the disk is fuller by now than `taken_by` told
    `before` it, and that much of the budget is used."""
    if options.disk is None:
        return options
    return replace(options, disk=max(0, options.disk - taken_by(graph, options) + before))


def read_room(path: Path) -> tuple[int, list[Place]]:
    """The budget in bytes, and the order in which jobs fit into it. Raises `OSError`."""
    told = json.loads(path.read_text("utf-8"))
    return told["budget"], [Place(*place) for place in told["places"]]


def _unknown(work: Workload, spans: Mapping[str, Span]) -> Diagnostic | None:
    """The fault of steps of which nobody knows how much they write."""
    unknown = [step for step, basis in work.written_by.never.items() if basis is Basis.NOTHING]
    if not unknown:
        return None
    names = ", ".join(f"`{step}`" for step in unknown[:_FEW])
    more = f" and {len(unknown) - _FEW} more" if len(unknown) > _FEW else ""
    message = f"nobody knows how much {names}{more} write{'s' * (len(unknown) == 1)}: no job of the kind has ever ended"
    help = "say `disk` in the step's resources, or run once without `--disk`"
    return faults.NO_ROOM.at(spans.get(unknown[0]), message, help=help)


def _no_room(budget: int, order: DiskOrder, work: Workload, spans: Mapping[str, Span]) -> Diagnostic:
    by_step: Counter[str] = Counter()
    for job, size in order.held.items():
        by_step[work.step_of(job)] += size
    most = [(step, size) for step, size in by_step.most_common(_FEW) if size > 0]
    needed, allowed = size_text(order.peak), size_text(budget)
    if needed == allowed:
        needed, allowed = f"{order.peak:,} B", f"{budget:,} B"
    message = f"the disk would become {needed} fuller, and {allowed} are allowed"
    parts = ", ".join(f"{size_text(size)} of `{step}`" for step, size in most)
    help = (
        f"that is in the best order that was found; there are then {parts}\n"
        "allow more, or have outputs deleted that are only read by other steps (`temp: true`)"
    )
    return faults.NO_ROOM.at(spans.get(most[0][0]), message, help=help)
