"""`sncompile run SPEC`: compile and run a pipeline, and watch it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from sncompile.api import Compilation, CompileOptions, check, compile_program
from sncompile.cli.forecasts import disk_option
from sncompile.cli.options import (
    Optimizer,
    SpecOptions,
    defer_option,
    hash_option,
    optimizer_options,
    report_options,
    selection_options,
    spec_options,
)
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, bold, write
from sncompile.cli.runs import EXIT_MISUSED, EXIT_RUN_FAILED, misused
from sncompile.cli.selecting import Looking, chosen_jobs, selected, tell_left_out
from sncompile.cli.words import ARGUMENTS
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import graph as graph_faults
from sncompile.faults import runs as run_faults
from sncompile.ir.graph.feeds import may_lack
from sncompile.ir.graph.model import Graph
from sncompile.ir.language.locations import is_url
from sncompile.runner.disk_budget import for_the_rest, taken_by
from sncompile.runner.display import duration, make_display
from sncompile.runner.facts import facts_of
from sncompile.runner.find import find_run
from sncompile.runner.forecasts import forecast_for
from sncompile.runner.late import with_rows
from sncompile.runner.record import RunFolder, read_record
from sncompile.runner.run import run
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.selection.selection import Asked, Chosen
from sncompile.runner.selection.wanted import marked_families, output_paths, wanted
from sncompile.runner.software import unused_images
from sncompile.runner.state.deciding import decisions_for
from sncompile.runner.state.plan_file import asked_in
from sncompile.runner.state.told_work import told_work
from sncompile.runner.telemetry.sender import told
from sncompile.semantics.program import LateSteps, Options, Program
from sncompile.state.versions import Hashing
from sncompile.targets.target import wrapped_for
from sncompile.views.columns import count, terminal_width
from sncompile.views.forecast_text import forecast_text
from sncompile.views.plan_text import later_text, work_text


@click.command("run")
@click.argument("spec", metavar="SPEC", required=False)
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the emitted files.")
@click.option("-c", "-j", "--cores", default="all", show_default=True, metavar="N", help="Cores to use at once.")
@click.option("--profile", metavar="NAME|DIR", help="Settings of a site: an emitted profile, or a folder.")
@click.option(
    "--containers",
    type=click.Choice(["auto", "apptainer", "docker", "podman", "none"]),
    default="auto",
    show_default=True,
    help="What runs images; auto: Apptainer where it is installed, else nothing.",
)
@selection_options
@click.option(
    "--resume",
    metavar="RUN",
    help="Go on with an earlier run, with the options that it had; RUN is its folder or name, or a working folder.",
)
@click.option("-k", "--keep-going", is_flag=True, help="Go on with what does not need a failed job.")
@click.option(
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Do what a plan says that `plan -o FILE` wrote, or nothing if that is not what has to run any more.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only tell what would run, and why, as `plan` does.")
@disk_option
@click.option("--adopt", is_flag=True, help="Take results that no run is known to have made as they are.")
@click.option("--prune", is_flag=True, help="Delete results of jobs that the pipeline had and has no more.")
@defer_option
@hash_option
@click.option("--benchmark", is_flag=True, help="Have Snakemake measure every job: time, memory, input and output.")
@click.option("--telemetry", metavar="URL", help="Send traces, metrics and logs to an OpenTelemetry collector.")
@optimizer_options
@spec_options
@report_options
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ENGINE ARGUMENTS]")
@click.pass_context
def command(
    ctx: click.Context,
    spec: str | None,
    out: Path | None,
    cores: str,
    profile: str | None,
    containers: str,
    asked: Asked,
    resume: str | None,
    keep_going: bool,
    plan: Path | None,
    dry_run: bool,
    disk: int | None,
    adopt: bool,
    prune: bool,
    defer: Path | None,
    hashing: str,
    benchmark: bool,
    telemetry: str | None,
    optimizer: Optimizer,
    given: SpecOptions,
    reporter: Reporter,
    arguments: tuple[str, ...],
) -> None:
    """Compile a pipeline and run it with Snakemake; run again to go on after a failure."""
    if resume is not None:
        _again(ctx, resume)
        return
    if spec is None:
        raise click.UsageError("name the spec to run, or an earlier run with `--resume`")
    if cores != "all" and not (cores.isdigit() and int(cores) > 0):
        raise click.BadParameter("a whole number from 1, or `all`", param_hint="--cores")
    building = CompileOptions(
        level=optimizer.level, off=optimizer.off, times=optimizer.times, out=out, benchmark=benchmark,
        containers=wrapped_for(containers),
    )  # fmt: skip
    if plan is not None and not any(asked):
        asked = asked_in(plan)
    looking = Looking(Hashing(hashing), defer)
    words = ctx.meta.get(ARGUMENTS, ())
    how = RunOptions(cores, profile, containers, None, keep_going, arguments, words, str(Path.cwd()),
                     telemetry, looking.hashing, adopt, plan, defer, disk, prune)  # fmt: skip
    so_far = 0, 0.0
    after = False
    said: set[Diagnostic] = set()
    while True:
        prepared, chosen = _prepare(spec, given, building, asked, looking, reporter, said, after=after)
        late = prepared.made.program.late
        if dry_run:
            _tell(prepared, chosen, looking, cores, bold(reporter.color))
            return
        if chosen is not None and not chosen.named:
            write("done: nothing to do: nothing is selected\n", err=True)
            return
        before = taken_by(prepared.graph, how)
        so_far = _run(prepared, chosen, how, reporter, so_far, more=bool(late))
        if not late or not _goes_on(late, everything=plan is None and not any(asked)):
            return
        how = for_the_rest(how, prepared.graph, before)
        after = True


def _prepare(
    spec: str,
    given: SpecOptions,
    how: CompileOptions,
    asked: Asked,
    looking: Looking,
    reporter: Reporter,
    said: set[Diagnostic],
    *,
    after: bool,
) -> tuple[Prepared, Chosen | None]:
    """Compile what is to be run, and find the jobs that are asked for. Leaves with code 1 or 2 where that cannot be.

    Once a run has ended that did what was known (`after`), the rows that it wrote are there. What was `said` before of
    fewer rows is not said again; what is said is added.
    """

    def anew(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        unsaid = tuple(diagnostic for diagnostic in found if diagnostic not in said)
        said.update(unsaid)
        return unsaid

    sources: dict[str, str] = {}

    def program_of(options: Options) -> Program:
        checked = check(spec, options, strict=must)
        sources.update(checked.sources)
        return require_pipeline(replace(checked, diagnostics=anew(checked.diagnostics)), reporter)

    def compiled(program: Program, keep: tuple[str, ...]) -> Compilation:
        return compile_program(program, how._replace(keep=keep, staged=True))

    try:
        # What is only a warning when compiling stops a run: the files must be there now.
        must = True if reporter.strict else (graph_faults.MISSING_FILE.code,)
        made, options, selection = with_rows(
            given.read(), program_of, lambda program: selected(asked, program), compiled, looking.hashing,
            all_written=after,
        )  # fmt: skip
        reporter.warn(anew(made.emitted.warnings), sources)
    except CompileError as error:
        reporter.fail(error, sources)
    facts = facts_of(made.program, options)
    chosen = chosen_jobs(selection, made, looking)
    tell_left_out(chosen, made, looking)
    return Prepared(made, facts, sources), chosen


def _tell(
    prepared: Prepared, chosen: Chosen | None, looking: Looking, cores: str, strong: Callable[[str], str]
) -> None:
    """Say what would run, and what it would take."""
    jobs = None if chosen is None else chosen.jobs
    decisions = decisions_for(prepared.made, looking.hashing, jobs, looking.defer)
    work = told_work(prepared.made, decisions)
    write(work_text(work, terminal_width(), strong))
    if work.jobs:
        write(forecast_text(forecast_for(decisions, prepared.graph.folder, cores), terminal_width()))
    write(later_text(prepared.made.program.late, terminal_width()))


def _run(
    prepared: Prepared,
    chosen: Chosen | None,
    how: RunOptions,
    reporter: Reporter,
    before: tuple[int, float],
    *,
    more: bool,
) -> tuple[int, float]:
    """Run what is chosen, watch, and tell how it ended; only that it did where `more` is to come.

    Gives the jobs that were done and the seconds that they took, with those of runs `before` over fewer rows. Leaves
    with code 3 where not everything was done.
    """
    if chosen is not None:
        how = replace(how, wanted=wanted(prepared.graph, chosen, marked_families(prepared.emitted)))
    unused = unused_images(prepared.graph, how.containers)
    if unused is not None:
        write(f"{unused}\n", err=True)
    try:
        result = run(prepared, how, make_display())
    except CompileError as error:
        reporter.show(error.diagnostics, error.sources)
        refused = all(d.code == run_faults.OPTION_REFUSED.code for d in error.diagnostics)
        sys.exit(EXIT_MISUSED if refused else EXIT_RUN_FAILED)
    undelivered = told(RunFolder(result.folder)) if result.folder is not None else None
    if undelivered is not None:
        write(f"{undelivered}\n", err=True)
    if result.state != "done" and result.folder is not None:
        reporter.show(result.diagnostics, prepared.documents)
        write(f"{result.state} after {count(result.done, 'job')}; the record is {_near(result.folder)}\n", err=True)
        sys.exit(EXIT_RUN_FAILED)
    if result.diagnostics:
        reporter.show(result.diagnostics, prepared.documents)
    found = before[0] + result.done, before[1] + result.seconds
    if more:
        write(f"done: {count(result.done, 'job')}\n", err=True)
        return found
    _tell_outputs(prepared.graph, *found, result.folder, how)
    return found


def _goes_on(late: Sequence[LateSteps], *, everything: bool) -> bool:
    """Whether the rows that were written are read, and what follows is run; says which it is. What nobody could ask
    for, as it was not known, is not run where not `everything` is asked for."""
    if not everything:
        write("not among what was asked for, as it was not known:\n" + later_text(late, terminal_width()), err=True)
        return False
    ended = ", ".join(f"`{each.source}`" for each in late)
    write(f"the rows that {ended} wrote are read, and what follows from them is run\n", err=True)
    return True


def _again(ctx: click.Context, run: str) -> None:
    """Run what an earlier run ran, from where it was started."""
    try:
        folder = find_run(run)
    except CompileError as error:
        misused(error)
    record = read_record(folder)
    words, place = record.get("command"), record.get("invoked_from")
    if not isinstance(words, list) or not words or not isinstance(place, str) or not Path(place).is_dir():
        raise click.UsageError(f"`{folder}` holds no run that can be started again; run the spec itself")
    os.chdir(place)
    write(f"again: sncompile {shlex.join(words)}\n", err=True)
    ctx.find_root().command.main(args=words, prog_name="sncompile")


def _near(path: Path) -> str:
    """A path as seen from where the user stands, where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)


