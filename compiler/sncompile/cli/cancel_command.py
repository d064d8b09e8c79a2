"""`sncompile cancel RUN`: end a run with all its jobs."""

from __future__ import annotations

import sys

import click

from sncompile.cli import completing
from sncompile.cli.reporter import Reporter, write
from sncompile.cli.runs import EXIT_RUN_FAILED, watch_run
from sncompile.diagnostics import CompileError
from sncompile.runner.ending import cancel, kill
from sncompile.runner.record import GRACE
from sncompile.runner.status_text import SAYS
from sncompile.views.columns import count


@click.command("cancel")
@click.argument("run", metavar="[RUN]", default=".", shell_complete=completing.run)
@click.option("--grace", type=click.FloatRange(min=0), default=GRACE, show_default=True, metavar="SECONDS",
              help="How long jobs get to end by themselves before they are killed.")  # fmt: skip
@click.option("--now", "at_once", is_flag=True, help="Kill, and ask nobody.")
def command(run: str, grace: float, at_once: bool) -> None:
    """End a run: the engine, its jobs, and what they started. Does nothing to a run that has ended.

    RUN is a run's folder or its name; a spec, a working folder or a pipeline's name mean the last run there, and
    without it, it is the last run in this folder. What is done stays done: run again to go on.
    """
    watch = watch_run(run)
    before = watch.look()
    try:
        status = kill(watch) if at_once else cancel(watch, grace)
    except CompileError as error:
        Reporter(strict=False, form="text", color="auto").show(error.diagnostics, {})
        sys.exit(EXIT_RUN_FAILED)
    if before.state.ended:
        write(f"{before.name} has ended already: {SAYS[status.state]}\n")
        return
    write(f"{before.name}: {SAYS[status.state]} after {status.done:,} of {count(status.total, 'job')}\n")
    sys.exit(0 if status.state.ended else EXIT_RUN_FAILED)
