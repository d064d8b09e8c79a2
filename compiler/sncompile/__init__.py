"""sncompile compiles declarative YAML pipelines to Snakefiles, and runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "CompileError",
    "Module",
    "Options",
    "Parallel",
    "Pipeline",
    "Run",
    "RunError",
    "Seq",
    "SnakemakeBackend",
    "SnakemakeBackendConfig",
    "Step",
    "__version__",
    "attach",
    "check",
    "compile",
    "compile_graph",
    "graph_of",
    "literal",
    "load",
    "module",
]

if TYPE_CHECKING:
    from sncompile.api import check, compile, compile_graph, graph_of
    from sncompile.diagnostics import CompileError
    from sncompile.notebook.backend import SnakemakeBackend, SnakemakeBackendConfig
    from sncompile.notebook.errors import RunError
    from sncompile.notebook.flow import Module, Parallel, Seq, Step, module
    from sncompile.notebook.pipeline import Pipeline, load
    from sncompile.notebook.runs import Run, attach
    from sncompile.notebook.values import literal
    from sncompile.semantics.program import Options

_PLACES = {
    "check": "sncompile.api",
    "compile": "sncompile.api",
    "compile_graph": "sncompile.api",
    "graph_of": "sncompile.api",
    "CompileError": "sncompile.diagnostics",
    "Options": "sncompile.semantics.program",
    "Module": "sncompile.notebook.flow",
    "Parallel": "sncompile.notebook.flow",
    "Pipeline": "sncompile.notebook.pipeline",
    "Run": "sncompile.notebook.runs",
    "RunError": "sncompile.notebook.errors",
    "Seq": "sncompile.notebook.flow",
    "SnakemakeBackend": "sncompile.notebook.backend",
    "SnakemakeBackendConfig": "sncompile.notebook.backend",
    "Step": "sncompile.notebook.flow",
    "attach": "sncompile.notebook.runs",
    "literal": "sncompile.notebook.values",
    "load": "sncompile.notebook.pipeline",
    "module": "sncompile.notebook.flow",
}


def __getattr__(name: str) -> Any:
    # Importing the package must cost nothing: names are fetched when they are used.
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
