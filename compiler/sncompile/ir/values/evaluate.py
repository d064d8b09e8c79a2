"""Evaluates typed values: a value becomes a function from an instance's number to what it is there.

Nothing is computed before it is asked for, so one job of a million costs what one job costs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.keys.key_set import KeySet, Lacking, Rows
from sncompile.ir.keys.table import Table
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import GOES_ON, TAKES_GAPS, ValueFault, to_text, within_limits
from sncompile.ir.language.operators import OPERATORS
from sncompile.ir.values.model import (
    Apply,
    Attempt,
    Bound,
    Cell,
    Choice,
    Const,
    Content,
    Items,
    Key,
    Local,
    Lookup,
    Made,
    ModuleFile,
    Output,
    Record,
    Related,
    Size,
    Text,
    Value,
    children,
)
from sncompile.ir.values.whole_columns import whole_column
from sncompile.lazy_regex import regex

Closure = Callable[[int], Any]


class AtRunTime(Exception):
    """The value is known only when the job is about to run (`inputs.X.size`)."""


class Missing(ValueFault):
    """An instance has no partner in what a value refers to."""

    def __init__(self, related: Related, number: int) -> None:
        self.related = related
        self.number = number
        where = related.target.describe(number)
        super().__init__(f"nothing to take for {where}" if where else "nothing to take")


class NotThere(ValueFault):
    """An instance names one of another step (`lookup`) that is not there."""

    def __init__(self, related: Related, number: int, lacking: Lacking) -> None:
        self.related = related
        self.number = number
        self.place = lacking.place
        self.named = lacking.named
        super().__init__(lacking.why)

    def known(self) -> str:
        """Some instances that there are, for a help: those that have the most of the keys that are named."""
        source = self.related.source
        same = [0] * len(source)
        for name, text in self.named.items():
            for number, key in enumerate(source.column(name) if name in source.by else ()):
                same[number] += key == text
        near = [number for number, count in enumerate(same) if count == max(same)]
        return ", ".join(f"`{source.describe(n)}`" for n in near[:3]) + " …" * (len(near) > 3)


class AbsentItem(NamedTuple):
    """What an absent item of a list is, the keys of the instance that lacks it, and where it stands."""

    what: str
    described: str
    row: Span | None


class Gap(ValueFault):
    """A list has an absent item where none is taken."""

    def __init__(self, item: AbsentItem | None) -> None:
        self.item = item
        where = f": {item.what} for {item.described}" if item is not None else ""
        super().__init__(f"an item of the list is absent{where}", GAP_HELP)


GAP_HELP = "say what stands there, `coalesce(…, 'none')`, or leave it out knowingly, `present(…)`; or fill the cell"


_LISTS = 64
"""So many lists are kept that instances may share."""


class Evaluator:
    """Evaluates values of one program; `steps` finds a step by its name, `files` places a module's emitted file.

    `attempt` is the try of a job that is looked at, from 1.
    """

    def __init__(
        self,
        steps: Mapping[str, Bound],
        files: Callable[[str], str] = lambda name: f"files/{name}",
        *,
        attempt: int = 1,
    ) -> None:
        self._steps = steps
        self._files = files
        self._attempt = attempt

    def at(self, attempt: int) -> Evaluator:
        """The evaluator of another try."""
        return Evaluator(self._steps, self._files, attempt=attempt)

    def constant(self, value: Value) -> Any:
        """The value of a constant. Raises `ValueFault`."""
        return self.closure(value, _CONSTANT, None)(0)

    def column(self, value: Value, at: KeySet, step: Bound | None = None) -> Iterator[Any]:
        """The value for every instance, one after the other."""
        return map(self.over(value, at, step), range(len(at)))

    def over(self, value: Value, at: KeySet, step: Bound | None = None) -> Closure:
        """As `closure`, for who asks for most instances: where it can be, all are worked out at once."""
        found = None if isinstance(value, Const) else whole_column(value, at, step, self._steps)
        return self.closure(value, at, step) if found is None else found.__getitem__

    def is_plain(self, value: Value, step: Bound) -> bool:
        """Whether a value is a constant, or the constant path of an output: then nothing can fail in evaluating it."""
        while isinstance(value, Local):
            value = step.local(value.space, value.name)
        if isinstance(value, Related) and isinstance(value.value, Output) and not value.source.by:
            value = self._steps[value.value.step].local("outputs", value.value.port)
        return isinstance(value, Const)

    def closure(self, value: Value, at: KeySet, step: Bound | None = None) -> Closure:
        """The function from an instance of `at` to the value there; `step` resolves a module's names."""
        match value:
            case Const():
                constant = value.value
                return lambda _: constant
            case Key():
                return self._key(value, at)
            case Related():
                return self._related(value, at)
            case Local():
                if step is None:
                    raise AtRunTime
                return self.closure(step.local(value.space, value.name), at, step)
            case Text():
                parts = [self.closure(part, at, step) for part in value.parts]
                return lambda i: within_limits("".join([to_text(part(i)) for part in parts]))
            case Items():
                return self._items([(self.closure(item, at, step), item.type.many) for item in value.items])
            case Apply():
                operands = [self.closure(o, at, step) for o in value.operands]
                if not _takes_gaps(value):
                    pairs = zip(value.operands, operands, strict=True)
                    operands = [self._whole(o, closure, at, step) if o.type.gaps else closure for o, closure in pairs]
                return self._apply(value, operands)
            case Choice():
                test, then, other = (self.closure(v, at, step) for v in (value.test, value.then, value.other))
                return lambda i: then(i) if test(i) else other(i)
            case Lookup():
                return _lookup(value, [(name, self.closure(v, at, step)) for name, v in value.conditions])
            case ModuleFile():
                place = self._files(value.emitted)
                return lambda _: place
            case Record():
                members = [(name, self.closure(v, at, step)) for name, v in value.members]
                return lambda i: record_text({name: member(i) for name, member in members})
            case Made():
                return self.closure(value.path, at, step)
            case Attempt():
                attempt = self._attempt
                return lambda _: attempt
            case Size() | Content():
                raise AtRunTime
            case Cell() | Output():
                raise AssertionError(f"{value!r} is evaluated through a relation")

    def _key(self, value: Key, at: KeySet) -> Closure:
        cells = value.keys.column(value.name)
        if value.encoded:
            return _through(at, value.keys, lambda i: encode_key(cells[i]))
        return _through(at, value.keys, lambda i: cells[i])

    def _home(self, value: Value, source: KeySet, *, most: bool) -> Closure:
        """A value at the instances it belongs to; `most` of them will be asked for."""
        make = self.over if most else self.closure
        if isinstance(value, Cell):
            cells = value.table.cells(value.column, value.type)
            return lambda i: cells[i]
        if isinstance(value, Output):
            step = self._steps[value.step]
            return make(step.local("outputs", value.port), step.keys, step)
        return make(value, source)

    def _related(self, value: Related, at: KeySet) -> Closure:
        target = value.target
        home = self._home(value.value, value.source, most=value.gathers and not target.by)
        flatten = value.value.type.many
        related = target.related(value.source)
        lacking = target.lacking(value.source)

        def one(i: int) -> Any:
            found = related[i]
            if not found:
                _refuse_unknown(value, i, lacking)
                if value.type.optional:
                    return None
                raise Missing(value, i)
            return home(found[0])

        made: dict[int, tuple[Sequence[int], tuple[Any, ...]]] = {}

        def several(i: int) -> tuple[Any, ...]:
            # Many instances may be given the very same sources; their list, which may be long, is made once.
            sources = related[i]
            if not sources:
                _refuse_unknown(value, i, lacking)
            kept = made.get(id(sources))
            if kept is not None and kept[0] is sources:
                return kept[1]
            if flatten:
                found = tuple(item for j in sources for item in home(j) or ())
            else:
                found = tuple([home(j) for j in sources])
            if len(made) == _LISTS:
                made.clear()
            made[id(sources)] = sources, found
            return found

        return _through(at, target, several if value.gathers else one)

    def _whole(self, value: Value, closure: Closure, at: KeySet, step: Bound | None) -> Closure:
        """The closure of a list for who cannot do with absent items in it."""

        def whole(i: int) -> Any:
            found = closure(i)
            if found is not None and None in found:
                raise Gap(self.first_gap(value, at, i, step))
            return found

        return whole

    def first_gap(self, value: Value, at: KeySet, number: int, step: Bound | None = None) -> AbsentItem | None:
        """What the first absent item of a list of an instance is; None where nothing more can be told of it."""
        while isinstance(value, Local) and step is not None:
            value = step.local(value.space, value.name)
        if not isinstance(value, Related):
            if isinstance(value, Choice):
                taken = value.then if self.closure(value.test, at, step)(number) else value.other
                return self.first_gap(taken, at, number, step)
            places = (self.first_gap(c, at, number, step) for c in children(value) if c.type.gaps)
            return next((place for place in places if place is not None), None)
        here = number if at is value.target else at.related(value.target)[number][0]
        home = self._home(value.value, value.source, most=False)
        for j in value.target.related(value.source)[here]:
            if value.value.type.many:
                found = self.first_gap(value.value, value.source, j) if None in (home(j) or ()) else None
                if found is not None:
                    return found
            elif home(j) is None:
                return self._place(value.value, value.source, j)
        return None

    def _place(self, value: Value, at: KeySet, number: int) -> AbsentItem:
        """What is absent for an instance: a cell, or what the instance's step gives."""
        described = at.describe(number)
        while isinstance(value, Related):
            found: Sequence[int] = at.related(value.source)[number]
            if not found:
                break
            at, number = value.source, found[0]
            value = value.value
        if isinstance(value, Cell):
            place = value.table.cell_span(number, value.column)
            return AbsentItem(f"`{value.table.name}.{value.column}`", described, place)
        return AbsentItem("the value", described, None)

    def _items(self, items: list[tuple[Closure, bool]]) -> Closure:
        def build(i: int) -> tuple[Any, ...]:
            found: list[Any] = []
            for item, many in items:
                here = item(i)
                if many:
                    found.extend(here or ())
                elif here is not None:
                    found.append(here)
            listed = tuple(found)
            within_limits(listed)
            return listed

        return build

    def _apply(self, value: Apply, operands: list[Closure]) -> Closure:
        if value.function == "and":
            return lambda i: all(operand(i) for operand in operands)
        if value.function == "or":
            return lambda i: any(operand(i) for operand in operands)
        if value.function == "coalesce":
            return _coalesced(operands)
        if value.function == "[]":
            target, index = operands
            return lambda i: _index(target(i), index(i))
        found = OPERATORS.get((value.function, len(operands))) or FUNCTIONS[value.function]
        compute = found.compute

        def call(i: int) -> Any:
            try:
                return within_limits(compute(*[operand(i) for operand in operands]))
            except ValueFault:
                raise
            except (TypeError, ValueError, OverflowError):
                raise ValueFault(f"`{value.function}` cannot take these values") from None

        return call


