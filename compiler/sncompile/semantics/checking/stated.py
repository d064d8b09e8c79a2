"""What a module or a pipeline says must hold of its own values (`checks`).

    checks: ["${params.min < params.max}"]

A check of a pipeline is looked at when the pipeline is linked, for each instance that uses it; one of a module for each
job of each step.

Decision 0092.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import tables as table_faults
from sncompile.faults import values as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Cell, Local, Related, Value, walk
from sncompile.ir.values.tables import follows_from_unknown_rows
from sncompile.semantics.checking.cells import cells_of
from sncompile.semantics.program import Step, TypedCheck
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import CheckDoc
from sncompile.syntax.expressions import Attribute, Index, Literal, Name

MAX_SHOWN = 4
"""Values that are told of a check that does not hold."""

MAX_ROWS = 4
"""Jobs or rows that are named beside the first for which a check does not hold."""


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
    checks: Iterable[TypedCheck], doc: CheckDoc, named: Mapping[str, Value], keys: KeySet, report: Report
) -> None:
    """Tell of a check of a pipeline, if it is one, that does not hold for an instance that uses it, or for a row.

    `named` are the values that it may name, such as `params.low`.
    """
    for check in checks:
        given = {name: named[name] for name in _named_in(doc) if name in named}
        if doc.over is not None:
            seen = [leaf for leaf in walk(check.that) if isinstance(leaf, Related)]
            given |= {f"{s.value.table.name}.{s.value.column}": s for s in seen if isinstance(s.value, Cell)}
        report.extend(_failures(check, given, keys, None, Evaluator({})))


def _named_in(doc: CheckDoc) -> Iterator[str]:
    """The parameters and inferred values that a check of a pipeline names, with their space."""
    pending: list[object] = [doc.that]
    while pending:
        node = pending.pop(0)
        if isinstance(node, (Attribute, Index)):
            path = _path(node)
            if path is not None and path[0] in ("params", "infer"):
                yield ".".join(path)
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
    others: list[str] = []
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
        where = keys.describe(number)
        if len(others) <= MAX_ROWS and where not in others:
            others.append(where)
        if first is None:
            first = _open(check, found, keys, number) if found else _told(check, given, keys, number, step, evaluator)
    if first is None:
        return []
    if count == 1:
        return [first]
    shown = "; ".join(others[1:])
    told = f": {shown}{'; …' if count > len(others) else ''}" if shown else ""
    return [replace(first, message=f"{first.message} (and {count - 1:,} more{told})")]


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
    in_rows = {name for name in given if step is None and not name.startswith(("params.", "infer."))}
    related = _cells(check, keys, number, evaluator) if in_rows else []
    for name, value in list(given.items())[:MAX_SHOWN]:
        try:
            found = evaluator.closure(value, keys, step)(number)
        except (ValueFault, AtRunTime):
            continue
        shown.append(f"`{name}` is {_shown(found)}")
        if name in in_rows:
            continue  # It is said where its cell is.
        if value.span != check.span and value.span not in [place.span for place in related]:
            related.append(Place(f"`{name}` is from here", value.span))
    values = ", ".join(shown)
    hint = "give values of which it holds"
    return faults.CHECK_FAILED.at(
        check.span, f"{message}{f' ({values})' if values else ''}", help=hint, related=tuple(related)
    )


def _shown(value: object) -> str:
    """A value, or some of a list, as a message shows it."""
    if not isinstance(value, tuple):
        return "nothing" if value is None else f"`{to_text(value)}`"
    some = ", ".join(map(_shown, value[:MAX_SHOWN]))
    return f"{some}, …" if len(value) > MAX_SHOWN else some or "empty"


def _cells(check: TypedCheck, keys: KeySet, number: int, evaluator: Evaluator) -> list[Place]:
    """The cells that a check over the rows of a table reads."""
    found: dict[Span, Place] = {}
    for cell in islice(cells_of(check.that, keys, number, None, evaluator), MAX_SHOWN):
        span = cell.table.cell_span(cell.row, cell.column)
        found.setdefault(span, Place(f"`{cell.table.name}.{cell.column}` is from here", span))
    return list(found.values())
