"""Modules import each other in one direction."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx

COMPILER = Path(__file__).parents[1] / "compiler"
MODULES = {
    ".".join(path.relative_to(COMPILER).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (COMPILER / "sncompile").rglob("*.py")
}


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that code imports when it is loaded or called, but not those that only type checkers see."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.If) and isinstance(inner.test, ast.Name) and inner.test.id == "TYPE_CHECKING":
            continue
        if isinstance(inner, ast.ImportFrom) and inner.module is not None:
            for name in inner.names:
                whole = f"{inner.module}.{name.name}"
                yield whole if whole in MODULES else inner.module
        yield from imported(inner)


def test_no_module_imports_itself_in_a_circle() -> None:
    """Late imports count as well: they hide a circle, and do not undo it."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for module, path in MODULES.items():
        found = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        # The package itself is a face, from which each stage takes the version.
        graph.add_edges_from((module, other) for other in found & MODULES.keys() - {module, "sncompile"})
    circles = [set(found) for found in networkx.strongly_connected_components(graph) if len(found) > 1]
    assert circles == []