def _refuse_unknown(value: Related, number: int, lacking: Mapping[int, Lacking]) -> None:
    found = lacking.get(number)
    if found is not None and not found.absent:
        raise NotThere(value, number, found)


# What a constant is evaluated at.
_CONSTANT = KeySet(Rows.unit(), ())


def _through(at: KeySet, home: KeySet, closure: Closure) -> Closure:
    """`closure`, which belongs to `home`, seen from `at`."""
    if at is home:
        return closure
    related = at.related(home)
    return lambda i: closure(related[i][0])


def _index(target: Any, index: Any) -> Any:
    if target is None:
        raise ValueFault("the list is absent")
    if not isinstance(index, int) or not -len(target) <= index < len(target):
        raise ValueFault(f"the list has {len(target)} items, so there is none at {index}")
    return target[index]


def _coalesced(operands: list[Closure]) -> Closure:
    goes_on, join = GOES_ON["coalesce"], FUNCTIONS["coalesce"].compute

    def first(i: int) -> Any:
        found = operands[0](i)
        for operand in operands[1:]:
            if not goes_on(found):
                break
            found = join(found, operand(i))
        return found

    return first


def _takes_gaps(value: Apply) -> bool:
    """Whether a function knows what to do with absent items; whether a list is there is not asked of its items."""
    asks = value.function in ("==", "!=") and any(isinstance(o, Const) and o.value is None for o in value.operands)
    return asks or value.function in TAKES_GAPS


