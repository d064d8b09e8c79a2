"""What this machine has for jobs: cores and memory, as far as the container or the job that we are in may use them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SYSTEM = Path("/")


class Machine(NamedTuple):
    """Cores, and memory in megabytes, None where nobody knows.

    `held`: whether a container, or a scheduler's job, may use less memory than the machine has.
    """

    cores: int
    memory: int | None
    held: bool = False


def this_machine(system: Path = SYSTEM) -> Machine:
    """The machine that we are on, as its `system` files have it."""
    physical, limit = _physical(system), min(_limits(system), default=None)
    held = limit is not None and (physical is None or limit < physical)
    found = limit if held else physical
    return Machine(_cores(), None if found is None else found // 1_000_000, held)


def _cores() -> int:
    """The cores that we may use; Snakemake takes as many for `all`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _physical(system: Path) -> int | None:
    """Bytes of memory. Where a container has a view of its own of the system's files, that counts."""
    told = re.search(r"(?m)^MemTotal:\s*(\d+) kB", _text(system / "proc/meminfo"))
    if told is not None:
        return int(told[1]) * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _limits(system: Path) -> Iterator[int]:
    """The limits, in bytes, of the control groups that we are in, of both versions.

    Each group is held by those around it, too. A container may not see the group that it is in by its path; then what
    stands at the place where it sees groups is its own.
    """
    groups = dict(_groups(system))
    for kind, root, place in _mounts(system):
        group = groups.get(kind)
        if group is None:
            continue
        within = group.removeprefix(root.rstrip("/")).strip("/") if f"{group}/".startswith(root) else ""
        folder = place / within if ".." not in within.split("/") else place
        while True:
            told = _text(folder / _FILES[kind]).strip()
            if told.isdigit():
                yield int(told)
            if folder == place:
                break
            folder = folder.parent


_FILES = {"cgroup": "memory.limit_in_bytes", "cgroup2": "memory.max"}


def _groups(system: Path) -> Iterator[tuple[str, str]]:
    """The groups of this process: the kind of file system that they are seen by, and their paths there."""
    for line in _text(system / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield "cgroup2", path
        elif "memory" in controllers.split(","):
            yield "cgroup", path


def _mounts(system: Path) -> Iterator[tuple[str, str, Path]]:
    """The places where groups are seen that hold memory: the kind, the group at the place, and the place."""
    for line in _text(system / "proc/self/mountinfo").splitlines():
        before, _, after = (part.split() for part in line.partition(" - "))
        if len(before) < 5 or len(after) < 3 or after[0] not in _FILES:
            continue
        if after[0] == "cgroup2" or "memory" in after[2].split(","):
            yield after[0], before[3], system / before[4].lstrip("/")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
