"""What commands about one pipeline begin with: its program, or an end with what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from sncompile.api import Checked
from sncompile.cli.options import finish, wants_color
from sncompile.semantics.program import Program
from sncompile.syntax.document import PipelineDoc


def require_pipeline(checked: Checked, form: str, color: str) -> Program:
    """The program, after writing the diagnostics. Leaves with code 1 on errors, with 2 where the spec is a module."""
    finish(checked, form, color)
    if not isinstance(checked.document, PipelineDoc):
        raise click.UsageError(f"{checked.name} is a module, not a pipeline; `sncompile describe` shows modules")
    return checked.require()


def bold(color: str) -> Callable[[str], str]:
    """Makes text bold where standard output takes it."""
    return (lambda text: f"\x1b[1m{text}\x1b[0m") if wants_color(color, sys.stdout) else (lambda text: text)


def as_json(value: Any) -> str:
    """A result for machines."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
