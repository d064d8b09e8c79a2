"""Starts a run: writes the files, the record, and the engine's process, which then lives on its own."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from errno import ENOTDIR
from pathlib import Path
from typing import Any

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.system_errors import cannot_write, remedy
from sncompile.faults import runs as faults
from sncompile.ir.graph.model import Graph
from sncompile.ir.language.locations import absolute
from sncompile.runner.disk_budget import Room, keep_room
from sncompile.runner.ending import settle, settle_owner
from sncompile.runner.engine.options import HERE, Request, Setting, examine
from sncompile.runner.engine.profiles import find_profile, plugins_of, works_elsewhere
from sncompile.runner.events import EventReader, tell
from sncompile.runner.facts import write_facts
from sncompile.runner.files.claims import Claimed, claim_files
from sncompile.runner.files.promises import missing as missing_files
from sncompile.runner.files.promises import promised, write_promises
from sncompile.runner.files.run_files import RunFiles, Written, files_of
from sncompile.runner.late import refuse_unknown
from sncompile.runner.limits import hold, limits_of, shared
from sncompile.runner.lock import FolderLock, Locked
from sncompile.runner.machine import this_machine
from sncompile.runner.processes import MARK, identify
from sncompile.runner.record import RECORD, RunFolder, now, private, versions
from sncompile.runner.remote_files import look_elsewhere
from sncompile.runner.requirements import unmet
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.selection.wanted import marked_families, output_paths
from sncompile.runner.software import binds, deployment, engine_of, missing
from sncompile.runner.state.elsewhere import with_former
from sncompile.runner.state.orders import orders_of
from sncompile.runner.state.orphans import with_orphans
from sncompile.runner.state.part_batches import refuse_lacking
from sncompile.runner.state.run_decisions import decide_run, files_to_prune, give_orders, prune_orphans
from sncompile.runner.telemetry import sender as telemetry_sender
from sncompile.runner.tool_versions import Asking, ToolVersion, ask_versions
from sncompile.runner.watch import Watch
from sncompile.semantics.checking.checks import look_again
from sncompile.semantics.checking.own_files import Kept, Reach
from sncompile.state.decisions import Decisions
from sncompile.targets.snakemake.engine.surroundings import Surroundings, python, surroundings
from sncompile.targets.snakemake.storage import copy_of
from sncompile.telemetry.redaction import SHORTEST
from sncompile.views.columns import count

FOLDERS = ("runs", "logs", ".snakemake")
"""Folders of a working folder in which runs and their engine keep what is theirs."""


def start(run: Prepared, options: RunOptions, say: Callable[[str], None] = lambda line: None) -> Watch:
    """Start a run and return once its engine lives. It goes on when whoever started it is gone.

    What an earlier run left that died is cleared away first. `say` hears of what takes long before that. Raises
    `CompileError` where the run cannot start.
    """
    watch = start_if_needed(run, options, say, idle=True)
    assert watch is not None
    return watch


def start_if_needed(
    run: Prepared, options: RunOptions, say: Callable[[str], None] = lambda line: None, *, idle: bool = False
) -> Watch | None:
    """As `start`; None where nothing has to be done, and nothing has been started, unless it is to run `idle`."""
    working = Path(run.graph.folder).resolve()
    refuse_unknown(run.made)
    try:
        for name in FOLDERS:
            if (working / name).exists() and not (working / name).is_dir():
                raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(working / name))
        return _start(run, options, working, say, idle)
    except OSError as error:
        place = str(error.filename or working)
        message = cannot_write(error, place)
        places = ", ".join(f"`{name}`" for name in FOLDERS)
        help = f"{remedy(error, 'look at it')}; a run writes to {places} in its working folder"
        raise CompileError([faults.NO_FOLDER.at(None, message, help=help)]) from None


def _start(run: Prepared, options: RunOptions, working: Path, say: Callable[[str], None], idle: bool) -> Watch | None:
    # Before anything is made: what is lacking may end it here.
    methods = deployment(run.graph, options.containers)
    for name in sorted({v.name for f in run.graph.families.values() for v in f.env if v.secret}):
        if 0 < len(os.environ.get(name, "").strip()) < SHORTEST:
            say(f"note: the secret `{name}` is too short to be taken out of what tools print")
    collector = telemetry_sender.wanted(options.telemetry) if options.telemetry != "" else None
    lock = FolderLock(working)
    folder = RunFolder.create(working, run.graph.name)
    try:
        lock.acquire(str(folder.path))
    except Locked as locked:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise CompileError([_locked(locked, working)]) from None
    cleared = False
    claims: list[Claimed] = []
    try:
        _clear_up(lock)
        cleared = True
        taken = _make_ready(folder, run, options, working, methods, claims, say, idle)
        if taken is None:
            shutil.rmtree(folder.path, ignore_errors=True)
            _release(claims)
            lock.release()
            return None
        watch = _launch(folder, working, taken, lock)
    except BaseException:
        _give_up(folder)
        _release(claims)
        (lock.release if cleared else lock.give_back)()
        raise
    if collector is not None:
        telemetry_sender.send(folder, collector)
    return watch


def _release(claims: Iterable[Claimed]) -> None:
    for claimed in claims:
        claimed.release()


def _make_ready(
    folder: RunFolder, run: Prepared, options: RunOptions, working: Path, methods: list[str], claims: list[Claimed],
    say: Callable[[str], None], idle: bool,
) -> Surroundings | None:  # fmt: skip
    """Write down all that the engine needs, and give the surroundings that it gets; None if nothing is to be done.

    Files are claimed on the way; whoever calls this lets go of what is in `claims` then. Only who holds the lock may
    change files that a run reads.
    """
    _look_again(run, options)
    run.emitted.write(run.out)
    profile = find_profile(options.profile, run.out.resolve()) if options.profile is not None else None
    taken = surroundings(os.environ, plugins_of(profile) if profile is not None else ())
    request = engine_request(run, working, options, methods, profile)
    verdict = examine(request, taken.variables, str(working))
    limits = limits_of(verdict, this_machine(), options.cores, run.emitted)
    _preflight(run, working, options, methods, profile, say)
    chosen = run.jobs.wanted if options.wanted is None else options.wanted.jobs
    servers = look_elsewhere(run.made, chosen, say, budget=options.disk is not None)
    asked = options.wanted.files if options.wanted is not None else _outputs(run.graph)
    set_by_somebody = {setting.member for setting in verdict.settings}
    marked = marked_families(run.emitted)
    wanted = None if options.wanted is None else options.wanted.jobs
    families = run.graph.families if wanted is None else wanted
    files = with_former(files_of(run.graph, working, families, marked, wanted), run.made, working)
    orphans = files_to_prune(run, options)
    files = with_orphans(files, orphans, working)
    claimed = claim_files(files, _owner(folder, run.graph, working), working, settle_owner)
    claims.append(claimed)
    if claimed.half_written:
        say(f"{count(len(claimed.half_written), 'half-written file')} of an earlier run: made again")
        _remove(claimed.half_written)
    decided = None
    if "default_storage_provider" not in set_by_somebody:
        decided = decide_run(run, options, claimed, files, say, servers, everything="forceall" in set_by_somebody)
        if "notemp" not in set_by_somebody:
            decided.delete_unneeded()
        if options.prune:
            prune_orphans(run, decided, orphans, say)
        if not idle and not decided.busy() and not _lacking(promised(files, asked), working):
            return None
    decisions = None if decided is None else decided.decisions
    hold(run.jobs, decisions, limits, run.documents, say)
    documents = folder.keep_sources(run.documents, run.out)
    write_facts(folder, {**run.facts, "documents": documents}, run.graph)
    write_promises(folder.promises, promised(files, asked), files.by_mark)
    targets = () if options.wanted is None else options.wanted.files
    request = replace(request, targets=tuple(map(copy_of, targets)), shared=shared(run.jobs, verdict, limits))
    tools = _tool_versions(run, options, working, methods, profile, decisions, taken, say)
    if decisions is not None and verdict.asked.executor != HERE:
        _refuse_parts_of_batches(run, files, decisions, marked)
    state = None if decided is None else give_orders(folder, run, options, marked, decided)
    if options.disk is not None:
        orders = () if decisions is None else orders_of(run.graph, run.jobs, decisions, marked)
        kept = () if decided is None else [each.path for each in decided.temporary if each.kept]
        room = Room(folder.room, options.disk, [*targets, *kept])
        say(keep_room(room, decisions, verdict.settings, run.graph.folder, orders, run.documents))
    _write_record(folder, run.graph, working, options, methods, request, verdict.settings, taken, claimed, state, tools)
    return taken


def _refuse_parts_of_batches(run: Prepared, files: RunFiles, decisions: Decisions, marked: Iterable[str]) -> None:
    """Raise `CompileError` where other machines would do a part of a batch whose rest reads what is not there."""
    start = os.path.abspath(run.graph.folder)
    optional = {absolute(start, each.path) for each in files.writes.values() if each.optional}
    spans = {name: task.span for name, task in run.jobs.tasks.items()}
    refuse_lacking(orders_of(run.graph, run.jobs, decisions, marked), optional, spans, start, run.documents)


def _outputs(graph: Graph) -> list[str]:
    """The files of all outputs."""
    return [path for paths in output_paths(graph).values() for path in paths]


def _lacking(files: Iterable[Written], working: Path) -> bool:
    """Whether a file that was asked for is not as it should be: who runs an engine will hear it from that."""
    return bool(missing_files(list(files), working, 0))


def _look_again(run: Prepared, options: RunOptions) -> None:
    """Raise `CompileError` where an output has come to lead to data, or to files of the pipeline's own, or of another.

    The world may have changed since the spec was checked: a link placed, a folder made. An engine that has started
    deletes what stands at the place of an output.
    """
    kept = [Kept(str(run.out.absolute()), "the folder of the emitted files", reach=Reach.INSIDE)]
    if options.profile is not None:
        own = Path(options.profile)
        files = own.glob("*.yaml") if own.is_dir() else [own]
        kept += [Kept(str(file.absolute()), "the profile of the run") for file in files if file.exists()]
    found = look_again(run.made.program, kept)
    if found:
        raise CompileError(found, dict(run.documents))


def _preflight(
    run: Prepared, working: Path, options: RunOptions, methods: list[str], profile: Path | None,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Raise `CompileError` where the jobs' software is not there. What other machines have cannot be seen from here."""
    if profile is not None and works_elsewhere(profile):
        return
    lacking = list(missing(run.graph, working, options.containers, methods, say))
    if not lacking:
        lacking += unmet(run.graph, run.made.program.steps, working, options.containers, methods, say)
    if lacking:
        raise CompileError(lacking, dict(run.documents))


