"""The form in which a state is kept: files of lines that only grow, each line with its sum.

    .sncompile/state/0000000007-run-name.log

    8d0b7e0a ["h",1,7]
    1f6c22d4 ["j",["blur/A01/out.tif"],["9c1f….….….….…"],[["5:9f86…"]],[["7:1e30…"]],[1764400000.0],[12.5]]
    77d0ab13 ["f",["../raw/A01.tif"],[5],[17…],[17…],[…],["5:9f86…"]]

A database would be the obvious choice. Data roots lie on NFS and Lustre, where SQLite's locks are not to be relied on
(its own documentation says so), and a run on a cluster must not lose its state for that. Here each run has a file of
its own, which nobody else writes, so that no lock is needed; a line that was cut short has a wrong sum and says
nothing, and its job runs again. When no run writes, all become one by an atomic rename (`store.compact`).

    h   version of the form, generation: files are read in the order of their generations
    j   jobs that ended well: their keys, their digests, the versions of their inputs and of their outputs (a list, or
        `=NAME` of a list that is kept once), when they ended (seconds since 1970), how many seconds they took
    m   what was measured of jobs: their keys, the most memory that each held (megabytes or null), the bytes of each of
        its outputs (-1 where nobody knows). Versions of sncompile that know nothing of it pass it over
    t   jobs: their keys, and whether their temporary outputs wait to be deleted (`temporary.py`)
    x   jobs that have begun, and of which no more is known until they end well
    d   jobs that are forgotten, as their files were deleted
    s   a list of versions, by name
    f   stamps of files: paths relative to the root, sizes, times, times of any change, inodes, versions

What there may be much of stands column by column: Python then reads it several times as fast as row by row.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

FORMAT = 1

LONGEST = 64 * 1024 * 1024
"""A line of more bytes is none of ours."""

Row = Sequence[Any]


def line_of(row: Row) -> bytes:
    """A row as a line.

    >>> line_of(["x", ["a"]]).decode().rstrip()
    'fc51e787 ["x",["a"]]'
    """
    text = json.dumps(row, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file. Lines that were cut short or changed are passed over. Raises `OSError`."""
    with path.open("rb") as file:
        while line := file.readline(LONGEST):
            text = line[9:-1]
            try:
                if line[8:9] != b" " or not line.endswith(b"\n") or int(line[:8], 16) != zlib.crc32(text):
                    continue
                row = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, list) and row:
                yield row


class Log:
    """A file that a run writes. What cannot be written is lost, and the jobs that it tells of run again."""

    def __init__(self, path: Path, generation: int, mode: int = 0o666) -> None:
        self.path, self.generation = path, generation
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        with contextlib.suppress(OSError):
            os.fchmod(self._file, mode)
        if os.fstat(self._file).st_size == 0:
            self.write([["h", FORMAT, generation]])

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows. Raises `OSError`."""
        if not rows:
            return
        line = b"".join(map(line_of, rows))
        if os.write(self._file, line) != len(line):
            # What a full disk cut off must not make the next line unreadable, too.
            os.write(self._file, b"\n")
            raise OSError(28, os.strerror(28))

    def now(self) -> int:
        """The time of the file system, in ns: other machines' clocks may differ from it."""
        os.utime(self._file)
        return os.fstat(self._file).st_mtime_ns

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def write_whole(path: Path, generation: int, rows: Iterable[Row]) -> None:
    """Write a file with all of its rows, all or nothing. Raises `OSError`."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(line_of(["h", FORMAT, generation]))
        file.writelines(map(line_of, rows))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
