"""Settings: what of a job may differ without its digest, so without it being another job."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.diff.comparison import Comparison
from sncompile.ir.diff.likeness import same_plain
from sncompile.ir.diff.model import Kind
from sncompile.ir.diff.tally import Tally
from sncompile.ir.graph.model import Family, Output
from sncompile.ir.graph.text import value_text
from sncompile.ir.values.evaluate import AtRunTime, Closure
from sncompile.ir.values.model import Apply, Attempt, Plain, Value, walk


def compare_settings(comparison: Comparison) -> None:
    """Resources that no command takes, retries, criteria of success, order, the network, and what outputs are kept."""
    found = _resources(comparison)
    old, new = _fixed(comparison.old), _fixed(comparison.new)
    # What a step waits for is told by the names that those steps have now.
    now_called = comparison.sides.now_called
    order = tuple(sorted({now_called.get(waits.step, waits.step) for waits in comparison.old.after}))
    old[_Setting(Kind.ORDER, "")] = order
    new[_Setting(Kind.ORDER, "")] = tuple(sorted({waits.step for waits in comparison.new.after}))
    for setting in dict.fromkeys((*old, *new)):
        before, now = old.get(setting), new.get(setting)
        if not same_plain(before, now):
            found.append(_tally(comparison, setting, before, now))
    comparison.changes.settings += found


class _Setting(NamedTuple):
    """What a setting is called."""

    kind: Kind
    name: str


def _fixed(family: Family) -> dict[_Setting, Plain]:
    """The settings that all jobs of a family share."""
    found: dict[_Setting, Plain] = {
        _Setting(Kind.RETRIES, ""): family.retries,
        _Setting(Kind.LOCAL, ""): family.local_rule,
        _Setting(Kind.BATCH, ""): family.batch,
        _Setting(Kind.NETWORK, ""): family.network,
    }
    for port, output in family.outputs.items():
        found[_Setting(Kind.KEEPING, port)] = _keeping(output)
        found[_Setting(Kind.CREATE, port)] = output.create
        if port in family.success.non_empty:
            found[_Setting(Kind.SUCCESS, f"non_empty {port}")] = True
    for port, sum_ in family.success.sha256.items():
        found[_Setting(Kind.SUCCESS, f"sha256 {port}")] = sum_
    for port, least in family.success.min_files.items():
        found[_Setting(Kind.SUCCESS, f"min_files {port}")] = least
    return found


def _keeping(output: Output) -> str:
    return "temporary" if output.temp else "protected" if output.protected else "kept"


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
        was, told = _amount(before, comparison.before), _amount(now, comparison.now)
        for there, here in zip(pair.there, pair.here, strict=True):
            a, b = was(there), told(here)
            if not same_plain(a, b):
                tally.see(here, a, b)
        if tally.jobs:
            found.append(tally)
    return found


def _amount(value: Value | None, closure: Callable[[Value], Closure]) -> Closure:
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