def _tool_versions(
    run: Prepared, options: RunOptions, working: Path, methods: list[str], profile: Path | None,
    decisions: Decisions | None, taken: Surroundings, say: Callable[[str], None],
) -> list[ToolVersion]:  # fmt: skip
    """What the tools of the jobs that run say of their versions."""
    wanted = None if decisions is None else frozenset(made.task.name for made, _ in decisions.jobs())
    elsewhere = profile is not None and works_elsewhere(profile)
    asking = Asking(working, options.containers, methods, elsewhere, taken.variables)
    return ask_versions(run.graph, run.made.program.steps, wanted, asking, say)


def _give_up(folder: RunFolder) -> None:
    """Leave no record of a run that never was, and one of its end where it was on its way."""
    if not (folder.path / RECORD).exists():
        shutil.rmtree(folder.path, ignore_errors=True)
        return
    tell(folder.events, event="engine_ended", code=1)
    folder.write({**folder.read(), "state": "failed", "ended": now(), "code": 1, "done": 0})


def _clear_up(lock: FolderLock) -> None:
    """End what is left of the run that had the lock before, if it died with it."""
    before = lock.before.get("run") if lock.before.get("state") == "running" else None
    if isinstance(before, str) and Path(before).is_dir():
        settle(Watch(Path(before)))


