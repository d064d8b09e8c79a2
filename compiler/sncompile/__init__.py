"""sncompile compiles declarative YAML pipelines to Snakefiles, and runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["CompileError", "Options", "__version__", "check", "compile_graph", "graph_of"]

if TYPE_CHECKING:
    from sncompile.api import check, compile_graph, graph_of
    from sncompile.diagnostics import CompileError
    from sncompile.semantics.program import Options

_PLACES = {
    "check": "sncompile.api",
    "compile_graph": "sncompile.api",
    "graph_of": "sncompile.api",
    "CompileError": "sncompile.diagnostics",
    "Options": "sncompile.semantics.program",
}


def __getattr__(name: str) -> Any:
    # Importing the package must cost nothing: names are fetched when they are used.
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
