"""Lists that stand side by side in a job, item by item, though they were gathered from different instances.

Two gathers *would pair* where their sources range over the same keys: the labels of the fields, and the sites of the
fields. They part where one source lacks an instance that the other has, by a `where` or by another table. Where one has
more keys (the samples of the plates, and the plates), they would pair if there are equally many, and then each has to
belong to its neighbour. Lists over other keys (all samples, all references), and lists that have no instance in common
(tumours and normals), stand side by side for another reason; so do lists that may be missing (`file[]?`), and
what has `present(…)` around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.faults import tables as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values.model import Apply, Cell, Const, Output, Related, Value, walk
from sncompile.semantics.program import Step

_ONE_BY_ONE = frozenset(
    ("@path", "@integer", "@number", "@boolean", "basename", "dirname", "stem", "suffix", "upper", "lower", "replace",
     "coalesce", "@prefixed")
)  # fmt: skip
"""Functions that give an item for each item of their first operand."""


class Origin(NamedTuple):
    """What the items of a list belong to: instances of `source`, for each instance that has the list.

    Instances of one `group` have the same list.
    """

    source: KeySet
    instances: Callable[[int], Sequence[int]]
    group: Callable[[int], int | None]


class _Listed(NamedTuple):
    name: str
    value: Value
    origin: Origin


def check_pairing(step: Step, report: Report) -> None:
    """Warn of two lists of a step, or of one `zip`, whose items do not belong to the same instances."""
    values = {n: value for n, value in (*step.inputs.items(), *step.params.items()) if not _stands_alone(value)}
    if not values:
        return
    module = step.module
    optional = {n for n, p in module.inputs.items() if p.optional} | {n for n, p in module.params.items() if p.optional}
    values = {name: value for name, value in values.items() if name not in optional}
    found = list(_listed(values.items(), step.keys))
    told = _tell_pairs(found, step, report)
    for name, value in values.items():
        for zipped in (v for v in walk(value) if isinstance(v, Apply) and v.function == "zip"):
            operands = ((f"the lists in `zip` for `{name}`", operand) for operand in zipped.operands)
            told |= _tell_pairs(list(_listed(operands, step.keys)), step, report, told)


def _stands_alone(value: Value) -> bool:
    """Whether a value is plainly no list from several instances, and made of none: a constant, or one output."""
    if isinstance(value, Related):
        return not value.type.many and isinstance(value.value, Output)
    return isinstance(value, Const)


def origin_of(value: Value, at: KeySet) -> Origin | None:
    """What the items of a list belong to, as seen from `at`; None where that is not one kind of instance."""
    if isinstance(value, Apply) and value.function in _ONE_BY_ONE:
        return origin_of(value.operands[0], at)
    if not isinstance(value, Related) or not value.type.many:
        return None
    source, target = value.source, value.target
    related, place = target.related(source), None if at is target else at.related(target)

    def fed(i: int) -> Sequence[int]:
        if place is None:
            return related[i]
        return related[place[i][0]] if place[i] else ()

    def group(i: int) -> int | None:
        if place is None:
            return i
        return place[i][0] if place[i] else None

    if not value.value.type.many:
        return Origin(source, fed, group) if value.gathers else None
    inner = origin_of(value.value, source)
    if inner is None:
        return None
    return Origin(inner.source, lambda i: [k for j in fed(i) for k in inner.instances(j)], group)


def _listed(values: Iterable[tuple[str, Value]], at: KeySet) -> Iterator[_Listed]:
    for name, value in values:
        if not value.type.many:
            continue
        origin = origin_of(value, at)
        if origin is not None and len(at):
            yield _Listed(name, value, origin)


Sources = frozenset[KeySet]


def _tell_pairs(
    found: list[_Listed], step: Step, report: Report, told: frozenset[Sources] = frozenset()
) -> frozenset[Sources]:
    """Tell of each two sources once; gives those that were told of."""
    for first, second in combinations(found, 2):
        pair = frozenset((first.origin.source, second.origin.source))
        if pair in told or not _may_part(first.origin.source, second.origin.source):
            continue
        parted = _parted(first.origin, second.origin, step.keys)
        if parted is not None:
            told |= {pair}
            _tell(first, second, parted, step, report)
    return told


def _may_part(one: KeySet, other: KeySet) -> bool:
    """Whether two sources range over the same keys, or one over more, and are not the same instances as can be seen."""
    ours, theirs = set(one.by), set(other.by)
    if one is other or not ours or not theirs or not (ours <= theirs or theirs <= ours):
        return False
    if one.rows is other.rows and one.by == other.by:
        return False
    if one.rows.tables != other.rows.tables or one.by != other.by:
        return True
    return one.instances != other.instances


class _Parted(NamedTuple):
    """An instance for which two lists part: how many items each has, and one that only one of them has."""

    number: int
    sizes: tuple[int, int]
    extra: str
    of_first: bool


def _parted(one: Origin, other: Origin, at: KeySet) -> _Parted | None:
    by = [name for name in one.source.by if name in other.source.by]
    pair = len(one.source.by) == len(other.source.by)
    ours, theirs = _keys(one.source, by), _keys(other.source, by)
    seen: set[tuple[int | None, int | None]] = set()
    for number in range(len(at)):
        groups = one.group(number), other.group(number)
        if groups in seen:
            continue
        seen.add(groups)
        left = [ours[i] for i in one.instances(number)]
        right = [theirs[i] for i in other.instances(number)]
        if left == right or not set(left) & set(right) or not (pair or len(left) == len(right)):
            continue
        known, here = set(right), set(left)
        only = [(k, True) for k in left if k not in known] or [(k, False) for k in right if k not in here]
        key, of_first = only[0] if only else ((), False)
        extra = ", ".join(f"{n}={v}" for n, v in zip(by, key, strict=bool(key)))
        return _Parted(number, (len(left), len(right)), extra, of_first)
    return None


def _keys(source: KeySet, by: Sequence[str]) -> list[tuple[str, ...]]:
    """The instances of a source, by some of its keys."""
    places = [source.by.index(name) for name in by]
    return [tuple([instance[p] for p in places]) for instance in source.instances]


def _tell(first: _Listed, second: _Listed, parted: _Parted, step: Step, report: Report) -> None:
    described = step.keys.describe(parted.number)
    where = f" for {described}" if described else ""
    if parted.extra:
        more = f"{parted.sizes[0]} and {parted.sizes[1]} items{where}, and {parted.extra} is in the "
        how = more + ("first" if parted.of_first else "second") + " alone"
    else:
        how = f"the same items{where}, in another order"
    same = first.name == second.name
    names = first.name if same else f"the lists `{first.name}` and `{second.name}`"
    message = f"{names} of `{step.name}` do not go together: {how}"
    related = (Place("the first" if same else f"`{first.name}` is here", first.value.span),)
    report.add(faults.LISTS_APART.at(second.value.span, message, help=_mend(first, second), related=related))


def _mend(first: _Listed, second: _Listed) -> str:
    alone = "write `present(…)` around one of them if they need not go together"
    for column, others in ((second, first), (first, second)):
        key, source = _column(column.value), _step(others.value)
        if key is not None and source is not None and key in others.origin.source.by:
            name = source.rpartition(".")[2]
            return f"take the keys from the same instances: `${{keys({name}).{key}}}`; or {alone}"
    return f"leave the same rows out of both, by one table (`sql`) that all these steps range over; or {alone}"


def _column(value: Value) -> str | None:
    """The column that a list is."""
    if isinstance(value, Apply):
        return _column(value.operands[0])
    return value.value.column if isinstance(value, Related) and isinstance(value.value, Cell) else None


def _step(value: Value) -> str | None:
    """The step whose output a list is."""
    if isinstance(value, Apply):
        return _step(value.operands[0])
    while isinstance(value, Related):
        value = value.value
    return value.step if isinstance(value, Output) else None