def _owner(folder: RunFolder, graph: Graph, working: Path) -> dict[str, Any]:
    """What a claim says of a run."""
    me = identify(os.getpid())
    return {
        "run": str(folder.path),
        "pipeline": graph.name,
        "working_folder": str(working),
        "process": me.as_object() if me is not None else None,
    }


def _remove(paths: Iterable[str]) -> None:
    """Delete half-written outputs, as their jobs would do first of all: what is not there is made again.

    Snakemake could be told to do jobs again; it loses some of them where one comes after another by order alone.
    """
    for path in sorted(paths):
        try:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                Path(path).unlink(missing_ok=True)
        except OSError as error:
            message = f"`{path}` is half-written and cannot be deleted: {error.strerror}"
            raise CompileError([faults.HALF_WRITTEN.at(None, message, help="delete it, and run again")]) from None


def _write_record(
    folder: RunFolder, graph: Graph, working: Path, options: RunOptions, methods: list[str],
    request: Request, settings: Sequence[Setting], taken: Surroundings, claimed: Claimed, state: dict[str, Any] | None,
    tools: Sequence[ToolVersion],
) -> None:  # fmt: skip
    starter = identify(os.getpid())
    folder.write(
        {
            "pipeline": graph.name,
            "spec": graph.spec,
            "digest": graph.spec_digest,
            "state": "running",
            "starter": starter.as_object() if starter is not None else None,
            "working_folder": str(working),
            "command": list(options.command),
            "invoked_from": options.invoked_from,
            "arguments": request.words,
            "engine": request.as_object(),
            "taken": {
                "profile": request.profile,
                "settings": [{"option": s.option, "from": s.origin} for s in settings],
                "variables": taken.heeded,
                "variables_left_out": taken.removed,
                "shared": dict(request.shared),
            },
            "claims": [{"root": claim.root, "place": str(claim.place)} for claim in claimed.claims],
            "made_again": len(claimed.half_written),
            "state_files": state,
            "containers": engine_of(options.containers, methods, options.profile),
            "versions": versions(),
            "tools": [tool._asdict() for tool in tools],
            "started": now(),
        }
    )


