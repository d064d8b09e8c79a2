"""The name that somebody meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

MAX_COMPARED = 300
"""Names that are compared letter by letter; of more, only those that begin alike."""


VERY_NEAR = 0.85
"""How much of two names is alike (1 is all) where one is a slip of the other."""

SHORT = 3
"""So short a part of a name is more often another one than a slip."""

MOST = 20
"""So many names are listed at most where none is near."""


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` is most likely a slip of, or None where none is near."""
    if not name or len(name) > 200:
        return None
    from difflib import get_close_matches

    folded = _folded(tuple(candidates))
    wanted = name.strip().casefold().replace("-", "_")
    if wanted in folded:
        return folded[wanted]
    pool = list(folded)
    if len(pool) > MAX_COMPARED:
        pool = [c for c in pool if c[:2] == wanted[:2] and abs(len(c) - len(wanted)) < 4][:MAX_COMPARED]
    cutoff = 0.75 if len(name) <= 3 else 0.6
    found = get_close_matches(wanted, pool, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def is_slip(one: str, other: str) -> bool:
    """Whether two names are so near that one is hardly there without being meant for the other.

    Numbers and short parts of names mostly tell things apart that belong together.

    >>> is_slip("fq_2", "fq2"), is_slip("Antibody ", "antibody"), is_slip("controls", "control")
    (True, True, True)
    >>> is_slip("fq_1", "fq2"), is_slip("mask_a", "mask_b"), is_slip("lane", "line")
    (False, False, False)
    """
    parts = [re.findall(r"[^\W_]+", name.casefold()) for name in (one, other)]
    ours, theirs = map("".join, parts)
    if ours == theirs:
        return bool(ours)
    if re.findall(r"\d+", ours) != re.findall(r"\d+", theirs):
        return False
    if len(parts[0]) == len(parts[1]):
        differ = [pair for pair in zip(*parts, strict=True) if pair[0] != pair[1]]
        if all(max(map(len, pair)) <= SHORT for pair in differ):
            return False
    from difflib import SequenceMatcher

    return SequenceMatcher(None, ours, theirs).ratio() >= VERY_NEAR


@lru_cache(maxsize=16)
def _folded(names: tuple[str, ...]) -> dict[str, str]:
    # The same names are asked for again with every slip of a large spec.
    return {name.casefold().replace("-", "_"): name for name in sorted(names)}


def did_you_mean(name: str, candidates: Iterable[str], *, what: str = "known") -> str | None:
    """A help line: the nearest name, or a list of the few there are."""
    pool = tuple(dict.fromkeys(candidates))
    guess = nearest(name, pool)
    if guess is not None:
        return f"did you mean `{guess}`?"
    if not pool:
        return None
    shown = ", ".join(f"`{c[:60]}`" for c in sorted(pool)[:MOST])
    return f"{what}: {shown}" + (f", … {len(pool) - MOST} more" if len(pool) > MOST else "")
