"""What a pass gives: a graph, and remarks on what it did and what it would have liked to do."""

from __future__ import annotations

from typing import Any, NamedTuple

from sncompile.diagnostics import Related, Span
from sncompile.ir.graph.model import Graph


class Remark(NamedTuple):
    """A sentence on a rewrite: `done`, or missed with the reason. `related` are other places that matter."""

    by: str
    done: bool
    message: str
    span: Span
    related: tuple[Related, ...] = ()

    def as_object(self) -> dict[str, Any]:
        """The JSON form, with places as diagnostics have them."""
        return {
            "pass": self.by,
            "done": self.done,
            "message": self.message,
            **_place(self.span),
            "related": [{"message": r.message, **_place(r.span)} for r in self.related],
        }


class Result(NamedTuple):
    """A graph after a pass, and the pass's remarks."""

    graph: Graph
    remarks: tuple[Remark, ...] = ()


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}


def some(names: list[str], *, shown: int = 3) -> str:
    """Names for a remark: all of a few, else the first ones and the last.

    >>> some(["a", "b"]), some(["a", "b", "c", "d", "e"])
    ('`a`, `b`', '`a`, `b`, … `e`')
    """
    if len(names) <= shown + 1:
        return ", ".join(f"`{name}`" for name in names)
    return ", ".join(f"`{name}`" for name in names[: shown - 1]) + f", … `{names[-1]}`"