def _launch(folder: RunFolder, working: Path, taken: Surroundings, lock: FolderLock) -> Watch:
    with open(folder.engine_log, "ab", opener=private) as output:
        process = subprocess.Popen(
            python("sncompile.runner.engine.child", str(folder.path), str(lock.descriptor)),
            cwd=working,
            env={**taken.variables, MARK: str(folder.path)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock.descriptor,),
        )
    try:
        _await_life(process, folder)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    # Whoever waits for a run looks at its record; this only collects the process once it has ended.
    threading.Thread(target=process.wait, daemon=True).start()
    lock.hand_over()
    return Watch(folder.path)


def _await_life(process: subprocess.Popen[bytes], folder: RunFolder) -> None:
    """Wait for the engine's first word. Raises `CompileError` where it ends without one."""
    reader = EventReader(folder.events)
    while not any(reader.new()):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
        if process.returncode is not None and not any(reader.new()):
            told = folder.engine_log.read_text("utf-8", "replace").strip().splitlines()
            message = f"the engine cannot start: {told[-1] if told else f'exit status {process.returncode}'}"
            raise CompileError([faults.ENGINE_FAILED.at(None, message, help=f"its own log is {folder.engine_log}")])


def _locked(locked: Locked, working: Path) -> Diagnostic:
    owner = locked.owner
    if owner.get("engine") == "snakemake":
        unlock = f"snakemake --unlock --directory {shlex.quote(str(working))} --snakefile …"
        return faults.LOCKED.at(
            None, f"a Snakemake that sncompile did not start holds `{working}`",
            help=f"wait for it; if none runs any more: {unlock}",
        )  # fmt: skip
    if "run" not in owner:
        return faults.LOCKED.at(None, f"another run works in `{working}`", help="wait for it, or end it")
    return faults.LOCKED.at(
        None, f"another run works in `{working}` ({owner['run']})",
        help=f"wait for it, or end it: sncompile cancel {shlex.quote(str(owner['run']))}",
    )  # fmt: skip


def engine_request(
    run: Prepared, working: Path, options: RunOptions, methods: list[str], profile: Path | None
) -> Request:
    """What Snakemake is asked for, but for the files to make."""
    own = ["--snakefile", str(run.out.resolve() / "Snakefile"), "--directory", str(working)]
    distant = False
    if profile is not None:
        distant = works_elsewhere(profile)
        if options.containers == "none":
            # Nothing less can be asked for: what a profile says of containers must be said otherwise.
            methods = methods or ["env-modules"]
    else:
        # On one machine files are there at once; a site's profile says how long its file system needs.
        own += ["--latency-wait", "1"]
    if not distant or options.cores != "all":
        # Where others run the jobs, `all` would hold them down to this machine's number.
        own += ["--cores", options.cores]
    if options.keep_going:
        own.append("--keep-going")
    if methods:
        own += ["--software-deployment-method", *methods]
    if "apptainer" in methods:
        own += binds(run.graph, working)
    return Request(tuple(own), None if profile is None else str(profile), options.arguments)
