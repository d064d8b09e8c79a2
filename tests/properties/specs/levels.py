"""What the compiler makes of a spec at each level, as plain data."""

from __future__ import annotations

import io
import json
import traceback
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sncompile.api import check, compile_graph, default_out, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import jobs


@dataclass(frozen=True)
class Refused:
    """The compiler has something against a spec."""

    told: tuple[str, ...]


@dataclass(frozen=True)
class Crashed:
    """The compiler itself fails."""

    told: str


@dataclass(frozen=True)
class Compiled:
    """The jobs of each level by id, as `--emit jobs` prints them."""

    graphs: Mapping[int, Graph]
    jobs: Mapping[int, Mapping[str, Any]]


def compiled(spec: Path) -> Compiled | Refused | Crashed:
    """The jobs of a spec at all levels."""
    try:
        checked = check(spec)
        if checked.failed:
            return refusal(checked.diagnostics)
        graphs = {level: optimize(graph_of(checked.require()), level, check=True).graph for level in (0, 1, 2)}
        return Compiled(graphs, {level: {job.id: job for job in jobs(graph)} for level, graph in graphs.items()})
    except CompileError as error:
        return refusal(error.diagnostics)
    except Exception:
        return crash()


def planned(spec: Path) -> list[str] | Refused | Crashed:
    """The files that have to be there before a run, as `sncompile plan --json` lists them."""
    from sncompile.cli.main import main

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code: Any = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(["plan", "--json", str(spec)])
    except SystemExit as end:
        code = end.code
    except Exception:
        return crash()
    if code == 70:
        return Crashed("\n".join(line for line in _text(err).splitlines() if "fault of sncompile" in line))
    if code:
        return Refused((_text(err),))
    return sorted({found["path"] for found in json.loads(_text(out))["inputs"]})


def emitted(graph: Graph) -> Path | Refused | Crashed:
    """The Snakefile of a graph."""
    try:
        out = default_out(graph)
        compile_graph(graph).write(out)
        return out / "Snakefile"
    except CompileError as error:
        return refusal(error.diagnostics)
    except Exception:
        return crash()


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def refusal(diagnostics: Any) -> Refused:
    """The errors among some diagnostics."""
    return Refused(tuple(f"{d.code}: {d.message}" for d in diagnostics if d.severity.value == "error"))


def crash() -> Crashed:
    """The exception that is being handled, with the last of where it came from."""
    text = io.StringIO()
    traceback.print_exc(limit=-3, file=text)
    return Crashed(text.getvalue())
