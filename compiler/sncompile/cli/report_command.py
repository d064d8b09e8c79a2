"""`sncompile report RUN`: a page about a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.cli import completing
from sncompile.cli.runs import watch_run
from sncompile.cli.written import put_file
from sncompile.diagnostics.system_errors import reason


@click.command("report")
@click.argument("run", metavar="[RUN]", default=".", shell_complete=completing.run)
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
    help="The file; `report.html` in the run's folder unless given.",
)  # fmt: skip
def command(run: str, out: Path | None) -> None:
    """Write a page about a run: what failed, the graph, the times, and all that went into it.

    RUN is a run's folder or its name; a spec, a working folder or a pipeline's name mean the last run there, and
    without it, it is the last run in this folder. The page is one file, which needs no network.
    """
    from sncompile.runner.report import report_page

    watch = watch_run(run)
    out = out if out is not None else watch.folder.path / "report.html"
    page = report_page(watch, out).encode("utf-8", "replace")
    try:
        put_file(out, page)
    except OSError as error:
        click.echo(f"sncompile: `{out}` cannot be written: {reason(error, out)}", err=True)
        sys.exit(1)
    click.echo(f"{out}: {len(page):,} bytes", err=True)
