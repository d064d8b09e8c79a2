"""What the page about a run shows of its results: the outputs that are for people to look at (`report`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.ir.language.locations import is_url
from sncompile.runner.page.links import Links
from sncompile.runner.page.pictures import picture

MOST_FILES = 60
"""So many files of an output are listed; of more, the rest is counted."""
_MOST_PICTURES = 24
"""So many pictures stand in the page itself."""


class ShownFile(NamedTuple):
    """A file: what it is called, its link, whether it is there, and the picture itself where it is one and small."""

    path: str
    link: str
    labels: str
    there: bool
    picture: str


class ShownOutput(NamedTuple):
    """An output with its caption; `more` is how many files are not listed."""

    name: str
    caption: str
    files: list[ShownFile]
    more: int


def shown_results(facts: Mapping[str, Any], working: Path, links: Links) -> dict[str, list[ShownOutput]]:
    """The outputs by their category, in the order of the steps; those without one under nothing."""
    found: dict[str, list[ShownOutput]] = {}
    pictures = 0
    for output in facts.get("shown") or ():
        files = []
        for each in output["files"][:MOST_FILES]:
            path, labels = str(each["path"]), ", ".join(f"{n} {v}" for n, v in each["labels"].items())
            # A page asks no server.
            there = is_url(path) or os.path.lexists(working / path)
            seen = picture(working / path) if there and pictures < _MOST_PICTURES and not is_url(path) else ""
            pictures += bool(seen)
            files.append(ShownFile(path, links.to(path) if there else "", labels, there, seen))
        name = f"{output['step']}.{output['port']}"
        # Of further jobs nothing is written down but how many there are.
        further = output["jobs"] - len({tuple(each["labels"].items()) for each in output["files"]})
        more = max(0, len(output["files"]) - MOST_FILES) + max(0, further)
        found.setdefault(str(output["category"]), []).append(ShownOutput(name, str(output["caption"]), files, more))
    return found
