"""Where a job finds its files: every job has a folder of its own, in which a file has the path that the pipeline knows.

What lies outside of the working folder cannot have that path, so it is found below one folder that no other path uses:
`/mnt/plate/a.tif` as `outside/absolute/mnt/plate/a.tif`, `../a.tif` as `outside/up1/a.tif`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable


class Places:
    """The places of files in the folders of jobs; `paths` are all paths of the pipeline."""

    def __init__(self, paths: Iterable[str]) -> None:
        heads = {path.partition("/")[0] for path in map(posixpath.normpath, paths)}
        self.outside = _free("outside", heads)
        self.gathered = _free("gathered", heads)
        """The folder in which a job's outputs are laid out for the engine."""

    def of(self, path: str) -> str:
        """The path of a file as a job has it.

        >>> places = Places(["a/b", "outside/c"])
        >>> places.of("a/b"), places.of("/mnt/x"), places.of("a/../../x")
        ('a/b', 'outside_2/absolute/mnt/x', 'outside_2/up1/x')
        """
        if path.startswith("/"):
            return f"{self.outside}/absolute{posixpath.normpath('/' + path.lstrip('/'))}"
        plain = posixpath.normpath(path)
        if not leads_out(path):
            return path
        ups = plain.split("/").count("..")
        rest = plain.split("/")[ups:]
        return "/".join((self.outside, f"up{ups}", *rest))

    def back(self, text: str) -> str:
        """A text of a job with the pipeline's own paths."""
        text = text.replace(f"{self.outside}/absolute/", "/")
        return re.sub(rf"{self.outside}/up(\d+)", lambda found: "/".join([".."] * int(found[1])), text)


def leads_out(path: str) -> bool:
    """Whether a path leads out of the working folder.

    >>> leads_out("a/../b"), leads_out("a/../../b"), leads_out("/a")
    (False, True, True)
    """
    plain = posixpath.normpath(path)
    return plain.startswith(("/", "../")) or plain == ".."


def _free(name: str, used: set[str]) -> str:
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    return found
