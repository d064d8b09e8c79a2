"""Runs an emitted CWL workflow with cwltool, in a child of a process that has it loaded already."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sncompile.api import compile_graph
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph

from .levels import Crashed, Refused, crash, refusal
from .tool import install, put_raw


@dataclass(frozen=True)
class Collected:
    """What came of a run: the files below the folder of results, by their contents."""

    status: int
    text: str
    contents: Sequence[str]


def can_run() -> bool:
    """Whether cwltool is there, and Node.js, which evaluates its expressions."""
    try:
        import cwltool.main  # noqa: F401
    except ImportError:
        return False
    return (shutil.which("node") or shutil.which("nodejs")) is not None


def emitted_cwl(graph: Graph) -> Path | Refused | Crashed:
    """The workflow of a graph, in the folder `cwl` of its working folder."""
    out = Path(graph.folder) / "cwl"
    try:
        compile_graph(graph, "cwl", out=out).write(out)
        return out
    except CompileError as error:
        return refusal(error.diagnostics)
    except Exception:
        return crash()


def run_cwl(out: Path, folder: Path, raw_files: Sequence[str]) -> Collected:
    """Run a workflow in the working folder, which gets the raw files that the run needs."""
    put_raw(folder, raw_files)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "bin").mkdir()
        install(room / "bin")
        status = _child(out, folder, room)
        text = (room / "text").read_text(errors="replace")
        found = [p.read_text() for p in sorted((room / "out").rglob("*")) if p.is_file() and p.stat().st_size == 36]
    return Collected(status, text, found)


def _child(out: Path, folder: Path, room: Path) -> int:
    import cwltool.main

    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            text = os.open(room / "text", os.O_WRONLY | os.O_CREAT)
            os.dup2(text, 1)
            os.dup2(text, 2)
            os.chdir(folder)
            os.environ["PATH"] = os.pathsep.join((str(room / "bin"), os.environ["PATH"]))
            arguments = ["--disable-color", "--no-container", "--preserve-environment", "PATH"]
            arguments += ["--outdir", str(room / "out"), str(out / "workflow.cwl"), str(out / "job.json")]
            code = cwltool.main.main(arguments)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
