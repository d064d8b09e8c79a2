"""Puts a folder in the place of another one in a single step, so that nobody ever sees half of it or none.

Decision 0038.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2
"""`RENAME_EXCHANGE` of Linux, and `RENAME_SWAP` of macOS; see `man 2 renameat2`, `man 2 renamex_np`."""

_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


@contextmanager
def folder_beside(folder: Path, first: str) -> Iterator[Path]:
    """A new empty folder beside one, to be filled and to take its place; gone at the end, with all that it then holds.

    What processes have left that died on the way is cleared away first: it is known by its name, and holds the file
    `first`, which is to be written before any other.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}.new-"
    _clear(folder.parent, prefix, first)
    fresh = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        # Held as long as this process lives: so others know that the folder is no leftover.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield fresh
    finally:
        if fresh.is_symlink():
            fresh.unlink()  # A link stood in the folder's place; where it leads is not ours.
        shutil.rmtree(fresh, ignore_errors=True)
        os.close(descriptor)


def _clear(parent: Path, prefix: str, first: str) -> None:
    for name in os.listdir(parent):
        if name.startswith(prefix):
            with suppress(OSError):
                _clear_one(parent / name, first)


def _clear_one(leftover: Path, first: str) -> None:
    descriptor = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (leftover / first).exists():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.rmdir()  # Nothing was written yet; what holds anything else is somebody's own.
    finally:
        os.close(descriptor)


def take_place(folder: Path, fresh: Path) -> None:
    """Have `fresh` stand where `folder` stands, and what stood there where `fresh` did. Raises `OSError`."""
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchange(folder, fresh):
        _swap(folder, fresh)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places; False where the system or the file system has no such thing."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    name = "renamex_np" if sys.platform == "darwin" else "renameat2"
    function = getattr(library, name, None)
    if function is None:
        return False
    paths = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = function(*paths, ctypes.c_uint(_EXCHANGE))
    else:
        failed = function(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], ctypes.c_uint(_EXCHANGE))
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(one))


def _swap(folder: Path, fresh: Path) -> None:
    """The same in two steps, between which there is no folder."""
    aside = fresh.with_name(f"{fresh.name}.old")
    folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    aside.rename(fresh)
