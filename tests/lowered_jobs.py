"""Holds the jobs of a lowered model against those of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.operands import to_text
from sncompile.ir.values.relating import UNIT
from sncompile.lowering.files import (
    CellOf,
    Either,
    Files,
    Fixed,
    Joined,
    Listed,
    OutputOf,
    PathPiece,
    Seen,
    Traced,
    keyed,
)
from sncompile.lowering.jobs import jobs as lowered_jobs
from sncompile.lowering.lower import lower
from sncompile.lowering.model import Lowered
from sncompile.lowering.pieces import Constant, Key, Plain
from sncompile.lowering.text import lowered_text


def facts(job: Job) -> dict[str, Any]:
    """All that is said of a job. What is known late (sizes, contents of files) is written in either model's own way."""
    found = job.as_object()
    del found["source"]
    late = {name: "late" for name, amount in job.resources.items() if isinstance(amount, str)}
    if late or any("${" in word for word in (*(job.command or ()), job.shell or "")):
        found["command"] = ["late" if "${" in word else word for word in job.command or ()]
        found["shell"] = "late" if "${" in (job.shell or "") else job.shell
    return {**found, "resources": {**job.resources, **late}}


def differences(graph: Graph) -> Iterator[str]:
    """What differs between the jobs of a graph and those of its lowered model, and within that."""
    lowered = lower(graph, "files")
    assert lowered_text(lowered) == lowered_text(lower(graph, "files"))
    wanted = {job.id: facts(job) for job in jobs(graph, files="files")}
    found = {job.id: facts(job) for job in lowered_jobs(lowered)}
    if list(wanted) != list(found) and sorted(wanted) != sorted(found):
        yield f"jobs {sorted(wanted.keys() ^ found.keys())}"
    for id in wanted.keys() & found.keys():
        for field, value in wanted[id].items():
            if found[id][field] != value:
                yield f"{id}: {field}: {found[id][field]!r} instead of {value!r}"
    yield from _forms(lowered)


# --- Forms of files -------------------------------------------------------------------------------------------------


def _forms(lowered: Lowered) -> Iterator[str]:
    """Where the form of a port's files says other paths than it has."""
    everything = [(f"all.{name}", UNIT, promised.files) for name, promised in lowered.outputs.items()]
    for task in lowered.tasks.values():
        ports = {f"in {name}": port.files for name, port in task.inputs.items()}
        ports |= {f"out {name}": port.files for name, port in task.outputs.items()}
        everything += [(f"{task.name} {name}", task.key_set, files) for name, files in ports.items()]
    for name, at, files in everything:
        for number, cell in enumerate(files.cells):
            told = _told(files, at, number, lowered)
            if told != cell:
                yield f"{name} of job {number}: its form says {told!r} instead of {cell!r}"


def _told(files: Files, at: KeySet, number: int, lowered: Lowered) -> Plain:
    """What an instance of `at` has, by the form of its files alone."""
    pieces = files.pieces
    whole = keyed(pieces) or isinstance(files.form, Joined)
    if pieces and whole and not isinstance(files.form, Fixed | Either | Traced):
        return None if _lacks(files, at, number) else "".join(_piece(piece, at, number) for piece in pieces)
    match files.form:
        case Fixed(value):
            return value
        case Listed(items):
            told = [(_told(item, at, number, lowered), item.many) for item in items]
            parts = [cell or () if many else () if cell is None else (cell,) for cell, many in told]
            return tuple([path for part in parts for path in part])  # type: ignore[union-attr]
        case Either(test, then, other):
            return _told(then if test[number] else other, at, number, lowered)
        case Traced(path, _):
            return _told(path, at, number, lowered)
        case Seen(inner, source, target) as form:
            here = number if at is target else at.related(target)[number][0]
            related = target.related(source)[here]
            cells = [_home(inner, source, each, lowered) for each in related]
            if not form.gathers:
                return cells[0] if cells else None
            return tuple([path for cell in cells for path in (cell or () if inner.many else [cell])])  # type: ignore[union-attr]
    return files.cells[number]


def _home(files: Files, at: KeySet, number: int, lowered: Lowered) -> Plain:
    """What is seen, at the instances that it belongs to."""
    match files.form:
        case OutputOf(task, port):
            assert lowered.tasks[task].key_set is at
            return lowered.tasks[task].outputs[port].files.cells[number]
        case CellOf(table, column):
            return files.cells[number] if len(table) == len(at) else table.columns[column][number]
    return _told(files, at, number, lowered)


def _lacks(files: Files, at: KeySet, number: int) -> bool:
    """Whether an instance has none of what a path is seen from."""
    form = files.form
    if not isinstance(form, Seen):
        return False
    here = number if at is form.target else at.related(form.target)[number][0]
    return not form.target.related(form.source)[here]


def _piece(piece: PathPiece, at: KeySet, number: int) -> str:
    match piece:
        case Constant(text):
            return text
        case Key(name, encoded, home):
            key = at.column(name)[number] if name in at.by else home.column(name)[at.related(home)[number][0]]
            return encode_key(key) if encoded else key
    return to_text(piece.column.cells[number])
