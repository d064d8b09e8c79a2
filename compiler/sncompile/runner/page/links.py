"""Paths of a run → where a page links to them: always relative to the page, so that no path becomes a scheme."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sncompile.ir.language.locations import is_url
from sncompile.runner.page.pictures import can_preview

PREVIEW = "?preview"


class Links(NamedTuple):
    """Where links begin: those to the working folder's files, to those of the run's folder, and to all others.

    With `preview` behind it a link to an image leads to a preview of it; empty where nobody makes one.
    """

    work: str
    run: str
    system: str
    working: Path
    preview: str = ""

    @staticmethod
    def beside(page: Path, run: Path, working: Path) -> Links:
        """Links of a page that is a file."""
        folder = page.absolute().parent
        work, kept, system = (_base(os.path.relpath(place, folder)) for place in (working, run, Path("/")))
        return Links(work, kept, system, working)

    @staticmethod
    def served(working: Path) -> Links:
        """Links of a page that `sncompile serve` gives out."""
        return Links("file/work/", "file/run/", "file/system/", working, PREVIEW if can_preview() else "")

    def shown(self, path: str) -> str:
        """A path as it is told: one below the working folder is relative to it."""
        return path.removeprefix(f"{self.working}/")

    def to(self, path: str) -> str:
        """The link to a file of the run's jobs; empty for what lies elsewhere, as a page asks nobody."""
        if is_url(path):
            return ""
        told = self.shown(path)
        if told.startswith("/"):
            return self.system + encoded(told.lstrip("/"))
        return self.work + encoded(told)


def encoded(path: str) -> str:
    """A path as it stands in a link."""
    return quote(path, safe="/", errors="surrogateescape")


def _base(relative: str) -> str:
    """A relative path as the beginning of links, which is never taken for a scheme."""
    start = "" if relative.startswith("..") else "./"
    return "./" if relative == "." else f"{start}{encoded(relative)}/"
