"""What commands about one run begin with: the run that is meant, or an end with what is wrong."""

from __future__ import annotations

from typing import NoReturn

import click

from sncompile.diagnostics import CompileError
from sncompile.runner.find import find_run
from sncompile.runner.watch import Watch

EXIT_MISUSED = 2
EXIT_RUN_FAILED = 3


def watch_run(run: str) -> Watch:
    """Follows the run that is meant. Leaves with code 2 where there is none."""
    try:
        watch = Watch(find_run(run))
    except CompileError as error:
        misused(error)
    watch.look()
    return watch


def misused(error: CompileError) -> NoReturn:
    """Leave with code 2: the command line asks for what is not there."""
    told = error.diagnostics[0]
    raise click.UsageError(f"{told.message}{f'; {told.help}' if told.help else ''}")


def pairs(words: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE …` as a mapping."""
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise click.UsageError(f"`{word}` is not KEY=VALUE")
        found[name] = value
    return found
