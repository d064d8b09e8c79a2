"""Numbers of things in messages."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """So many of a thing whose plural ends in `s`.

    >>> counted(1, "row"), counted(1200, "row"), counted(0, "row")
    ('1 row', '1,200 rows', '0 rows')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
