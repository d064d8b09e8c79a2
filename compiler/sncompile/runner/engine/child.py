"""The engine's process: Snakemake's own command line, with a log handler of ours that writes events.

Run as `python -m sncompile.runner.engine.child RUN-FOLDER LOCK`, in a session of its own, so that the run goes on when
whoever started it is gone. What Snakemake is asked for stands in the record. This process holds the working folder's
lock (an open file of that number), does as `cancel.json` says, and puts the record in order at its end.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
import time
from logging import LogRecord
from pathlib import Path
from types import ModuleType
from typing import Any

from sncompile.remote.servers import Servers
from sncompile.runner.disk_budget import read_room
from sncompile.runner.disks import Disk, temporary_folder, troubled
from sncompile.runner.ending import (
    PATIENCE,
    claims_of,
    end_all,
    end_containers,
    keep_files,
    others,
    release_claims,
    write_end,
)  # fmt: skip
from sncompile.runner.engine.choosing import SCHEDULER, choose_quickly
from sncompile.runner.engine.disk_keeping import DiskKeeper
from sncompile.runner.engine.hooks import Listeners, choose, listen, obey
from sncompile.runner.engine.jobs import JobKeeper, Objection, SignsOfLife
from sncompile.runner.engine.obeying import Obedience
from sncompile.runner.engine.options import HERE, Request, judge, objections, share
from sncompile.runner.engine.slurm_arrays import mend_arrays
from sncompile.runner.engine.slurm_queue import queue_name, try_to_take_back
from sncompile.runner.engine.slurm_states import mend_states
from sncompile.runner.engine.stillness import StillnessWatch
from sncompile.runner.engine.storage import careful_storage
from sncompile.runner.events import tell
from sncompile.runner.files.claims import Claim
from sncompile.runner.files.promises import missing, read_promises
from sncompile.runner.files.run_files import Written
from sncompile.runner.lock import FolderLock
from sncompile.runner.processes import Process, identify
from sncompile.runner.record import GRACE, RunFolder, private, read_object
from sncompile.runner.state.orders import read_orders
from sncompile.runner.watch import State, Watch
from sncompile.state.store import compact, open_log, read_state
from sncompile.state.versions import Hashing
from sncompile.targets.snakemake.engine.events import event_of as engine_event
from sncompile.targets.snakemake.engine.events import is_event, logger_plugin
from sncompile.telemetry.redaction import NO_SECRETS, Redaction

_MOST_MISSING = 20
"""So many missing files are named."""

_LOOK = 0.2
"""Seconds between two looks for `cancel.json`."""


def event_of(record: LogRecord) -> dict[str, Any] | None:
    """The event in a log record of Snakemake's, or None for one that is only text."""
    if not is_event(record):
        queue = queue_name(record.getMessage())
        if queue is not None:
            return {"time": record.created, "event": "queue", "name": queue}
    return engine_event(record)


def plugin(events: Path, hide: Redaction = NO_SECRETS) -> ModuleType:
    """A logger plugin, as Snakemake's registry takes it, that appends events without secrets to a file."""
    return logger_plugin(events, event_of, hide=hide, opener=private)


class _Obedience(threading.Thread):
    """Ends the run once `cancel.json` is there: asks as Ctrl-C does, then more firmly, then without asking."""

    def __init__(self, folder: RunFolder, process: Process) -> None:
        super().__init__(daemon=True)
        self._folder, self._process = folder, process

    def run(self) -> None:
        """Wait for `cancel.json`. From then on everything of the run is ended, this process last."""
        while not self._folder.cancellation.exists():
            time.sleep(_LOOK)
        grace = read_object(self._folder.cancellation).get("grace", GRACE)
        # The whole group, as a terminal does: the engine cancels what a cluster runs for it, and tools end themselves.
        os.killpg(os.getpgrp(), signal.SIGINT)
        time.sleep(max(0.0, float(grace)))
        end_all(self._others, signal.SIGTERM)
        time.sleep(PATIENCE)
        end_all(self._others)
        time.sleep(PATIENCE)
        try_to_take_back(_queues(self._folder))
        os.kill(os.getpid(), signal.SIGKILL)

    def _others(self) -> list[int]:
        return others(self._process, self._folder)


def _queues(folder: RunFolder) -> list[str]:
    watch = Watch(folder.path)
    watch.look()
    return watch.progress.queues


