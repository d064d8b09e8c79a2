"""The end of a run: asked for, made, and written down, even where the engine did not live to do so."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults
from sncompile.runner.engine.slurm_queue import take_back
from sncompile.runner.files.claims import Claim, Owner
from sncompile.runner.lock import heal
from sncompile.runner.log_files import hide_in
from sncompile.runner.processes import Process, Seen, look, members
from sncompile.runner.progress import Progress
from sncompile.runner.record import GRACE, RunFolder
from sncompile.runner.watch import RunStatus, State, Watch
from sncompile.targets.target import wrapped_for

CONTAINER_LABEL = "sncompile.run"
"""The label of a run's containers, as `container.sh` gives it: the run's folder."""

PATIENCE = 5.0
"""Seconds that what was asked to end gets once more, before it is killed."""

_POLL = 0.05


def cancel(watch: Watch, grace: float = GRACE) -> RunStatus:
    """End a run with all its jobs, and return once it has ended.

    The engine is asked first (it tells a cluster's scheduler, too), and gets `grace` seconds; then its processes are
    made to end. Nothing happens to a run that has ended. Raises `CompileError` where the engine is on another machine
    and gives no answer.
    """
    status = watch.look()
    if status.state.ended:
        settle(watch)
        return status
    watch.folder.note_cancellation(grace)
    _wait(watch, grace + 2 * PATIENCE)
    return _enforced(watch)


def kill(watch: Watch) -> RunStatus:
    """End a run and its jobs at once, without asking. Raises `CompileError` as `cancel` does."""
    if not watch.look().state.ended:
        watch.folder.note_cancellation(0)
    return _enforced(watch)


def _enforced(watch: Watch) -> RunStatus:
    status = watch.look()
    if not status.state.ended and status.seen is Seen.ELSEWHERE:
        host = status.process.machine if status.process is not None else ""
        message = f"`{status.name}` works on `{host}` and gives no answer"
        raise CompileError([faults.CANNOT_END.at(None, message, help="cancel it there")])
    settle(watch)
    _wait(watch, PATIENCE)
    # The engine tells of its end a moment before it ends itself.
    deadline = time.monotonic() + PATIENCE
    while (found := _left(watch)) and time.monotonic() < deadline:
        time.sleep(_POLL)
    if found:
        end_all(lambda: _left(watch))
    end_containers(watch.folder)
    return watch.look()


def _left(watch: Watch) -> list[int]:
    return members(watch.process, watch.folder.path) if watch.process is not None else []


def _wait(watch: Watch, seconds: float) -> None:
    """Wait for the run's end, so long at most."""
    deadline = time.monotonic() + seconds
    while not watch.look().state.ended and time.monotonic() < deadline:
        time.sleep(_POLL)


def settle(watch: Watch, *, claims: bool = True) -> None:
    """Do what the engine did not live to do: end what is left of its jobs, keep their logs, write down the end.

    Its claims are let go of, unless whoever calls has them to take over. A run that ended by itself has done all this
    already, and is left alone. Raises `CompileError` where jobs of the run stay in a cluster's queue; nothing is
    written down then, so that the next call tries again.
    """
    status = watch.look()
    if watch.process is not None and watch.progress.ended is None:
        end_all(lambda: _left(watch))
        end_containers(watch.folder)
        status = watch.look()
    if not status.state.ended or watch.folder.read().get("state") in {s.value for s in State if s.ended}:
        return
    take_back(watch.progress.queues)
    with contextlib.suppress(OSError):
        keep_files(watch.folder, watch.progress, watch)
        if claims:
            release_claims(watch.folder)
        heal(watch.working, str(watch.folder.path))
        write_end(watch.folder, status.state, watch.progress, status.ended)


def settle_owner(owner: Owner) -> bool:
    """Settle the run of a claim whose process is dead, or gives no sign of life; whether nothing of it is left.

    Raises `CompileError` as `settle` does.
    """
    process, place = owner.process, Path(owner.run)
    with contextlib.suppress(OSError):  # Somebody else's record cannot be read.
        watch = Watch(place)
        if process is not None and look(process) is Seen.ELSEWHERE:
            watch.look()
            take_back(watch.progress.queues)
            return True
        if place.is_dir() and not watch.look().state.ended:
            return False  # Whoever started the engine is gone, and the engine is at work.
        settle(watch, claims=False)
    return process is None or not members(process, place)


def claims_of(folder: RunFolder) -> list[Claim]:
    """The claims that a run holds or held, as its record has them."""
    told = folder.read().get("claims") or ()
    return [Claim(str(claim["root"]), Path(str(claim["place"]))) for claim in told]


def release_claims(folder: RunFolder) -> None:
    """Let go of the claims of a run that is over."""
    for claim in claims_of(folder):
        if claim.owner().run == str(folder.path):
            claim.release()


def end_all(find: Callable[[], list[int]], number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to all processes found, until there are none or patience is over."""
    deadline = time.monotonic() + PATIENCE
    while (found := find()) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if number is not signal.SIGKILL:
            return
        time.sleep(_POLL)


def end_containers(folder: RunFolder) -> None:
    """End the containers of a run that Docker or podman still have; their processes are none of the run's own."""
    engine = wrapped_for(str(folder.read().get("containers")))
    if engine is None:
        return
    with contextlib.suppress(OSError):
        mine = ["--quiet", "--filter", f"label={CONTAINER_LABEL}={folder.path}"]
        told = subprocess.run(
            [engine, "ps", *mine], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if told.stdout.split():
            subprocess.run([engine, "kill", *told.stdout.split()], capture_output=True, check=False)


def others(process: Process, folder: RunFolder | None = None) -> list[int]:
    """The processes of a run beside its engine: those of its session, and with `folder` all that bear its mark."""
    return [pid for pid in members(process, folder.path if folder else None) if pid != process.pid]


def keep_files(folder: RunFolder, progress: Progress, watch: Watch) -> None:
    """Keep the logs and measurements of the jobs that the run started."""
    jobs = progress.jobs.values()
    hide = folder.redaction(os.environ)
    hide_in((watch.working / log for job in jobs for log in job.logs), hide)
    # What the engine says goes on to the same file.
    hide_in([folder.engine_log], hide, in_place=True)
    folder.keep(watch.working, "logs", [log for job in jobs for log in job.logs])
    folder.keep(watch.working, "benchmarks", [job.benchmark for job in jobs if job.benchmark])


def write_end(folder: RunFolder, state: State, progress: Progress, ended: float | None) -> None:
    """Write into `run.json` how the run ended."""
    folder.write({**folder.read(), "state": state.value, "ended": ended, "code": progress.ended, "done": progress.done})
    if state is State.DONE and not progress.steps_begun:
        with contextlib.suppress(OSError):
            folder.forget_jobs()
