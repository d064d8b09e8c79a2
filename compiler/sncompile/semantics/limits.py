"""Limits that a parameter or a column declares: allowed values, the smallest and largest number, a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import documents as document_faults
from sncompile.faults import values as faults
from sncompile.ir.language.operands import to_text
from sncompile.ir.language.patterns import matches, wrong_pattern
from sncompile.syntax.document import ParamDoc


def check_value(param: ParamDoc, value: Any, what: str, span: Span, kind: str = "parameter") -> Diagnostic | None:
    """What is wrong with a value by the limits of a parameter, or what else of that `kind`; None if nothing is."""
    items = value if isinstance(value, tuple) else (value,)
    declared = (Place(f"the {kind} is declared here", param.name.span),)
    for item in items:
        if item is None:
            continue
        if param.enum and item not in param.enum:
            allowed = ", ".join(f"`{to_text(v)}`" for v in param.enum)
            return faults.NOT_ALLOWED.at(
                span, f"{what} is `{to_text(item)}`", help=f"allowed: {allowed}", related=declared
            )
        if isinstance(item, (int, float)) and not isinstance(item, bool):
            limit = _limit(param, item)
            if limit:
                return faults.OUT_OF_RANGE.at(span, f"{what} is {item}, {limit[0]}", help=limit[1], related=declared)
        if param.pattern is not None and isinstance(item, str) and not matches(param.pattern.name, item):
            return faults.PATTERN_MISMATCH.at(
                span, f"{what} is `{item}`", help=f"it must match `{param.pattern.name}`", related=declared
            )
    return None


def _limit(param: ParamDoc, number: float) -> tuple[str, str] | None:
    low, high = param.minimum, param.maximum
    between = f"give a number from {low} to {high}" if low is not None and high is not None else None
    if low is not None and not number >= low:
        return f"below the minimum {low}", between or f"give at least {low}"
    if high is not None and not number <= high:
        return f"above the maximum {high}", between or f"give at most {high}"
    return None


def check_patterns(declared: Mapping[str, ParamDoc], report: Report) -> None:
    """Tell of every `pattern` that is no regular expression."""
    for one in declared.values():
        wrong = wrong_pattern(one.pattern.name) if one.pattern is not None else None
        if one.pattern is not None and wrong is not None:
            message = f"the pattern of `{one.name.name}` is not a regular expression: {wrong}"
            hint = "mend it; patterns match the whole text, so `^`, `$` and look-around are not needed"
            report.add(document_faults.BAD_FORM.at(one.pattern.span, message, help=hint))
