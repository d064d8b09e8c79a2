"""`sncompile fmt FILE…`: lay out specs in one style."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.cli.fixes import difference, put_texts
from sncompile.cli.options import color_option
from sncompile.cli.reporter import Reporter, write
from sncompile.cli.spec_files import spec_files
from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics.text import visible
from sncompile.syntax.formatting import format_text
from sncompile.syntax.source import Source, read_source


@click.command("fmt")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--check", is_flag=True, help="Write nothing; leave with code 1 if a file is not in the style.")
@click.option("--diff", is_flag=True, help="Show what would change; write nothing.")
@color_option
def command(files: tuple[str, ...], check: bool, diff: bool, color: str) -> None:
    """Lay out specs in one style: files, those of folders, or standard input (`-`), which goes to standard output.

    Comments, order and meaning stay as they are.
    """
    new: dict[Path, str] = {}
    wrong, total = 0, 0
    for named in spec_files(files):
        name, path = ("<stdin>", None) if named == "-" else (named, Path(named))
        total += 1
        source, old = _read(name, path)
        found = source if isinstance(source, Diagnostic) else format_text(name, source.text)
        if isinstance(found, Diagnostic):
            wrong += 1
            texts = {} if isinstance(source, Diagnostic) else {name: source.text}
            Reporter(False, "text", color).show([found], texts)
            continue
        if path is None and not (check or diff):
            write(found)
        elif found != old:
            new[path if path is not None else Path(name)] = found
            if diff:
                write(difference(visible(name), old, found))
            elif check:
                write(f"{visible(name)}: not in the style\n")
    if not (check or diff):
        put_texts(new)
    if files != ("-",):
        what = f"{len(new)} of {total} {'file' if total == 1 else 'files'}"
        write(f"{what} {'would change' if check or diff else 'changed'}\n", err=True)
    sys.exit(1 if wrong or (new and (check or diff)) else 0)


def _read(name: str, path: Path | None) -> tuple[Source | Diagnostic, str]:
    """The text of a file, and the same with its line ends and its mark of encoding."""
    source = read_source(name, path)
    if isinstance(source, Diagnostic) or path is None:
        return source, source.text if isinstance(source, Source) else ""
    return source, path.read_bytes().decode()
