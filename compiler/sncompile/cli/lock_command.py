"""`sncompile lock SPEC…`: record the digests of images."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from sncompile.api import check, lock_images
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, write
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.text import visible


@click.command("lock")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
@click.option("--update", is_flag=True, help="Look up again what is locked already.")
@click.option("--check", "compare", is_flag=True, help="Say whether anything would change; write nothing.")
@spec_options
@report_options
def command(
    specs: tuple[str, ...],
    update: bool,
    compare: bool,
    given: SpecOptions,
    reporter: Reporter,
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
            options = replace(given.read(), locked=None)
            checked = check(spec, options, strict=reporter.strict)
            sources |= checked.sources
            programs[spec] = require_pipeline(checked, reporter)
        made = lock_images(programs, update=update)
    except CompileError as error:
        reporter.fail(error, sources)
    for line in made.told:
        write(f"{visible(line)}\n")
    before = made.path.read_text("utf-8") if made.path.is_file() else ""
    changed = made.text != before and (bool(made.images) or bool(before))
    if changed and not compare:
        made.path.write_text(made.text, "utf-8")
    state = ("would change" if compare else "written") if changed else "up to date"
    write(f"{made.path}: {state}\n", err=True)
    if made.faults:
        reporter.show(made.faults, sources)
    sys.exit(1 if made.faults or (compare and changed) else 0)
