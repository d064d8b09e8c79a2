"""How what was made from, or for, another form leaves: its diagnostics, then its text."""

from __future__ import annotations

import sys
from pathlib import Path

from sncompile.cli.reporter import Reporter, write
from sncompile.cli.written import put_file
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.system_errors import reason
from sncompile.exchange.forms import Exchanged
from sncompile.faults import targets as faults


def leave(found: Exchanged, name: str, out: Path | None, reporter: Reporter) -> None:
    """Write the text to `out`, or to standard output. Leaves with code 1 where there is none."""
    reporter.show(found.diagnostics, found.sources)
    if found.text is None:
        reporter.sum_up(name, found.diagnostics)
        sys.exit(1)
    if out is None:
        write(found.text)
        return
    try:
        put_file(out, found.text.encode())
    except OSError as error:
        message = f"`{out}` cannot be written: {reason(error, out)}"
        told = faults.BAD_OUTPUT_FOLDER.at(None, message, help="choose another place with `-o`")
        reporter.fail(CompileError([told]))
