"""Where a name is declared, and every place that it is used, in all documents at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import Kind, Occurrence, Symbol
from sncompile.syntax.document import Document


class Spot(NamedTuple):
    """A stretch of a document."""

    path: Path
    span: Span


def definitions(snapshot: Snapshot, others: Iterable[Snapshot], line: int, column: int) -> list[Spot]:
    """Where the name at a cursor is declared. `others` are the documents that this one leads to."""
    found = snapshot.names.at(line, column)
    if found is None:
        return []
    if found.symbol.kind in (Kind.MODULE, Kind.SHORT):
        target = _module(snapshot, found)
        if target is not None:
            return [Spot(Path(target), Span(target, 1, 1, 1, 1))]
    return [spot for spot, declares in places(found.symbol, (snapshot, *others)) if declares]


def _module(snapshot: Snapshot, found: Occurrence) -> str | None:
    """The file that a reference to a module leads to; a short name of a folder leads to its declaration."""
    if found.symbol.kind is Kind.SHORT:
        whole = next(
            (each for each in snapshot.names.lines.get(found.span.line, ())
             if each.symbol.kind is Kind.MODULE and each.span.column == found.span.column), None,
        )  # fmt: skip
        if whole is None or whole.span != found.span:
            return None
        found = whole
    held = snapshot.modules.get(found.symbol.name)
    return held[0].path if held is not None else None


def places(symbol: Symbol, snapshots: Iterable[Snapshot]) -> Iterator[tuple[Spot, bool]]:
    """Every place of a symbol, and whether it is declared there; each once."""
    seen: set[Spot] = set()
    for snapshot in snapshots:
        for each in snapshot.names.by_symbol.get(symbol, ()):
            spot = Spot(snapshot.path, each.span._replace(file=str(snapshot.path)))
            if spot not in seen:
                seen.add(spot)
                yield spot, each.declares


def references(
    snapshot: Snapshot, others: Iterable[Snapshot], line: int, column: int, *, declarations: bool
) -> list[Spot]:
    """Where the name at a cursor is used in all documents, and where it is declared if that is wanted."""
    found = snapshot.names.at(line, column)
    if found is None:
        return []
    return [spot for spot, declares in places(found.symbol, (snapshot, *others)) if declarations or not declares]


def led_to(snapshot: Snapshot) -> dict[Path, Document]:
    """The documents that a pipeline's steps lead to, by their files."""
    return {Path(home.path): document for home, document in snapshot.modules.values() if not home.step}
