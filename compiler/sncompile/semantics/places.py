"""Where files are looked up that a spec names: where they stand, unless another state of them is wanted.

That is an earlier one (`revision.py`), or what an editor has of them and has not saved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Fault, Span


class Hindrance(NamedTuple):
    """Why a file of an earlier state cannot be had."""

    fault: Fault
    message: str
    help: str

    def at(self, span: Span) -> Diagnostic:
        """Told at the place where the file is wanted."""
        return self.fault.at(span, self.message, help=self.help)


class Places:
    """Files as they are now. Whoever compiles a spec as it was gives the files of that time (`revision.py`)."""

    def text(self, path: Path) -> str | None:
        """What stands for the text of a document, by its path without links; None where its file holds it."""
        return None

    def file(self, path: Path) -> Path | Hindrance:
        """Where the file of a table is read, or why it cannot be had."""
        return path

    def bring(self, path: Path) -> Hindrance | None:
        """Make sure that a file which is wanted stands where it is looked for, or tell why it cannot be had.

        What is not there at all is no hindrance: whoever looks for it will see.
        """
        return None

    def called(self, path: Path) -> str | None:
        """What a file is called in messages; None where its path says it."""
        return None

    def names(self, folder: Path) -> list[str]:
        """The names of the files in a folder, in order; none where there is no such folder. They are for hints."""
        try:
            return sorted(path.name for path in folder.iterdir() if path.is_file())
        except OSError:
            return []

    def folders(self, folder: Path) -> list[str]:
        """The names of the folders in a folder, in order, but for hidden ones. They are for hints."""
        try:
            return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        except OSError:
            return []

    def listed(self, folder: str, found: Iterator[str]) -> Iterator[str]:
        """The files below a folder, of which `found` are there, as paths relative to it."""
        return found


_OF_A_RECORD = frozenset(("run.json", "events.jsonl"))


def is_record(names: Collection[str]) -> bool:
    """Whether a folder with these names in it is the record of a run: specs in it are not to be changed."""
    return _OF_A_RECORD.issubset(names)


HERE = Places()
