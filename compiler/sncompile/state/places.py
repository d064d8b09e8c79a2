"""Paths as they are called on every machine: by the data root that they lie in.

    images: /mnt/plates/p1        /mnt/plates/p1/A01.tif       {images}/A01.tif
    workspace: results            results/blur/A01/out.tif     {workspace}/blur/A01/out.tif

So a folder that has moved, or that another machine mounts elsewhere, is no change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from sncompile.ir.language.locations import absolute, all_below, is_url


class Places:
    """The data roots of a pipeline; `folder` is its working folder, to which paths are relative."""

    def __init__(self, roots: Mapping[str, str], folder: str) -> None:
        self.folder = os.path.abspath(folder)
        names = {self.folder: "."}
        for name, root in roots.items():
            names[absolute(self.folder, root)] = f"{{{name}}}"
        self._starts = sorted(names.items(), key=lambda each: (-len(each[0]), each[0]))
        self._roots, self._start = frozenset(names), f"{self.folder.rstrip('/')}/"
        self._slow = {"", ".", "..", *(root.rpartition("/")[2] for root in names)}
        """Last parts of paths that may be roots themselves, or have to be put in their normal form."""
        self._folders: dict[str, str] = {}
        # In a text a root may stand in full, or as the beginning of a path as it is seen from the working folder.
        self._in_text = []
        for root, name in self._starts:
            if is_url(root):
                continue  # In a text it is an address like any other.
            for spelled in dict.fromkeys((root, os.path.relpath(root, self.folder))):
                if spelled not in (".", "/"):
                    end = r"(?=/|\Z)" if spelled == root else "(?=/.)"
                    self._in_text.append((spelled, name, re.compile(rf"(?<![\w./~-]){re.escape(spelled)}{end}")))

    def name(self, path: str) -> str:
        """What a path is called."""
        folder, _, rest = path.rpartition("/")
        found = self._folders.get(folder)
        if found is None or rest in self._slow:
            if is_url(path):
                return self._named(path)
            if rest in self._slow or not folder:
                return self._named(os.path.normpath(os.path.join(self.folder, path)))
            found = self._folders[folder] = self._folder(folder)
        return f"{found}/{rest}"

    def names(self, paths: Sequence[str]) -> list[str]:
        """What some paths are called, of which there may be very many."""
        if paths and all_below(paths):
            # Between two texts that begin alike there are only such as begin so, too.
            folder = os.path.commonpath([os.path.dirname(min(paths)), os.path.dirname(max(paths))])
            if folder and not any(root.startswith(f"{self._start}{folder}/") for root in self._roots):
                # All lie in a folder in which no root lies.
                found, cut = self._folder(folder), len(folder)
                return [found + path[cut:] for path in paths]
        return list(map(self.name, paths))

    def _folder(self, folder: str) -> str:
        """What the path of a file in a folder begins with; it is neither `/` nor the working folder as it stands."""
        around, _, last = folder.rpartition("/")
        if around and folder[0] != "." and "/." not in folder and "//" not in folder:
            # Often each job has a folder of its own: its name is that of the folder around it, and its own.
            known = self._folders.get(around)
            if known is None:
                known = self._folders[around] = self._folder(around)
            if (folder if folder[0] == "/" else self._start + folder) not in self._roots:
                return f"{known}/{last}"
        named = self._named(os.path.normpath(os.path.join(self.folder, folder)))
        return "" if named == "/" else named

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
