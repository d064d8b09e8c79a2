"""`holds`: what must be true of an inferred value."""

from __future__ import annotations

from typing import NamedTuple

from sncompile.diagnostics import Report, Span
from sncompile.faults import tables as faults
from sncompile.lazy_regex import regex
from sncompile.syntax.document import InferDoc
from sncompile.syntax.expressions import Expr, Template

_NUMBERED = regex(r"(at least|at most|exactly) (\d{1,9})(?: values?)?")
_HELP = (
    "rules: `one value`, `at most one value`, `at least N`, `at most N`, `exactly N`, `contains ${…}`, or a condition "
    "`${…}`"
)


class Rules(NamedTuple):
    """What must hold: one value (or none, where it is `optional`) or else a list; how many items a list must have, said
    at `counted`; what it must contain; and conditions, each with its place.
    """

    single: bool
    optional: bool
    least: int
    most: int | None
    counted: Span | None
    contains: tuple[tuple[Expr, Span], ...]
    conditions: tuple[tuple[Expr, Span], ...]


def read_rules(doc: InferDoc, report: Report) -> Rules | None:
    """The rules of an inferred value; None where they cannot be understood, which is told."""
    single = optional = False
    least = 0
    most: int | None = None
    counted: Span | None = None
    contains: list[tuple[Expr, Span]] = []
    conditions: list[tuple[Expr, Span]] = []
    for rule in doc.holds:
        if rule.broken:
            return None
        words, expr = _taken_apart(rule)
        numbered = _NUMBERED.fullmatch(words)
        if expr is not None and words in ("", "contains"):
            (contains if words else conditions).append((expr, rule.span))
        elif expr is None and words in ("one value", "at most one value"):
            single, optional = True, words != "one value"
        elif expr is None and numbered is not None:
            number, counted = int(numbered[2]), rule.span
            least = number if numbered[1] != "at most" else least
            most = number if numbered[1] != "at least" else most
        else:
            report.add(faults.BAD_RULE.at(rule.span, "what must hold cannot be understood", help=_HELP))
            return None
    if not single and counted is None:
        message = f"`{doc.name.name}`: nothing says whether it is one value or a list"
        span = doc.holds[0].span if doc.holds else doc.name.span
        report.add(faults.BAD_RULE.at(span, message, help="add `one value`, or `at least 1`"))
        return None
    return Rules(single, optional, least, most, counted, tuple(contains), tuple(conditions))


def _taken_apart(rule: Template) -> tuple[str, Expr | None]:
    """The words of a rule, and the one expression after them."""
    if rule.whole is not None:
        return "", rule.whole
    words = rule.parts[0] if rule.parts and isinstance(rule.parts[0], str) else ""
    expressions = rule.expressions
    if not expressions:
        return " ".join(words.split()), None
    lone = len(rule.parts) == 2 and len(expressions) == 1
    return (" ".join(words.split()), expressions[0]) if lone else ("?", expressions[0])
