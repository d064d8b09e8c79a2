"""The files that a run writes and reads, told by what they are and not by how they are spelt.

A path's *real* form has no links and no `..` in what exists of its folders. So two working folders, or two spellings,
agree on whether they mean one file.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.language.locations import is_url
from sncompile.ir.values.evaluate import Evaluator
from sncompile.runner.files.job_files import marks


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a job writes: its path as jobs have it, and its kind. What is `temp` is meant to be gone later.

    A file that is `non_empty` holds something, a directory so many files at least.
    """

    path: str
    directory: bool
    temp: bool
    non_empty: bool = False
    min_files: int = 0


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What a run writes by the real paths, the real paths of what it reads and no job of it writes, and the data roots.

    `by_mark` has the files of the jobs that an engine knows by a mark, by that mark's path. `folders` are the
    directories among what is written and read.
    """

    writes: Mapping[str, Written]
    reads: frozenset[str]
    roots: tuple[str, ...]
    by_mark: Mapping[str, tuple[Written, ...]]
    folders: frozenset[str] = frozenset()


class RealPaths:
    """Finds the real paths of many files in few folders: every folder is looked at once."""

    def __init__(self, working: Path) -> None:
        self._working = str(working)
        self._folders: dict[str, str] = {"/": "/"}

    def __call__(self, path: str) -> str:
        """The real path of a file, which itself may be a link."""
        folder, name = os.path.split(os.path.join(self._working, path.rstrip("/")))
        if name in ("", ".", ".."):
            return self.folder(os.path.join(folder, name))
        return os.path.join(self.folder(folder), name)

    def folder(self, path: str) -> str:
        """The real path of a folder."""
        path = path.rstrip("/") or "/"
        found = self._folders.get(path)
        if found is None:
            parent, name = os.path.split(path)
            if name in ("", ".", "..") or not parent:
                found = os.path.realpath(path)
            else:
                found = os.path.join(self.folder(parent), name)
                if os.path.islink(found):
                    found = os.path.realpath(found)
            self._folders[path] = found
        return found


def files_of(
    graph: Graph,
    working: Path,
    families: Collection[str],
    marked: Collection[str],
    wanted: Mapping[str, Sequence[int]] | None = None,
) -> RunFiles:
    """The files of some of a graph's families; the `marked` ones are known to the engine by their marks.

    Of a mark's files only those of `wanted` jobs are told, where it is not all of them.
    """
    evaluator, real = Evaluator(graph.families), RealPaths(working)
    writes: dict[str, Written] = {}
    by_mark: dict[str, list[Written]] = {}
    for name in families:
        family = graph.families[name]
        found = list(marks(graph, family)) if name in marked else []
        meant = frozenset(wanted.get(name, ())) if wanted is not None else frozenset()
        for mark in found:
            by_mark.setdefault(mark, [])
        # What writes nothing has a mark for its only output.
        for mark in found if family.outputs else marks(graph, family):
            writes[real(mark)] = Written(mark, False, False)
        success = family.success
        for port, output in family.outputs.items():
            criteria = (port in success.non_empty, success.min_files.get(port, 0))
            for number, value in enumerate(evaluator.column(output.path, family.keys, family)):
                for path in _paths(value):
                    written = Written(path, output.base == "directory", output.temp, *criteria)
                    writes[real(path)] = written
                    if found and (wanted is None or number in meant):
                        by_mark[found[number]].append(written)
    reads: set[str] = set()
    folders = {path for path, written in writes.items() if written.directory}
    for name in families:
        for path, directory in _read(graph.families[name], evaluator):
            place = real(path)
            # Who reads a link reads what it leads to.
            both = {place, os.path.realpath(place)} if os.path.islink(place) else {place}
            reads |= both
            folders |= both if directory else set()
    roots = {
        real.folder(os.path.join(str(working), r)) for r in (graph.workspace, *graph.roots.values()) if not is_url(r)
    }
    return RunFiles(
        writes,
        frozenset(reads - writes.keys()),
        tuple(sorted(roots, key=len, reverse=True)),
        {mark: tuple(found) for mark, found in by_mark.items()},
        frozenset(folders),
    )


def _read(family: Family, evaluator: Evaluator) -> Iterator[tuple[str, bool]]:
    """Every path that a family's jobs have as an input, and whether it is a directory.

    A parameter may be a path too, and name a whole data root.
    """
    seen: dict[int, Any] = {}
    for port in family.inputs.values():
        for found in evaluator.column(port.value, family.keys, family):
            # A list that all jobs of a step share is looked at once.
            if not isinstance(found, tuple) or id(found) not in seen:
                seen[id(found)] = found
                yield from ((path, port.base == "directory") for path in _paths(found))


def _paths(value: Any) -> Iterator[str]:
    for path in value if isinstance(value, tuple) else (value,):
        if isinstance(path, str) and path and not is_url(path):
            yield path
