"""`sncompile new module NAME --from LINE`: a module from a command line."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from sncompile.cli.reporter import write
from sncompile.cli.written import put_file
from sncompile.diagnostics.system_errors import reason
from sncompile.exchange.command_lines import FORMS, Unreadable, module_text
from sncompile.exchange.guessed_marks import guessed


@click.group("new")
def command() -> None:
    """Write a new document: a module from a command line."""


@command.command("module", epilog=f"\b\nMarks in the command line:\n{FORMS}")
@click.argument("name")
@click.option("--from", "line", metavar="LINE", required=True, help="The command, with its files and settings marked.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write; modules/NAME.yaml unless given. `-` prints it.",
)  # fmt: skip
def module(name: str, line: str, out: Path | None) -> None:
    """Write the module NAME from a command line, such as 'samtools sort -@ {cpus} {in:bam} -o {out:sorted:bam}'."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        raise click.UsageError(
            f"`{name}` cannot be the name of a module: use letters, digits, `_`, `-` and `.`, and a letter first"
        )
    try:
        text = module_text(name, line)
    except Unreadable as error:
        raise click.UsageError(f"{error}; {error.help}") from error
    left = guessed(line).words
    if left:
        named = ", ".join(f"`{word}`" for word in left)
        hint = "mark what a job reads and writes, such as {in:ref:fa} or {out:log:txt}"
        write(f"{named}: taken as written; {hint}\n", err=True)
    place = out or Path("modules") / f"{name}.yaml"
    if str(place) == "-":
        write(text)
        return
    if place.exists() or place.is_symlink():
        raise click.UsageError(
            f"nothing was written, since `{place}` would be overwritten; name another place with `-o`"
        )
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        put_file(place, text.encode())
    except OSError as error:
        click.echo(f"sncompile: `{place}` cannot be written: {reason(error, place)}", err=True)
        sys.exit(1)
    write(f"{place}: look at its types and resources; a step names it as `module: ./{place.with_suffix('')}`\n")
