"""`sncompile status RUN`: where a run stands."""

from __future__ import annotations

import sys
import time

import click

from sncompile.cli import completing
from sncompile.cli.options import color_option
from sncompile.cli.reporter import as_json, bold, wants_color, write
from sncompile.cli.runs import EXIT_RUN_FAILED, watch_run
from sncompile.diagnostics.text import TextRenderer
from sncompile.runner.display import make_display
from sncompile.runner.status_text import status_object, status_text
from sncompile.runner.watch import State, Watch
from sncompile.views.columns import count, terminal_width

FEW = 5
"""So many reasons of failures are told; of more, the rest is counted."""


@click.command("status")
@click.argument("run", metavar="[RUN]", default=".", shell_complete=completing.run)
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@click.option("-f", "--follow", is_flag=True, help="Show the progress until the run has ended.")
@click.option("--all", "everything", is_flag=True, help="Tell every job that failed by itself.")
@color_option
def command(run: str, machine: bool, follow: bool, everything: bool, color: str) -> None:
    """Say where a run stands: its state, its steps, and what failed.

    RUN is a run's folder or its name; a spec, a working folder or a pipeline's name mean the last run there, and
    without it, it is the last run in this folder. Ends with code 3 where the run failed, crashed or was cancelled.
    """
    watch = watch_run(run)
    if follow:
        _follow(watch)
    status = watch.look()
    if machine:
        write(as_json(status_object(watch, status)))
    else:
        write(status_text(watch, status, terminal_width(), bold(color)))
        _tell_faults(watch, status.state, everything, color)
    sys.exit(0 if status.state in (State.RUNNING, State.DONE) else EXIT_RUN_FAILED)


def _follow(watch: Watch) -> None:
    display = make_display()
    while not watch.look().state.ended:
        display.update(watch.progress)
        time.sleep(0.2)
    display.close(watch.progress)


def _tell_faults(watch: Watch, state: State, everything: bool, color: str) -> None:
    found = watch.faults(state, singly=everything)
    told = found if everything else found[:FEW]
    if told:
        write("\n" + TextRenderer(watch.sources(), color=wants_color(color, sys.stdout)).render(told))
    if len(found) > len(told):
        write(f"\n{count(len(found) - len(told), 'more reason')} why jobs failed; `--all` tells of every job\n")
