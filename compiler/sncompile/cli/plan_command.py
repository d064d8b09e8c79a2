"""`sncompile plan SPEC`: what would be done."""

from __future__ import annotations

import click

from sncompile.api import check, graph_of
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, as_json, bold, write
from sncompile.diagnostics import CompileError
from sncompile.views.columns import terminal_width
from sncompile.views.plan import plan_of
from sncompile.views.plan_text import plan_text


@click.command("plan")
@click.argument("spec", metavar="SPEC")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@spec_options
@report_options
def command(
    spec: str,
    machine: bool,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Say what would be done: steps, jobs, resources, files that must be there and files that come out."""
    try:
        checked = check(spec, given.read(), strict=reporter.strict)
        program = require_pipeline(checked, reporter)
    except CompileError as error:
        reporter.fail(error)
    plan = plan_of(program, graph_of(program), checked.diagnostics)
    write(as_json(plan.as_object()) if machine else plan_text(plan, terminal_width(), bold(reporter.color)))
