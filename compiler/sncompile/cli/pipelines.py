"""What commands about one pipeline begin with: its program, or an end with what is wrong."""

from __future__ import annotations

import click

from sncompile.api import Checked
from sncompile.cli.reporter import Reporter
from sncompile.semantics.program import Program
from sncompile.syntax.document import PipelineDoc


def require_pipeline(checked: Checked, reporter: Reporter) -> Program:
    """The program, after writing the diagnostics. Leaves with code 1 on errors, with 2 where the spec is a module."""
    reporter.finish(checked)
    if not isinstance(checked.document, PipelineDoc):
        raise click.UsageError(f"{checked.name} is a module, not a pipeline; `sncompile describe` shows modules")
    return checked.require()
