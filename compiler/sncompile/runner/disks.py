"""Disks that are full or read-only: what is looked at when something could not be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.views.rounded import size_text

FULL = 64 << 20
"""With less free bytes than that a disk counts as full; a small one with less than a hundredth of it."""

_NOTHING = 16 << 10
"""So little serves nobody, however small a disk is."""


class Disk(NamedTuple):
    """The disk below a path: bytes that are free and all that it has, files that it can still hold, if it is read-only.

    `files` is None where a file system does not count them.
    """

    path: str
    free: int
    size: int
    files: int | None = None
    read_only: bool = False

    @property
    def trouble(self) -> str | None:
        """What keeps it from being written to, in words; None where nothing does."""
        if self.read_only:
            return f"the disk of `{self.path}` is read-only"
        if self.free < max(_NOTHING, min(FULL, self.size // 100)):
            return f"the disk of `{self.path}` is full: {size_text(self.free)} of {size_text(self.size)} are free"
        if self.files == 0:
            return f"the disk of `{self.path}` holds as many files as it can"
        return None

    def as_object(self) -> dict[str, Any]:
        """The form of an event."""
        return self._asdict()

    @staticmethod
    def from_object(found: Mapping[str, Any]) -> Disk:
        """A disk as an event has it."""
        files = found.get("files")
        return Disk(
            str(found["path"]), int(found["free"]), int(found["size"]), None if files is None else int(files),
            bool(found.get("read_only")),
        )  # fmt: skip


def disk_of(path: str | os.PathLike[str], base: Path) -> Disk | None:
    """The disk that a path lies on, or would: the nearest folder that is there; None where it cannot be asked."""
    place = base / path
    while True:
        try:
            found = os.statvfs(place)
            break
        except (FileNotFoundError, NotADirectoryError):
            if place == place.parent:
                return None
            place = place.parent
        except OSError:
            return None
    files = found.f_favail if found.f_files else None
    return Disk(
        os.fspath(path), found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, files,
        bool(found.f_flag & os.ST_RDONLY),
    )  # fmt: skip


def temporary_folder() -> str:
    """Where tools put what they need for a moment. `tempfile` passes a place by that is full, which is the question."""
    return os.environ.get("TMPDIR") or "/tmp"


def troubled(paths: Iterable[str | os.PathLike[str]], base: Path) -> list[Disk]:
    """The disks among those of some paths that cannot be written to, each once."""
    found: dict[str, Disk] = {}
    for path in paths:
        disk = disk_of(path, base)
        if disk is not None and disk.trouble is not None:
            found.setdefault(disk.trouble.replace(f"`{disk.path}`", ""), disk)
    return list(found.values())
