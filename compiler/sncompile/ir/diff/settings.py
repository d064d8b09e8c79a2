"""Settings: what of a job may differ without its digest, so without it being another job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.diff.comparison import Comparison
from sncompile.ir.diff.likeness import same_plain
from sncompile.ir.diff.model import Kind
from sncompile.ir.diff.tally import Tally
from sncompile.ir.fields import Role, declared, named
from sncompile.ir.graph.model import Family, Graph, Output
from sncompile.ir.graph.text import value_text, waits_text
from sncompile.ir.values.evaluate import AtRunTime, Closure
from sncompile.ir.values.model import Apply, Attempt, Plain, Value, value_fields, walk


def compare_settings(comparison: Comparison) -> None:
    """Resources that no command takes, all else that says how jobs are run, order, and what outputs are kept."""
    found = _resources(comparison)
    old, new = _fixed(comparison.old), _fixed(comparison.new)
    # What a step waits for is told by the names that those steps have now.
    sides = comparison.sides
    old[_Setting(Kind.ORDER, "")] = _order(comparison.old, sides.old, sides.now_called)
    new[_Setting(Kind.ORDER, "")] = _order(comparison.new, sides.new, {})
    for setting in dict.fromkeys((*old, *new)):
        if setting.kind is Kind.KEEPING and (setting not in old or setting not in new):
            continue  # That an output is new, or gone, is told by itself.
        before, now = old.get(setting), new.get(setting)
        if not same_plain(before, now):
            found.append(_tally(comparison, setting, before, now))
    comparison.changes.settings += found


def _order(family: Family, graph: Graph, now_called: Mapping[str, str]) -> tuple[str, ...]:
    """What a family waits for, with the keys where these are none of its own and of the step's."""
    found = set()
    for waits in family.after:
        name = now_called.get(waits.step, waits.step)
        by_others = waits_text(waits, graph, family)
        found.add(name if by_others is None else by_others.replace(waits.step, name, 1))
    return tuple(sorted(found))


class _Setting(NamedTuple):
    """What a setting is called."""

    kind: Kind
    name: str


def _fixed(family: Family) -> dict[_Setting, Plain]:
    """The settings that all jobs of a family share."""
    found: dict[_Setting, Plain] = {
        _called(field.title): getattr(family, name)
        for name, field in declared(Family).items()
        if field.role is Role.SCHEDULING and not field.by_pass and name not in value_fields(Family)
    }
    found |= {_Setting(Kind.KEEPING, port): _keeping(output) for port, output in family.outputs.items()}
    return found


def _called(title: str) -> _Setting:
    if title == "place":
        return _Setting(Kind.LOCAL, "")
    return _Setting(Kind(title), "") if title in _KINDS else _Setting(Kind.DECLARED, title)


_KINDS = frozenset(kind.value for kind in Kind)


def _keeping(output: Output) -> str:
    """What becomes of an output: every field of that role but `derived`, which says who chose the path."""
    said = [name for name in named(Output, Role.KEEPING) if name != "derived" and getattr(output, name)]
    return ", ".join("temporary" if name == "temp" else name for name in said) or "kept"


def _tally(comparison: Comparison, setting: _Setting, old: Plain, new: Plain, span: Span | None = None) -> Tally:
    tally = Tally(setting.kind, setting.name, span or comparison.new.span)
    tally.see(comparison.pair.here[0], old, new, len(comparison.pair.here))
    return tally


def _resources(comparison: Comparison) -> list[Tally]:
    old, new, pair = comparison.old.resources, comparison.new.resources, comparison.pair
    found: list[Tally] = []
    for name in dict.fromkeys((*new, *old)):
        before, now = old.get(name), new.get(name)
        if before is not None and now is not None and comparison.alike(before, now):
            continue
        span = comparison.new.span if now is None else now.span
        tally = Tally(Kind.RESOURCE, name, span, (before is not None, now is not None))
        was, told = amount(before, comparison.before), amount(now, comparison.now)
        for there, here in zip(pair.there, pair.here, strict=True):
            a, b = was(there), told(here)
            if not same_plain(a, b):
                tally.see(here, a, b)
        if tally.jobs:
            found.append(tally)
    return found


def amount(value: Value | None, closure: Callable[[Value], Closure]) -> Closure:
    """The function from a job to an amount; to its expression where that is known only when the job is about to run."""
    if value is None:
        return lambda _: None
    with suppress(AtRunTime):
        if not any(isinstance(leaf, Attempt) for leaf in walk(value)):
            return closure(value)
    # What turns an amount into the engine's unit says nothing to people.
    inner = value.operands[0] if isinstance(value, Apply) and value.function.startswith("@") else value
    text = value_text(inner)
    return lambda _: f"${{{text}}}"
