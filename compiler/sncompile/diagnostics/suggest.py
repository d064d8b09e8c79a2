"""The name that somebody meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sncompile.diagnostics.model import Hint

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
    slips = [c for c in pool if is_slip(wanted, c)]
    if len(slips) == 1:
        return folded[slips[0]]
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
        return meaning(name, guess, pool)
    if not pool:
        return None
    shown = ", ".join(f"`{c[:60]}`" for c in sorted(pool)[:MOST])
    return f"{what}: {shown}" + (f", … {len(pool) - MOST} more" if len(pool) > MOST else "")


def meaning(name: str, guess: str, candidates: Iterable[str] = (), *, safe: bool | None = None) -> Hint:
    """The help that somebody meant `guess`.

    Unless the caller knows, it is safe to follow where the guess is one slip away, and no other candidate is.
    """
    if safe is None:
        safe = is_slip(name, guess) and not any(c not in (name, guess) and is_slip(name, c) for c in candidates)
    return Hint(f"did you mean `{guess}`?", name, guess, safe=safe)


def is_slip(name: str, meant: str) -> bool:
    """Whether a name differs from another by case and `-`, or by one slip of the hand that changes no digit.

    >>> is_slip("imgaes", "images"), is_slip("reads_1", "reads_2"), is_slip("a", "b")
    (True, False, False)
    """
    a, b = (text.strip().casefold().replace("-", "_") for text in (name, meant))
    if a == b:
        return True
    if min(len(a), len(b)) < 3 or [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()]:
        return False
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest, other = a[start:], b[start:]
    swapped = len(rest) > 1 and len(other) > 1 and rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]
