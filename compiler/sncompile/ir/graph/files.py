"""Files of modules, and reading without following a link that came later."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple


class ModuleFile(NamedTuple):
    """A file that belongs to a module: where it lies, without links, and where it is emitted, below `files/`.

    What was made for the pipeline, and lies nowhere yet, has its `content`.
    """

    source: Path
    emitted: str
    content: bytes | None = None

    def read(self) -> bytes:
        """What it holds. Raises `OSError` where it cannot be read, or a link has taken its place."""
        return read_settled(self.source) if self.content is None else self.content

    @property
    def executable(self) -> bool:
        """Whether its owner may run it as a program."""
        try:
            return bool(self.source.stat(follow_symlinks=False).st_mode & stat.S_IXUSR)
        except OSError:
            return False  # Whoever reads it is told why.


def read_settled(path: Path) -> bytes:
    """The bytes of a file by its path without links. Raises `OSError` for a link that took a part's place."""
    with open(path, "rb") as file:
        check_settled(file.fileno(), path)
        return file.read()


def check_settled(number: int, path: Path) -> None:
    """Where the system tells which file was opened, it must be the one that is called so."""
    try:
        found = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return
    # A file that was replaced just now is as good as the one in its place.
    if found.removesuffix(" (deleted)") != str(path):
        raise OSError(errno.ELOOP, "a link came in its way while it was read")
