"""`flow` and `after` → which steps wait for which, beyond their data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, did_you_mean
from sncompile.faults import documents as document_faults
from sncompile.faults import names as faults
from sncompile.syntax.document import FlowDoc, Named, PipelineDoc


def order_of(doc: PipelineDoc, report: Report) -> dict[str, dict[str, None]]:
    """Of every step the steps that must be done before it, by `after` and `flow`; unknown names are told."""
    before: dict[str, dict[str, None]] = {name: {} for name in doc.steps}
    for name, step in doc.steps.items():
        for other in step.after:
            if _known(other, doc.steps, report):
                before[name].setdefault(other.name)
    if doc.flow is not None and _names_once(doc.flow, report):
        _follow(doc.flow, doc, before, report)
    return before


def through_gone(before: Mapping[str, Iterable[str]], gone: Set[str]) -> dict[str, dict[str, None]]:
    """The same order without the steps that are gone: what waits for one of them waits for what it waited for.

    >>> through_gone({"a": [], "b": ["a"], "c": ["b"]}, {"b"})["c"]
    {'a': None}
    """
    found: dict[str, dict[str, None]] = {}
    for name, named in before.items():
        if not named:
            found[name] = {}
            continue
        seen: dict[str, None] = {}
        pending = list(named)
        while pending:
            other = pending.pop(0)
            if other not in seen:
                seen[other] = None
                pending += before[other] if other in gone else ()
        found[name] = {other: None for other in seen if other not in gone}
    return found


def _known(name: Named, steps: Mapping[str, object], report: Report) -> bool:
    if name.name in steps:
        return True
    hint = did_you_mean(name.name, steps, what="steps") or "declare it under `steps`"
    report.add(faults.UNKNOWN_STEP.at(name.span, f"no step `{name.name}`", help=hint))
    return False


class _Part(NamedTuple):
    """A part of a flow: its steps, and whether one of them has a single instance, which stands between all others."""

    steps: tuple[str, ...]
    barrier: bool


def _follow(flow: FlowDoc, doc: PipelineDoc, before: dict[str, dict[str, None]], report: Report) -> _Part:
    """The steps of a flow; what it says of their order is written into `before`.

    Every step waits for all before it, and not only for its neighbours: an instance may have no partner among them. A
    step without keys is everybody's partner, so nothing need look past it.
    """
    if flow.step is not None:
        if not _known(flow.step, doc.steps, report):
            return _Part((), False)
        step = doc.steps[flow.step.name]
        # Over a table even a step without keys may be missing, where a caller's instance has no row in it.
        return _Part((flow.step.name,), not step.by and step.over is None and step.where is None)
    parts = [_follow(item, doc, before, report) for item in flow.items]
    for number, part in enumerate(parts) if flow.kind == "seq" else ():
        for earlier in reversed(parts[:number]):
            for name in part.steps:
                before[name].update(dict.fromkeys(earlier.steps))
            if earlier.barrier:
                break
    return _Part(tuple(name for part in parts for name in part.steps), any(part.barrier for part in parts))


def _names_once(flow: FlowDoc, report: Report) -> bool:
    told = len(report)
    seen: dict[str, Named] = {}
    pending = [flow]
    while pending:
        here = pending.pop(0)
        pending = [*here.items, *pending]
        if here.step is None:
            continue
        first = seen.setdefault(here.step.name, here.step)
        if first is not here.step:
            report.add(
                document_faults.BAD_FLOW.at(
                    here.step.span, f"`{here.step.name}` stands in the flow twice",
                    help="keep one of them", related=(Place("first here", first.span),),
                )
            )  # fmt: skip
    return len(report) == told
