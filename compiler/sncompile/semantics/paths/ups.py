"""`a/..` in a path: nothing, unless `a` is a link; then it is the folder above the one that the link leads to."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path


def climbs_from_link(path: str, working: str | Path) -> bool:
    """Whether `..` stands behind a link in a path, so that it cannot be taken out by its letters alone."""
    if "/.." not in path:
        return False
    names = path.split("/")
    return any(
        name == ".." and names[number - 1] not in ("", ".", "..") and _is_link("/".join(names[:number]), working)
        for number, name in enumerate(names)
        if number
    )


def settled(path: str, working: str | Path) -> str:
    """A path without `.` and `..` in it where that is possible; relative ones stay so, seen from the working folder."""
    if climbs_from_link(path, working):
        # Only up to the last `..`: links below it are the user's names for what they lead to.
        head, tail = _cut_at_last_up(path)
        real = os.path.realpath(os.path.join(working, head))
        path = posixpath.join(real if path.startswith("/") else os.path.relpath(real, os.path.realpath(working)), tail)
    return posixpath.normpath(path)


def _cut_at_last_up(path: str) -> tuple[str, str]:
    names = path.split("/")
    last = len(names) - names[::-1].index("..")
    return "/".join(names[:last]), "/".join(names[last:])


def _is_link(path: str, working: str | Path) -> bool:
    try:
        return os.path.islink(os.path.join(working, path))
    except ValueError:
        return False
