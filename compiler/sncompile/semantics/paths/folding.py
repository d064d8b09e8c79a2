"""Names that differ and are the same: by case, as on most volumes of macOS and Windows, or by their form in Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

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
    if name.isascii():
        return name.lower() if volume.case else name
    if volume.forms:
        name = unicodedata.normalize("NFD", name)
    if volume.case:
        name = name.casefold()
    return unicodedata.normalize("NFD", name) if volume.forms else name


class Found(NamedTuple):
    """What was found out of a volume; None is what could not be tried."""

    case: bool | None = None
    forms: bool | None = None

    def and_then(self, other: Found) -> Found:
        """This, and what another look has found of the rest."""
        case = other.case if self.case is None else self.case
        return Found(case, other.forms if self.forms is None else self.forms)

    def volume(self, presumed: Volume) -> Volume:
        """The volume, as it is presumed to be where nothing is known."""
        case = presumed.case if self.case is None else self.case
        # Who takes case for nothing mostly takes forms for nothing.
        forms = presumed.forms or case if self.forms is None else self.forms
        return Volume(case, forms) if case or forms else PLAIN


def probed(folder: str, system: System) -> Found:
    """What can be said of the volume of a folder by other spellings of what is there. Nothing is written for it."""
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
    return Found(_same(names, str.swapcase, system), _same(names, _other_form, system))


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
