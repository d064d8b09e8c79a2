"""Paths by what they are: every spelling of a file has one key, and everything that lies in a folder is known to.

Paths are followed as the system does: part by part, through links, where `..` is the folder above the one that a link
leads to. What does not exist yet is where it would come to be. A folder that can be reached in two ways (a mount, a
spelling in other case) is known by its number. Each folder is looked at once: an `Identity` is the state of one moment.

The last part of a path is a name. What a job writes takes that name, whatever stood there; so a link at the end is
followed only by who asks where it leads.

Decision 0047.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sncompile.ir.language.locations import is_url
from sncompile.semantics.paths.folding import PLAIN, Found, fold, probed
from sncompile.semantics.paths.system import DISK, Kind, Seen, System, Volume

T = TypeVar("T")

MAX_LINKS = 40
"""Links that may lead from one to the next, as Linux has it."""

_ASKED_ONE_BY_ONE = 4
"""So many files of a folder are looked at by themselves; for more of them the folder is listed."""

_TRIES = 10
"""In so many folders of a volume it is tried out which names it takes for one."""


class Folder:
    """A folder, there or not. `key` is the same for every way to it, `actual` one way to it that has no links."""

    __slots__ = ("_asked", "_held", "actual", "also", "device", "key", "there", "up", "volume")

    def __init__(
        self, actual: str, key: str, up: Folder | None, *, there: bool, device: int, volume: Volume, also: Folder | None
    ) -> None:
        self.actual, self.key, self.up = actual, key, up
        self.there, self.device, self.volume, self.also = there, device, volume, also
        self._asked = 0
        self._held: dict[str, Kind] | None = None

    def around(self) -> Iterator[Folder]:
        """The folder and those that it lies in, the nearest first."""
        here: Folder | None = self
        while here is not None:
            yield here
            if here.also is not None:
                yield from here.also.around()
            here = here.up

    def may_link(self, name: str, system: System) -> bool:
        """Whether something called so in the folder could be a link."""
        if not self.there:
            return False
        self._asked += 1
        if self._asked <= _ASKED_ONE_BY_ONE:
            return True
        return self.held(system).get(fold(name, self.volume)) is Kind.LINK

    def held(self, system: System) -> dict[str, Kind]:
        """What the folder holds, by folded names. It is listed once."""
        if self._held is None:
            entries = system.entries(self.actual or "/")
            if self.volume is PLAIN:
                self._held = dict(entries)
                return self._held
            found = [(fold(name, self.volume), kind) for name, kind in entries]
            # Where two names are taken for one, the one that is a link says more.
            self._held = {**dict(found), **{name: kind for name, kind in found if kind is Kind.LINK}}
        return self._held


def handed_down(folder: Folder, known: dict[str, T], own: Callable[[Folder, T | None], T]) -> T:
    """What a folder has from those that it lies in; kept in `known` for all of them.

    `own` makes it of a folder and of what the one above has (None at the top).
    """
    if folder.actual in known:
        return known[folder.actual]
    if folder.up is not None and folder.up.actual in known:  # As of most folders whose neighbours were asked for.
        only = known[folder.actual] = own(folder, known[folder.up.actual])
        return only
    pending = []
    here: Folder | None = folder
    while here is not None and here.actual not in known:
        pending.append(here)
        here = here.up
    found = known[here.actual] if here is not None else None
    for each in reversed(pending):
        found = known[each.actual] = own(each, found)
    return known[folder.actual]


class Place:
    """Where a path leads but for a link at its end: the folder that it lies in, and the key of the name in there."""

    __slots__ = ("folder", "key", "name")

    def __init__(self, folder: Folder, name: str, key: str) -> None:
        self.folder, self.name, self.key = folder, name, key


class Identity:
    """Says what paths are, as seen from a working folder."""

    def __init__(self, working: str | Path, system: System = DISK) -> None:
        self._system = system
        self._volumes: dict[int, tuple[Found, int]] = {}
        self._known: dict[str, Folder] = {}
        self._followed: set[str] = set()
        self._numbers: dict[tuple[int, int], Folder] = {}
        self._spelled: dict[str, Folder] = {}
        self.root = Folder("", "", None, there=True, device=-1, volume=PLAIN, also=None)
        root = system.look("/")
        if root is not None:
            self.root.device = root.identity[0]
            self.root.volume = self._volume(root.identity[0], "")
            self._numbers[root.identity] = self.root
        self._servers = Folder("url:", "url:", None, there=False, device=-1, volume=PLAIN, also=None)
        """What URLs lead to: nothing there is looked at, and nothing of it is on this machine."""
        self.working = self._walk(self.root, os.path.join(os.getcwd(), working), 0)

    def folder(self, path: str | Path) -> Folder:
        """The folder that a path leads to, links followed."""
        path = str(path)
        found = self._spelled.get(path)
        if found is None:
            found = self._spelled[path] = self._find(path)
        return found

    def _find(self, path: str) -> Folder:
        if is_url(path):
            return self._walk(self._servers, path.replace("://", "/", 1), 0)
        # Of a long path most is known from its neighbours.
        head, _, name = path.rpartition("/")
        if not head:
            return self._walk(self.root if path.startswith("/") else self.working, name, 0)
        base = self._spelled.get(head)
        if base is None:
            base = self._walk(self.root if head.startswith("/") else self.working, head, 0)
            self._spelled[head] = base
        return self._walk(base, name, 0) if name in ("", ".", "..") else self._child(base, name, 0)

    def place(self, path: str | Path) -> Place:
        """Where a path leads, a link at its end not followed."""
        path = str(path)
        head, slash, name = path.rpartition("/")
        if name in ("", ".", ".."):
            found = self.folder(path)
            return Place(found.up or found, found.actual.rpartition("/")[2], found.key)
        folder = self.folder(head or "/") if slash else self.working
        volume = folder.volume
        return Place(folder, name, f"{folder.key}/{name if volume is PLAIN else fold(name, volume)}")

    def leads(self, place: Place) -> Place | None:
        """Where the link that stands at a place leads in the end; None where none does."""
        if not place.folder.may_link(place.name, self._system):
            return None
        found: Place | None = None
        here = place
        for _ in range(MAX_LINKS):
            seen = self._system.look(f"{here.folder.actual}/{here.name}") if here.folder.there else None
            if seen is None or seen.kind is not Kind.LINK:
                break
            head, slash, name = seen.target.rpartition("/")
            start = self.root if seen.target.startswith("/") else here.folder
            base = self._walk(start, head, 0) if slash else here.folder
            if name in ("", ".", ".."):
                whole = self._walk(base, name, 0)
                return Place(whole.up or whole, whole.actual.rpartition("/")[2], whole.key)
            found = here = Place(base, name, f"{base.key}/{fold(name, base.volume)}")
        return found

    def keys(self, path: str | Path) -> tuple[Place, ...]:
        """Every place that somebody who opens a path depends on: that of the name, and where a link there leads."""
        place = self.place(path)
        target = self.leads(place)
        return (place,) if target is None else (place, target)

    def settled(self, place: Place) -> Place:
        """A place by the folder that stands there already, which may be known by another name."""
        if not place.folder.there or not place.name:
            return place
        seen = self._system.look(f"{place.folder.actual}/{place.name}")
        if seen is None or seen.kind is not Kind.FOLDER:
            return place
        return Place(place.folder, place.name, self._child(place.folder, place.name, 0).key)

    def held(self, folder: Folder) -> dict[str, Kind]:
        """What a folder holds, by folded names; nothing where it cannot be looked into."""
        return folder.held(self._system) if folder.there else {}

    def has_links(self, folder: Folder, depth: int) -> bool:
        """Whether a link stands in a folder, or in those below it, down to a depth of so many folders."""
        if not folder.there or not depth:
            return False
        pending = [(folder.actual, depth)]
        while pending:
            here, left = pending.pop()
            for name, kind in self._system.entries(here or "/"):
                if kind is Kind.LINK:
                    return True
                if kind is Kind.FOLDER and left > 1:
                    pending.append((f"{here}/{name}", left - 1))
        return False

    def there(self, folder: Folder, name: str) -> bool:
        """Whether a folder holds something of a name."""
        return folder.there and self._system.look(f"{folder.actual}/{name}") is not None

    # --- Part by part -------------------------------------------------------------------------------------------

    def _walk(self, here: Folder, path: str, hops: int) -> Folder:
        for name in path.split("/"):
            if name == "..":
                here = here.up or here
            elif name not in ("", "."):
                here = self._child(here, name, hops)
        return here

    def _child(self, base: Folder, name: str, hops: int) -> Folder:
        actual = f"{base.actual}/{name}"
        found = self._known.get(actual)
        if found is None:
            seen = self._system.look(actual) if base.there else None
            if actual in self._followed:
                return self._new(actual, name, base, None)  # It leads to itself, and so nowhere.
            if seen is not None and seen.kind is Kind.LINK and hops < MAX_LINKS:
                start = self.root if seen.target.startswith("/") else base
                self._followed.add(actual)
                found = self._walk(start, seen.target, hops + 1)
                self._followed.discard(actual)
            else:
                found = self._new(actual, name, base, seen)
            self._known[actual] = found
        return found

    def _new(self, actual: str, name: str, up: Folder, seen: Seen | None) -> Folder:
        key = f"{up.key}/{fold(name, up.volume)}"
        if seen is None or seen.kind is not Kind.FOLDER:
            return Folder(actual, key, up, there=False, device=up.device, volume=up.volume, also=None)
        device = seen.identity[0]
        first = self._numbers.get(seen.identity)
        if first is None:
            volume = self._volume(device, actual)
            found = Folder(actual, key, up, there=True, device=device, volume=volume, also=None)
            self._numbers[seen.identity] = found
            return found
        also = first if first.up is not up else None
        return Folder(actual, first.key, up, there=True, device=device, volume=first.volume, also=also)

    def _volume(self, device: int, folder: str) -> Volume:
        """What volume a folder is on; what is not known of it yet is tried out there."""
        found, tries = self._volumes.get(device, (Found(), 0))
        if None in found and tries < _TRIES:
            found = found.and_then(probed(folder, self._system))
            self._volumes[device] = found, tries + 1
        return found.volume(self._system.presumed)
