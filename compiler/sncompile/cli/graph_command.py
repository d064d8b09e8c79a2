"""`sncompile graph SPEC`: the steps and how their keys relate, as a picture."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.api import check, graph_of
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, write
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.system_errors import reason
from sncompile.drawing.dot import to_dot
from sncompile.drawing.families import family_picture
from sncompile.drawing.grouping import View, views_of
from sncompile.drawing.mermaid import to_mermaid
from sncompile.drawing.picture import Picture
from sncompile.drawing.single_jobs import MOST, job_picture
from sncompile.ir.graph.model import Graph

FORMS = (".svg", ".png", ".html", ".dot", ".mmd")


@click.command("graph")
@click.argument("spec", metavar="SPEC")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
    help="File for the picture: .svg, .png, .html, .dot or .mmd (Mermaid). Mermaid on standard output unless given.",
)  # fmt: skip
@click.option("--jobs", "single", is_flag=True, help="Draw single jobs, not families of jobs.")
@spec_options
@report_options
def command(
    spec: str,
    out: Path | None,
    single: bool,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Draw the steps and how their keys relate."""
    if out is not None and out.suffix.lower() not in FORMS:
        raise click.UsageError(f"`{out}`: the name must end in one of {', '.join(FORMS)}")
    try:
        checked = check(spec, given.read(), strict=reporter.strict)
        program = require_pipeline(checked, reporter)
        whole = program.whole[0] if program.whole is not None and not single else program
        picture = _picture(graph_of(whole), single)
        if out is None:
            write(to_mermaid(picture))
            return
        drawn = _drawn(picture, out.suffix.lower(), grouped=not single)
    except CompileError as error:
        reporter.fail(error)
    _put(out, drawn)


def _picture(graph: Graph, single: bool) -> Picture:
    count = graph.job_count()
    if single and count > MOST:
        raise click.UsageError(f"{count:,} jobs are too many to draw one by one (at most {MOST:,}); leave out `--jobs`")
    return job_picture(graph) if single else family_picture(graph)


def _drawn(picture: Picture, suffix: str, *, grouped: bool) -> bytes:
    if suffix == ".html":
        from sncompile.drawing.page import to_page

        return to_page(picture, views_of(picture) if grouped else [View("all", "all jobs", picture)]).encode()
    if suffix == ".mmd":
        return to_mermaid(picture).encode()
    dot = to_dot(picture)
    if suffix == ".dot":
        return dot.encode()
    from sncompile.drawing.graphviz import draw

    return draw(dot, suffix.removeprefix("."))


def _put(out: Path, drawn: bytes) -> None:
    try:
        put_file(out, drawn)
    except OSError as error:
        click.echo(f"sncompile: `{out}` cannot be written: {reason(error, out)}", err=True)
        sys.exit(1)
    click.echo(f"{out}: {len(drawn):,} bytes", err=True)