def _finish(
    folder: RunFolder, process: Process, lock: FolderLock, signs: SignsOfLife, code: int, seen: _Seen
) -> None:  # fmt: skip
    """Look at what was made, and put the record in order. The end is told last: from then on another run may begin."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    watch = Watch(folder.path)
    watch.look()
    cancelled = folder.cancelled_at is not None
    with contextlib.suppress(OSError):
        # A service that a tool has started on purpose outlives a run that ended well, and no other.
        end_all(lambda: others(process, folder if cancelled else None))
        end_containers(folder)
        if code:
            try_to_take_back(watch.progress.queues)
        keep_files(folder, watch.progress, watch)
    if code == 0 or (watch.progress.incomplete and not watch.progress.failed):
        lacking = missing(seen.promised(), watch.working, seen.patience)
        if lacking:
            code = 1
            few = [{"path": m.path, "how": m.how} for m in lacking[:_MOST_MISSING]]
            tell(folder.events, event="missing", count=len(lacking), files=few)
    with contextlib.suppress(OSError):
        if seen.obedience is not None and seen.keeper is not None:
            seen.keeper.keep(seen.obedience.stopped())
            seen.obedience.finish()
    for claim in claims_of(folder):
        with contextlib.suppress(OSError), claim.undisturbed() as writing:
            compact(claim.root, writing)
    # Else it would take what is let go of here for what another run has taken over.
    signs.stop()
    release_claims(folder)
    lock.release()
    if code:
        roots = [claim.root for claim in claims_of(folder)]
        found = troubled([str(watch.working), str(folder.path), *roots, temporary_folder()], Path())
        if found:
            _tell_disks(folder, [], found)
    state = State.DONE if code == 0 else State.CANCELLED if cancelled else State.FAILED
    tell(folder.events, event="engine_ended", code=code)
    watch.look()
    write_end(folder, state, watch.progress, watch.progress.ended_at)


class _Seen:
    """What the engine was asked for and has made, as far as it came; `patience` is what files may take to be seen."""

    def __init__(self) -> None:
        self.wanted: list[Written] = []
        self.keeper: JobKeeper | None = None
        self.obedience: Obedience | None = None
        self.patience = 0.0
        self.stored_elsewhere = False

    def promised(self) -> list[Written]:
        """What has to be there. What is stored elsewhere the engine alone can see."""
        made = self.keeper.written.values() if self.keeper is not None else ()
        # What is wanted is known with all that is promised of it.
        return [] if self.stored_elsewhere else [*made, *self.wanted]


def _work(folder: RunFolder, seen: _Seen) -> bool:
    """Have Snakemake do what the record asks for; whether it did."""
    from snakemake.cli import args_to_api
    from snakemake.exceptions import print_exception
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    request = Request.from_object(folder.read()["engine"])
    careful_storage(_servers(folder), Path.cwd())
    LoggerPluginRegistry().register_plugin("sncompile", plugin(folder.events, folder.redaction(os.environ)))
    mend_arrays()
    mend_states()
    verdict, parser, asked = judge(request)
    refused = [d.message for d in objections(verdict, request)]
    if refused:
        # The profile is another one by now.
        tell(folder.events, event="error", message="; ".join(refused))
        return False
    asked.targets = list(request.targets)
    share(asked, request.shared)
    if not request.asks_for("--scheduler") and not any(s.member.startswith("scheduler") for s in verdict.settings):
        asked.scheduler = SCHEDULER
    asked.logger = ["sncompile"]
    # Quiet, it would keep its events to itself; its words go to a file anyway.
    asked.quiet = None
    if folder.secrets:
        # Snakemake would write what tools print into files of its own; the failure tells the end of a log anyway.
        asked.show_failed_logs = False
    seen.patience = float(asked.latency_wait)
    seen.stored_elsewhere = asked.default_storage_provider is not None
    seen.wanted, by_mark = read_promises(folder.promises)
    obedience = seen.obedience = None if seen.stored_elsewhere else _obedience(
        folder, deletes=not asked.notemp, elsewhere=(asked.executor or HERE) != HERE
    )  # fmt: skip
    seen.keeper = JobKeeper(
        Path.cwd(), claims_of(folder), by_mark, folder.redaction(os.environ), private=bool(folder.secrets),
        elsewhere=seen.stored_elsewhere, made=_made(folder, obedience),
        refuse=functools.partial(_refuse, folder),
        tell_disks=lambda outputs, disks: _tell_disks(folder, outputs, disks),
        spared=obedience.spared if obedience is not None else lambda job: (),
        place_of_try=folder.kept_of_try,
    )  # fmt: skip
    try:
        room = _room(folder) if obedience is not None else None
        listen(Listeners(each for each in (seen.keeper, obedience, room) if each is not None))
        if room is not None:
            choose(room)
        choose_quickly(from_few=room is None)  # Who keeps the disk below its budget has to see all that could start.
        if obedience is not None:
            asked.ignore_incomplete = True  # What is half-written is known by the marks beside the data.
            obey(obedience, functools.partial(_passed_over, folder, room))
        return bool(args_to_api(asked, parser))
    except Exception as error:  # As Snakemake's own command line does.
        print_exception(error)
        return False


def _obedience(folder: RunFolder, *, deletes: bool, elsewhere: bool) -> Obedience | None:
    """What the run's orders are; None for a run that leaves it to the engine what has to run."""
    record = folder.read()
    told = record.get("state_files")
    if not told:
        return None
    states = {each["root"]: read_state(each["root"], each["spelled"]) for each in told["roots"]}
    orders = read_orders(folder.orders)
    used = {order.root for held in orders.jobs.values() for order in held} | {each.root for each in orders.temporary}
    logs = {
        each["root"]: open_log(Path(each["log"]), each["generation"]) for each in told["roots"] if each["root"] in used
    }
    servers = Servers(told.get("servers", ()), told.get("sums") or {})
    return Obedience(
        orders, states, logs, Hashing(told["hashing"]), Path.cwd(), deletes=deletes, elsewhere=elsewhere,
        servers=servers, pipeline=str(record.get("pipeline", "")),
        tell_changed=functools.partial(_tell_changed, folder),
    )  # fmt: skip


