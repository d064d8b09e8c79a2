"""The name that somebody meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sncompile.diagnostics.model import Hint

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
    slips = [c for c in pool if is_slip(wanted, c)]
    if len(slips) == 1:
        return folded[slips[0]]
    cutoff = 0.75 if len(name) <= 3 else 0.6
    found = get_close_matches(wanted, pool, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def is_near(one: str, other: str) -> bool:
    """Whether two names are so near that one is hardly there without being meant for the other.

    Numbers and short parts of names mostly tell things apart that belong together.

    >>> is_near("fq_2", "fq2"), is_near("Antibody ", "antibody"), is_near("controls", "control")
    (True, True, True)
    >>> is_near("fq_1", "fq2"), is_near("mask_a", "mask_b"), is_near("lane", "line")
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
    return Hint(f"did you mean `{guess}`?{_unseen(name, guess)}", name, guess, safe=safe)


def _unseen(name: str, guess: str) -> str:
    """How two names differ that look the same.

    >>> _unseen("well", "well\\u00a0"), _unseen("wel", "well")
    (' It has the character U+00A0 (no-break space)', '')
    """
    for sign in guess:
        if sign not in name and sign != " " and unicodedata.category(sign) in ("Zs", "Cf"):
            return f" It has the character U+{ord(sign):04X} ({unicodedata.name(sign, 'unnamed').lower()})"
    one, other = (unicodedata.normalize("NFC", text) for text in (name, guess))
    if one == other and name != guess:
        form = "composed" if guess == other else "decomposed"
        return f" Its letters with accents are {form} there, as Unicode calls it"
    return ""


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
