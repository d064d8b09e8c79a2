"""Holes → values over the table of the branches."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.graph.structure import structure
from sncompile.ir.keys.key_set import KeySet, Sparse
from sncompile.ir.keys.table import Cell as Plain
from sncompile.ir.language.types import STRING, Type
from sncompile.ir.values.model import Const, Made, Output, Related, Text, Value
from sncompile.ir.values.relating import UNIT, see
from sncompile.passes.merging.links import Home, Links, alias
from sncompile.passes.merging.naming import common_start
from sncompile.passes.merging.shapes import Entry, Hole, Reference
from sncompile.passes.merging.tables import BranchTable


class Place(NamedTuple):
    """Where the values of a new family stand: its table, the rows of its branches, and its keys."""

    table: BranchTable
    rows: tuple[int, ...]
    keys: KeySet
    inner: KeySet


class Columns:
    """Makes the values of one new family; `paths` gives the path of an output of a step without keys."""

    def __init__(self, name: str, place: Place, links: Links, paths: Callable[[str, str], str]) -> None:
        self._name, self._place, self._links, self._paths = name, place, links, paths

    def value(self, holes: Sequence[Hole]) -> Value | None:
        """What one hole holds in each branch, as one value; None where it is the same in all."""
        holes = _of_one_type(holes)
        first = holes[0]
        if alike(holes):
            return None
        keyed = [e for hole in holes for e in hole.entries if isinstance(e, Reference) and e.value.source.by]
        if keyed or (self._place.inner.by and any(isinstance(e, Reference) for e in first.entries)):
            return self._keyed([e for hole in holes for e in hole.entries if isinstance(e, Reference)], first.type)
        if not first.many:
            return self._single([hole.entries[0] for hole in holes], first)
        return self._list(holes)

    # --- One value a branch ---------------------------------------------------------------------------------------

    def _single(self, entries: Sequence[Entry], hole: Hole) -> Value:
        """Constants become a column; references go by the keys where these say it, else by paths and links."""
        place, homes = self._place, self._links.homes
        span = _span(entries[0])
        sources: dict[tuple[str, str], dict[int, Reference]] = {}
        families: dict[str, dict[int, Reference]] = {}
        for number, entry in enumerate(entries):
            if isinstance(entry, Reference):
                source = _source(entry, homes)
                sources.setdefault(source, {})[number] = entry
                families.setdefault(source[0], {})[number] = entry
        if len(sources) == 1 and len(next(iter(sources.values()))) == len(entries):
            (name, port), found = next(iter(sources.items()))
            step = found[0].step
            if step not in homes:
                return see(Output(name, port, hole.type, span), found[0].value.source, place.keys, span)
            if self._beside(homes[step].keys, [(homes[e.step].first,) for e in found.values()]):
                return Related(Output(name, port, hole.type, span), homes[step].keys, place.keys, hole.type, span)
        cells = [self._path(entry) for entry in entries]
        texts = [cell for cell in cells if isinstance(cell, str)]
        if not families and len(texts) == len(cells) and (len(hole.at) > 2 or hole.at[0] in ("outputs", "lists")):
            return self._piece(texts, hole, span)
        path = place.table.value(hole.hint, cells, place.rows, place.keys, hole.type, span)
        if not families:
            return path
        return Made(path, tuple(self._link(n, found, hole, span) for n, found in families.items()), hole.type, span)

    def _piece(self, cells: Sequence[str], hole: Hole, span: Span) -> Value:
        """A text that jobs may be known by, or a part of one, without what all have in common around it.

        A slash that all have at an end stays one in any case, so that paths can be told apart by it.
        """
        place = self._place
        start, stop = _in_common(cells) if len(hole.at) == 2 else (0, 0)
        start += all(cell[start:].startswith("/") for cell in cells)
        stop += all(len(cell) - start - stop > 1 and cell[: len(cell) - stop].endswith("/") for cell in cells)
        if any(len(cell) <= start + stop for cell in cells):
            start, stop = 0, 0
        before, after = cells[0][:start], cells[0][len(cells[0]) - stop :]
        inner = [cell[start : len(cell) - stop] for cell in cells]
        found = place.table.value(hole.hint, inner, place.rows, place.keys, hole.type, span)
        parts = found.parts if isinstance(found, Text) else (found,)
        whole = [*_const(before, span), *parts, *_const(after, span)]
        return found if len(whole) == 1 else Text(_joined(whole), hole.type if len(hole.at) == 2 else STRING, span)

    def _path(self, entry: Entry) -> Plain:
        """An entry as a cell: a constant, or the path of the output that it refers to."""
        if isinstance(entry, Const):
            return entry.value if not isinstance(entry.value, tuple) else None
        found: str = self._paths(entry.step, entry.port)
        return found

    def _link(self, name: str, found: Mapping[int, Reference], hole: Hole, span: Span) -> Related:
        """That some branches read from a family, told one by one."""
        place, homes = self._place, self._links.homes
        first = next(iter(found.values()))
        kind = hole.type._replace(optional=True)
        merged = first.step in homes
        keys = homes[first.step].keys if merged else first.value.source
        told = Sparse({n: (homes[e.step].first if merged else 0,) for n, e in found.items()}, len(place.keys))
        return Related(Output(name, first.port, kind, span), keys, alias(place.keys, keys, told, one=True), kind, span)

    def _beside(self, source: KeySet, instances: Sequence[Sequence[int]]) -> bool:
        """Whether the keys alone say which instance of the source each branch reads from."""
        keys = self._place.keys
        if source.by != keys.by or source.rows.tables != keys.rows.tables:
            return False
        mine = [(source.position[key],) if key in source.position else () for key in keys.instances]
        return mine == [tuple(found) for found in instances]

    def _keyed(self, references: list[Reference], kind: Type) -> Value:
        """A reference that depends on keys too: by the keys where the branches correspond, else told one by one."""
        place, homes = self._place, self._links.homes
        first = references[0]
        keys = homes[first.step].keys
        instances: list[tuple[int, ...]] = []
        for reference in references:
            start = homes[reference.step].first
            related = reference.value.target.related(reference.value.source)
            instances += [tuple([start + j for j in found]) for found in related]
        output = Output(homes[first.step].family, first.port, first.value.value.type, first.value.span)
        if place.keys.related(keys) == instances or [tuple(f) for f in place.keys.related(keys)] == instances:
            return Related(output, keys, place.keys, kind, first.value.span)
        one = not first.value.gathers
        return Related(output, keys, alias(place.keys, keys, instances, one=one), kind, first.value.span)

    # --- Lists ----------------------------------------------------------------------------------------------------

    def _list(self, holes: Sequence[Hole]) -> Value:
        """Lists of different items: a table with a row for each item, and a link that says whose each is."""
        place = self._place
        entries = [entry for hole in holes for entry in hole.entries]
        span = _span(entries[0])
        sources = {_source(entry, self._links.homes) for entry in entries}
        owners: list[tuple[int, ...]] = []
        count = 0
        for hole in holes:
            owners += [tuple(range(count, count + len(hole.entries)))] * len(place.inner)
            count += len(hole.entries)
        kind = holes[0].type
        if len(sources) == 1 and (only := next(iter(sources)))[0]:
            return self._gathered(only, holes, kind, span)
        name = f"{self._name}.{holes[0].hint}"
        table = BranchTable(name, [str(i) for i in range(count)], span)
        rows = tuple(range(count))
        items = table.keys(rows, UNIT)  # What stands in a list depends on no inner key.
        inner = Columns(name, Place(table, rows, items, UNIT), self._links, self._paths)
        one = holes[0]._replace(type=kind.one._replace(optional=False), many=False)
        item = inner._single(entries, one)
        return Related(item, items, alias(place.keys, items, owners, one=False), kind, span)

    def _gathered(self, source: tuple[str, str], holes: Sequence[Hole], kind: Type, span: Span) -> Value:
        """Lists of references to one family."""
        place, homes = self._place, self._links.homes
        references = [[e for e in hole.entries if isinstance(e, Reference)] for hole in holes]
        some = next(found[0] for found in references if found)
        output = Output(*source, kind.one, span)
        if some.step not in homes:
            keys = some.value.source
            instances = [tuple(0 for _ in found) for found in references]
        else:
            keys = homes[some.step].keys
            instances = [tuple(homes[e.step].first for e in found) for found in references]
        return Related(output, keys, alias(place.keys, keys, instances, one=False), kind, span)


def _in_common(texts: Sequence[str]) -> tuple[int, int]:
    """How much of paths is the same in all at the beginning, by whole folders, and at the end, from a dot or slash."""
    start = common_start(texts).rpartition("/")
    head = len(start[0] + start[1])
    end = common_start([text[head:][::-1] for text in texts])[::-1]
    cut = [end.find(sign) for sign in "./" if sign in end]
    return head, len(end) - min(cut) if cut else 0


def _const(text: str, span: Span) -> list[Value]:
    return [Const(text, STRING, span)] if text else []


def _joined(parts: Sequence[Value]) -> tuple[Value, ...]:
    """Parts of a text, those that are constant next to each other as one."""
    found: list[Value] = []
    for part in parts:
        if found and isinstance(part, Const) and isinstance(found[-1], Const):
            found[-1] = found[-1]._replace(value=f"{found[-1].value}{part.value}")
        else:
            found.append(part)
    return tuple(found)


def _of_one_type(holes: Sequence[Hole]) -> Sequence[Hole]:
    """The holes, of the type that serves them all where whole numbers stand beside others."""
    bases = {hole.type.base for hole in holes}
    if bases != {"integer", "number"}:
        return holes
    return [hole._replace(type=hole.type._replace(base="number")) for hole in holes]


def _span(entry: Entry) -> Span:
    return entry.span if isinstance(entry, Const) else entry.value.span


def _source(entry: Entry | None, homes: Mapping[str, Home]) -> tuple[str, str]:
    """The family and port that an entry comes from, as they will be called; of a constant, nothing."""
    if not isinstance(entry, Reference):
        return ("", "")
    home = homes.get(entry.step)
    return (home.family if home is not None else entry.step, entry.port)


def alike(holes: Sequence[Hole]) -> bool:
    """Whether all holes hold the same."""
    first = entries_structure(holes[0])
    return all(entries_structure(hole) == first for hole in holes[1:])


def entries_structure(hole: Hole) -> Hashable:
    """What a hole holds, apart from where it was said."""
    return tuple([structure(e) if isinstance(e, Const) else structure(e.value) for e in hole.entries])


def filled(
    value: Value, at: tuple[str | int, ...], found: Mapping[tuple[str | int, ...], Value], links: Links
) -> Value:
    """A member's value with its holes filled, and its other references made anew."""
    if at in found:
        return found[at]
    if isinstance(value, Text):
        parts = [filled(part, (*at, i), found, links) for i, part in enumerate(value.parts)]
        flat = [piece for part in parts for piece in (part.parts if isinstance(part, Text) else (part,))]
        return value._replace(parts=tuple(flat))
    return links.value(value)
