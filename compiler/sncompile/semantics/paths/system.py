"""What is asked of a file system, in three questions: all that is said of paths follows from the answers.

Whoever answers otherwise, as tests do, has paths compared as on another system.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import Enum
from stat import S_ISDIR, S_ISLNK
from typing import NamedTuple, Protocol


class Kind(Enum):
    """What stands at a place."""

    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


class Seen(NamedTuple):
    """What stands at a place, links not followed: its device and number there, and where a link leads."""

    kind: Kind
    identity: tuple[int, int]
    target: str = ""


class Volume(NamedTuple):
    """Whether a volume takes names that differ by `case`, or by the `forms` of Unicode, for one name."""

    case: bool = False
    forms: bool = False


class System(Protocol):
    """A file system. Places are absolute; what cannot be looked at counts as not there."""

    @property
    def presumed(self) -> Volume:
        """What volumes are taken to be where they cannot be tried out."""

    def look(self, place: str) -> Seen | None:
        """What stands at a place; None where nothing does."""

    def entries(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """What a folder holds; nothing where it cannot be read."""


class Disk:
    """The file system of this machine."""

    presumed = Volume(case=sys.platform in ("darwin", "win32"), forms=sys.platform == "darwin")

    def look(self, place: str) -> Seen | None:
        """What stands at a place; None where nothing does."""
        try:
            found = os.lstat(place)
            if S_ISLNK(found.st_mode):
                return Seen(Kind.LINK, (found.st_dev, found.st_ino), os.readlink(place))
        except (OSError, ValueError):
            return None
        return Seen(Kind.FOLDER if S_ISDIR(found.st_mode) else Kind.OTHER, (found.st_dev, found.st_ino))

    def entries(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """What a folder holds; nothing where it cannot be read."""
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    yield entry.name, _kind(entry)
        except (OSError, ValueError):
            return


def _kind(entry: os.DirEntry[str]) -> Kind:
    try:
        if entry.is_symlink():
            return Kind.LINK
        return Kind.FOLDER if entry.is_dir(follow_symlinks=False) else Kind.OTHER
    except OSError:
        return Kind.OTHER


DISK = Disk()
