"""Paths as they are called on every machine: by the data root that they lie in.

    images: /mnt/plates/p1        /mnt/plates/p1/A01.tif       {images}/A01.tif
    workspace: results            results/blur/A01/out.tif     {workspace}/blur/A01/out.tif

So a folder that has moved, or that another machine mounts elsewhere, is no change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping


class Places:
    """The data roots of a pipeline; `folder` is its working folder, to which paths are relative."""

    def __init__(self, roots: Mapping[str, str], folder: str) -> None:
        home = os.path.abspath(folder)
        starts = {root.rstrip("/") or "/": f"{{{name}}}" for name, root in roots.items() if "://" not in root}
        self._starts = sorted(
            {
                home: ".",
                **starts,
                **{os.path.normpath(os.path.join(home, r)): n for r, n in starts.items()},
            }.items(),
            key=lambda each: (-len(each[0]), each[0]),
        )
        self._folders: dict[str, str] = {}
        # A relative root is looked for where a word begins with it, an absolute one wherever it stands.
        self._in_text = [
            (root, name, re.compile(rf"(?<![\w./~-]){re.escape(root)}(?=/{'' if root.startswith('/') else '.'}|\Z)"))
            for root, name in self._starts
            if root not in (".", "/")
        ]

    def name(self, path: str) -> str:
        """What a path is called."""
        folder, slash, rest = path.rpartition("/")
        found = self._folders.get(folder)
        if found is None:
            found = self._folders[folder] = self._named(folder) if slash else ""
        return self._named(path) if not slash or not rest else f"{found}/{rest}"

    def _named(self, path: str) -> str:
        for root, name in self._starts:
            if path == root:
                return name
            if path.startswith(root) and (root == "/" or path[len(root)] == "/"):
                return f"{name}/{path[len(root) :].lstrip('/')}"
        return path

    def told(self, text: str) -> str:
        """A text with the roots in it called so."""
        for root, name, pattern in self._in_text:
            if root in text:
                text = pattern.sub(lambda _, name=name: name, text)  # type: ignore[misc]
        return text
