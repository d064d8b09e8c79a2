"""`sncompile doctor`: what of engines, plugins, containers and disks is here, and how to get the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.cli.options import color_option
from sncompile.cli.reporter import as_json, bold, write
from sncompile.views.columns import table, terminal_width

SIGNS = {"here": "✓", "missing": "-", "wrong": "!"}


@click.command("doctor")
@click.option(
    "--directory", metavar="DIRECTORY", default=".", type=click.Path(path_type=Path),
    help="The working folder of your runs, whose disk is looked at.",
)  # fmt: skip
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@color_option
def command(directory: Path, machine: bool, color: str) -> None:
    """Say what of engines, plugins, containers and disks is here, and how to get the rest.

    What is marked `-` is only needed by those who want it. Ends with 1 where something is wrong (`!`).
    """
    from sncompile.runner.doctor import examine

    findings = list(examine(directory.absolute()))
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if machine:
        write(as_json({"findings": [finding._asdict() for finding in findings]}))
        sys.exit(bool(wrong))
    width, strong = terminal_width(), bold(color)
    for about in dict.fromkeys(finding.about for finding in findings):
        rows = [
            [SIGNS[f.state], f.name, f.told + (f"; {f.help}" if f.help else "")] for f in findings if f.about == about
        ]
        write(strong(about) + "\n" + table(rows, width, indent="  "))
    names = ", ".join(finding.name for finding in wrong)
    need = "needs" if len(wrong) == 1 else "need"
    write(f"\n{len(wrong)} of {len(findings)} {need} mending: {names}\n" if wrong else "\nnothing is wrong\n")
    sys.exit(bool(wrong))
