"""What follows from rows that are not known yet, and so cannot be in emitted files, is told by step."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import targets as faults
from sncompile.targets.emitted import Emitted


def rows_needed(steps: Mapping[str, Span], span: Span, first: Emitted, second: Emitted) -> Diagnostic | None:
    """A diagnostic where two kinds of stand-in rows led to different files; None where they did not.

    `steps` are those of the pipeline with their places; `span` is that of the pipeline.
    """
    unlike = sorted(n for n in {*first.files, *second.files} if first.files.get(n) != second.files.get(n))
    if not unlike:
        return None
    named = [step for name in unlike for step in steps if _is_of(name, step)]
    named += [step for step in steps if _differs(step, first, second)]
    if not named:
        message = "what the pipeline does follows from rows that are not known yet, in a way that cannot be emitted"
        return faults.NOT_BEFORE_ROWS.at(span, message, help=_HELP)
    step = named[0]
    message = f"what `{step}` takes is computed of rows that are not known yet, or depends on how many there are"
    return faults.NOT_BEFORE_ROWS.at(steps[step], message, help=_HELP)


_HELP = (
    "take keys, columns and files as they are (no value, sheet or optional output), or have a step "
    "compute it; `sncompile run` does it as it is"
)


def _is_of(name: str, step: str) -> bool:
    """Whether a table beside an emitted file is that of a step."""
    base = name.removeprefix("tables/").removesuffix(".tsv")
    return name.startswith("tables/") and (base == step or base.startswith((f"{step}.", f"{step}_")))


def _differs(step: str, first: Emitted, second: Emitted) -> bool:
    """Whether the first line in which two Snakefiles differ stands in the rule of a step."""
    texts = [each.files.get("Snakefile", b"").decode("utf-8", "replace").split("\n") for each in (first, second)]
    rule = ""
    for one, other in zip_longest(*texts, fillvalue=""):
        if one != other:
            return rule == step.replace(".", "_")
        if one.startswith(("rule ", "checkpoint ")):
            rule = one.partition(" ")[2].rstrip(":")
    return False
