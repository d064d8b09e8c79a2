"""`sncompile lock SPEC…`: record what specs refer to."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from sncompile.api import check, lock_specs
from sncompile.cli.options import SpecOptions, report_options, spec_options
from sncompile.cli.pipelines import require_pipeline
from sncompile.cli.reporter import Reporter, write
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.system_errors import reason
from sncompile.diagnostics.text import visible
from sncompile.exchange.repositories import Fetcher
from sncompile.faults.targets import BAD_OUTPUT_FOLDER


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
    """Record what pipelines refer to, in sncompile.lock: images' digests, repositories' commits, modules' contents.

    It lies in the project's root, and every compile heeds it: images and repositories are then used as they were, and
    not as what their tags and branches have become. Files of repositories are fetched. `--locked` refuses what is not
    in it, and modules that have changed.
    """
    sources: dict[str, str] = {}
    fetch = Fetcher(lambda line: write(f"{visible(line)}\n", err=True), update=update)
    try:
        programs = {}
        for spec in specs:
            # Images by the names that the specs give them.
            options = replace(given.read(), locked=None)
            checked = check(spec, options, strict=reporter.strict, fetch=fetch)
            sources |= checked.sources
            programs[spec] = require_pipeline(checked, reporter)
        made = lock_specs(programs, update=update)
    except CompileError as error:
        reporter.fail(error, sources)
    for line in made.told:
        write(f"{visible(line)}\n")
    before = made.path.read_text("utf-8") if made.path.is_file() else ""
    changed = made.text != before and (any(made.lock) or bool(before))
    if changed and not compare:
        _put(made.path, made.text, reporter)
    if changed:
        state = "would change" if compare else "written"
    else:
        state = "up to date" if before else "not needed: nothing that could change is referred to"
    write(f"{made.path}: {state}\n", err=True)
    if made.faults:
        reporter.show(made.faults, sources)
    sys.exit(1 if made.faults or (compare and changed) else 0)


def _put(path: Path, text: str, reporter: Reporter) -> None:
    try:
        put_file(path, text.encode())
    except OSError as error:
        message = f"`{path}` cannot be written: {reason(error, path)}"
        reporter.fail(CompileError([BAD_OUTPUT_FOLDER.at(None, message, help="see who may write to the folder")]))
