"""`sncompile plan SPEC`: what would be done, what of it has to run, and why."""

from __future__ import annotations

from pathlib import Path

import click

from sncompile.api import CompileOptions, check, compile_program
from sncompile.cli.forecasts import cores_option, forecast_for
from sncompile.cli.options import (
    Optimizer,
    SpecOptions,
    hash_option,
    optimizer_options,
    report_options,
    spec_options,
    target_option,
)
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, as_json, bold, write
from sncompile.cli.runs import misused
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError
from sncompile.runner.state.deciding import decisions_for
from sncompile.runner.state.plan_file import plan_object
from sncompile.state.versions import Hashing
from sncompile.views.columns import terminal_width
from sncompile.views.plan import plan_of
from sncompile.views.plan_text import jobs_text, plan_text
from sncompile.views.work import job_object, work_of


@click.command("plan")
@click.argument("spec", metavar="SPEC")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@click.option("--jobs", "single", is_flag=True, help="Print single jobs that have to run, or may, and why.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write down what has to run, for `run --plan FILE`.",
)
@cores_option
@target_option
@hash_option
@optimizer_options
@spec_options
@report_options
def command(
    spec: str,
    machine: bool,
    single: bool,
    out: Path | None,
    cores: str,
    targets: tuple[str, ...],
    hashing: str,
    optimizer: Optimizer,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Say what would be done: steps, jobs, resources, files that must be there and files that come out.

    And what of it a run would do now, and why: what is current stays as it is. And how long that would take, by what
    jobs took before.
    """
    try:
        checked = check(spec, given.read(), strict=reporter.strict)
        program = require_pipeline(checked, reporter)
        how = CompileOptions(level=optimizer.level, off=optimizer.off, times=optimizer.times, keep=targets)
        made = compile_program(program, how)
    except CompileError as error:
        reporter.fail(error)
    try:
        decisions = decisions_for(made.graph, made.jobs, targets, Hashing(hashing))
    except CompileError as error:
        misused(error)
    if out is not None:
        try:
            put_file(out, as_json(plan_object(decisions, made.graph)).encode())
        except OSError as error:
            raise click.UsageError(f"`{out}`: {error.strerror or error}") from None
    work = work_of(decisions, made.graph.folder)
    if single:
        width = terminal_width()
        write(as_json([job_object(job) for job in work.jobs]) if machine else jobs_text(work, width))
        return
    expected = forecast_for(decisions, made.graph.folder, cores) if work.jobs else None
    plan = plan_of(program, made.unoptimized, checked.diagnostics, work, expected)
    write(as_json(plan.as_object()) if machine else plan_text(plan, terminal_width(), bold(reporter.color)))
