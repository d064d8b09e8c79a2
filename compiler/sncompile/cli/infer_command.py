"""`sncompile infer SPEC`: what is read off the tables, with its evidence."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.api import Checked, check
from sncompile.cli.options import fail, output_options, read_options, show, spec_options, write
from sncompile.cli.pipelines import as_json, bold
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.text import summary, visible
from sncompile.syntax.document import PipelineDoc
from sncompile.views.columns import terminal_width
from sncompile.views.inference import inference_object, inference_text, inference_yaml


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
@output_options
def command(
    spec: str,
    output: Path | None,
    machine: bool,
    data: tuple[tuple[str, str], ...],
    sets: tuple[tuple[str, str], ...],
    params: Path | None,
    directory: Path | None,
    locked: bool,
    strict: bool,
    form: str,
    color: str,
) -> None:
    """Show the values that a pipeline infers from its tables, and what each was read off."""
    try:
        checked = check(spec, read_options(data, sets, params, directory, locked), strict=strict)
    except CompileError as error:
        fail(error, form, color)
        return
    show(checked.diagnostics, checked.sources, form, color, stdout=False)
    if checked.document is not None and not isinstance(checked.document, PipelineDoc):
        raise click.UsageError(f"{checked.name} is a module, and only pipelines infer values")
    _show_values(checked, machine, color)
    if checked.failed:
        if form == "text":
            write(f"{visible(checked.name)}: {summary(checked.diagnostics)}\n", err=True)
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
    if output.suffix == ".json":
        values = inference_object(document.name.name, own)["values"]
        text = as_json({value["name"]: value["value"] for value in values})
    else:
        text = inference_yaml(document.name.name, own)
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        click.echo(f"sncompile: `{output}` cannot be written: {error.strerror}", err=True)
        sys.exit(1)
