"""`sncompile plan SPEC`: what would be done."""

from __future__ import annotations

from pathlib import Path

import click

from sncompile.api import check, graph_of
from sncompile.cli.options import fail, output_options, read_options, spec_options, write
from sncompile.cli.pipelines import as_json, bold, require_pipeline
from sncompile.diagnostics import CompileError
from sncompile.views.columns import terminal_width
from sncompile.views.plan import plan_of
from sncompile.views.plan_text import plan_text


@click.command("plan")
@click.argument("spec", metavar="SPEC")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@spec_options
@output_options
def command(
    spec: str,
    machine: bool,
    data: tuple[tuple[str, str], ...],
    sets: tuple[tuple[str, str], ...],
    params: Path | None,
    directory: Path | None,
    locked: bool,
    strict: bool,
    form: str,
    color: str,
) -> None:
    """Say what would be done: steps, jobs, resources, files that must be there and files that come out."""
    try:
        checked = check(spec, read_options(data, sets, params, directory, locked), strict=strict)
        program = require_pipeline(checked, form, color)
    except CompileError as error:
        fail(error, form, color)
        return
    plan = plan_of(program, graph_of(program), checked.diagnostics)
    write(as_json(plan.as_object()) if machine else plan_text(plan, terminal_width(), bold(color)))
