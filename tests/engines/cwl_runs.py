"""Runs one pipeline through Snakemake and through cwltool, and compares the files that came out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import check, compile_graph, default_out, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.semantics.program import Options
from sncompile.targets.cwl.verify import differences
from sncompile.testing.spec import Spec, write_spec

from ..sums import sums

CWLTOOL = shutil.which("cwltool", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
needs_cwltool = pytest.mark.skipif(
    CWLTOOL is None or not (shutil.which("node") or shutil.which("nodejs")),
    reason="needs cwltool (the extra `dev`) and Node.js, which evaluates its expressions",
)
OURS = (".snakemake", "logs", "build", "cwl", "out", "bin")
"""Folders in a working folder that hold no results."""


def emit_cwl(graph: Graph) -> Path:
    """Compile a graph to `cwl` in its working folder; what is read back from there must be the graph's jobs."""
    out = Path(graph.folder) / "cwl"
    emitted = compile_graph(graph, "cwl", out=out)
    assert differences(graph, emitted.files, out) == []
    emitted.write(out)
    return out


def validate(out: Path) -> None:
    """`cwltool --validate` has nothing to say against a document."""
    assert CWLTOOL is not None
    document = out / "workflow.cwl"
    done = _run([CWLTOOL, "--validate", "--disable-color", str(document)], out)
    assert done.returncode == 0, done.stderr + document.read_text()
    told = [line for line in done.stderr.splitlines() if not line.startswith("INFO ")]
    assert told == [], document.read_text()


def cwltool(
    graph: Graph, *arguments: str, containers: bool = False, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run what was emitted, into the folder `out`."""
    assert CWLTOOL is not None
    folder = Path(graph.folder)
    shutil.rmtree(folder / "out", ignore_errors=True)
    command = [CWLTOOL, "--disable-color", "--outdir", "out", *([] if containers else ["--no-container"]), *arguments]
    return _run([*command, "cwl/workflow.cwl", "cwl/job.json"], folder, env)


def run_cwl(graph: Graph, env: dict[str, str] | None = None) -> dict[str, str]:
    """Run what was emitted; gives the SHA-256 sum of every result by its path."""
    done = cwltool(graph, env=env)
    assert done.returncode == 0, done.stderr[-6000:]
    about_the_document = done.stderr.partition("[workflow ] start")[0].splitlines()
    assert [line for line in about_the_document if not line.startswith("INFO ")] == []
    return sums(Path(graph.folder) / "out")


def run_snakemake(graph: Graph, env: dict[str, str] | None = None) -> dict[str, str]:
    """The same through Snakemake, where the pipeline's files stand in their places."""
    folder = Path(graph.folder)
    before = sums(folder)
    out = default_out(graph)
    compile_graph(graph).write(out)
    command = [sys.executable, "-m", "snakemake", "-s", str(out.resolve() / "Snakefile"), "--cores", "2", "-q"]
    done = _run(command, folder, env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    after = sums(folder)
    # A step that writes nothing leaves a mark in Snakemake, which is none of the pipeline's files.
    new = {path: sum for path, sum in after.items() if path not in before and path.split("/")[0] not in OURS}
    return {path: sum for path, sum in new.items() if not path.endswith(".done")}


def _run(command: list[str], folder: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    # The tools of this environment come first, also where it is not activated.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    every = {**os.environ, "PATH": path, **(env or {})}
    every["PATH"] = os.pathsep.join((every["PATH"], path))
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=every)


def graph_for_both(spec: Spec, folder: Path, level: int = 0) -> Graph | None:
    """The optimized graph of a spec; None for one that is wrong or that one of the targets refuses."""
    checked = check(write_spec(spec, folder))
    if checked.failed:
        return None
    graph = optimize(graph_of(checked.require()), level).graph
    for target in ("snakemake", "cwl"):
        try:
            compile_graph(graph, target, out=folder / "cwl")
        except CompileError as error:
            if {d.code[:3] for d in error.diagnostics} != {"SN6"}:
                raise
            return None
    return graph


def graph_from(path: Path, options: Options | None = None) -> Graph:
    """The graph of a spec without errors."""
    checked = check(path, options)
    assert not checked.failed, [f"{d.code} {d.message}" for d in checked.diagnostics]
    return graph_of(checked.require())


def same_files(graph: Graph, env: dict[str, str] | None = None) -> dict[str, str]:
    """Run a graph both ways; the files must be the same."""
    emit_cwl(graph)
    found = run_cwl(graph, env=env)
    assert found == run_snakemake(graph, env)
    return found
