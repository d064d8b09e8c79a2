"""From selectors to jobs.

The options of a run work together. Of `align [sample] -> call [sample] -> report []`, all of them in need of running:

    --select call                      call      and what it needs: align, call
    --only call                        call      and nothing else
    --from call                        call and what follows, with what they need: all three
    --until call                       call and what it needs: align, call
    --from align --until call          what both name: align, call
    --select key:sample=A              align/A, call/A
    --select state:modified+           what has to run, and all that follows

What is named by different options has to be named by all of them; an option that is given twice names what either does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults.names import UNKNOWN_STEP
from sncompile.faults.runs import NO_SELECTOR, ROWS_TO_COME
from sncompile.ir.graph.feeds import feeds
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.jobs.expansion import Expansion
from sncompile.ir.values.relating import UNIT
from sncompile.runner.selection.selectors import Selector, Term, parse_selector
from sncompile.semantics.program import Program
from sncompile.state.decisions import NEVER_DONE, Decisions, Verdict

JobKey = tuple[str, int]
"""A job: its family, and its number there."""


class Asked(NamedTuple):
    """What a command line asks for, as texts. `targets` are names of outputs and steps, and no selectors."""

    targets: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The selectors of a run, by what is done with them. Those of one kind add up; those of several have to agree."""

    named: tuple[Selector, ...]
    start: tuple[Selector, ...]
    until: tuple[Selector, ...]
    only: tuple[Selector, ...]

    @classmethod
    def read(cls, asked: Asked, program: Program) -> Selection:
        """The selection that is asked for. Raises `CompileError` where the pipeline has nothing of a name."""
        targets = tuple(Selector(name, (Term(name, "", "", name, True, False, False),)) for name in asked.targets)
        parsed = (tuple(map(parse_selector, texts)) for texts in asked[1:])
        select, start, until, only = parsed
        found = cls((*targets, *select), start, until, only)
        for term in found.terms():
            _require(term, program)
        return found

    def terms(self) -> Iterator[Term]:
        """All terms."""
        for selector in (*self.named, *self.start, *self.until, *self.only):
            yield from selector.terms

    def steps(self, program: Program) -> tuple[str, ...]:
        """The steps that are asked for by name or tag: they are wanted, whether an output needs them or not."""
        return tuple(dict.fromkeys(step for term in self.terms() for step in _steps(term, program)))


def _steps(term: Term, program: Program) -> Iterator[str]:
    """The steps that a term names by name or tag."""
    for name, step in program.steps.items():
        if (term.method in ("", "step") and _is_step(term, name)) or (
            term.method == "tag" and any(map(term.fits, step.tags))
        ):
            yield name


def _is_step(term: Term, name: str) -> bool:
    """Whether a term names a step, or a nested pipeline around it."""
    parts = name.split(".")
    return any(term.fits(".".join(parts[:end]), parts=True) for end in range(1, len(parts) + 1))


def _require(term: Term, program: Program) -> None:
    """Raise `CompileError` where a pipeline has nothing of a name."""
    if term.method == "state" or any(True for _ in _steps(term, program)):
        return
    if term.method in ("", "output") and any(map(term.fits, program.outputs)):
        return
    later = next(_steps(term, program.whole[0]), None) if program.whole is not None else None
    if later is not None:
        sources = ", ".join(f"`{late.source}`" for late in program.late if later in late.steps)
        message = f"the jobs of `{later}` are known after {sources} has run"
        raise CompileError([ROWS_TO_COME.at(None, message, help=f"run {sources} first, or all of it")])
    steps = list(program.steps)
    if term.method in ("", "step"):
        hint = did_you_mean(term.value, [*program.outputs, *steps], what="outputs and steps")
        what = "no output and no step" if not term.method else "no step"
        raise CompileError([UNKNOWN_STEP.at(None, f"{what} `{term.value}`", help=hint)])
    known = list(
        program.outputs
        if term.method == "output"
        else dict.fromkeys(
            each for s in program.steps.values() for each in (s.tags if term.method == "tag" else s.keys.by)
        )
    )
    if term.method == "key" and term.key in known:
        return
    name = term.key or term.value
    hint = did_you_mean(name, known, what=f"{term.method}s") if known else f"the pipeline has no {term.method}s"
    message = f"`{term.text}` selects nothing: no {term.method} `{name}`"
    raise CompileError([NO_SELECTOR.at(None, message, help=hint)])


def _known(term: Term, program: Program) -> Iterable[str]:
    """What could have been meant."""
    if term.method == "output":
        return program.outputs
    return (each for s in program.steps.values() for each in (s.tags if term.method == "tag" else s.keys.by))


class Chosen(NamedTuple):
    """The jobs that a selection names, and those that run if they have to: with what they need, unless `alone`."""

    named: frozenset[JobKey]
    jobs: Mapping[str, Sequence[int]]
    alone: bool


def choose(selection: Selection, graph: Graph, program: Program, decide: Callable[[], Decisions]) -> Chosen | None:
    """The jobs of a selection; None where all outputs are meant.

    `decide` says what would become of all jobs, and is asked where it counts. Raises `CompileError` for a key that no
    job has.
    """
    given = (selection.named, selection.start, selection.until, selection.only)
    if not any(given):
        return None
    jobs = Jobs(graph, program, decide)
    kinds = [
        jobs.of(selection.named),
        jobs.below(jobs.of(selection.start)),
        jobs.above(jobs.of(selection.until)),
        jobs.of(selection.only),
    ]
    named = frozenset.intersection(*(frozenset(found) for found, asked in zip(kinds, given, strict=True) if asked))
    alone = bool(selection.only)
    return Chosen(named, in_order(graph, named if alone else jobs.above(named)), alone)


