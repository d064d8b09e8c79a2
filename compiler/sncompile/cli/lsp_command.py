"""`sncompile lsp`: the language server, which editors start."""

from __future__ import annotations

import importlib.util
import sys

import click

from sncompile.cli.reporter import write


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, which it does anyway.")
def command(stdio: bool) -> None:
    """Serve an editor by the Language Server Protocol, over standard input and output.

    Editors start it: see the how-to page on them.
    """
    if importlib.util.find_spec("pygls") is None:
        write("sncompile lsp needs the package pygls: `pip install 'sncompile[lsp]'`\n", err=True)
        sys.exit(2)
    from sncompile.lsp.requests import serve

    serve()
