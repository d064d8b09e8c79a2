"""`sncompile plan SPEC`: what would be done, what of it has to run, and why."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from sncompile.api import Checked, Compilation, CompileOptions, check, compile_program
from sncompile.cli.forecasts import cores_option
from sncompile.cli.options import (
    Optimizer,
    SpecOptions,
    defer_option,
    hash_option,
    markdown_option,
    optimizer_options,
    report_options,
    selection_options,
    spec_options,
)
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, as_json, bold, write
from sncompile.cli.runs import misused
from sncompile.cli.selecting import Looking, chosen_jobs, selected, tell_left_out
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError
from sncompile.runner.forecasts import forecast_for
from sncompile.runner.late import with_rows
from sncompile.runner.selection.selection import Asked, Chosen
from sncompile.runner.selection.wanted import left_out
from sncompile.runner.state.deciding import decisions_for, runs_at_work, unread_states
from sncompile.runner.state.plan_file import plan_object
from sncompile.runner.state.told_work import told_work
from sncompile.semantics.program import Options, Program
from sncompile.state.decisions import Decisions
from sncompile.state.versions import Hashing
from sncompile.views.columns import terminal_width
from sncompile.views.markdown import work_markdown
from sncompile.views.plan import plan_of
from sncompile.views.plan_text import jobs_text, plan_text
from sncompile.views.work import job_object


@click.command("plan")
@click.argument("spec", metavar="SPEC")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@markdown_option
@click.option("--jobs", "single", is_flag=True, help="Print single jobs that have to run, or may, and why.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write down what has to run, for `run --plan FILE`.",
)
@selection_options
@defer_option
@cores_option
@hash_option
@optimizer_options
@spec_options
@report_options
def command(
    spec: str,
    machine: bool,
    markdown: bool,
    single: bool,
    out: Path | None,
    asked: Asked,
    defer: Path | None,
    cores: str,
    hashing: str,
    optimizer: Optimizer,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Say what would be done: steps, jobs, resources, files that must be there and files that come out.

    And what of it a run would do now, and why: what is current stays as it is. And how long that would take, by what
    jobs took before.
    """
    if markdown and (machine or single):
        raise click.UsageError("`--markdown` is a form of its own, beside `--json` and `--jobs`")
    looking = Looking(Hashing(hashing), defer)
    checked, made, chosen, decisions = _decided(spec, given, optimizer, asked, looking, reporter)
    if out is not None:
        try:
            put_file(out, as_json(plan_object(decisions, made.graph, asked)).encode())
        except OSError as error:
            raise click.UsageError(f"`{out}`: {error.strerror or error}") from None
    work = told_work(made, decisions)
    for owner in runs_at_work(made.graph):
        write(f"note: a run is at work, and what it has not ended counts as not done: {owner}\n", err=True)
    for note in unread_states(made.graph):
        write(f"{note}\n", err=True)
    tell_left_out(chosen, made, looking)
    if single:
        width = terminal_width()
        write(as_json([job_object(job) for job in work.jobs]) if machine else jobs_text(work, width))
        return
    if markdown:
        write(work_markdown(work, made.graph.name, made.program.late))
        return
    expected = forecast_for(decisions, made.graph.folder, cores) if work.jobs else None
    plan = plan_of(made.program, made.unoptimized, checked.diagnostics, work, expected, decisions.looker)
    write(as_json(plan.as_object()) if machine else plan_text(plan, terminal_width(), bold(reporter.color)))


class Decided(NamedTuple):
    """A pipeline compiled, and what was found out of its jobs; `chosen` is None where all outputs are meant."""

    checked: Checked
    made: Compilation
    chosen: Chosen | None
    decisions: Decisions


def _decided(
    spec: str, given: SpecOptions, optimizer: Optimizer, asked: Asked, looking: Looking, reporter: Reporter
) -> Decided:
    """Compile, and find what has to run. Leaves with code 1 or 2 where that cannot be."""
    checked: Checked | None = None

    def program_of(options: Options) -> Program:
        nonlocal checked
        checked = check(spec, options, strict=reporter.strict)
        return require_pipeline(checked, reporter)

    def compiled(program: Program, keep: tuple[str, ...]) -> Compilation:
        how = CompileOptions(level=optimizer.level, off=optimizer.off, times=optimizer.times, keep=keep, staged=True)
        return compile_program(program, how)

    try:
        made, _, selection = with_rows(
            given.read(), program_of, lambda program: selected(asked, program), compiled, looking.hashing
        )
    except CompileError as error:
        reporter.fail(error, checked.sources if checked is not None else None)
    assert checked is not None
    chosen = chosen_jobs(selection, made, looking)
    wanted = None if chosen is None else chosen.jobs
    try:
        decisions = decisions_for(made, looking.hashing, wanted, looking.defer)
    except CompileError as error:
        misused(error)
    if chosen is not None and chosen.alone:
        try:
            left_out(decisions, made.jobs)
        except CompileError as error:
            reporter.fail(error, checked.sources)
    return Decided(checked, made, chosen, decisions)
