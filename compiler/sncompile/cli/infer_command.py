"""`sncompile infer SPEC`: what is read off the tables, with its evidence."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.api import Checked, check
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.reporter import Reporter, as_json, bold, write
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.system_errors import reason
from sncompile.syntax.document import PipelineDoc
from sncompile.views.columns import terminal_width
from sncompile.views.inference import inference_json, inference_object, inference_text, inference_yaml


@click.command("infer")
@click.argument("spec", metavar="SPEC")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the values to a file that `--params` takes: YAML, or JSON where it ends in .json.",
)
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@spec_options
@report_options
def command(
    spec: str,
    output: Path | None,
    machine: bool,
    given: SpecOptions,
    reporter: Reporter,
) -> None:
    """Show the values that a pipeline infers from its tables, and what each was read off."""
    try:
        checked = check(spec, given.read(), strict=reporter.strict)
    except CompileError as error:
        reporter.fail(error)
    reporter.show(checked.diagnostics, checked.sources)
    if checked.document is not None and not isinstance(checked.document, PipelineDoc):
        raise click.UsageError(f"{checked.name} is a module, and only pipelines infer values")
    _show_values(checked, machine, reporter.color)
    if checked.failed:
        reporter.sum_up(checked.name, checked.diagnostics)
        sys.exit(1)
    if output is not None:
        _write_values(checked, output)


def _show_values(checked: Checked, machine: bool, color: str) -> None:
    if checked.document is None:
        return
    name, title = checked.document.name.name, checked.document.about.title
    if machine:
        write(as_json(inference_object(name, checked.inferred)))
    elif checked.inferred:
        head = f"{name} – {title}" if title else name
        write(inference_text(head, checked.inferred, terminal_width(), bold(color)))
    elif not checked.failed:
        write(f"{name}: it infers nothing (`infer:`)\n")


def _write_values(checked: Checked, output: Path) -> None:
    """Write the values that `--params` can set: those of the pipeline itself, and not of pipelines inside."""
    document = checked.document
    if not isinstance(document, PipelineDoc):
        return
    own = {name: value for name, value in checked.inferred.items() if name in document.infer}
    text = inference_json(own) if output.suffix == ".json" else inference_yaml(document.name.name, own)
    try:
        put_file(output, text.encode())
    except OSError as error:
        click.echo(f"sncompile: `{output}` cannot be written: {reason(error, output)}", err=True)
        sys.exit(1)
