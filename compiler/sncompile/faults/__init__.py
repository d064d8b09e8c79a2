"""The catalogue of faults: one file for each stage that finds them, a constant for each kind."""

from __future__ import annotations

from importlib import import_module

from sncompile.diagnostics.model import Fault

_FILES = (
    "reading", "documents", "expressions", "names", "values", "tables", "slips", "graph", "targets", "runs",
    "exchange",
)  # fmt: skip


def catalogue() -> dict[str, Fault]:
    """Every kind of fault by its code, in order of the codes."""
    found: dict[str, Fault] = {}
    for name in _FILES:
        module = import_module(f"sncompile.faults.{name}")
        for value in vars(module).values():
            if isinstance(value, Fault):
                found[value.code] = value
    return dict(sorted(found.items()))
