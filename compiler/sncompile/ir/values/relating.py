"""Values of some instances as those of other key sets see them (decision 0055)."""

from __future__ import annotations

from sncompile.diagnostics import Span
from sncompile.ir.keys.key_set import KeySet, Rows
from sncompile.ir.language.types import unify
from sncompile.ir.values.model import Choice, Related, Value, gathered, lenient

# What a named tuple's own constructor comes down to, in half the time: there is one for every reference.

UNIT = KeySet(Rows.unit(), ())
"""The instances of a step without keys: one."""


def see_through(value: Value, outer: KeySet, target: KeySet, span: Span) -> Value:
    """An output of a pipeline that ranges over `outer`, as seen from `target`: by all keys that both have.

    The keys of the step inside count, and not only those of the pipeline around it:

        batch  sample      `lanes` by batch holds `align` by sample and has the output `bam: ${align.bam}`;
        1      S1          `call` by sample takes `${lanes.bam}`: of S1 that is one file, and not those of its batch.
        1      S2
    """
    if isinstance(value, Related) and value.target is outer:
        return see(value.value, value.source, target, span)
    if isinstance(value, Choice) and target.has_one(outer):
        then, other = (see_through(arm, outer, target, span) for arm in (value.then, value.other))
        kind = unify(then.type, other.type)
        if kind is not None:
            return Choice(see(value.test, outer, target, span), then, other, kind, span)
    return see(value, outer, target, span)


def see(value: Value, source: KeySet, target: KeySet, span: Span) -> Value:
    """`value` of the instances of `source`, as seen from those of `target`."""
    gathers = not target.has_one(source)
    kind = value.type
    if gathers:
        # What a pipeline does not make for some of its instances is absent among what is gathered from them.
        value = lenient(value)
        kind = gathered(value.type)
    return Related(value, source, target, kind, span)
