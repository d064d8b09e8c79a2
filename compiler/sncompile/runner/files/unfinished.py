"""The marks of unfinished work: which files are being written, noted beside the data before a job starts.

A file of lines of JSON that only grows: `{"begun": [path, …]}` before the jobs of these files start, `{"ended": …}`
once a job has ended and its files are whole, or gone. What has begun and not ended is half-written, unless somebody
works on it still. Paths are relative to the folder that the marks lie for, so that they hold wherever that is mounted.

The line is on its way to the disk (`fdatasync`) before a job starts. A process that is killed leaves what it wrote, and
a line that is cut short is one of a job that never started or of one that is made again. After a loss of power, every
job that had started and whose end had not reached the disk counts as half-written. What the file system itself loses of
files whose jobs had ended, it loses.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

_BEGUN, _ENDED = "begun", "ended"


class Marks:
    """The marks of one run in one folder, being written."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)

    def begin(self, paths: Iterable[str]) -> None:
        """Note that these files will be written from now on. Raises `OSError` where that cannot be noted."""
        self._write(_BEGUN, paths)
        os.fdatasync(self._file)

    def end(self, paths: Iterable[str]) -> None:
        """Note that nobody writes these files any more, and that none is half-written."""
        # Where that is lost the job is done again, and nothing worse.
        with contextlib.suppress(OSError):
            self._write(_ENDED, paths)

    def _write(self, name: str, paths: Iterable[str]) -> None:
        line = (json.dumps({name: list(paths)}) + "\n").encode()
        # What a full disk cut off before must not make this line unreadable, too.
        if os.write(self._file, line) != len(line):
            os.write(self._file, b"\n")
            raise OSError(28, os.strerror(28))

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def unfinished(path: Path) -> set[str]:
    """The files that had begun and not ended, by the marks in a file; none where there is no such file."""
    found: set[str] = set()
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            said = json.loads(line)
            begun, ended = said.get(_BEGUN, ()), said.get(_ENDED, ())
        except (ValueError, AttributeError):
            continue  # A line cut short.
        found |= {str(name) for name in begun}
        found -= {str(name) for name in ended}
    return found
