"""`sncompile targets`: what can be compiled to, and what each can express."""

from __future__ import annotations

import sys
from typing import Any, get_type_hints

import click

from sncompile.cli.options import color_option
from sncompile.cli.reporter import as_json, bold, write
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.resources import RESOURCES
from sncompile.lowering.features import Feature
from sncompile.targets.target import Target
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
        write(as_json({name: _told(target) for name, target in targets.items()}))
        return
    width, strong = terminal_width(), bold(color)
    lines = [f"{strong(name)}  {target.title}\n" for name, target in targets.items()]
    lines += [
        f"{strong(name)} takes {', '.join(_options(target))}\n" for name, target in targets.items() if _options(target)
    ]
    rows = [[each.value, *(t.features.get(each, "no") for t in targets.values())] for each in Feature]
    rows += [[name, *(t.resources.get(name, "no") for t in targets.values())] for name in RESOURCES]
    write("".join(lines) + "\n" + table([["feature", *targets], *rows], width, indent="  "))


def _options(target: Target[Any]) -> list[str]:
    """The names of a target's options."""
    return list(get_type_hints(target.options))


def _told(target: Target[Any]) -> dict[str, Any]:
    """A target as the interface has it."""
    capabilities = {each.value: target.features.get(each, "no") for each in Feature}
    capabilities |= {name: target.resources.get(name, "no") for name in RESOURCES}
    return {"title": target.title, "capabilities": capabilities, "options": _options(target)}
