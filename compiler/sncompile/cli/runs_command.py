"""`sncompile runs [FOLDER]`: the runs of a working folder, and away with old ones."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from sncompile.cli.options import color_option
from sncompile.cli.reporter import as_json, bold, write
from sncompile.diagnostics.system_errors import reason
from sncompile.runner.display import duration
from sncompile.runner.find import folder_of_runs
from sncompile.runner.history import PastRun, forget, old_runs, past_runs
from sncompile.runner.status_text import clock
from sncompile.views.columns import count, table, terminal_width
from sncompile.views.rounded import size_text

KEPT = 10


@click.command("runs")
@click.argument("folder", metavar="[FOLDER|SPEC]", default=".")
@click.option("--prune", is_flag=True, help="Delete the records of all but the newest runs; results stay.")
@click.option(
    "--keep", type=click.IntRange(min=1), default=KEPT, show_default=True, metavar="N", help="What `--prune` leaves."
)
@click.option("--json", "machine", is_flag=True, help="Print one JSON object for each run.")
@color_option
def command(folder: str, prune: bool, keep: int, machine: bool, color: str) -> None:
    """List the runs of a working folder, or of a spec's folder, the newest first.

    With `--prune` the records of old runs are deleted: what they tell, and their copies of logs and of the spec. Runs
    that work or have crashed stay, and so does everything that jobs have made.
    """
    found = past_runs(folder_of_runs(folder))
    old = old_runs(found, keep) if prune else []
    _delete(old)
    if prune:
        write(f"deleted {count(len(old), 'record')} of {size_text(sum(run.size for run in old))}\n", err=True)
    left = [run for run in found if run not in old]
    if machine:
        write(as_json([run.as_object() for run in left]))
    elif left:
        _show(left, color)
    else:
        write(f"there are no runs in `{folder_of_runs(folder)}`\n", err=True)


def _delete(runs: Sequence[PastRun]) -> None:
    for run in runs:
        try:
            forget(run)
        except OSError as error:
            click.echo(f"sncompile: `{run.folder}` cannot be deleted: {reason(error, run.folder)}", err=True)
            sys.exit(1)


def _show(runs: Sequence[PastRun], color: str) -> None:
    rows = [["run", "state", "began", "took", "jobs done", "record"]]
    for run in runs:
        began = "-" if run.started is None else clock(run.started)
        took = "-" if run.seconds is None else duration(run.seconds)
        rows.append([run.name, run.state.value, began, took, f"{run.done:,}", size_text(run.size)])
    first, *rest = table(rows, terminal_width(), right=(3, 4, 5)).splitlines(keepends=True)
    write(bold(color)(first.rstrip("\n")) + "\n" + "".join(rest))
