"""What differs in a job by itself: in all that goes into its digest but the digests of what it reads.

What jobs are made from is compared column by column, and only where the two graphs are not alike in form. So the cost
is that of what has changed; and a job counts exactly where its digest would differ.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sncompile.ir.diff.commands import compare_command, compare_resources_taken
from sncompile.ir.diff.comparison import Comparison
from sncompile.ir.diff.model import Kind
from sncompile.ir.diff.settings import compare_settings
from sncompile.ir.diff.sides import Sides
from sncompile.ir.diff.tally import Changes, Tally
from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.settings import identity_of
from sncompile.ir.jobs.expansion import module_files
from sncompile.ir.language.functions import to_text
from sncompile.ir.language.types import STRING
from sncompile.ir.values.model import Apply, Const, Items, Output, Plain, Related, Value, is_constant, walk


def compare_own(sides: Sides, family: Family) -> Changes:
    """What differs in the jobs of a family of the new graph; the families that it reads from come before it."""
    changes = Changes(family)
    for pair in sides.pairing.pairs[family.name]:
        if pair.here:
            comparison = Comparison(sides, pair, changes)
            _compare_files(comparison)
            compare_command(comparison)
            for column in _columns(pair.old, pair.new):
                _compare_column(comparison, column)
            _compare_fixed(comparison)
            _compare_paths(comparison)
            compare_resources_taken(comparison)
            _compare_reads(comparison)
            compare_settings(comparison)
    return changes


# --- Values -------------------------------------------------------------------------------------------------------


class _Column(NamedTuple):
    """One thing that jobs are made from; None on the side that does not have it."""

    kind: Kind
    name: str
    old: Value | None
    new: Value | None


def _columns(old: Family, new: Family) -> Iterator[_Column]:
    for kind, before, now in (
        (Kind.PARAMETER, old.params, new.params),
        (Kind.INPUT, _inputs(old), _inputs(new)),
        (Kind.ENVIRONMENT, _variables(old), _variables(new)),
        (Kind.CONTAINER, _container(old), _container(new)),
    ):
        for name in dict.fromkeys((*now, *before)):
            yield _Column(kind, name, before.get(name), now.get(name))


def _inputs(family: Family) -> dict[str, Value]:
    """What a family reads, and what stands in the tables that are made for its jobs."""
    made = {name: listed.value for name, listed in family.lists.items() if not listed.of_module}
    return {name: taken.value for name, taken in family.inputs.items()} | made


def _variables(family: Family) -> dict[str, Value]:
    """The variables of the environment as texts; of a secret one nothing is known but that it is there."""
    return {
        v.name: Const("***", STRING, family.span) if v.secret or v.value is None else _as_text(v.value)
        for v in family.env
    }


def _as_text(value: Value) -> Value:
    if isinstance(value, Const):
        return value._replace(value=to_text(value.value))
    return Apply("str", (value,), STRING, value.span)


def _container(family: Family) -> dict[str, Value]:
    return {} if family.container is None else {"": family.container}


def _compare_column(comparison: Comparison, column: _Column) -> None:
    old, new = column.old, column.new
    span = comparison.new.span if new is None else new.span
    if old is None or new is None:
        tally = Tally(column.kind, column.name, span, (old is not None, new is not None))
        comparison.one_sided(tally, old, new)
    elif not comparison.alike(old, new):
        tally = Tally(column.kind, column.name, span)
        if is_constant(old) and is_constant(new):
            comparison.constants(tally, old, new)
        elif not comparison.sources(tally, old, new):
            comparison.each(tally, comparison.before(old), comparison.now(new))


def _compare_fixed(comparison: Comparison) -> None:
    """What is the same for all jobs of a family: every field that decides what they write and holds no values."""
    old, new = _fixed(comparison.old), _fixed(comparison.new)
    for what in dict.fromkeys((*new, *old)):
        before, now = old.get(what), new.get(what)
        if before == now:
            continue
        if what[0] in ("inputs", "outputs") and not _on_both_sides(comparison, what):
            continue  # That the port is new, or gone, is told by itself.
        kind, name = _called(what)
        there = (what in old, what in new) if kind is Kind.CONDA else (True, True)
        comparison.once(Tally(kind, name, comparison.new.module_span, there), _plain(before), _plain(now))


def _fixed(family: Family) -> dict[tuple[str, ...], Any]:
    return dict(_leaves((), identity_of(family)))


def _leaves(path: tuple[str, ...], held: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything in nested mappings by its path; a list of names counts as a mapping of these to true."""
    if isinstance(held, list):
        held = dict.fromkeys(held, True)
    if isinstance(held, dict):
        for name, value in held.items():
            yield from _leaves((*path, str(name)), value)
    else:
        yield path, held


