"""`sncompile schema pipeline|module`: the JSON Schema of a document kind."""

from __future__ import annotations

from importlib.resources import files

import click

from sncompile.cli.reporter import write


@click.command("schema")
@click.argument("kind", type=click.Choice(["pipeline", "module"]))
def command(kind: str) -> None:
    """Print the JSON Schema of pipelines or modules, for editors and other tools."""
    write(files("sncompile.schemas").joinpath(f"{kind}.schema.json").read_text("utf-8"))
