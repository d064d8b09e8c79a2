"""Remarks of the passes as text: what was done, and what could not be."""

from __future__ import annotations

from collections.abc import Sequence

from sncompile.diagnostics.text import visible
from sncompile.passes.result import Remark


def remarks_text(remarks: Sequence[Remark]) -> str:
    """A line for each remark, its place first; the other places that matter below it. Ends in a newline.

    What was done is marked `+`, what was not `-`.
    """
    lines = []
    for remark in remarks:
        place = f"{remark.span.file}:{remark.span.line}:{remark.span.column}"
        lines.append(visible(f"{'+' if remark.done else '-'} {remark.by}: {remark.message}"))
        lines.append(visible(f"    {place}"))
        lines += [visible(f"    {r.span.file}:{r.span.line}:{r.span.column}: {r.message}") for r in remark.related]
    return "".join(f"{line}\n" for line in lines) or "no pass had anything to do\n"
