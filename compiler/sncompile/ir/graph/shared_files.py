"""Files that several modules hold alike, such as one wrapper that all of them call: they are emitted once.

A module finds beside its file what it has claimed, and nothing else. So modules share a folder only where all that
they hold is the same.

Names in the graph stay what they were until it is emitted: what a file is called must not hang on which other steps
there are, or a step that comes in would be a reason to look at the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.files import ModuleFile
from sncompile.ir.graph.model import Graph
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.values.model import ModuleFile as FileValue
from sncompile.ir.values.model import Value

_SHARED = "shared"


def with_shared_files(graph: Graph) -> Graph:
    """The graph with one folder for modules that hold the same files; itself where none do."""
    moved = _moved(graph.files)
    if not moved:
        return graph

    def rewrite(value: Value) -> Value:
        if isinstance(value, FileValue):
            return value._replace(emitted=moved.get(value.emitted, value.emitted))
        return map_children(value, rewrite)

    families = {
        name: map_family(family, rewrite)._replace(conda=moved.get(family.conda or "", family.conda))
        for name, family in graph.families.items()
    }
    files = {moved.get(name, name): file for name, file in graph.files.items()}
    files = {name: file._replace(emitted=name) for name, file in files.items()}
    return with_families(replace(graph, files=files), families)


def _moved(files: Mapping[str, ModuleFile]) -> dict[str, str]:
    """The files that come to lie elsewhere, by where they lay."""
    folders: dict[str, list[str]] = {}
    for name, file in files.items():
        if "/" in name and file.content is None:
            folders.setdefault(name.partition("/")[0], []).append(name)
    alike: dict[object, list[list[str]]] = {}
    for names in folders.values():
        alike.setdefault(_held(names, files), []).append(sorted(names))
    found: dict[str, str] = {}
    used = set(folders)
    for groups in sorted(sorted(groups) for groups in alike.values() if len(groups) > 1):
        number = 1
        while (folder := _SHARED if number == 1 else f"{_SHARED}-{number}") in used:
            number += 1
        used.add(folder)
        found |= {name: f"{folder}/{name.partition('/')[2]}" for names in groups for name in names}
    return found


def _held(names: list[str], files: Mapping[str, ModuleFile]) -> object:
    """What a folder holds. What cannot be read is like nothing else; who emits it says so."""
    try:
        return frozenset((name.partition("/")[2], files[name].read(), files[name].executable) for name in names)
    except OSError:
        return names[0]
