"""DOT → SVG and PNG, by the program `dot`."""

from __future__ import annotations

import shutil
import subprocess

from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults

_PATIENCE = 300
_HELP = (
    "install Graphviz (`apt install graphviz`, `brew install graphviz`, `conda install graphviz`), "
    "or choose .mmd or .dot, which need nothing"
)


def draw(dot: str, form: str) -> bytes:
    """A picture of DOT text as `svg` or `png`. Raises `CompileError` where Graphviz is missing or gives up."""
    program = shutil.which("dot")
    if program is None:
        raise CompileError([faults.NO_ENGINE.at(None, "drawing needs Graphviz, and there is no `dot`", help=_HELP)])
    command = [program, f"-T{form}", *(["-Gdpi=144"] if form == "png" else [])]
    try:
        done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = f"takes longer than {_PATIENCE} s" if isinstance(error, subprocess.TimeoutExpired) else str(error)
        raise CompileError([faults.NO_ENGINE.at(None, f"`dot` {reason}", help="choose .mmd or .dot")]) from None
    if done.returncode != 0 or not done.stdout:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        message = f"`dot` ended with code {done.returncode}: {told[-1] if told else 'no message'}"
        raise CompileError([faults.NO_ENGINE.at(None, message, help="choose .mmd or .dot")])
    return done.stdout
