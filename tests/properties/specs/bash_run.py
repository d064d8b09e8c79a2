"""Runs an emitted script of the bash target."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sncompile.api import compile_graph, verify_emitted
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph

from .levels import Crashed, Refused, crash, refusal
from .snakemake_run import Ran, calls_of, files_of
from .tool import install, put_raw


def emitted_script(graph: Graph) -> Path | Refused | Crashed:
    """The script of a graph, in the folder `script` of its working folder, read back by bash."""
    out = Path(graph.folder) / "script"
    try:
        compile_graph(graph, "bash", out=out).write(out)
        verify_emitted(graph, out, "bash")
        return out / "run.sh"
    except CompileError as error:
        return refusal(error.diagnostics)
    except Exception:
        return crash()


def run_script(script: Path, folder: Path, raw_files: Sequence[str], outputs: Sequence[str]) -> Ran:
    """Run a script in the working folder, which gets the raw files that the run needs."""
    put_raw(folder, raw_files)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "said").mkdir()
        (room / "bin").mkdir()
        install(room / "bin")
        path = os.pathsep.join((str(room / "bin"), os.environ["PATH"]))
        environment = {**os.environ, "REC_FOLDER": str(room / "said"), "PATH": path}
        done = subprocess.run(
            ["bash", str(script), "-j", "4"], env=environment, capture_output=True, text=True, errors="replace",
            check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stderr, calls_of(room / "said"), (), files_of(folder, outputs), ())