def _on_both_sides(comparison: Comparison, what: tuple[str, ...]) -> bool:
    space, port = what[:2]
    return port in getattr(comparison.old, space) and port in getattr(comparison.new, space)


def _called(what: tuple[str, ...]) -> tuple[Kind, str]:
    match what:
        case ("conda",):
            return Kind.CONDA, ""
        case ("success", *rest):
            return Kind.SUCCESS, " ".join(rest)
        case ("outputs", port, "create"):
            return Kind.CREATE, port
        case ("inputs" | "outputs" as space, port, "base"):
            return Kind.PORT, f"{space.removesuffix('s')} {port}"
        case ("inputs" | "outputs" as space, port, field):
            return Kind.PORT, f"{space.removesuffix('s')} {port} {field}"
        case _:
            return Kind.DECLARED, " ".join(what)


def _plain(held: Any) -> Plain:
    return tuple(map(_plain, held)) if isinstance(held, list) else held


# --- Files --------------------------------------------------------------------------------------------------------


def _compare_files(comparison: Comparison) -> None:
    """The contents of the files that belong to the module."""
    sides, family = comparison.sides, comparison.new
    old, new = _files(sides, sides.old, comparison.old), _files(sides, sides.new, family)
    # Where a file is there on one side only, the command that names it differs too, or the conda environment.
    for emitted in old:
        if emitted in new and old[emitted] != new[emitted]:
            tally = Tally(Kind.MODULE, _shown(sides.new, emitted), family.module_span)
            comparison.once(tally, old[emitted], new[emitted])


def _files(sides: Sides, graph: Graph, family: Family) -> Mapping[str, str]:
    return {emitted: sides.file_digest(graph, emitted) for emitted in module_files(family)}


def _shown(graph: Graph, emitted: str) -> str:
    """A module's file by its place as seen from the working folder, if it lies below."""
    path = os.path.relpath(graph.files[emitted].source, graph.folder)
    return emitted if path.startswith(os.pardir) else path


# --- Paths --------------------------------------------------------------------------------------------------------


def _compare_paths(comparison: Comparison) -> None:
    """Where outputs go: a job that writes elsewhere is another, whatever it writes."""
    sides, pair, family = comparison.sides, comparison.pair, comparison.new
    read = {step for value in taken(family).values() for step in steps_in(value)}
    moved = False
    for port in dict.fromkeys((*family.outputs, *comparison.old.outputs)):
        old, new = comparison.old.outputs.get(port), family.outputs.get(port)
        if old is None or new is None:
            span = family.span if new is None else new.span
            tally = Tally(Kind.OUTPUT, port, span, (old is not None, new is not None))
            comparison.one_sided(tally, old and old.path, new and new.path)
            continue
        if pair.aligned and sides.alike.paths(old.path, new.path, (pair.old, pair.new), sides.moved):
            continue
        if comparison.same_by_keys(old.path, new.path):
            continue
        # A path made from that of an input goes where the input goes, and that is no reason of its own.
        named = steps_in(new.path).keys()
        now = comparison.now(new.path) if named <= read else sides.now(new.path, family)
        tally = Tally(Kind.OUTPUT, port, new.span)
        comparison.each(tally, comparison.before(old.path), now)
        moved = moved or tally.jobs > 0 or bool(named & sides.moved)
    if moved and pair is sides.pairing.pairs[family.name][0]:
        sides.note_moved(pair)


# --- What is read -------------------------------------------------------------------------------------------------


def _compare_reads(comparison: Comparison) -> None:
    """Which jobs are read from, where the values made of their paths do not say it: a count, or a shortened name."""
    sides, pair, changes = comparison.sides, comparison.pair, comparison.changes
    before, now = taken(pair.old), taken(pair.new)
    unlike = [n for n in before if n in now and not comparison.alike(before[n], now[n])]
    unlike = [n for n in unlike if not (_tells_source(before[n]) and _tells_source(now[n]))]
    if not unlike:
        return
    old = [found for name in unlike for found in sides.reads_before(before[name], pair.old)]
    new = [found for name in unlike for found in sides.reads_now(now[name], pair.new)]
    tally = Tally(Kind.INPUT, "", pair.new.span)
    for there, here in zip(pair.there, pair.here, strict=True):
        if changes.untouched(here):
            was = {(step, number) for step, numbers in old for number in numbers(there)}
            read = {sides.partner(step, number) for step, numbers in new for number in numbers(here)}
            if was != read:
                changes.job(tally, here, len(was), len(read))


def _tells_source(value: Value) -> bool:
    """Whether equal values come from the same jobs: paths as they are, of which no two jobs write the same."""
    match value:
        case Output():
            return True
        case Related():
            return _tells_source(value.value)
        case Items():
            return all(map(_tells_source, value.items))
        case _:
            return not any(isinstance(leaf, Output) for leaf in walk(value))
