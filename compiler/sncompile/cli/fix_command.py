"""`sncompile fix FILE…`: mend what a diagnostic knows how to mend."""

from __future__ import annotations

import click

from sncompile.cli.fixes import diff_option, fix_specs, unsafe_option
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.reporter import Reporter
from sncompile.cli.spec_files import spec_files
from sncompile.diagnostics import CompileError


@click.command("fix")
@click.argument("specs", nargs=-1, required=True, metavar="FILE…")
@diff_option
@unsafe_option
@spec_options
@report_options
def command(specs: tuple[str, ...], diff: bool, unsafe: bool, given: SpecOptions, reporter: Reporter) -> None:
    """Mend what a diagnostic knows how to mend, in the files named and in no other, and tell what is left."""
    try:
        options = given.read()
    except CompileError as error:
        reporter.fail(error, result=True)
    fix_specs(tuple(spec_files(specs)), options, reporter, unsafe=unsafe, diff=diff)
