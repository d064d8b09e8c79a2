"""The name that somebody meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

MAX_COMPARED = 300
"""Names that are compared letter by letter; of more, only those that begin alike."""


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
