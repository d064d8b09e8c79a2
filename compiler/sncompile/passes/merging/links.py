"""References to families that are merged: which rows of the new family they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sncompile.ir.graph.rewrite import map_children
from sncompile.ir.keys.key_set import KeySet, Link, Rows
from sncompile.ir.values.model import Items, Output, Related, Value


class Home(NamedTuple):
    """Where a merged step is now: the family, whose instances from `first` on are its own; `inner` were its keys."""

    family: str
    keys: KeySet
    first: int
    inner: KeySet


def alias(keys: KeySet, source: KeySet, instances: Sequence[Sequence[int]], *, one: bool) -> KeySet:
    """The same instances, linked to those of another key set."""
    return KeySet(keys.rows, keys.by, Link(source, instances, one))


class Links:
    """Turns references to merged steps into references to the families that they are part of."""

    def __init__(self, homes: Mapping[str, Home]) -> None:
        self.homes = homes
        self._inner: dict[str, KeySet] = {}

    def value(self, value: Value) -> Value:
        """A value whose references are made anew; itself where it has none to a merged step."""
        if isinstance(value, Items):
            return self._items(value)
        if not isinstance(value, Related) or not isinstance(value.value, Output):
            return map_children(value, self.value)
        home = self.homes.get(value.value.step)
        return value if home is None else self._reference(value, home)

    def _reference(self, value: Related, home: Home) -> Related:
        """The same reference by way of a link to the step's own instances in the new family."""
        assert isinstance(value.value, Output)
        inner = self._own(value.value.step, home)
        output = value.value._replace(step=home.family)
        kind = value.value.type
        if value.target is value.source or (not value.source.by and not value.target.by):
            return Related(output, home.keys, inner, value.type, value.span)
        seen = Related(output, home.keys, inner, kind, value.span)
        target = value.target
        if target.link is not None and target.link.source is value.source:
            target = alias(target, inner, target.link.instances, one=target.link.one)
        return Related(seen, inner, target, value.type, value.span)

    def _own(self, step: str, home: Home) -> KeySet:
        """A merged step's instances, each linked to the one that it is in the new family."""
        found = self._inner.get(step)
        if found is None:
            own = [(home.first + i,) for i in range(len(home.inner))]
            found = self._inner[step] = alias(home.inner, home.keys, own, one=True)
        return found

    # --- Lists ----------------------------------------------------------------------------------------------------

    def _items(self, value: Items) -> Value:
        """A list; what comes from one family in a row is gathered from it at once."""
        found: list[Value] = []
        run: list[Related] = []
        for item in value.items:
            if run and not self._continues(run[-1], item):
                found.append(self._gather(run))
                run = []
            if isinstance(item, Related) and self._single(item):
                run.append(item)
            else:
                found.append(self.value(item))
        if run:
            found.append(self._gather(run))
        if len(found) == 1 and isinstance(found[0], Related) and found[0].gathers:
            return found[0]._replace(type=value.type)
        same = len(found) == len(value.items) and all(a is b for a, b in zip(found, value.items, strict=True))
        return value if same else value._replace(items=tuple(found))

    def _single(self, item: Value) -> bool:
        """Whether an item is the one file of a merged step without keys."""
        if not isinstance(item, Related) or not isinstance(item.value, Output) or item.type.many:
            return False
        home = self.homes.get(item.value.step)
        return home is not None and not home.inner.by and not item.target.by

    def _continues(self, last: Related, item: Value) -> bool:
        if not isinstance(item, Related) or not self._single(item):
            return False
        assert isinstance(item.value, Output)
        assert isinstance(last.value, Output)
        here, there = self.homes[item.value.step], self.homes[last.value.step]
        return here.family == there.family and item.value.port == last.value.port

    def _gather(self, run: list[Related]) -> Value:
        if len(run) == 1:
            return self.value(run[0])
        first = run[0]
        assert isinstance(first.value, Output)
        steps = [item.value.step for item in run if isinstance(item.value, Output)]
        home = self.homes[first.value.step]
        numbers = [self.homes[step].first for step in steps]
        output = first.value._replace(step=home.family)
        kind = first.type._replace(many=True, optional=False)
        return Related(output, home.keys, gathering(home.keys, numbers), kind, first.span)


def gathering(source: KeySet, numbers: Sequence[int]) -> KeySet:
    """What has no keys and gathers some instances of a source, in that order."""
    if list(numbers) == list(range(len(source))):
        return KeySet(Rows.unit(), ())
    return KeySet(Rows.unit(), (), Link(source, [tuple(numbers)], False))
