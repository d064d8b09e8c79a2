"""Orphans: results that a run of this pipeline is known to have made, for jobs that its spec has no more.

A row that was taken out of a table leaves the results of its jobs behind, and so does a step that is gone. They are
told of, and deleted only when that is asked for (`run --prune`). What is none:

- what no run is known to have made, or another pipeline that writes to the same root has made;
- what has changed since a run made it: somebody else has written there;
- what a job of today writes or reads, whole or in part, wanted or not.

Decision 0097.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sncompile.compilation import Compilation
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.language.locations import is_url
from sncompile.runner.files.run_files import RealPaths, RunFiles, Written, files_of
from sncompile.runner.state.deleting import remove
from sncompile.runner.state.elsewhere import remove_empty
from sncompile.state.decisions import Decisions
from sncompile.state.store import State, open_log
from sncompile.state.versions import ABSENT, Looker


class Orphan(NamedTuple):
    """A job of the past by what the state knows it: its root, its key, and those of its files that are there still."""

    root: str
    key: str
    paths: tuple[str, ...]


def orphans_of(made: Compilation, states: Mapping[str, State], decisions: Decisions) -> list[Orphan]:
    """The orphans of a pipeline, root by root. None are told while rows of tables are not known."""
    if made.program.late:
        return []
    known: dict[str, set[str]] = {root: set() for root in states}
    for each in decisions.tasks.values():
        for root in set(each.roots):
            known[root].update(key for key, of in zip(each.keys, each.roots, strict=True) if of == root)
    candidates = [
        (state, key)
        for root, state in states.items()
        for key in state.made.keys() - known[root]
        if state.made[key].pipeline == made.graph.name and key in state.jobs
    ]
    if not candidates:
        return []
    # Those of steps, too, that a pass has taken out as no output needs them.
    graph = made.unoptimized
    working = Path(graph.folder).resolve()
    real = RealPaths(working)
    use = _InUse(files_of(graph, working, graph.families, ()), real)
    found = (_orphan(state, key, use, real, decisions.looker) for state, key in sorted(candidates, key=_order))
    return [orphan for orphan in found if orphan is not None]


def _order(candidate: tuple[State, str]) -> tuple[str, str]:
    return candidate[0].root, candidate[1]


class _InUse:
    """What the jobs of today write and read, by real paths."""

    def __init__(self, files: RunFiles, real: RealPaths) -> None:
        self._files = {*files.writes, *files.reads}
        self._around = {folder for path in (*self._files, *files.roots) for folder in (*_folders(path), path)}

    def __call__(self, path: str) -> bool:
        """Whether a path is one of them, lies in one, or holds one."""
        return path in self._around or any(folder in self._files for folder in _folders(path))


def _folders(path: str) -> Iterator[str]:
    while (folder := os.path.dirname(path)) != path:
        yield folder
        path = folder


def _orphan(state: State, key: str, use: _InUse, real: RealPaths, looker: Looker) -> Orphan | None:
    """The orphan that a job is; None where anything of it is in use, has changed, or is not there any more."""
    names, versions = state.made[key].outputs, state.jobs[key].outputs
    if len(names) != len(versions) or key not in names:
        return None
    paths = []
    for name, version in zip(names, versions, strict=True):
        path = state.start + name
        # A state is somebody's file: what it names lies in its root, and no link leads out of that.
        strange = is_url(name) or os.path.normpath(name) != name or name.split("/")[0] in ("..", "", OWN_FOLDER)
        if strange or not real(path).startswith(f"{state.root.rstrip('/')}/") or use(real(path)):
            return None
        if not os.path.lexists(path):
            continue  # An optional or temporary output.
        if version == ABSENT or not looker.same(path, version):
            return None
        paths.append(path)
    return Orphan(state.root, key, tuple(paths)) if paths else None


def with_orphans(files: RunFiles, orphans: Iterable[Orphan], working: Path) -> RunFiles:
    """The files of a run with those that it is to delete: no other run may write or read them meanwhile."""
    real = RealPaths(working)
    gone = {real(path): Written(path, os.path.isdir(path), True) for orphan in orphans for path in orphan.paths}
    return replace(files, writes={**gone, **files.writes}, reads=files.reads - gone.keys())


def prune(
    orphans: Sequence[Orphan], states: Mapping[str, State], logs: Mapping[str, tuple[Path, int]]
) -> Iterator[Orphan]:
    """Delete orphans, and forget how they were made; gives those that are gone.

    Of one that cannot be deleted it stays known how it was made. Raises `OSError` where the state cannot be written.
    """
    for root in dict.fromkeys(orphan.root for orphan in orphans):
        log = open_log(*logs[root])
        try:
            for orphan in (each for each in orphans if each.root == root):
                try:
                    for path in orphan.paths:
                        remove(path)
                except OSError:
                    continue
                log.write([["d", [orphan.key]]])
                states[root].jobs.pop(orphan.key, None)
                for path in orphan.paths:
                    remove_empty(os.path.dirname(path), states)
                yield orphan
        finally:
            log.close()
