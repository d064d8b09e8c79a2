"""Plates: which key of a step names wells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sncompile.lazy_regex import regex

_WELL = regex(r"[A-P](?:0?[1-9]|1[0-9]|2[0-4])")
_WHOLE = regex(r"[A-P](?:0[1-9]|1[0-9]|2[0-4])")


def is_well(text: str) -> bool:
    """Whether a text names a well of a plate of at most 384: `A01` to `P24`, or `A1`."""
    return _WELL.fullmatch(text) is not None


def well_key(by: Sequence[str], keys: Iterable[Sequence[str]]) -> int | None:
    """Which key names wells, by the names of a step's keys and those of its jobs; None where none does.

    A key that is called so may say `A1`; another one has to say `A01` in all jobs, as `P1` and `P2` are plates, too.
    """
    wells = {n: _WELL if "well" in name.lower() else _WHOLE for n, name in enumerate(by)}
    some = False
    for key in keys:
        some = True
        wells = {n: form for n, form in wells.items() if n < len(key) and form.fullmatch(key[n])}
    called = [n for n, form in wells.items() if form is _WELL]
    return next(iter(called or wells), None) if some else None
