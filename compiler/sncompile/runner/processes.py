"""Processes by more than their number, and whether they live: a number is used again, a start is not.

Linux tells all that is needed in `/proc`; elsewhere `ps` does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

MARK = "SNCOMPILE_RUN"
"""The variable that every process of a run has in its environment: the run's folder."""

_PROC = Path("/proc")


class Seen(StrEnum):
    """What can be said of a process from here."""

    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"


class Process(NamedTuple):
    """A process for good: its number, when it started (as the system counts), and on which start of which machine."""

    pid: int
    started: str
    boot: str
    host: str

    @staticmethod
    def from_object(found: object) -> Process | None:
        """A process out of a record; None for anything else."""
        if not isinstance(found, dict) or not isinstance(found.get("pid"), int):
            return None
        return Process(found["pid"], *(str(found.get(name, "")) for name in ("started", "boot", "host")))

    @property
    def machine(self) -> str:
        """The machine's name."""
        return self.host.partition("/")[0]

    def as_object(self) -> dict[str, Any]:
        """The form of a record."""
        return self._asdict()


class _Stat(NamedTuple):
    """Of a process: its parent, its session, and when it started; zombies have none."""

    parent: int
    session: int
    started: str


@lru_cache(maxsize=1)
def machine() -> tuple[str, str]:
    """This machine's name, and what tells this start of it, and this view of its processes, from any other."""
    host = os.uname().nodename
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{host}/{os.readlink(_PROC / 'self/ns/pid')}", boot
    except OSError:
        return host, ""


def identify(pid: int) -> Process | None:
    """The process that has this number now; None where there is none."""
    stat = _stat(pid)
    host, boot = machine()
    return None if stat is None else Process(pid, stat.started, boot, host)


def look(process: Process) -> Seen:
    """Whether a process lives. One that has ended and is not yet collected by its parent is dead."""
    host, boot = machine()
    if process.host != host:
        return Seen.ELSEWHERE
    stat = _stat(process.pid) if process.boot == boot else None
    return Seen.ALIVE if stat is not None and stat.started == process.started else Seen.DEAD


def _stat(pid: int) -> _Stat | None:
    if not _PROC.joinpath("self").exists():
        return _stat_by_ps(pid)
    try:
        data = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The name before it may hold spaces and parentheses. See proc(5) for the fields.
    state, parent, _, session, *rest = data[data.rindex(b")") + 2 :].split()
    return None if state in (b"Z", b"X") else _Stat(int(parent), int(session), rest[15].decode())


def cpu_seconds(pids: Iterable[int]) -> float:
    """The CPU time of processes, in seconds; of those that have gone, and where no `/proc` tells it, none."""
    ticks = 0
    for pid in pids:
        try:
            data = (_PROC / str(pid) / "stat").read_bytes()
        except OSError:
            continue
        # `utime` and `stime`, the 14th and 15th field of proc(5); the second may hold spaces and parentheses.
        user, system = data[data.rindex(b")") + 2 :].split()[11:13]
        ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat_by_ps(pid: int) -> _Stat | None:
    command = ["ps", "-o", "stat=,ppid=,lstart=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    state, parent, *started = told.stdout.split() or ("Z", "0")
    if state.startswith("Z"):
        return None
    try:
        return _Stat(int(parent), os.getsid(pid), " ".join(started))
    except OSError:
        return None


def _all() -> Iterator[int]:
    if _PROC.joinpath("self").exists():
        yield from (int(name) for name in os.listdir(_PROC) if name.isdigit())
        return
    told = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=False)
    yield from map(int, told.stdout.split())


def _is_marked(pid: int, folder: Path) -> bool:
    """Whether a process has a run's mark in its environment; False where that cannot be read."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return f"{MARK}={folder}".encode() in environment.split(b"\0")


def members(leader: Process, folder: Path | None = None) -> list[int]:
    """The living processes of the session that `leader` leads or led, and what their living parents started elsewhere.

    With `folder` also what bears the mark of that run, so that no process gets away by making itself a session of its
    own.
    """
    host, boot = machine()
    if leader.host != host or leader.boot != boot:
        return []
    stats = {pid: stat for pid in _all() if (stat := _stat(pid)) is not None}
    now = stats.get(leader.pid)
    reused = now is not None and now.started != leader.started
    found = {
        pid
        for pid, stat in stats.items()
        if (stat.session == leader.pid and not reused) or (folder is not None and _is_marked(pid, folder))
    }
    while True:
        children = {pid for pid, stat in stats.items() if stat.parent in found} - found
        if not children:
            return sorted(found)
        found |= children
