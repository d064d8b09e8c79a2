"""`sncompile migrate FILE…`: rewrite specs for what a later version of the language changes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.cli.fixes import diff_option, difference, put_texts
from sncompile.cli.options import color_option
from sncompile.cli.reporter import Reporter, write
from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics.text import visible
from sncompile.syntax.migrating import VERSION, migrate
from sncompile.syntax.source import read_source


@click.command("migrate")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@diff_option
@color_option
def command(files: tuple[str, ...], diff: bool, color: str) -> None:
    """Rewrite specs of an earlier version of the language, in the files named and in no other."""
    new: dict[Path, str] = {}
    wrong = False
    for name in files:
        path = Path(name)
        source = read_source(name, path)
        old = "" if isinstance(source, Diagnostic) else path.read_bytes().decode()
        found = source if isinstance(source, Diagnostic) else migrate(name, old)
        if isinstance(found, Diagnostic):
            wrong = True
            Reporter(False, "text", color).show([found], {name: old})
        elif found != old:
            new[path] = found
            if diff:
                write(difference(visible(name), old, found))
    if not diff:
        put_texts(new)
    if not new and not wrong:
        write(f"nothing to migrate: {VERSION} is the newest version of the language\n")
    sys.exit(1 if wrong or (diff and new) else 0)
