"""What a difference probably comes from, so that a search can count what is known and go on."""

from __future__ import annotations

import re

from .comparison import Difference
from .model import Spec


def cause(found: Difference, spec: Spec) -> str:
    """A short name for the cause of a difference; one that nobody has seen is called by its place and kind."""
    told, nested = found.told, bool(spec.nested)
    if found.kind == "crash":
        batches = found.where == "emit -O2" and "IndexError" in told
        return "batches that read batches" if batches else "arms that are not taken (crash)"
    if found.where == "plan":
        return "arms that are not taken (files)" if "listed, and not" in told else "files that are not listed"
    if found.kind == "refused":
        if "SN421" in told or "SN422" in told:
            return "nested outputs forget inner keys" if nested else "refused: one or several"
        return "refused: " + ", ".join(sorted(set(re.findall(r"SN\d+", told))))
    if found.kind == "failed":
        if re.search(r"logs/[^ ]{251,}", told):
            return "long keys"
        for text, name in (
            ("PeriodicWildcardError", "periodic keys"),
            ("too long", "long keys"),
            ("Errno 36", "long keys"),
            ("AmbiguousRule", "ambiguous rules"),
            ("SyntaxError", "resources: index"),
            ("NameError", "resources: name"),
            ("InputFunctionException", "IndexError in the Snakefile"),
            ("IndexError", "IndexError in the Snakefile"),
        ):
            if text in told:
                return name
        return "failed"
    if found.kind == "resources":
        return "resources: attempt"
    if found.where.startswith("jobs"):
        if found.kind in ("words", "inputs") and _only_order(told):
            return "order of a gather"
        return "nested outputs forget inner keys" if nested else f"jobs: {found.kind}"
    if found.kind == "body" and "made before" in told:
        return "create of a twin"
    if found.kind == "gone":
        if found.where.endswith("2"):
            return (
                "a nested output is deleted" if re.match(r"results/\w+\.", told) else "a path that was said is deleted"
            )
        return "gone"
    return "a list shrinks inside a nested pipeline" if nested else f"run: {found.kind}"


def _only_order(told: str) -> bool:
    left, _, right = told.partition(" is not ")
    return sorted(re.findall(r"'[^']*'", left)) == sorted(re.findall(r"'[^']*'", right))
