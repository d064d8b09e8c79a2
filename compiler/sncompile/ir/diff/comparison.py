"""One pair of families under comparison: their values as functions of a job, and the count of where these differ."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from sncompile.ir.diff.likeness import same_column, same_plain
from sncompile.ir.diff.pairing import Pair, form_of
from sncompile.ir.diff.sides import Sides
from sncompile.ir.diff.tally import Changes, Tally
from sncompile.ir.graph.model import Family
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values.evaluate import Closure
from sncompile.ir.values.model import Const, Key, Output, Related, Text, Value, walk

_AT_ONCE = 10_000


class Comparison(NamedTuple):
    """A pair of families, the graphs they stand in, and what was found of the new one's jobs."""

    sides: Sides
    pair: Pair
    changes: Changes

    @property
    def old(self) -> Family:
        """The family before."""
        return self.pair.old

    @property
    def new(self) -> Family:
        """The family now."""
        return self.pair.new

    def before(self, value: Value) -> Closure:
        """A value of the old family. Raises `AtRunTime`."""
        return self.sides.before(value, self.pair.old)

    def now(self, value: Value) -> Closure:
        """A value of the new family, if what it reads were still called as it was. Raises `AtRunTime`."""
        return self.sides.unmoved(value, self.pair.new)

    def alike(self, old: Value, new: Value) -> bool:
        """Whether two values are the same for all jobs of the pair, by their form."""
        return (self.pair.aligned and self.sides.alike.values(old, new)) or self.same_by_keys(old, new)

    def same_by_keys(self, old: Value, new: Value) -> bool:
        """Whether two values are made of constants and the jobs' own keys alone, and in the same way."""
        pair = self.pair
        if not pair.keyed or pair.old.keys.by != pair.new.keys.by:
            return False
        return _own_keys(old, pair.old.keys) and _own_keys(new, pair.new.keys) and form_of(old, {}) == form_of(new, {})

    def once(self, tally: Tally, old: object, new: object) -> None:
        """All jobs differ, and in the same way."""
        self.changes.all(tally, self.pair.here, old, new)

    def one_sided(self, tally: Tally, old: Value | None, new: Value | None) -> None:
        """All jobs differ, as one side has no such value."""
        first_old = None if old is None else self.before(old)(self.pair.there[0])
        first_new = None if new is None else self.now(new)(self.pair.here[0])
        self.once(tally, first_old, first_new)

    def constants(self, tally: Tally, old: Value, new: Value) -> None:
        """Count all jobs where two constants differ."""
        before, now = self.before(old)(self.pair.there[0]), self.now(new)(self.pair.here[0])
        if not same_plain(before, now):
            self.once(tally, before, now)

    def each(self, tally: Tally, before: Closure, now: Closure, *, in_old: bool = False) -> None:
        """Count the jobs in which two functions differ; `in_old`: both are functions of the old family's jobs."""
        there, here = iter(self.pair.there), iter(self.pair.here)
        while numbers := list(islice(here, _AT_ONCE)):
            origins = list(islice(there, _AT_ONCE))
            old = list(map(before, origins))
            new = list(map(now, origins if in_old else numbers))
            if same_column(old, new):
                continue
            for number, a, b in zip(numbers, old, new, strict=True):
                if not same_plain(a, b):
                    self.changes.job(tally, number, a, b)

    def sources(self, tally: Tally, old: Value, new: Value) -> bool:
        """Count the jobs that take an output from other jobs; False where the two values are no plain outputs.

        That compares numbers of jobs, and looks at paths only where these differ.
        """
        taken = self._plain_outputs(old, new)
        if taken is None:
            return False
        origins = self.sides.origins(taken.step)
        before, now = (value.target.related(value.source) for value in (taken.old, taken.new))
        was, is_ = self.before(old), self.now(new)
        for there, here in zip(self.pair.there, self.pair.here, strict=True):
            numbers = now[here]
            if len(before[there]) != len(numbers) or any(
                a != origins[b] for a, b in zip(before[there], numbers, strict=True)
            ):
                a, b = was(there), is_(here)
                if not same_plain(a, b):
                    self.changes.job(tally, here, a, b)
        return True

    def _plain_outputs(self, old: Value, new: Value) -> _Taken | None:
        """Two values as outputs of one step, which it writes where it did, seen from the jobs themselves."""
        if not (isinstance(old, Related) and isinstance(new, Related)):
            return None
        if not (isinstance(old.value, Output) and isinstance(new.value, Output)) or old.gathers != new.gathers:
            return None
        sides, step = self.sides, new.value.step
        if old.value.port != new.value.port or sides.was.get(step) != old.value.step or step in sides.moved:
            return None
        ends = (old.source, old.target, new.source, new.target)
        families = (sides.old.families[old.value.step], self.pair.old, sides.new.families[step], self.pair.new)
        if any(end is not family.keys for end, family in zip(ends, families, strict=True)):
            return None
        return _Taken(step, old, new)


class _Taken(NamedTuple):
    """An output of a step, as seen before and now."""

    step: str
    old: Related
    new: Related


def _own_keys(value: Value, keys: KeySet) -> bool:
    """Whether a value is a text of constants and of some jobs' own keys."""
    return all(isinstance(leaf, (Const, Text)) or (isinstance(leaf, Key) and leaf.keys is keys) for leaf in walk(value))
