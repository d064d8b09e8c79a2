"""Names that differ and are the same: by case, as on most volumes of macOS and Windows, or by their form in Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import islice

from sncompile.semantics.paths.system import Kind, System, Volume

PLAIN = Volume()
ANY = Volume(case=True, forms=True)
"""The volume that tells the fewest names apart."""

_TRIED = 50
"""So many names of a folder are looked at for one that can be spelled otherwise."""


def fold(name: str, volume: Volume) -> str:
    """A name as all of its spellings on a volume have it.

    >>> fold("A.TIF", Volume(case=True)), fold("A.TIF", PLAIN)
    ('a.tif', 'A.TIF')
    """
    if volume.case:
        name = name.lower() if name.isascii() else unicodedata.normalize("NFD", name).casefold()
    if volume.forms and not name.isascii():
        name = unicodedata.normalize("NFD", name)
    return name


def probed(folder: str, system: System) -> Volume:
    """What volume a folder is on, tried out by other spellings of what is there. Nothing is written for it."""
    here = system.look(folder)
    device = here.identity[0] if here is not None else None
    names = [(folder, name) for name, kind in islice(system.entries(folder or "/"), _TRIED) if kind is not Kind.LINK]
    while folder:
        parent, _, name = folder.rpartition("/")
        above = system.look(parent or "/")
        if above is None or above.identity[0] != device:
            break  # How a volume's own root is called is up to the volume around it.
        names.append((parent, name))
        folder = parent
    case = _same(names, str.swapcase, system)
    forms = _same(names, _other_form, system)
    if case is None:
        case = system.presumed.case
    return Volume(case, forms if forms is not None else system.presumed.forms or case)


def _same(names: list[tuple[str, str]], respell: Callable[[str], str], system: System) -> bool | None:
    """Whether the first name that can be respelled is found by its other spelling; None where none can be."""
    for parent, name in names:
        other = respell(name)
        if other == name:
            continue
        here = system.look(f"{parent}/{name}")
        if here is not None:
            there = system.look(f"{parent}/{other}")
            return there is not None and there.identity == here.identity
    return None


def _other_form(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFD", name) if composed == name else composed
