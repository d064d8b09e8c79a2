"""`sncompile import KIND FILE`: a module document for a spec of another form."""

from __future__ import annotations

from pathlib import Path

import click

from sncompile.api import import_spec
from sncompile.cli.exchanged import leave
from sncompile.cli.options import report_options
from sncompile.cli.reporter import Reporter
from sncompile.exchange.forms import FORMS


@click.command("import")
@click.argument("kind", type=click.Choice(list(FORMS)), metavar="KIND")
@click.argument("spec", metavar="FILE")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write; else it is printed."
)
@report_options
def command(kind: str, spec: str, out: Path | None, reporter: Reporter) -> None:
    """Make a module document from a spec of another kind: `bilayers`.

    FILE is `-` for standard input. What does not carry over is told, each with its place.
    """
    leave(import_spec(kind, spec, strict=reporter.strict), spec, out, reporter)
