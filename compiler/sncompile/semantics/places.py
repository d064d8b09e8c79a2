"""Where files are looked up that a spec names: where they stand, unless an earlier state of them is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


class Places:
    """Files as they are now. Whoever compiles a spec as it was gives the files of that time (`revision.py`)."""

    def file(self, path: Path) -> Path:
        """Where the file of a table is read."""
        return path

    def bring(self, path: Path) -> None:
        """Make sure that a file which is wanted stands where it is looked for."""

    def called(self, path: Path) -> str | None:
        """What a file is called in messages; None where its path says it."""
        return None

    def listed(self, folder: str, found: Iterator[str]) -> Iterator[str]:
        """The files below a folder, of which `found` are there, as paths relative to it."""
        return found


HERE = Places()
