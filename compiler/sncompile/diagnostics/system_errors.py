"""What the system says when something cannot be written, in words: the cause, and what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from errno import EACCES, EDQUOT, EEXIST, EMFILE, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path

from sncompile.lazy_regex import regex

_REMEDIES: Mapping[int, str] = {
    ENOSPC: "make room on its disk",
    EDQUOT: "your quota there is used up: make room, or ask for more",
    EROFS: "its disk is read-only: choose another place",
    EACCES: "see who may write there",
    EPERM: "see who may write there",
    ENOTDIR: "move it away",
    EEXIST: "move it away",
    EMFILE: "too many files are open: see `ulimit -n`",
}


_COPYING = regex(r"\[Errno (\d+)\]")


def reason(error: OSError, path: str | os.PathLike[str]) -> str:
    """Why something could not be written at a path; where a file stands in the way, it is named."""
    number = _number(error)
    obstacle = _in_the_way(Path(path)) if number in (ENOTDIR, EEXIST) else None
    if obstacle is not None:
        return f"`{obstacle}` is a file where a folder is needed"
    return error.strerror or (os.strerror(number) if number else type(error).__name__)


def cannot_write(error: OSError, path: str | os.PathLike[str]) -> str:
    """The same as a sentence about the path."""
    why = reason(error, path)
    return why if why.startswith(f"`{os.fspath(path)}` ") else f"`{os.fspath(path)}` cannot be written: {why}"


def remedy(error: OSError, otherwise: str) -> str:
    """What to do about it; `otherwise` where the system's word for it suggests nothing."""
    return _REMEDIES.get(_number(error), otherwise)


def _number(error: OSError) -> int:
    """The system's number of an error; of a folder that could not be copied, that of its first file."""
    found = _COPYING.search(str(error)) if isinstance(error, shutil.Error) else None
    return error.errno or (int(found[1]) if found is not None else 0)


def _in_the_way(path: Path) -> Path | None:
    """The nearest thing at or above a path that is there, if it is no folder."""
    there = next((place for place in (path, *path.parents) if os.path.lexists(place)), None)
    return there if there is not None and not there.is_dir() else None