def _tell_outputs(graph: Graph, done: int, seconds: float, folder: Path | None, how: RunOptions) -> None:
    """What was done, and where the outputs are: those of the pipeline, or of what alone was asked for."""
    nothing = "everything is up to date" if graph.families else "the pipeline has no jobs, as its tables have no rows"
    jobs = f"{count(done, 'job')} in {duration(seconds)}" if done else f"nothing to do: {nothing}"
    record = f"; the record is {_near(folder)}" if folder is not None else ""
    write(f"done: {jobs}{record}\n", err=True)
    if not done and how.wanted is not None:
        _tell_gone(graph, how.wanted.files)
    for name, paths in output_paths(graph).items():
        if how.wanted is not None and name not in how.wanted.outputs:
            continue
        if may_lack(graph.outputs[name], graph.families):
            paths = [path for path in paths if is_url(path) or os.path.lexists(Path(graph.folder) / path)]
        near = [p if is_url(p) else _near(Path(graph.folder) / p) for p in paths[:1]]
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        write(f"{name}: {near[0]}{more}\n" if near else "")


def _tell_gone(graph: Graph, asked: Sequence[str]) -> None:
    """Say that nothing of what was asked for is there although its jobs are done."""
    if asked and not any(is_url(path) or os.path.lexists(Path(graph.folder) / path) for path in asked):
        few = f"`{_near(Path(graph.folder) / asked[0])}`{f' and {len(asked) - 1:,} more' if len(asked) > 1 else ''}"
        write(f"note: {few} went once all was done that reads it, as `-O2` or `temp` says: have it kept\n", err=True)
