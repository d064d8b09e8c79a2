"""Input files in folders that hold many of them: a folder is listed once, and its files are not asked for one by one.

    in/A01.tif … in/H12.tif     in a folder that is there, and in which no link stands by these names
    other/x.tif                 alone in its folder: looked at by itself

Nearly all input files of a large pipeline are as they should be, and there may be a hundred thousand of them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from sncompile.ir.language.locations import is_url
from sncompile.semantics.path_text import bad_path
from sncompile.semantics.paths.folding import PLAIN
from sncompile.semantics.paths.system import Kind
from sncompile.semantics.paths.writers import Paths

_MANY = 32
"""A folder with so many input files is listed."""


def plain_among(found: Collection[str], wanted: str, paths: Paths, most: int) -> Callable[[str], bool] | None:
    """Tells those of some paths of which nothing is to be said, as far as that is seen by listing their folders; None
    where no folder has many of them.

    Such a path can be one, is there, is a directory where one is `wanted` and a file elsewhere, and no step writes to
    it. `most` are the bytes that it may have.
    """
    if len(found) < _MANY:
        return None
    kind = Kind.FOLDER if wanted == "directory" else Kind.OTHER
    heads = Counter(path.rpartition("/")[0] for path in found)
    listed = {
        head: each for head, number in heads.items() if number >= _MANY and (each := _listed(head, paths)) is not None
    }
    if not listed:
        return None

    def plain(path: str) -> bool:
        head, _, name = path.rpartition("/")
        here = listed.get(head)
        # A part of a path has no more bytes than it can have where it is there.
        if here is None or here[0].get(name) is not kind or len(path) * 4 > most:
            return False
        return name.isprintable() and here[1](name)

    return plain


def _listed(head: str, paths: Paths) -> tuple[Mapping[str, Kind], Callable[[str], bool]] | None:
    """What stands in a folder, and what of it no step writes to; None where names do not tell all."""
    if bad_path(head) is not None or is_url(f"{head}/"):
        return None
    folder = paths.identity.folder(head)
    if folder.volume is not PLAIN or not folder.there:
        return None
    # By its own spelling: `gone/..` leads nowhere, and `closed/..` not everybody anywhere.
    if not os.access(os.path.join(paths.identity.working.actual, head), os.X_OK):
        return None
    # A folder may hold far more than one step reads of it: it is looked through once, and not for each step.
    return paths.identity.held(folder), paths.untouched(folder)
