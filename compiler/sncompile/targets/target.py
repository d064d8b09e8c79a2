"""What a target is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from sncompile.ir.graph.model import Graph
    from sncompile.targets.emitted import Emitted

Engine = Literal["docker", "podman"]
"""What runs images where a target's own engine cannot."""


def wrapped_for(containers: str) -> Engine | None:
    """The engine that commands are wrapped for, for a choice of how containers run; None: the target's own way."""
    return containers if containers in ("docker", "podman") else None  # type: ignore[return-value]


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

    def lower(self, graph: Graph, out: Path, *, benchmark: bool = False, containers: Engine | None = None) -> Emitted:
        """The files of a graph, which will stand in `out`.

        `benchmark` has the engine measure every job. `containers` names what runs images where the
        engine itself cannot.

        Raises `CompileError`, naming feature and place, for what the target cannot express.
        """

    def read_back(self, graph: Graph, emitted: Emitted, out: Path) -> Sequence[str]:
        """What differs between the graph and the files that were made of it, in words; empty where nothing does.

        The files are read as the engine would read them. It is done on every compile: no process, and cheap.
        """
