"""Hypothesis strategies for tables, texts, graphs, branches and whole specs.

They need the extra `testing`. What they draw shrinks towards little, and the same seed draws the same.
"""

from __future__ import annotations

from sncompile.testing.strategies.branches import Branches, branches
from sncompile.testing.strategies.graphs import graphs
from sncompile.testing.strategies.specs import specs
from sncompile.testing.strategies.tables import rows
from sncompile.testing.strategies.texts import hostile, key_values

__all__ = ["Branches", "branches", "graphs", "hostile", "key_values", "rows", "specs"]
