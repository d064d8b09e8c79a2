"""`sncompile lock SPEC…`: record the digests of images."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from sncompile.api import check, lock_images
from sncompile.cli.options import fail, output_options, read_options, show, spec_options, write
from sncompile.cli.pipelines import require_pipeline
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.text import visible


@click.command("lock")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@click.option("--update", is_flag=True, help="Look up again what is locked already.")
@click.option("--check", "compare", is_flag=True, help="Say whether anything would change; write nothing.")
@spec_options
@output_options
def command(
    specs: tuple[str, ...],
    update: bool,
    compare: bool,
    data: tuple[tuple[str, str], ...],
    sets: tuple[tuple[str, str], ...],
    params: Path | None,
    directory: Path | None,
    locked: bool,
    strict: bool,
    form: str,
    color: str,
) -> None:
    """Record the digests of the images that pipelines use, in sncompile.lock.

    It lies in the project's root, and every compile heeds it: images are then used by what they were, and not by what
    their tags have become. `--locked` refuses images that have no digest.
    """
    sources: dict[str, str] = {}
    try:
        programs = {}
        for spec in specs:
            # Images by the names that the specs give them.
            options = replace(read_options(data, sets, params, directory), locked=None)
            checked = check(spec, options, strict=strict)
            sources |= checked.sources
            programs[spec] = require_pipeline(checked, form, color)
        made = lock_images(programs, update=update)
    except CompileError as error:
        fail(error, form, color, sources)
        return
    for line in made.told:
        write(f"{visible(line)}\n")
    before = made.path.read_text("utf-8") if made.path.is_file() else ""
    changed = made.text != before and (bool(made.images) or bool(before))
    if changed and not compare:
        made.path.write_text(made.text, "utf-8")
    state = ("would change" if compare else "written") if changed else "up to date"
    write(f"{made.path}: {state}\n", err=True)
    if made.faults:
        show(made.faults, sources, form, color, stdout=False)
    sys.exit(1 if made.faults or (compare and changed) else 0)
