"""Two graphs → how they differ.

A job has changed where its digest has. Digests of a million jobs take long to make, so they are not made: what goes
into them is compared by columns (`own`), and changes spread along the data (`spread`), which comes to the same.

Decision 0015.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sncompile.ir.diff.model import Counts, GraphDiff, JobDiff, Kind, State, StepDiff
from sncompile.ir.diff.own import compare_own
from sncompile.ir.diff.pairing import form_of
from sncompile.ir.diff.sides import Sides
from sncompile.ir.diff.spread import Spread
from sncompile.ir.diff.tally import Changes, Tally
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.jobs.expansion import job_id

SOME = 5
"""So many new and gone jobs are named as examples."""


def compare(old: Graph, new: Graph) -> GraphDiff:
    """How two graphs differ, neither of them changed by passes.

    Raises `CompileError` for a module's file that cannot be read.
    """
    sides = Sides(old, new)
    changes = {name: compare_own(sides, new.families[name]) for name in new.order()}
    return _Comparison(sides, changes).diff()


class _Comparison:
    """What was found, made into steps and jobs."""

    def __init__(self, sides: Sides, changes: Mapping[str, Changes]) -> None:
        self._sides, self._changes = sides, changes
        self._spread = Spread(sides, changes)
        self._below: Counter[str] = self._spread.below()

    def diff(self) -> GraphDiff:
        """The whole."""
        steps = [self._step(name) for name in self._sides.new.order()]
        kept = set(self._sides.was.values())
        steps += [self._gone(name) for name in self._sides.old.order() if name not in kept]
        counts = Counts()
        for step in steps:
            counts = counts.plus(step.counts)
        different = tuple(step for step in steps if _differs(step))
        return GraphDiff(counts, different, _outputs(self._sides), self._jobs)

    def _gone(self, name: str) -> StepDiff:
        family = self._sides.old.families[name]
        gone = self._sides.pairing.gone[name]
        counts = Counts(before=len(gone), gone=len(gone))
        return StepDiff(
            name, (), tuple(family.keys.by), None, counts, (), 0, (), 0, (), (), _ids(family, gone), family.span
        )

    def _step(self, name: str) -> StepDiff:
        sides, changes = self._sides, self._changes[name]
        family = sides.new.families[name]
        pairs = sides.pairing.pairs[name]
        fresh = sides.pairing.new[name]
        before = sides.old.families[sides.was[name]] if name in sides.was else None
        gone = sides.pairing.gone[before.name] if before is not None else ()
        above = self._spread.above.get(name, Counter())
        own = sum(1 for bits in changes.why if bits)
        changed = own + above.total()
        paired = sum(len(pair.here) for pair in pairs)
        renamed = self._renamed(name) if any(pair.old.name != name for pair in pairs) else 0
        counts = Counts(
            before=paired + len(gone),
            now=len(family.keys),
            new=len(fresh),
            gone=len(gone),
            renamed=renamed,
            changed=changed,
            same=paired - changed - renamed,
        )
        because = 0
        for mark in above:
            because |= mark
        return StepDiff(
            name=name,
            was=tuple(dict.fromkeys(pair.old.name for pair in pairs if pair.old.name != name and pair.here)),
            by=tuple(family.keys.by),
            by_before=None if before is None or before.keys.by == family.keys.by else tuple(before.keys.by),
            counts=counts,
            reasons=tuple(tally.reason(family) for tally in sorted(changes.tallies, key=_rank)),
            above=above.total(),
            because=self._spread.names(because),
            below=self._below[name],
            settings=tuple(tally.reason(family) for tally in changes.settings),
            added=_ids(family, fresh),
            removed=() if before is None else _ids(before, gone),
            span=family.span,
        )

    def _renamed(self, name: str) -> int:
        """How many jobs have another id and are otherwise the same."""
        return sum(
            1
            for pair in self._sides.pairing.pairs[name]
            if pair.old.name != name
            for number in pair.here
            if self._state(name, number) is State.SAME
        )

    def _state(self, name: str, number: int) -> State:
        """Whether a job that has a partner is changed or the same."""
        if not self._changes[name].untouched(number):
            return State.CHANGED
        marks = self._spread.marks.get(name)
        return State.CHANGED if marks is not None and marks[number] else State.SAME

    def _jobs(self) -> Iterator[JobDiff]:
        """Every job that differs."""
        for name, family in self._sides.new.families.items():
            marks = self._spread.marks.get(name, ())
            bit = self._spread.bit(name)
            fresh = set(self._sides.pairing.new[name])
            for number in range(len(family.keys)):
                above = self._spread.names(marks[number] & ~bit) if marks else ()
                if number in fresh:
                    yield JobDiff(job_id(family, number), None, State.NEW, (), above)
                    continue
                state = self._state(name, number)
                was = self._was(name, number)
                if state is State.SAME and was is not None:
                    state = State.RENAMED
                if state is not State.SAME:
                    labels = self._changes[name].labels(number)
                    yield JobDiff(job_id(family, number), was, state, labels, above)
        for name, numbers in self._sides.pairing.gone.items():
            for number in numbers:
                yield JobDiff(job_id(self._sides.old.families[name], number), None, State.GONE, (), ())

    def _was(self, name: str, number: int) -> str | None:
        """The id that a job had, where it had another."""
        if all(pair.old.name == name for pair in self._sides.pairing.pairs[name]):
            return None
        partner = self._sides.partner(name, number)
        if partner is None or partner[0] == name:
            return None
        return job_id(self._sides.old.families[partner[0]], partner[1])


_RANKS = {kind: rank for rank, kind in enumerate(Kind)}


def _rank(tally: Tally) -> int:
    return _RANKS[tally.kind]


def _differs(step: StepDiff) -> bool:
    counts = step.counts
    return bool(counts.new or counts.gone or counts.renamed or counts.changed or step.settings)


def _ids(family: Family, numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(job_id(family, number) for number in numbers[:SOME])


def _outputs(sides: Sides) -> tuple[str, ...]:
    """The names of the pipeline's outputs that are new, gone, or made of something else."""
    old = {name: form_of(value, sides.now_called) for name, value in sides.old.outputs.items()}
    new = {name: form_of(value, {}) for name, value in sides.new.outputs.items()}
    return tuple(name for name in dict.fromkeys((*new, *old)) if name not in old or old[name] != new.get(name))
