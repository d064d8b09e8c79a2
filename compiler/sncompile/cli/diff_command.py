"""`sncompile diff OLD NEW`: which jobs are new, gone or changed, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from sncompile.api import STDIN, Checked, check, check_at, diff, graph_of
from sncompile.cli.options import SpecOptions, markdown_option, report_options, spec_options
from sncompile.cli.reporter import Reporter, as_json, has_errors, wants_color, write
from sncompile.diagnostics import CompileError, Severity
from sncompile.syntax.document import PipelineDoc
from sncompile.views.columns import terminal_width
from sncompile.views.diff_text import diff_text
from sncompile.views.markdown import diff_markdown

if TYPE_CHECKING:
    from sncompile.ir.diff.model import GraphDiff
    from sncompile.semantics.program import Options, Program

_STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@click.command("diff")
@click.argument("specs", nargs=-1, required=True, metavar="[OLD] NEW")
@click.option("--git", "revision", metavar="REVISION", help="Compare with the spec as it was at a revision.")
@click.option("--jobs", "single", is_flag=True, help="Tell of every single job too.")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@markdown_option
@spec_options
@report_options
def command(
    specs: tuple[str, ...],
    revision: str | None,
    single: bool,
    machine: bool,
    markdown: bool,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Say which jobs differ between two specs, and why; ends with 1 where anything does.

    `sncompile diff OLD NEW` compares two specs, `sncompile diff --git REVISION SPEC` a spec with what it was at a
    revision of its git repository. Only what a spec says is compared: not what stands in the files that jobs read.
    """
    old, new = _named(specs, revision)
    try:
        options = given.read()
        with ExitStack() as stack:
            before = _old(old, revision, options, reporter.strict, stack)
            now = check(new, options, strict=reporter.strict)
            _require(before, now, reporter)
            found = diff(graph_of(before.require()), graph_of(now.require()))
    except CompileError as error:
        reporter.fail(error)
    tell_later(before.require(), now.require())
    if markdown:
        write(diff_markdown(found, before.name, now.name))
    else:
        _print(found, before.name, now.name, machine=machine, single=single, color=reporter.color)
    sys.exit(1 if found.differs else 0)


def tell_later(*programs: Program) -> None:
    """Say which steps are not compared, as which jobs they have is known once others have run."""
    steps = dict.fromkeys(step for program in programs for late in program.late for step in late.steps)
    if steps:
        named = ", ".join(f"`{step}`" for step in steps)
        write(f"note: which jobs {named} have is known after others have run: they are not compared\n", err=True)


def _named(specs: tuple[str, ...], revision: str | None) -> tuple[str, str]:
    """The two specs. With a revision one may stand for both."""
    if len(specs) > 2 or (len(specs) == 1 and revision is None):
        raise click.UsageError("give two specs, `diff OLD NEW`, or one with a revision, `diff --git REVISION SPEC`")
    old, new = specs[0], specs[-1]
    if old == STDIN and (new == STDIN or revision is not None):
        told = "what comes from standard input stands in no repository" if revision else "only one spec can be `-`"
        raise click.UsageError(told)
    return old, new


def _old(spec: str, revision: str | None, options: Options, strict: bool, stack: ExitStack) -> Checked:
    """The old spec, whose files are there until the stack is closed."""
    if revision is None:
        return check(spec, options, strict=strict)
    from sncompile.semantics.repositories.revision import RevisionError

    try:
        return stack.enter_context(check_at(revision, spec, options, strict=strict))
    except RevisionError as error:
        raise click.UsageError(str(error)) from None


def _require(old: Checked, new: Checked, reporter: Reporter) -> None:
    """Write diagnostics; leave with code 1 on errors, with 2 where one is no pipeline. Nobody mends an old spec's
    warnings, so only its errors are told."""
    errors = [d for d in old.diagnostics if d.severity is Severity.ERROR]
    told = [*errors, *(d for d in new.diagnostics if d not in errors)]
    reporter.show(told, {**old.sources, **new.sources})
    if has_errors(told):
        for checked in (old, new):
            if checked.failed:
                reporter.sum_up(checked.name, checked.diagnostics)
        sys.exit(1)
    for checked in (old, new):
        if not isinstance(checked.document, PipelineDoc):
            raise click.UsageError(f"{checked.name} is a module, not a pipeline; jobs are those of pipelines")


def _print(found: GraphDiff, old: str, new: str, *, machine: bool, single: bool, color: str) -> None:
    if machine:
        told = found.as_object(old, new)
        if single:
            told["list"] = [job.as_object() for job in found.jobs()]
        write(as_json(told))
        return
    write(diff_text(found, old, new, terminal_width(), _paint(color), single=single))


def _paint(color: str) -> Callable[[str, str], str]:
    """Gives a text a style where standard output takes it."""
    if not wants_color(color, sys.stdout):
        return lambda _, text: text
    return lambda style, text: f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
