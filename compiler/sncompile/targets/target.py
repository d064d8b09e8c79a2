"""What a target is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sncompile.ir.graph import Graph
    from sncompile.targets.emitted import Emitted


class Target(Protocol):
    """Something that a graph can be compiled to."""

    @property
    def name(self) -> str:
        """What `-t` calls it."""

    @property
    def title(self) -> str:
        """What people call it, with the version that it is made for."""

    @property
    def capabilities(self) -> Mapping[str, str]:
        """Feature of the language → `yes`, `no`, or how it is expressed."""

    def lower(self, graph: Graph, out: Path, *, benchmark: bool = False) -> Emitted:
        """The files of a graph, which will stand in `out`.

        Raises `CompileError`, naming feature and place, for what the target cannot express.
        """
