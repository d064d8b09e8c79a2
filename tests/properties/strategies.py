"""The strategies that tests of properties share; they are those that users have."""

from __future__ import annotations

from sncompile.testing.strategies import Branches, branches, graphs, rows, specs

__all__ = ["Branches", "branches", "graphs", "rows", "specs"]
