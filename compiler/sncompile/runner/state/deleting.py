"""Deletes temporary outputs that an engine has not: those whose readers were jobs of several runs."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterable, Mapping

from sncompile.runner.state.orders import Deletion


def delete(temporary: Iterable[Deletion], well: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
    """Delete the outputs that nobody needs, now that the jobs with the outputs `well` have ended well.

    Gives for each root whether the outputs of jobs, by their keys, wait to be deleted. One that cannot be deleted
    waits.
    """
    found: dict[str, dict[str, bool]] = {}
    for each in temporary:
        if not each.kept and each.after.issubset(well):
            with contextlib.suppress(OSError):
                remove(each.path)
        waits = found.setdefault(each.root, {})
        waits[each.key] = waits.get(each.key, False) or os.path.lexists(each.path)
    return found


def remove(path: str) -> None:
    """Delete a file, a link or a folder, if it is there. Raises `OSError`."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
