"""What a run has in SLURM's queue: found by the name that all its jobs bear, and taken back when the run is no more.

Jobs on nodes are no processes of the run's session, so a killed engine leaves them behind, and a cancelled one may: the
plugin cancels what it watches at that moment, and not what it submits or asks about just then.

Decision 0041.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterable

from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults
from sncompile.lazy_regex import regex

PATIENCE = 90.0
"""Seconds that jobs get to leave the queue; SLURM itself asks them to end, and kills them 30 seconds later."""

_POLL = 0.5
_ANSWER = 60.0
_MOST_NAMED = 5
_SAID = regex(r"SLURM run ID: (\S+)\s*\Z")


def queue_name(message: str) -> str | None:
    """The name of a run's jobs, as snakemake-executor-plugin-slurm tells it in its log; None for another message."""
    found = _SAID.match(message)
    return found[1] if found is not None else None


def in_queue(name: str) -> list[str]:
    """The jobs of that name that wait, run or are about to end, by their numbers.

    Raises `CompileError` where SLURM cannot be asked.
    """
    return _slurm(name, "squeue", "--noheader", "--name", name, "--format", "%i").split()


def take_back(names: Iterable[str]) -> None:
    """Have SLURM end all jobs of these names, and return once they are gone.

    Raises `CompileError` where they do not end, or SLURM cannot be asked: another run must not meet them.
    """
    for name in names:
        deadline = time.monotonic() + PATIENCE
        while left := in_queue(name):
            if time.monotonic() > deadline:
                raise _cannot(f"its jobs {_few(left)} do not leave SLURM's queue", f"look at `squeue --name {name}`")
            _slurm(name, "scancel", "--name", name)
            time.sleep(_POLL)


def try_to_take_back(names: Iterable[str]) -> None:
    """The same where nobody is there to be told; whoever settles the run tries again."""
    with contextlib.suppress(CompileError):
        take_back(names)


def _slurm(name: str, *command: str) -> str:
    told = "SLURM cannot be asked for its jobs"
    help = f"end them with `scancel --name {name}` where SLURM's commands work, and try it again there"
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=_ANSWER)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _cannot(f"{told}: {error}", help) from None
    if done.returncode:
        raise _cannot(f"{told}: {done.stderr.strip() or f'{command[0]} failed'}", help)
    return done.stdout


def _few(jobs: list[str]) -> str:
    more = f" and {len(jobs) - _MOST_NAMED} more" if len(jobs) > _MOST_NAMED else ""
    return ", ".join(jobs[:_MOST_NAMED]) + more


def _cannot(message: str, help: str) -> CompileError:
    return CompileError([faults.CANNOT_END.at(None, f"the run is not over: {message}", help=help)])
