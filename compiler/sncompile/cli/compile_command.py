"""`sncompile compile SPEC`: compile to the files of a target, or print what a stage made."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import get_args

import click

from sncompile.api import Checked, Compilation, CompileOptions, check, compile_program, verify_emitted
from sncompile.cli.options import Optimizer, Pair, SpecOptions, optimizer_options, report_options, spec_options
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.remarks import show_remarks
from sncompile.cli.reporter import Reporter, write
from sncompile.diagnostics import CompileError
from sncompile.targets.registry import find_target
from sncompile.targets.target import Engine, wrapped_for


@click.command("compile")
@click.argument("spec", metavar="SPEC")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; build/NAME beside the spec unless given.",
)
@click.option("-t", "--target", default="snakemake", show_default=True, help="What to compile to.")
@click.option(
    "--emit",
    type=click.Choice(["ast", "ir", "lowered", "jobs"]),
    help="Print a stage's result instead of writing files.",
)
@click.option("--benchmark", is_flag=True, help="Have Snakemake measure every job: time, memory, input and output.")
@click.option(
    "--containers",
    type=click.Choice(["auto", *get_args(Engine)]),
    default="auto",
    show_default=True,
    help="Wrap commands for Docker or podman, or leave images to the engine.",
)
@click.option(
    "--target-option", "own", type=Pair(), multiple=True, metavar="NAME=VALUE", help="Set an option of the target."
)
@optimizer_options
@click.option("--remarks", is_flag=True, help="Tell what each pass did, and what it could not do and why.")
@click.option("--verify", is_flag=True, help="Check every pass, and read the files back, job by job.")
@click.option("--check", "compare", is_flag=True, help="Compare with what stands there; write nothing.")
@spec_options
@report_options
def command(
    spec: str,
    out: Path | None,
    target: str,
    emit: str | None,
    benchmark: bool,
    containers: str,
    own: tuple[tuple[str, str], ...],
    remarks: bool,
    verify: bool,
    compare: bool,
    optimizer: Optimizer,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Compile a spec to the files of a target."""
    sources: dict[str, str] = {}
    try:
        checked = check(spec, given.read(), strict=reporter.strict)
        if emit == "ast":
            reporter.finish(checked)
            _emit_ast(checked)
            return
        sources = checked.sources
        options = CompileOptions(
            target=target, level=optimizer.level, off=optimizer.off, out=out, times=optimizer.times,
            benchmark=benchmark, containers=wrapped_for(containers), verify=verify, own=dict(own),
        )  # fmt: skip
        compilation = compile_program(require_pipeline(checked, reporter), options)
        if remarks:
            show_remarks(compilation.remarks, reporter.form)
        if emit is not None:
            if out is not None:
                # It stands in paths of what is printed, and may be given for that.
                write(f"nothing is written to {out}: `--emit` prints; `> FILE` keeps it\n", err=True)
            _emit(emit, compilation)
            return
        folder, emitted = compilation.out, compilation.emitted
        reporter.warn(emitted.warnings, sources)
        if compare:
            emitted.compare(folder)
            write(f"{folder}: up to date\n")
            return
        emitted.write(folder)
        if verify and compilation.program.late:
            write(
                "verified: the files were read back over rows that stand in for those that are known later\n", err=True
            )
        elif verify:
            count = verify_emitted(compilation.graph, folder, target)
            reader = find_target(target).reader
            write(f"verified: {reader} has the same {count:,} job{'' if count == 1 else 's'}\n", err=True)
    except CompileError as error:
        reporter.fail(error, sources)
    write(f"{folder}: {emitted.describe()}\n")


def _emit_ast(checked: Checked) -> None:
    from sncompile.syntax.dump import dump

    assert checked.document is not None
    write(json.dumps(dump(checked.document), indent=2, ensure_ascii=False) + "\n")


def _emit(kind: str, compilation: Compilation) -> None:
    from sncompile.ir.graph.text import graph_text
    from sncompile.ir.jobs.expansion import jobs
    from sncompile.views.columns import terminal_width
    from sncompile.views.plan import late_plans
    from sncompile.views.plan_text import later_text

    graph = compilation.graph
    if kind != "jobs" and compilation.program.late:
        write("not here:\n" + later_text(compilation.program.late, terminal_width()), err=True)
    if kind == "lowered":
        from sncompile.lowering.text import lowered_text

        write(lowered_text(compilation.lowered))
        return
    if kind == "ir":
        write(graph_text(graph))
        return
    for job in jobs(graph, files=os.path.relpath(compilation.out / "files", graph.folder)):
        write(json.dumps(job.as_object(), ensure_ascii=False) + "\n")
    for late in late_plans(compilation.program):
        told = {"step": late.name, "by": list(late.by), "known_after": list(late.after)}
        write(json.dumps(told, ensure_ascii=False) + "\n")
