"""The name that somebody meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` is most likely a slip of, or None where none is near."""
    pool = list(candidates)
    folded = {c.casefold().replace("-", "_"): c for c in pool}
    wanted = name.casefold().replace("-", "_")
    if wanted in folded:
        return folded[wanted]
    cutoff = 0.75 if len(name) <= 3 else 0.6
    found = difflib.get_close_matches(wanted, folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str], *, what: str = "known") -> str | None:
    """A help line: the nearest name, or a list of the few there are."""
    pool = sorted(set(candidates))
    guess = nearest(name, pool)
    if guess is not None:
        return f"did you mean `{guess}`?"
    if not pool:
        return None
    shown = ", ".join(f"`{c}`" for c in pool[:12])
    return f"{what}: {shown}" + (f", … {len(pool) - 12} more" if len(pool) > 12 else "")