def _lookup(value: Lookup, conditions: list[tuple[str, Closure]]) -> Closure:
    names = [name for name, _ in conditions]
    found: dict[tuple[Any, ...], list[int]] = {}
    columns = [_compared(value.table, name, v) for name, v in value.conditions]
    for row, key in enumerate(zip(*columns, strict=True)):
        found.setdefault(key, []).append(row)
    cells = value.table.columns[value.column]

    def look(i: int) -> Any:
        wanted = tuple(condition(i) for _, condition in conditions)
        if None in wanted:
            return None  # An empty cell names nothing.
        rows = found.get(wanted, [])
        if len(rows) != 1:
            told = ", ".join(f"{n}={v}" for n, v in zip(names, wanted, strict=True))
            hint = "say more of its key" if rows else "a `left join` in the table's `sql` leaves the cell empty there"
            raise ValueFault(f"`{value.table.name}` has {len(rows) or 'no'} rows with {told}, not one", hint)
        return cells[rows[0]]

    return look


def _compared(table: Table, name: str, wanted: Value) -> Sequence[Any]:
    """A column as it is compared with what is wanted of it: its text, or what it stands for."""
    kind = table.reads.get(name)
    if kind is None or wanted.type.textual or wanted.type.base in ("null", "unknown"):
        return table.columns[name]
    return table.cells(name, kind._replace(written=False))


def record_text(members: Mapping[str, Any]) -> str:
    """A JSON object of values, as text that YAML 1.1 reads alike; what is absent is left out.

    Papermill reads parameters with PyYAML. That takes `1e-07` for text, breaks lines at U+0085, U+2028 and U+2029, and
    refuses other control characters.

    >>> record_text({"rate": 1e-07, "names": ("a", "b\\x85"), "none": None})
    '{"rate": 1.0e-07, "names": ["a", "b\\\\u0085"]}'
    """
    present = (f"{json.dumps(name)}: {_json(value)}" for name, value in members.items() if value is not None)
    return "{" + ", ".join(present) + "}"


_UNLIKE_YAML = regex("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _json(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_json, value)) + "]"
    found = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and "." not in found:
        return found.replace("e", ".0e")
    return _UNLIKE_YAML.sub(lambda letter: f"\\u{ord(letter[0]):04x}", found)
