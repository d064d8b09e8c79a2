"""Keeps patterns apart: a path must fit the pattern of the one rule that writes it, and no path that nobody writes.

Snakemake tries every rule whose pattern fits a path; one that is tried for a key that it does not have would stop the
whole run. So where a pattern fits a path that is not its own, its wildcards get tighter constraints: the characters
that they are made of, else the few strange values left out by name, else their values spelt out.

Decision 0013.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from sncompile.targets.snakemake.outputs import DEFAULT_CONSTRAINT, OutputPatterns
from sncompile.targets.snakemake.patterns import filled, pattern_regex

MOST_LEFT_OUT = 40
"""More strange values than this are not left out by name."""


class Paths(NamedTuple):
    """Paths that belong together: whose they are (nobody's: empty), a pattern that all of them fit, and themselves.

    `loose`: a wildcard of the pattern stands for something with slashes in it, so paths may be of any depth.
    """

    owner: str
    pattern: str
    all: Callable[[], Sequence[str]]
    loose: bool = False


def separate(families: Mapping[str, OutputPatterns], raw: Sequence[Paths]) -> list[tuple[str, str]]:
    """Tighten the constraints of rules until no pattern fits a strange path; the pairs of rules that stay mixed up.

    `raw` are paths that nobody writes. Paths are looked at one by one only where their pattern may meet another.
    """
    index = _Index()
    own: dict[str, list[Paths]] = {}
    for name, found in families.items():
        slashed = {n for n, values in found.cells().items() if "/" in "".join(values)}
        own[name] = [
            Paths(name, p, partial(_paths_of, found, p), any(f"{{{n}}}" in p for n in slashed)) for p in _flat(found)
        ]
        for group in own[name]:
            index.add(group)
    for group in raw:
        index.add(group)
    mixed: list[tuple[str, str]] = []
    for name, found in families.items():
        near = {
            here.pattern: [g for g in index.near(here) if (g.owner != name or g.pattern != here.pattern)]
            for here in own[name]
            if "{" in here.pattern
        }
        if any(near.values()):
            mixed += _tighten(name, found, near)
    return mixed


class _Index:
    """Groups of paths by their depth and first folder, so that few need to be looked at."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], list[Paths]] = {}
        self._depths: dict[int, list[Paths]] = {}
        self._loose: list[Paths] = []
        self._all: list[Paths] = []

    def add(self, group: Paths) -> None:
        """One group more."""
        self._all.append(group)
        if group.loose:
            self._loose.append(group)
            return
        depth, first = group.pattern.count("/"), group.pattern.partition("/")[0]
        self._found.setdefault((depth, "" if "{" in first else first), []).append(group)
        self._depths.setdefault(depth, []).append(group)

    def near(self, here: Paths) -> list[Paths]:
        """The groups that a group's pattern may meet."""
        loosely = [g for g in (self._all if here.loose else self._loose) if _ends_meet(here.pattern, g.pattern)]
        if here.loose:
            return loosely
        return [*(g for g in self._at(here.pattern) if may_meet(here.pattern, g.pattern)), *loosely]

    def _at(self, pattern: str) -> list[Paths]:
        depth, first = pattern.count("/"), pattern.partition("/")[0]
        if "{" in first:
            return self._depths.get(depth, [])
        return [*self._found.get((depth, first), ()), *self._found.get((depth, ""), ())]


def _flat(found: OutputPatterns) -> list[str]:
    return found.known_by()


def _paths_of(found: OutputPatterns, pattern: str) -> list[str]:
    return filled(pattern, found.cells())


Near = Mapping[str, Sequence[Paths]]


def _tighten(name: str, found: OutputPatterns, near: Near) -> list[tuple[str, str]]:
    strange = _strange(found, near, found.constraints)
    if not strange:
        return []
    tighter = {n: _characters(values) for n, values in found.cells().items()}
    left = _strange(found, near, tighter)
    if len(left) > MOST_LEFT_OUT:
        spelt = {n: _alternation(values) for n, values in found.cells().items()}
        left = _strange(found, near, spelt)
        found.constraints.update(spelt)
        return sorted({(other, name) for other, _, _ in left if other not in ("", name)})
    if len(left) < len(strange):
        found.constraints.update({n: c for n, c in tighter.items() if c != DEFAULT_CONSTRAINT})
    else:
        left = strange
    for wildcard, rests in _leftovers(left).items():
        base = found.constraints.get(wildcard, _usual(found.cells()[wildcard]))
        found.constraints[wildcard] = f"(?!(?:{'|'.join(map(re.escape, rests))})$){base}"
    return []


def _strange(found: OutputPatterns, near: Near, constraints: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The paths that a pattern fits and must not: whose they are, the pattern, and the path."""
    strange = []
    for pattern, groups in near.items():
        if not groups:
            continue
        regex = pattern_regex(pattern, {**_defaults(found), **constraints})
        own = set(filled(pattern, found.cells()))
        for group in groups:
            there = dict.fromkeys(group.all())
            strange += [(group.owner, pattern, p) for p in there if p not in own and regex.fullmatch(p)]
    return strange


def _defaults(found: OutputPatterns) -> dict[str, str]:
    return {name: _usual(values) for name, values in found.cells().items()}


def _usual(values: Sequence[str]) -> str:
    return ".+" if any("/" in value for value in values) else DEFAULT_CONSTRAINT


def may_meet(one: str, other: str) -> bool:
    """Whether two patterns could fit one path, by the text around their wildcards between slashes.

    >>> may_meet("a/{x}.csv", "a/{y}_b.csv"), may_meet("a/{x}.csv", "a/{y}.tsv"), may_meet("a/{x}", "a/b/c")
    (True, False, False)
    """
    mine, theirs = one.split("/"), other.split("/")
    return len(mine) == len(theirs) and all(map(_parts_meet, mine, theirs))


def _parts_meet(one: str, other: str) -> bool:
    if "{" not in one and "{" not in other:
        return one == other
    return _ends_meet(one, other)


def _ends_meet(one: str, other: str) -> bool:
    (head, tail), (begin, end) = _ends(one), _ends(other)
    return (head.startswith(begin) or begin.startswith(head)) and (tail.endswith(end) or end.endswith(tail))


def _ends(part: str) -> tuple[str, str]:
    """What stands before the first and after the last wildcard; a part without any begins and ends with itself."""
    return part.partition("{")[0], part.rpartition("}")[2]


def _leftovers(left: Iterable[tuple[str, str, str]]) -> dict[str, list[str]]:
    """Of the first wildcard of each pattern: what stands from there to the end in the paths to leave out."""
    rests: dict[str, dict[str, None]] = {}
    for _, pattern, path in left:
        head, _, rest = pattern.partition("{")
        rests.setdefault(rest.partition("}")[0], {}).setdefault(path[len(head) :])
    return {name: list(found) for name, found in rests.items()}


_CLASSES = (("0-9", "0123456789"), ("A-Z", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ("a-z", "abcdefghijklmnopqrstuvwxyz"))


def _characters(values: Sequence[str]) -> str:
    """The class of the characters that values are made of.

    >>> _characters(["A01", "B12"]), _characters(["a-1"])
    ('[0-9A-Z]+', '[0-9a-z-]+')
    """
    there = set().union(*map(set, values)) if values else set()
    parts = []
    for name, members in _CLASSES:
        if there & set(members):
            parts.append(name)
            there -= set(members)
    rest = sorted(there - {"-"})
    if any(not c.isprintable() or c in "{}" for c in rest) or len(rest) > 12:
        return _usual(values)
    escaped = "".join(f"\\{c}" if c in "\\]^[" else c for c in rest)
    return f"[{''.join(parts)}{escaped}{'-' if '-' in there else ''}]+"


def _alternation(values: Sequence[str]) -> str:
    return "|".join(re.escape(value) for value in dict.fromkeys(values))
