"""`sncompile explain CODE`: more about a diagnostic's code."""

from __future__ import annotations

from collections.abc import Iterable

import click

from sncompile.cli import completing
from sncompile.cli.options import color_option
from sncompile.cli.reporter import bold, write
from sncompile.diagnostics import did_you_mean
from sncompile.faults import catalogue
from sncompile.views.columns import table, terminal_width


@click.command("explain")
@click.argument("code", required=False, shell_complete=completing.code)
@color_option
def command(code: str | None, color: str) -> None:
    """Tell more about a diagnostic's CODE, such as SN204; without one, list all."""
    known = catalogue()
    if code is None:
        rows = [[fault.code, fault.severity.value, fault.title] for fault in known.values()]
        write(table(rows, terminal_width()))
        return
    fault = known.get(_canonical(code))
    if fault is None:
        raise click.UsageError(f"no diagnostic has the code `{code}`; {_hint(_canonical(code), known)}")
    write(bold(color)(f"{fault.code}: {fault.title}") + f" ({fault.severity.value})\n\n{fault.explanation.strip()}\n")


def _canonical(code: str) -> str:
    """`sn204`, `204` and `SN204` are one code."""
    upper = code.strip().upper()
    return f"SN{upper}" if upper.isdigit() else upper


def _hint(code: str, known: Iterable[str]) -> str:
    """The codes of the same kind, which share the first digit; else how to see all."""
    alike = [name for name in known if name[:3] == code[:3]]
    return did_you_mean("", alike, what="near it are") or "`sncompile explain` lists all codes"
