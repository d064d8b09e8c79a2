"""Files that are missing below files that are there.

A job that failed has its outputs deleted, while what was made from them earlier may still stand. Snakemake takes the
later file for up to date and never asks for the earlier one, so a second run would call a stale result done. Naming the
missing files as targets has them made, and with them everything that comes after.

Where a rule is known by a mark, Snakemake does not look for the files at all: a mark without them is taken away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion
from sncompile.runner.files.job_files import marks
from sncompile.targets.snakemake.batching import instance_marks


def missing_below(graph: Graph, working: Path, families: set[str], marked: Collection[str] = ()) -> list[str]:
    """The kept files of jobs of `families` that are missing while a job that needs them has its own files.

    Of the `marked` families it is their marks; those that stand without the files are deleted.
    """
    found = _Holes(graph, working, frozenset(marked))
    there = {name: found.there(name) for name in families}
    holes: dict[tuple[str, int], None] = {}
    for name in graph.families:
        for number, present in enumerate(there.get(name, ())):
            if not present:
                continue
            for source, instances in found.expansion.direct(name, number).items():
                before = there.get(source)
                if before is not None:
                    holes |= dict.fromkeys((source, j) for j in sorted(instances) if not before[j])
    return [path for name, number in holes for path in found.asked(name, number)]


class _Holes:
    """What is there of a graph's files."""

    def __init__(self, graph: Graph, working: Path, marked: frozenset[str]) -> None:
        self.expansion = Expansion(graph)
        self._working = working
        self._columns: dict[str, list[list[Any]]] = {}
        self._marks = {name: list(marks(graph, graph.families[name])) for name in marked if name in graph.families}

    def there(self, name: str) -> list[bool]:
        """Of every instance whether its kept files are all there, and its mark, if it is known by one."""
        count = len(self.expansion.graph.families[name].keys)
        found = [all(map(self._exists, self._files(name, number))) for number in range(count)]
        for number, mark in enumerate(self._marks.get(name, ())):
            if not found[number]:
                (self._working / mark).unlink(missing_ok=True)
        for number, mark in enumerate(self._marks.get(name, ())):
            found[number] = found[number] and self._exists(mark)
        return found

    def asked(self, name: str, number: int) -> list[str]:
        """What the engine is asked for to have a job done."""
        return [self._marks[name][number]] if name in self._marks else self._files(name, number)

    def _files(self, name: str, number: int) -> list[str]:
        if name not in self._columns:
            family, column = self.expansion.graph.families[name], self.expansion.evaluator.column
            # What is temporary is meant to be gone.
            kept = [output.path for output in family.outputs.values() if not output.temp]
            self._columns[name] = [list(column(path, family.keys, family)) for path in kept]
        values = [column[number] for column in self._columns[name]]
        return [str(path) for v in values for path in (v if isinstance(v, tuple) else (v,))]

    def _exists(self, path: str) -> bool:
        return os.path.lexists(self._working / path)


def forget_batches(graph: Graph, working: Path) -> None:
    """Have every instance of batches done again, though the engine only has the batches done again."""
    for family in graph.families.values():
        if family.batches:
            shutil.rmtree(working / instance_marks(graph.workspace, family), ignore_errors=True)


def families_for(graph: Graph, wanted: set[str]) -> set[str]:
    """The families that are needed for some of them, those included."""
    found: set[str] = set()
    pending = list(wanted)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [edge.source for edge in graph.into(name)]
    return found
