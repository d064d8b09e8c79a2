"""`sncompile logs RUN [STEP] [KEY=VALUE…]`: what the jobs of a run have said."""

from __future__ import annotations

import sys
import time

import click

from sncompile.cli.reporter import write
from sncompile.cli.runs import misused, pairs, watch_run
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.text import visible
from sncompile.runner.logs import JobLog, LogFollower, job_logs
from sncompile.runner.watch import Watch


@click.command("logs")
@click.argument("run", metavar="RUN")
@click.argument("words", nargs=-1, metavar="[STEP] [KEY=VALUE]...")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until the run has ended.")
@click.option("--failed", is_flag=True, help="Only jobs that failed.")
@click.option("--engine", is_flag=True, help="The log of the engine itself.")
@click.option("--files", is_flag=True, help="Name the files, and do not print them.")
def command(run: str, words: tuple[str, ...], follow: bool, failed: bool, engine: bool, files: bool) -> None:
    """Print the logs of a run's jobs: of all, of a step, or of those with some keys.

    RUN is a run's folder or its name; a spec, a working folder (`.`) or a pipeline's name mean the last run there. A
    log is printed as it is, each below a line that says which job it is of; a single one stands alone.
    """
    watch = watch_run(run)
    step = words[0] if words and "=" not in words[0] else None
    key = pairs(words[1:] if step is not None else words)
    if engine:
        write(watch.folder.engine_log.read_text("utf-8", "replace") if watch.folder.engine_log.exists() else "")
        return
    try:
        found = job_logs(watch, step, key, failed=failed)
        if follow:
            _follow(watch, LogFollower(watch, step, key, failed=failed))
            return
    except CompileError as error:
        misused(error)
    if not found:
        write("no such job was started\n", err=True)
    for log in found:
        _print(log, files, alone=len(found) == 1)


def _print(log: JobLog, files: bool, *, alone: bool) -> None:
    if files:
        write(f"{log.path}\n")
        return
    if not alone:
        write(f"==> {visible(log.title)}\n")
    _put(log.path.read_bytes() if log.path.is_file() else b"")


def _put(data: bytes) -> None:
    """Bytes of a log, as they are; a missing newline at the end is added, so that the next line stands alone."""
    if data:
        sys.stdout.flush()
        sys.stdout.buffer.write(data if data.endswith(b"\n") else data + b"\n")
        sys.stdout.flush()


def _follow(watch: Watch, follower: LogFollower) -> None:
    last: JobLog | None = None
    ended = False
    while True:
        for piece in follower.new():
            if last is None or piece.log.name != last.name:
                write(f"==> {visible(piece.log.title)}\n")
            last = piece.log
            _put(piece.data)
        if ended:
            return
        # Once more after the end: a log may have grown since.
        ended = watch.look().state.ended
        if not ended:
            time.sleep(0.2)