def with_needed(graph: Graph, jobs: Collection[JobKey]) -> dict[str, list[int]]:
    """Jobs with all that they need, by family."""
    return in_order(graph, _closure(jobs, Expansion(graph).needs))


def in_order(graph: Graph, jobs: Iterable[JobKey]) -> dict[str, list[int]]:
    """Jobs by family, each family after those that it needs."""
    grouped: dict[str, list[int]] = {}
    for name, number in sorted(jobs):
        grouped.setdefault(name, []).append(number)
    return {name: grouped[name] for name in graph.downwards() if name in grouped}


class Jobs:
    """The jobs of a graph, as selectors see them."""

    def __init__(self, graph: Graph, program: Program, decide: Callable[[], Decisions]) -> None:
        self._graph, self._program, self._decide = graph, program, decide
        self._expansion = Expansion(graph)

    def of(self, selectors: Iterable[Selector]) -> set[JobKey]:
        """The jobs that any of the selectors names."""
        found: set[JobKey] = set()
        for selector in selectors:
            found |= set.intersection(*(self._term(term) for term in selector.terms))
        return found

    def above(self, jobs: Collection[JobKey]) -> set[JobKey]:
        """Jobs with all that they need."""
        return _closure(jobs, self._expansion.needs)

    def below(self, jobs: Collection[JobKey]) -> set[JobKey]:
        """Jobs with all that needs them."""
        return _closure(jobs, self._followers.__getitem__)

    @cached_property
    def _followers(self) -> dict[str, list[tuple[str, Callable[[int], Iterable[int]]]]]:
        """For each family those that need it, with a function from an instance to the instances that need it there."""
        found: dict[str, list[tuple[str, Callable[[int], Iterable[int]]]]] = {n: [] for n in self._graph.families}
        for name, family in self._graph.families.items():
            for source, instances in self._expansion.needs(name):
                after: defaultdict[int, list[int]] = defaultdict(list)
                for number in range(len(family.keys)):
                    for each in instances(number):
                        after[each].append(number)
                found[source].append((name, after.__getitem__))
        return found

    def _term(self, term: Term) -> set[JobKey]:
        found = set(self._named(term))
        if term.method == "key" and not found:
            values = {key for _, _, keys in self._keyed() for name, key in keys.items() if name == term.key}
            hint = did_you_mean(term.value, values, what=f"values of `{term.key}`")
            message = f"`{term.text}` selects nothing: no job that is needed has `{term.key}` {term.value}"
            raise CompileError([NO_SELECTOR.at(None, message, help=hint)])
        if term.above:
            found |= self.above(found)
        if term.below:
            found |= self.below(found)
        return found

    def _named(self, term: Term) -> Iterator[JobKey]:
        """The jobs that a term names, without what it adds above and below."""
        if term.method == "state":
            yield from self._by_state(term.value)
        elif term.method == "key":
            yield from ((f.name, n) for f, n, keys in self._keyed() if term.key in keys and term.fits(keys[term.key]))
        else:
            outputs = [o for o in self._graph.outputs if term.method in ("", "output") and term.fits(o)]
            for output in outputs:
                yield from self._makers(output)
            if term.value not in outputs:
                steps = set(_steps(term, self._program))
                yield from (job for job, step in self._stepped() if step in steps)

    def _by_state(self, state: str) -> Iterator[JobKey]:
        for made, number in self._decide().jobs():
            reason = made.reasons[number]
            new = reason is not None and reason.why in NEVER_DONE
            if made.verdicts[number] is Verdict.RUN and (new or state == "modified"):
                yield made.task.name, number

    def _makers(self, output: str) -> Iterator[JobKey]:
        """The jobs that write an output of the pipeline."""
        for step, instances in feeds(self._graph.outputs[output], UNIT, self._expansion.evaluator):
            yield from ((step, number) for number in instances(0))

    def _stepped(self) -> Iterator[tuple[JobKey, str]]:
        """Each job with its step."""
        for name, family in self._graph.families.items():
            if not family.origins:
                yield from (((name, number), name) for number in range(len(family.keys)))
            else:
                yield from (((name, n), family.origin(n)[0].step) for n in range(len(family.keys)))

    def _keyed(self) -> Iterator[tuple[Family, int, Mapping[str, str]]]:
        """Each job with its keys, as the spec has them."""
        for family in self._graph.families.values():
            by = family.keys.by
            for number in range(len(family.keys)):
                key = family.origin(number)[1]
                yield family, number, dict(zip(by[len(by) - len(key) :], key, strict=True))


_Needs = Sequence[tuple[str, Callable[[int], Iterable[int]]]]


def _closure(jobs: Iterable[JobKey], steps: Callable[[str], _Needs]) -> set[JobKey]:
    """Jobs, and all that `steps` lead to from them."""
    found = set(jobs)
    pending = list(found)
    while pending:
        name, number = pending.pop()
        for other, instances in steps(name):
            new = {(other, each) for each in instances(number)} - found
            found |= new
            pending += new
    return found
