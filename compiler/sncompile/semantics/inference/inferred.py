"""Values that were read off the tables, and what they were read off."""

from __future__ import annotations

from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.language.types import Type
from sncompile.ir.values.model import Plain

FEW = 5
"""So many places are kept of every value."""


class Evidence(NamedTuple):
    """A value that a query gave: how many of its rows have it, and where: the other columns, of a few of the rows.

    `places` are the first of `total` distinct ones, each with a text for every one of the query's other columns.
    """

    value: Plain
    rows: int
    places: tuple[tuple[str, ...], ...]
    total: int


class Found(NamedTuple):
    """What a query gave: its rows, those without a value, the names of the columns that say where, and the values.

    The values stand in the query's order, or else in their own; of very many only the most frequent are kept, and
    `distinct` says how many there are.
    """

    rows: int
    absent: int
    columns: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    distinct: int


class Given(NamedTuple):
    """What the user gives instead of a query: by which option, the text or plain value, and its place in a file."""

    option: str
    value: object
    span: Span | None = None


class Inferred(NamedTuple):
    """An inferred value: `origin` is `query`, `--set` or `--params`; `found` is None where the query was not run.

    One that is not `settled` has no value, since what was found is not as it must be.
    """

    name: str
    value: Plain
    type: Type
    origin: str
    found: Found | None
    description: str
    span: Span
    settled: bool = True


def place_text(columns: tuple[str, ...], place: tuple[str, ...]) -> str:
    """A place in words: `plate=P1, well=A01`."""
    return ", ".join(f"{name}={text}" for name, text in zip(columns, place, strict=True))


def places_text(found: Found, evidence: Evidence) -> str:
    """Where a value was found: what all its places share comes first.

    >>> evidence = Evidence(19, 3, (("P2", "A01"), ("P2", "B03")), 3)
    >>> places_text(Found(9, 0, ("plate", "well"), (evidence,), 1), evidence)
    'plate=P2: well=A01, well=B03, 1 more'
    """
    if not evidence.places or not found.columns:
        return ""
    several = len(evidence.places) > 1
    shared = [n for n in range(len(found.columns)) if several and len({place[n] for place in evidence.places}) == 1]
    rest = [n for n in range(len(found.columns)) if n not in shared]
    shown = [_some(found, rest, place) for place in evidence.places]
    if several and len(rest) > 1:
        shown = [f"({text})" for text in shown]
    if evidence.total > len(shown):
        shown.append(f"{evidence.total - len(shown):,} more")
    head = f"{_some(found, shared, evidence.places[0])}: " if shared else ""
    return head + ", ".join(shown)


def _some(found: Found, chosen: list[int], place: tuple[str, ...]) -> str:
    return place_text(tuple(found.columns[n] for n in chosen), tuple(place[n] for n in chosen))
