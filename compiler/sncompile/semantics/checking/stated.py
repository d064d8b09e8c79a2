"""What a module or a pipeline says must hold of its own values (`checks`).

    checks: ["${params.min < params.max}"]

A check of a pipeline is looked at when the pipeline is linked, for each instance that uses it; one of a module for each
job of each step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sncompile.diagnostics import Diagnostic, Report
from sncompile.diagnostics import Related as Place
from sncompile.faults import tables as table_faults
from sncompile.faults import values as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Local, Value, walk
from sncompile.ir.values.tables import follows_from_unknown_rows
from sncompile.semantics.program import Step, TypedCheck
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import CheckDoc
from sncompile.syntax.expressions import Attribute, Index, Literal, Name

MAX_SHOWN = 4
"""Values that are told of a check that does not hold."""


def type_checks(docs: Iterable[CheckDoc], typer: Typer) -> tuple[TypedCheck, ...]:
    """The checks of a document, typed; those that are no conditions are told of, and left out."""
    found = []
    for doc in docs:
        value = typer.read(doc.that)
        if value.type.base == "unknown":
            continue
        if value.type.base != "boolean" or value.type.many:
            message, hint = f"a check is true or false, and this is {value.type}", "compare it: `${params.x > 0}`"
            typer.report.add(table_faults.BAD_CONDITION.at(value.span, message, help=hint))
            continue
        found.append(TypedCheck(value, doc.message, doc.span))
    return tuple(found)


def check_step(step: Step, evaluator: Evaluator, report: Report) -> None:
    """Tell of the checks of a step's module that do not hold for a job of it."""
    for check in step.checks:
        named = [leaf for leaf in walk(check.that) if isinstance(leaf, Local)]
        given = {f"{leaf.space}.{leaf.name}": step.local(leaf.space, leaf.name) for leaf in named}
        report.extend(_failures(check, given, step.keys, step, evaluator))


def check_pipeline(
    checks: Iterable[TypedCheck], docs: Sequence[CheckDoc], params: Mapping[str, Value], keys: KeySet, report: Report
) -> None:
    """Tell of the checks of a pipeline that do not hold for an instance that uses it."""
    named = {doc.span: list(_params_in(doc)) for doc in docs}
    for check in checks:
        given = {f"params.{name}": params[name] for name in named[check.span] if name in params}
        report.extend(_failures(check, given, keys, None, Evaluator({})))


def _params_in(doc: CheckDoc) -> Iterator[str]:
    """The parameters that a check of a pipeline names."""
    pending: list[object] = [doc.that]
    while pending:
        node = pending.pop(0)
        if isinstance(node, (Attribute, Index)):
            path = _path(node)
            if path is not None and path[0] == "params":
                yield ".".join(path[1:])
                continue
        if isinstance(node, tuple):
            pending += node


def _path(node: object) -> list[str] | None:
    """The names of `params.ref.species`; None for what is no such thing."""
    if isinstance(node, Name):
        return [node.id]
    if isinstance(node, Attribute):
        path, last = _path(node.target), node.name
    elif isinstance(node, Index) and isinstance(node.item, Literal) and isinstance(node.item.value, str):
        path, last = _path(node.target), node.item.value
    else:
        return None
    return None if path is None else [*path, last]


def _failures(
    check: TypedCheck, given: Mapping[str, Value], keys: KeySet, step: Step | None, evaluator: Evaluator
) -> list[Diagnostic]:
    """What is told of a check: the first instance for which it does not hold, and how many more there are."""
    if any(map(follows_from_unknown_rows, (check.that, *given.values()))):
        return []  # It is looked at when the rows are known.
    first: Diagnostic | None = None
    found: Exception | None
    count = 0
    holds = evaluator.over(check.that, keys, step)
    for number in range(len(keys)):
        try:
            if holds(number):
                continue
            found = None
        except (ValueFault, AtRunTime) as error:
            found = error
        count += 1
        if first is None:
            first = _open(check, found, keys, number) if found else _told(check, given, keys, number, step, evaluator)
    if first is None:
        return []
    return [replace(first, message=f"{first.message} (and {count - 1:,} more)") if count > 1 else first]


def _open(check: TypedCheck, fault: Exception, keys: KeySet, number: int) -> Diagnostic:
    where = keys.describe(number)
    message = f"a check{f' for {where}' if where else ''}: {fault or 'what it takes is known only when a job runs'}"
    hint = getattr(fault, "help", None) or "test first what it takes: `x == null or x > 1`"
    return faults.BAD_VALUE.at(check.span, message, help=hint)


def _told(
    check: TypedCheck, given: Mapping[str, Value], keys: KeySet, number: int, step: Step | None, evaluator: Evaluator
) -> Diagnostic:
    """The diagnostic of a check that does not hold, with the values that it looks at and where they are given."""
    where = f" for {keys.describe(number)}" if keys.describe(number) else ""
    who = f"`{step.name}`{where}: " if step is not None else f"{where.strip()}: " if where else ""
    message = f"{who}{check.message or 'this does not hold'}"
    shown: list[str] = []
    related: list[Place] = []
    for name, value in list(given.items())[:MAX_SHOWN]:
        try:
            found = evaluator.closure(value, keys, step)(number)
        except (ValueFault, AtRunTime):
            continue
        if not isinstance(found, tuple):
            shown.append(f"`{name}` is {'nothing' if found is None else f'`{to_text(found)}`'}")
        if value.span != check.span and value.span not in [place.span for place in related]:
            related.append(Place(f"`{name}` is from here", value.span))
    values = ", ".join(shown)
    hint = "give values of which it holds"
    return faults.CHECK_FAILED.at(
        check.span, f"{message}{f' ({values})' if values else ''}", help=hint, related=tuple(related)
    )