def _tell_changed(folder: RunFolder, path: str, output: str, gone: bool) -> None:
    """Tell of an input that changed while the job of an output read it, or that is gone since."""
    near = [os.path.relpath(each) if each.startswith(f"{Path.cwd()}/") else each for each in (path, output)]
    tell(folder.events, event="changed", input=near[0], output=near[1], gone=gone)


def _servers(folder: RunFolder) -> list[str]:
    """The servers that data roots begin with."""
    return list((folder.read().get("state_files") or {}).get("servers", ()))


def _room(folder: RunFolder) -> DiskKeeper | None:
    """Who keeps the disk below the run's budget, if it has one."""
    if not folder.room.exists():
        return None
    return DiskKeeper(*read_room(folder.room), Path.cwd(), functools.partial(_refuse, folder))


def _passed_over(
    folder: RunFolder, room: DiskKeeper | None, rule: str, outputs: list[str], wildcards: dict[str, str]
) -> None:  # fmt: skip
    if room is not None:
        room.pass_over(outputs)
    tell(folder.events, event="stays", rule=rule, output=outputs, wildcards=wildcards)


def _refuse(folder: RunFolder, found: Objection) -> None:
    tell(folder.events, event="refused", code=found.code, message=found.message)


def _made(folder: RunFolder, obedience: Obedience | None) -> set[str]:
    return set() if obedience is None else obedience.made(folder.read()["state_files"]["folder"])


def _tell_disks(folder: RunFolder, outputs: list[str], disks: list[Disk]) -> None:
    with contextlib.suppress(OSError):  # The events may lie on the very disk that is full.
        told = [disk.as_object() for disk in disks]
        tell(folder.events, event="disks", outputs=outputs, disks=told)


def _lost(folder: RunFolder, claim: Claim) -> None:
    """Somebody took this run for dead, and may write what it writes: it has to end."""
    tell(folder.events, event="error", message=f"another run has taken over the files below {claim.root}")
    folder.note_cancellation()


def _code(said: object) -> int:
    return said if isinstance(said, int) else 0 if said is None else 1


def main(arguments: list[str]) -> None:
    """Run Snakemake for the run folder `arguments[0]`, with the lock `arguments[1]`."""
    folder, lock = RunFolder(Path(arguments[0])), FolderLock.inherited(Path.cwd(), int(arguments[1]))
    process = identify(os.getpid())
    assert process is not None
    # Whoever started us in the background may have Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    claims = claims_of(folder)
    for claim in claims:
        claim.hand_over(process)
    tell(folder.events, event="engine_started", process=process.as_object())
    folder.write({**folder.read(), "pid": process.pid, "process": process.as_object()})
    _Obedience(folder, process).start()
    signs = SignsOfLife(claims, lambda claim: _lost(folder, claim))
    signs.start()
    StillnessWatch(folder, process).start()
    code, seen = 1, _Seen()
    try:
        code = 0 if _work(folder, seen) else 1
    except SystemExit as exit:
        code = _code(exit.code)
    except KeyboardInterrupt:
        code = 130
    finally:
        _finish(folder, process, lock, signs, code, seen)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
