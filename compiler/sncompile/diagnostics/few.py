"""Many faults of one kind: the first are told, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

MAX_TOLD = 3
"""Faults of one kind that are told of a table one by one."""

_Thing = TypeVar("_Thing")


def few(things: Sequence[_Thing]) -> Iterator[tuple[_Thing, str]]:
    """The first of some things, and beside the last of these how many more there are, to stand after its message.

    >>> list(few("abcde"))
    [('a', ''), ('b', ''), ('c', ' (and 2 more)')]
    """
    more = len(things) - MAX_TOLD
    for number, thing in enumerate(things[:MAX_TOLD], 1):
        yield thing, f" (and {more:,} more)" if number == MAX_TOLD and more > 0 else ""
