"""`sncompile resources RUN`: settings for steps from what their jobs took."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from sncompile.cli import completing
from sncompile.cli.options import color_option
from sncompile.cli.reporter import Reporter, write
from sncompile.cli.runs import watch_run
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError, Severity
from sncompile.diagnostics.system_errors import reason
from sncompile.views.columns import count


@click.command("resources")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=completing.run)
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; printed unless given.")
@click.option(
    "--margin", type=click.FloatRange(min=1), default=1.5, show_default=True, metavar="FACTOR",
    help="What the most that was measured is multiplied by.",
)  # fmt: skip
@color_option
def command(runs: tuple[str, ...], out: Path | None, margin: float, color: str) -> None:
    """Write settings for steps, for `--override`, from what their jobs took in runs.

    RUN is a run's folder or its name; a spec, a working folder or a pipeline's name mean the last run there, and
    without it, it is the last run in this folder. Of several runs the jobs of all count. Memory is known of runs with
    `--benchmark`.
    """
    from sncompile.faults.runs import NOTHING_MEASURED
    from sncompile.runner.needs import needs_of, override_text

    reporter = Reporter(False, "text", color)
    watches = [watch_run(run) for run in runs or (".",)]
    names = [watch.folder.path.name for watch in watches]
    needs = needs_of(watches)
    told = ", ".join(f"`{name}`" for name in names)
    if not any(need.jobs for need in needs):
        message = f"no job of {told} tells what it needs: none ended well by itself"
        help = "name a run in which jobs ran, or several; `sncompile runs` lists them"
        reporter.fail(CompileError([NOTHING_MEASURED.at(None, message, help=help)]))
    if all(need.most("memory") is None for need in needs):
        help = "have jobs that have still to run do so with `--benchmark`"
        lacking = NOTHING_MEASURED.at(None, f"the memory of no job of {told} was measured", help=help)
        reporter.warn([replace(lacking, severity=Severity.WARNING)], {})
    text = override_text(needs, names, margin)
    if out is None:
        write(text)
        return
    try:
        put_file(out, text.encode("utf-8", "replace"))
    except OSError as error:
        click.echo(f"sncompile: `{out}` cannot be written: {reason(error, out)}", err=True)
        sys.exit(1)
    write(f"{out}: settings of {count(sum(need.jobs > 0 for need in needs), 'step')}\n", err=True)
