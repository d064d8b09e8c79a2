"""`sncompile logs RUN [STEP] [KEY=VALUE…]`: what the jobs of a run have said."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable

import click

from sncompile.cli import completing
from sncompile.cli.reporter import write
from sncompile.cli.runs import misused, pairs, watch_run
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.text import visible
from sncompile.runner.find import find_run
from sncompile.runner.log_files import pieces, shown, start_of_tail
from sncompile.runner.logs import JobLog, LogFollower, job_logs
from sncompile.runner.watch import Watch


@click.command("logs")
@click.argument("run", metavar="[RUN]", default=".", shell_complete=completing.run)
@click.argument("words", nargs=-1, metavar="[STEP] [KEY=VALUE]...", shell_complete=completing.step_of_run)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until the run has ended.")
@click.option("--failed", is_flag=True, help="Only jobs that failed.")
@click.option("--engine", is_flag=True, help="The log of the engine itself.")
@click.option("--files", is_flag=True, help="Name the files, and do not print them.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines of each.")
@click.option("--raw", is_flag=True, help="Print control characters to a terminal, too, as the tools wrote them.")
def command(
    run: str, words: tuple[str, ...], follow: bool, failed: bool, engine: bool, files: bool, tail: int | None, raw: bool
) -> None:
    """Print the logs of a run's jobs: of all, of a step, or of those with some keys.

    RUN is a run's folder or its name; a spec, a working folder (`.`) or a pipeline's name mean the last run there,
    and without it, as in `sncompile logs STEP`, it is the last run in this folder. A log stands below a line that
    says which job it is of; a single one stands alone. A terminal is shown control characters as escapes, so that
    no tool steers it; files and pipes get what the tools wrote.
    """
    watch, words = _meant(run, words)
    step = words[0] if words and "=" not in words[0] else None
    key = pairs(words[1:] if step is not None else words)
    raw = raw or not sys.stdout.isatty()
    if engine:
        file = watch.folder.engine_log
        start = 0 if tail is None else start_of_tail(file, tail)
        _put(watch.folder.redaction(os.environ).in_bytes(pieces(file, start)), raw=raw)
        return
    try:
        found = job_logs(watch, step, key, failed=failed)
        if follow:
            _follow(watch, LogFollower(watch, step, key, failed=failed), raw=raw)
            return
    except CompileError as error:
        misused(error)
    if not found:
        write("no such job was started\n", err=True)
    for log in found:
        _print(log, files, tail, raw=raw, alone=len(found) == 1)


def _meant(run: str, words: tuple[str, ...]) -> tuple[Watch, tuple[str, ...]]:
    """The run, and the step and keys; what names no run, and is a step or key of the last one here, means that one."""
    try:
        find_run(run)
    except CompileError as error:
        try:
            last = Watch(find_run("."))
        except CompileError:
            misused(error)
        steps = last.names.facts.get("steps") or ()
        if run not in [step["name"] for step in steps] and run.partition("=")[0] not in [
            k for s in steps for k in s["by"]
        ]:
            misused(error)
        last.look()
        return last, (run, *words)
    return watch_run(run), words


def _print(log: JobLog, files: bool, tail: int | None, *, raw: bool, alone: bool) -> None:
    if files:
        write(f"{log.path}\n")
        return
    if not alone:
        write(f"==> {visible(log.title)}\n")
    _put(log.pieces(tail), raw=raw)


def _put(data: Iterable[bytes], *, raw: bool) -> None:
    """Bytes of a log; a missing newline at the end is added, so that the next line stands alone."""
    sys.stdout.flush()
    last = b"\n"
    for piece in data if raw else shown(data):
        sys.stdout.buffer.write(piece)
        last = piece or last
    sys.stdout.buffer.write(b"" if last.endswith(b"\n") else b"\n")
    sys.stdout.flush()


def _follow(watch: Watch, follower: LogFollower, *, raw: bool) -> None:
    last: JobLog | None = None
    ended = False
    while True:
        for piece in follower.new():
            if last is None or piece.log.title != last.title:
                write(f"==> {visible(piece.log.title)}\n")
            last = piece.log
            _put([piece.data], raw=raw)
        if ended:
            return
        # Once more after the end: a log may have grown since.
        ended = watch.look().state.ended
        if not ended:
            time.sleep(0.2)
