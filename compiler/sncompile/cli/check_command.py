"""`sncompile check SPEC…`: find every fault, write nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sncompile.api import Checked, check, refused
from sncompile.cli.options import has_errors, output_options, read_options, show, spec_options, write
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.text import summary, visible
from sncompile.semantics.check_files import input_files
from sncompile.semantics.evaluate import Evaluator


@click.command("check")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@spec_options
@output_options
def command(
    specs: tuple[str, ...],
    data: tuple[tuple[str, str], ...],
    sets: tuple[tuple[str, str], ...],
    params: Path | None,
    directory: Path | None,
    locked: bool,
    strict: bool,
    form: str,
    color: str,
) -> None:
    """Find every fault of pipelines and modules; write nothing."""
    found: list[Diagnostic] = []
    sources: dict[str, str] = {}
    lines: list[str] = []
    try:
        options = read_options(data, sets, params, directory, locked)
    except CompileError as error:
        show(error.diagnostics, error.sources, form, color, stdout=True)
        sys.exit(1)
    for spec in specs:
        checked = check(spec, options, strict=strict)
        found += checked.diagnostics
        more = refused(checked)
        found += more
        sources |= checked.sources
        lines.append(f"{visible(checked.name)}: {_told(checked, more)}")
    show(tuple(dict.fromkeys(found)), sources, form, color, stdout=True)
    if form == "text":
        write("".join(line + "\n" for line in lines))
    sys.exit(1 if has_errors(found) else 0)


def _told(checked: Checked, more: Sequence[Diagnostic]) -> str:
    """What was checked and what came of it: `7 steps, 301 jobs, 72 input files: no fault`."""
    verdict = summary([*checked.diagnostics, *more]) or "no fault"
    program = checked.program
    if program is None:
        return verdict
    jobs = sum(len(step.keys) for step in program.steps.values())
    files = len(input_files(program, Evaluator(program.steps)))
    counts = ((len(program.steps), "step"), (jobs, "job"), (files, "input file"))
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts) + f": {verdict}"
