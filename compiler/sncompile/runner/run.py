"""Runs a pipeline's emitted files with Snakemake, watches it, and keeps the record."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import runs as faults
from sncompile.ir.graph import Graph
from sncompile.runner.display import Display
from sncompile.runner.events import EventReader
from sncompile.runner.failures import SourceMap, engine_failure, failed_jobs
from sncompile.runner.holes import families_for, missing_below
from sncompile.runner.lock import FolderLock, Locked
from sncompile.runner.process import Engine
from sncompile.runner.progress import Progress
from sncompile.runner.record import RunFolder, now, versions
from sncompile.targets.emitted import Emitted

MAX_NAMED = 10_000
"""So many files are named on the engine's command line at most; what is left is found by the next run."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: `arguments` go to Snakemake as they are; `targets` are files to make (none: all outputs),
    `steps` the steps that write them; `command` and `invoked_from` are kept in the record, to start it again."""

    cores: str
    profile: str | None = None
    containers: str = "auto"
    targets: tuple[str, ...] = ()
    steps: frozenset[str] = frozenset()
    keep_going: bool = False
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    invoked_from: str = ""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: `state` is `done`, `failed` or `cancelled`."""

    state: str
    folder: Path
    done: int
    seconds: float
    diagnostics: tuple[Diagnostic, ...]


def engine_arguments(graph: Graph, emitted: Path, working: Path, options: RunOptions) -> list[str]:
    """Snakemake's command line for a run."""
    arguments = ["--snakefile", str(emitted / "Snakefile"), "--directory", str(working), "--rerun-incomplete"]
    if options.profile is not None:
        ours = emitted / "profiles" / options.profile
        arguments += ["--profile", str(ours if ours.is_dir() else options.profile)]
    else:
        # On one machine files are there at once; a site's profile says how long its file system needs.
        arguments += ["--latency-wait", "1"]
    arguments += ["--cores", options.cores]
    if options.keep_going:
        arguments.append("--keep-going")
    methods = deployment(graph, options.containers)
    if methods:
        arguments += ["--software-deployment-method", *methods]
    families = families_for(graph, set(options.steps))
    missing = missing_below(graph, working, families)[:MAX_NAMED]
    targets = [*(options.targets or (["all"] if missing else [])), *missing]
    return [*arguments, *options.arguments, *(["--", *dict.fromkeys(targets)] if targets else [])]


def deployment(graph: Graph, containers: str) -> list[str]:
    """How software comes to the jobs. Raises `CompileError` where what was asked for is not installed."""
    wants = any(f.container is not None for f in graph.families.values())
    has = shutil.which("apptainer") or shutil.which("singularity")
    if containers == "apptainer" and not has:
        raise CompileError(
            [
                faults.NO_ENGINE.at(
                    None, "apptainer is not installed", help="install it, or run with `--containers none`"
                )
            ]
        )
    methods = ["apptainer"] if wants and has and containers in ("auto", "apptainer") else []
    if any(f.conda is not None for f in graph.families.values()) and shutil.which("conda"):
        methods.append("conda")
    return methods


def run(
    graph: Graph, documents: Mapping[str, str], emitted: Emitted, out: Path, options: RunOptions, display: Display
) -> RunResult:
    """Write the files of a graph to `out`, run them and wait for the end. Ctrl-C ends the jobs and the run.

    Raises `CompileError` where the run cannot start.
    """
    working = Path(graph.folder).resolve()
    lock = FolderLock(working)
    folder = RunFolder.create(working, graph.name)
    try:
        lock.acquire(str(folder.path))
    except Locked as locked:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise CompileError([_locked(locked, working)]) from None
    try:
        # Only who holds the lock may change files that a run reads.
        emitted.write(out)
        folder.keep_sources(documents, out)
        return _Running(graph, out.resolve(), working, options, folder, display, lock).to_the_end()
    finally:
        lock.release()


def _locked(locked: Locked, working: Path) -> Diagnostic:
    owner = locked.owner
    if owner.get("engine") == "snakemake":
        return faults.LOCKED.at(
            None, f"a Snakemake that sncompile did not start holds `{working}`",
            help=f"wait for it; if none runs any more: snakemake --unlock --directory {working} --snakefile …",
        )  # fmt: skip
    who = f" (process {owner['pid']}, {owner['run']})" if "pid" in owner else ""
    return faults.LOCKED.at(None, f"another run works in `{working}`{who}", help="wait for it, or end it")


class _Running:
    def __init__(
        self,
        graph: Graph,
        emitted: Path,
        working: Path,
        options: RunOptions,
        folder: RunFolder,
        display: Display,
        lock: FolderLock,
    ) -> None:
        self._graph, self._emitted, self._working = graph, emitted, working
        self._folder, self._display, self._lock, self._options = folder, display, lock, options
        self._arguments = engine_arguments(graph, emitted, working, options)
        self._map = SourceMap(emitted / "Snakefile.map.json")
        self._progress = Progress(self._map.rules)
        self._started = now()

    def to_the_end(self) -> RunResult:
        """Start the engine, watch it until it ends, and write down how it did."""
        engine = Engine.start(
            self._arguments, self._folder.events, self._folder.engine_log, self._working, self._lock.descriptor
        )
        self._record("running", engine.pid)

        def interrupt(number: int, frame: FrameType | None) -> None:
            engine.stop()

        before = {s: signal.signal(s, interrupt) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            code = self._watch(engine)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            engine.kill_rest()
        return self._result(engine, code)

    def _watch(self, engine: Engine) -> int:
        reader = EventReader(self._folder.events)
        while True:
            code = engine.wait(0.1)
            for event in reader.new():
                self._progress.take(event)
            self._display.update(self._progress)
            if code is not None:
                self._display.close(self._progress)
                return code

    def _record(self, state: str, pid: int, **more: Any) -> None:
        self._folder.write(
            {
                "pipeline": self._graph.name,
                "spec": self._graph.spec,
                "digest": self._graph.spec_digest,
                "state": state,
                "pid": pid,
                "working_folder": str(self._working),
                "command": list(self._options.command),
                "invoked_from": self._options.invoked_from,
                "arguments": self._arguments,
                "versions": versions(),
                "started": self._started,
                **more,
            }
        )

    def _result(self, engine: Engine, code: int) -> RunResult:
        progress = self._progress
        state = "cancelled" if engine.stopping else "done" if code == 0 else "failed"
        self._folder.keep_logs(self._working, [log for job in progress.jobs.values() for log in job.logs])
        found: list[Diagnostic] = []
        if state == "failed":
            files = os.path.relpath(self._emitted / "files", self._working)
            found = list(failed_jobs(self._graph, progress, self._map.rules, self._working, files))
            if not found:
                found = [engine_failure(self._graph, progress, self._map, self._folder.engine_log)]
        self._record(state, engine.pid, ended=now(), code=code, done=progress.done)
        return RunResult(state, self._folder.path, progress.done, now() - self._started, tuple(found))
