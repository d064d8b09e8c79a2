"""Which rows of a sidecar a job takes, told by its wildcards: proposed by the form of a value, and checked row by row.

A gather is emitted as a look-up such as `FIELDS.each("…/{well}/{site}/o", wildcards)`: the rows that agree with the job
in its keys, in the table's order. That reads well, and is right only where these rows are the ones that the relation of
the two key sets has. So each proposal is compared with the relation before it is taken; where it differs, the lists are
written out. An example: `norm` ranges over samples and takes a list that its caller made of all samples:

    table samples   job norm/A takes   proposed: rows with sample=A   without wildcards
    A               A B C              A                              A B C
    B
    C

The value is seen from the caller, which has no keys: so no wildcard may choose, and `SAMPLES.each("…")` is emitted.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.targets.snakemake.context import Context
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.patterns import Hole
from sncompile.targets.snakemake.python_code import Atom, Code, Keyword, listed, string


class Rows(NamedTuple):
    """Rows that a sidecar has or will have: its key columns as they stand there, and what each row stands for."""

    keys: Mapping[str, Sequence[str]]
    stands_for: Sequence[Hashable]


def choice(
    rows: Rows, wanted: Sequence[Sequence[Hashable]], target: KeySet, context: Context
) -> tuple[Code, ...] | None:
    """The arguments that have a sidecar choose, for each instance of `target`, just the rows that stand for `wanted`.

    None where its keys cannot. Rows that stand for the same count once, where they come first. The rule's own instances
    are those of `target`, or finer ones.
    """
    names = chosen_by(rows.keys, target, context)
    if names is None or not _agree(rows, wanted, target, names):
        return None
    if not names:
        return ()
    wildcards = set(context.names.values())
    if [n for n in rows.keys if n in wildcards] == list(names):
        return (Atom("wildcards"),)
    return (Atom("wildcards"), Keyword("by", listed([string(n) for n in names])))


def chosen_by(keys: Mapping[str, object], target: KeySet, context: Context) -> tuple[str, ...] | None:
    """Those of a sidecar's keys that the instances of `target` have; None where a job's wildcards do not say them."""
    if context.keys.linked(target):
        return None
    # A job sees `target` by its own keys: all of them must be the job's.
    if not set(target.by) <= set(context.keys.by):
        return None
    found = [n for n in target.by if item_name(n) in keys]
    if any(context.names.get(Hole(n, True)) != item_name(n) for n in found):
        return None
    return tuple(n for n in keys if n in {item_name(f) for f in found})


def _agree(rows: Rows, wanted: Sequence[Sequence[Hashable]], target: KeySet, names: Sequence[str]) -> bool:
    if not names:
        every = list(dict.fromkeys(rows.stands_for))
        return all(len(here) == len(every) and list(here) == every for here in _distinct(wanted))
    groups: dict[tuple[str, ...], dict[Hashable, None]] = {}
    for key, found in zip(zip(*(rows.keys[n] for n in names), strict=True), rows.stands_for, strict=True):
        groups.setdefault(key, {})[found] = None
    places = {item_name(n): n for n in target.by}
    columns = [[encode_key(c) for c in target.column(places[n])] for n in names]
    nothing: dict[Hashable, None] = {}
    return all(
        list(groups.get(key, nothing)) == list(here)
        for key, here in zip(zip(*columns, strict=True), wanted, strict=True)
    )


def _distinct(wanted: Sequence[Sequence[Hashable]]) -> list[Sequence[Hashable]]:
    """Each of the lists once; that it is the very same object is the usual case, and costs nothing to see."""
    return list({id(here): here for here in wanted}.values())
