"""Files that are missing below files that are there.

A job that failed has its outputs deleted, while what was made from them earlier may still stand. Snakemake takes the
later file for up to date and never asks for the earlier one, so a second run would call a stale result done. Naming the
missing files as targets has them made, and with them everything that comes after.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sncompile.ir.graph import Graph
from sncompile.ir.jobs import Expansion


def missing_below(graph: Graph, working: Path, families: set[str]) -> list[str]:
    """The kept files of jobs of `families` that are missing while a job that needs them has its own files."""
    expansion = Expansion(graph)
    there = {name: [_all_there(paths, working) for paths in _outputs(expansion, name)] for name in families}
    holes: dict[tuple[str, int], None] = {}
    for name in graph.families:
        for number, present in enumerate(there.get(name, ())):
            if not present:
                continue
            for source, instances in expansion.direct(name, number).items():
                found = there.get(source)
                if found is not None:
                    holes |= dict.fromkeys((source, j) for j in sorted(instances) if not found[j])
    return [path for name, number in holes for path in _of_job(expansion, name, number)]


def _of_job(expansion: Expansion, name: str, number: int) -> list[str]:
    family = expansion.graph.families[name]
    found: list[str] = []
    for output in family.outputs.values():
        # What is temporary is meant to be gone.
        if not output.temp:
            value = expansion.evaluator.closure(output.path, family.keys, family)(number)
            found += value if isinstance(value, tuple) else [str(value)]
    return found


def _outputs(expansion: Expansion, name: str) -> Iterator[list[str]]:
    for number in range(len(expansion.graph.families[name].keys)):
        yield _of_job(expansion, name, number)


def _all_there(paths: list[str], working: Path) -> bool:
    return all(os.path.lexists(working / path) for path in paths)


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
