"""Commands that run in containers of Docker or podman, for which Snakemake has no way of its own.

The command is wrapped where it stands: `bash container.sh IMAGE WORD…`. The script is emitted with the files; it holds
the folders that the pipeline's containers see. Apptainer needs none of this: Snakemake runs it for `container:`.

Decision 0039.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from importlib.resources import files as package_files

from sncompile.ir.graph.images import ImageKind, image_name
from sncompile.ir.language.locations import is_url, workspace_here
from sncompile.lowering.model import Input, Lowered, Output, Parameter
from sncompile.targets.snakemake.storage import copy_of
from sncompile.targets.target import Engine

RUNNER = "container.sh"
MOST_FILES = 20
"""So many files of an input that lie in no data root are shown to a container one by one; of more, their folder."""

_APPTAINERS = ("oras://", "library://", "shub://", "file://", "http://", "https://")
"""Where only Apptainer takes images from. Podman knows others, such as `docker-archive:`, and judges them itself."""


def docker_name(image: str) -> str | None:
    """An image as Docker and podman call it; None for what only Apptainer can run."""
    name, kind = image_name(image)
    return None if kind is ImageKind.FILE or name.startswith(_APPTAINERS) else name


def apptainer_name(image: str) -> str:
    """An image as Apptainer calls it, to which a name without a scheme is a file's."""
    name, kind = image_name(image)
    return f"docker://{name}" if kind is ImageKind.REGISTRY else image


def runner_script(lowered: Lowered, engine: Engine) -> bytes:
    """`container.sh` of a pipeline."""
    write, read = folders(lowered)
    lists = "".join(
        f"{name}=({' '.join(map(shlex.quote, found))})\n" for name, found in (("write", write), ("read", read))
    )
    title = f"# The folders that containers of {' '.join(lowered.name.split())} see, and the engine that runs them."
    script = package_files("sncompile.templates").joinpath("support", RUNNER).read_text("utf-8")
    return f"#!/bin/bash\n{title}\nengine={engine}\n{lists}{script}".encode("utf-8", "surrogateescape")


def folders(lowered: Lowered) -> tuple[list[str], list[str]]:
    """The folders that jobs write to and those they only read: the data roots, and where else the spec's paths lie."""
    here = workspace_here(lowered.workspace)
    every = {_plain(root) for root in (here, *lowered.roots.values()) if not is_url(root)}
    roots = sorted(every, key=len, reverse=True)
    write, read = {_plain(here)}, set(roots)
    for task in lowered.tasks.values():
        if task.image is None:
            continue
        for output in task.outputs.values():
            homes, outside = _homes(_paths(output), roots)
            write |= homes | _common({os.path.dirname(path) or "." for path in outside})
        read_from: tuple[Input | Parameter, ...] = (*task.inputs.values(), *task.parameters.values())
        for port in read_from:
            homes, outside = _homes(_paths(port), roots)
            read |= homes | (outside if len(outside) <= MOST_FILES else _common(set(map(os.path.dirname, outside))))
    write = {path for path in write if not _inside(path, write - {path})}
    read = {path for path in read - write if not _inside(path, write | read - {path})}
    return sorted(write), sorted(read)


def _paths(port: Input | Output | Parameter) -> Iterator[str]:
    for found in port.paths:
        yield from (copy_of(path) for path in found or () if path)


def _homes(paths: Iterable[str], roots: Iterable[str]) -> tuple[set[str], set[str]]:
    """The roots that paths lie in, and the paths that lie in none."""
    found: set[str] = set()
    outside: set[str] = set()
    for path in map(_plain, paths):
        root = next((r for r in roots if path == r or _inside(path, (r,))), None)
        (outside if root is None else found).add(path if root is None else root)
    return found, outside


def _common(folders: set[str]) -> set[str]:
    """The folder that folders have in common; they themselves where there is none worth the name."""
    kinds = {os.path.isabs(folder) for folder in folders}
    common = os.path.commonpath(folders) if len(kinds) == 1 else ""
    return {common} if common.strip("/.") else {folder or "." for folder in folders}


def _plain(path: str) -> str:
    return os.path.normpath(path)


def _inside(path: str, others: Iterable[str]) -> bool:
    return any(
        (not path.startswith(("/", ".."))) if other == "." else path.startswith(f"{other.rstrip('/')}/")
        for other in others
    )
