"""`sncompile check SPEC…`: find every fault, write nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from sncompile.api import Checked, check, refused
from sncompile.cli.fixes import diff_option, fix_specs, unsafe_option
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.reporter import Reporter, has_errors, write
from sncompile.cli.spec_files import spec_files
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.text import summary, visible
from sncompile.ir.values.evaluate import Evaluator
from sncompile.semantics.checking.files import input_files


@click.command("check")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@click.option("--fix", is_flag=True, help="Mend what can be mended, as `sncompile fix` does.")
@diff_option
@unsafe_option
@spec_options
@report_options
def command(
    specs: tuple[str, ...],
    fix: bool,
    diff: bool,
    unsafe: bool,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Find every fault of pipelines and modules; write nothing, unless `--fix` asks for it.

    A folder stands for all specs in it.
    """
    if (diff or unsafe) and not fix:
        raise click.UsageError("`--diff` and `--unsafe` belong to `--fix`")
    found: list[Diagnostic] = []
    sources: dict[str, str] = {}
    lines: list[str] = []
    try:
        options = given.read()
    except CompileError as error:
        reporter.fail(error, result=True)
    wanted = tuple(spec_files(specs))
    if not wanted:
        raise click.UsageError(f"no spec is in `{specs[0]}`: files that say `sncompile: 1` at the top")
    if fix:
        fix_specs(wanted, options, reporter, unsafe=unsafe, diff=diff)
    for spec in wanted:
        checked = check(spec, options, strict=reporter.strict)
        found += checked.diagnostics
        more = refused(checked)
        found += more
        sources |= checked.sources
        lines.append(f"{visible(checked.name)}: {_told(checked, more)}")
    reporter.show(tuple(dict.fromkeys(found)), sources, result=True)
    if reporter.form == "text":
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
    later = {name for late in program.late for name in late.steps}
    counts = ((len(program.steps) + len(later), "step"), (jobs, "job"), (files, "input file"))
    told = [f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts]
    if later:
        told[1] += f" and those of {len(later)} step{'' if len(later) == 1 else 's'} that are known later"
    return f"{', '.join(told)}: {verdict}"
