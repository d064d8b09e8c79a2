"""Whether an inferred value is as it must be; where not, the evidence is told."""

from __future__ import annotations

from sncompile.diagnostics import Report, did_you_mean
from sncompile.faults import tables as faults
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.types import Type
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Plain, is_constant
from sncompile.ir.values.written import as_read
from sncompile.semantics.inference.inferred import Evidence, Found, Inferred, places_text
from sncompile.semantics.inference.rules import Rules
from sncompile.semantics.scope import Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import InferDoc
from sncompile.syntax.expressions import Attribute, Expr, Name

_MOST_TEXT = 110
"""So many characters are told of where one value was found."""


def plain_text(value: Plain) -> str:
    """A value for people.

    >>> plain_text(("DNA", "ER")), plain_text(None)
    ('DNA, ER', 'nothing')
    """
    if value is None:
        return "nothing"
    return ", ".join(map(plain_text, value)) or "no values" if isinstance(value, tuple) else to_text(value)


def count_text(number: int, what: str = "row") -> str:
    """`1 row`, `12,000 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def tell_disagreement(doc: InferDoc, found: Found, report: Report) -> None:
    """Tell that several values turned up: each, how many rows have it, and where."""
    name = doc.name.name
    lines = [f"`{name}` must be one value, and the tables give {found.distinct:,}:"]
    lines += [_line(found, evidence) for evidence in found.evidence[:5]]
    if found.distinct > 5:
        lines.append(f"  and {found.distinct - 5:,} more")
    hint = f"mend the tables, leave rows out in the query, or say which: `--set {name}=…`"
    report.add(faults.DISAGREEMENT.at(doc.name.span, "\n".join(lines), help=hint))


def _line(found: Found, evidence: Evidence) -> str:
    where = places_text(found, evidence)
    if len(where) > _MOST_TEXT:
        where = where[:_MOST_TEXT].rsplit(", ", 1)[0] + ", …"
    value = plain_text(evidence.value)
    shown = value if len(value) <= 60 else f"{value[:59]}…"
    return f"  {shown}: {count_text(evidence.rows)}" + (f", at {where}" if where else "")


def tell_nothing(doc: InferDoc, found: Found, report: Report) -> None:
    """Tell that no value turned up."""
    name = doc.name.name
    rows = f"{count_text(found.rows)}, none with a value" if found.rows else "no rows"
    message = f"`{name}` must be one value, and the query gives {rows}"
    hint = f"look at the query's conditions; make it `at most one value`; or give it: `--set {name}=…`"
    report.add(faults.NOTHING_FOUND.at(doc.name.span, message, help=hint))


def check_count(doc: InferDoc, rules: Rules, value: Plain, kind: Type, report: Report) -> bool:
    """Whether a list has as many items as it must have; told where not."""
    if rules.counted is None or value is None:
        return True
    name = doc.name.name
    if not isinstance(value, tuple):
        message = f"`{name}` is one {kind.base}, so there is nothing to count"
        report.add(faults.BAD_RULE.at(rules.counted, message, help="limit it with `minimum` and `maximum`"))
        return False
    low, high = rules.least, rules.most
    if low <= len(value) and (high is None or len(value) <= high):
        return True
    shown = plain_text(value[:20]) + (f", … {len(value) - 20:,} more" if len(value) > 20 else "")
    message = f"`{name}` has {count_text(len(value), 'value')}: {shown}" if value else f"`{name}` has no values"
    hint = f"look at the tables and the query, or give it: `--set {name}=…`"
    report.add(faults.NOT_HELD.at(rules.counted, message, help=hint))
    return False


def check_rules(inferred: Inferred, rules: Rules, scope: Scope, report: Report) -> None:
    """Check what a value must contain, and conditions; tell what does not hold."""
    for expr, _ in rules.contains:
        _check_contains(inferred, expr, scope, report)
    for expr, _ in rules.conditions:
        value = _value(expr, scope, report)
        if value is None:
            continue
        if not isinstance(value[0], bool):
            message = f"a condition is true or false, and this is {value[1]}"
            report.add(faults.BAD_RULE.at(expr.span, message, help="compare it: `${infer.x > 0}`"))
        elif not value[0]:
            message = f"this does not hold; `{inferred.name}` is {plain_text(inferred.value)}"
            hint = f"look at the tables and the query, or give it: `--set {inferred.name}=…`"
            report.add(faults.NOT_HELD.at(expr.span, message, help=hint))


def _check_contains(inferred: Inferred, expr: Expr, scope: Scope, report: Report) -> None:
    value = _value(expr, scope, report)
    if value is None or value[0] is None:
        return  # What is absent need not be contained.
    held = inferred.value if isinstance(inferred.value, tuple) else (inferred.value,)
    wanted = value[0] if isinstance(value[0], tuple) else (value[0],)
    option = expr.name if isinstance(expr, Attribute) and expr.target == Name("params", expr.target.span) else None
    for item in wanted:
        if item in held:
            continue
        hint = did_you_mean(plain_text(item), map(plain_text, held), what="it has") or "it is empty"
        if option is not None:
            hint += f" Set it: `--set {option}=…`" if hint.endswith("?") else f"; set it: `--set {option}=…`"
        message = f"`{plain_text(item)}` is not in `{inferred.name}`"
        report.add(faults.NOT_HELD.at(expr.span, message, help=hint))


def _value(expr: Expr, scope: Scope, report: Report) -> tuple[Plain, Type] | None:
    """What an expression gives; None where it is at fault, which is told."""
    value = as_read(Typer(scope, report).expr(expr))
    if value.type.base == "unknown":
        return None
    if not is_constant(value):
        hint = "use `infer`, `params`, `data` and `inputs`"
        report.add(faults.BAD_RULE.at(expr.span, "what must hold is the same for all jobs", help=hint))
        return None
    try:
        return Evaluator({}).constant(value), value.type
    except ValueFault as fault:
        report.add(faults.BAD_RULE.at(expr.span, str(fault), help=fault.help or "give a value that can be computed"))
        return None
