"""`sncompile targets`: what can be compiled to, and what each can express."""

from __future__ import annotations

import sys

import click

from sncompile.cli.options import color_option
from sncompile.cli.reporter import as_json, bold, write
from sncompile.diagnostics import CompileError
from sncompile.views.columns import table, terminal_width


@click.command("targets")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@color_option
def command(machine: bool, color: str) -> None:
    """List what can be compiled to, and what each target can express."""
    from sncompile.targets.registry import all_targets

    try:
        targets = all_targets()
    except CompileError as error:
        click.echo(f"sncompile: {error}", err=True)
        sys.exit(1)
    if machine:
        write(as_json({n: {"title": t.title, "capabilities": dict(t.capabilities)} for n, t in targets.items()}))
        return
    width, strong = terminal_width(), bold(color)
    features = dict.fromkeys(feature for target in targets.values() for feature in target.capabilities)
    lines = [f"{strong(name)}  {target.title}\n" for name, target in targets.items()]
    rows = [[feature, *(t.capabilities.get(feature, "no") for t in targets.values())] for feature in features]
    head = [["feature", *targets]] if len(targets) > 1 else []
    write("".join(lines) + "\n" + table([*head, *rows], width, indent="  "))
