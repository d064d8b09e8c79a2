"""Selectors on random pipelines: they name the jobs that a plain search through the jobs' `after` finds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import event, given
from hypothesis import strategies as st

from sncompile.api import CompileOptions, check, compile_program
from sncompile.ir.jobs.expansion import Job, job_id, jobs
from sncompile.runner.selection.selection import Asked, Selection, choose
from sncompile.state.decisions import Decisions
from sncompile.testing import Spec, write_spec

from .test_passes import SPECS, varied


def above(found: dict[str, Job], named: Iterable[str]) -> set[str]:
    """Jobs with all that they come after."""
    seen: set[str] = set()
    pending = list(named)
    while pending:
        here = pending.pop()
        if here not in seen:
            seen.add(here)
            pending += found[here].after
    return seen


def below(found: dict[str, Job], named: Iterable[str]) -> set[str]:
    """Jobs with all that come after them."""
    named = set(named)
    return {job for job in found if above(found, [job]) & named}


def never() -> Decisions:
    """What no state is asked for does not need to know."""
    raise AssertionError


@varied
@given(SPECS, st.sampled_from([0, 1, 2]), st.data())
def test_selections_are_those_of_the_jobs(spec: Spec, level: int, data: st.DataObject) -> None:
    """By step, by key, with what is above and below, by one option or several."""
    with tempfile.TemporaryDirectory() as folder:
        checked = check(write_spec(spec, Path(folder)))
        if checked.failed:
            return
        program = checked.require()
        plain = compile_program(program, CompileOptions(level=0)).graph
        every = {job.id: job for job in jobs(plain)}
        if not every:
            return
        draw = data.draw
        first, second = (every[draw(st.sampled_from(sorted(every)))] for _ in range(2))
        terms = {
            f"step:{first.step}": {job.id for job in every.values() if job.step == first.step},
            **{
                f'key:{name}="{value}"': {job.id for job in every.values() if job.key.get(name) == value}
                for name, value in second.key.items()
                if '"' not in value
            },
        }
        term, other = (draw(st.sampled_from(sorted(terms))) for _ in range(2))
        asked, named, closed = draw(
            st.sampled_from(
                [
                    (Asked(select=(term,)), terms[term], True),
                    (Asked(select=(term, other)), terms[term] | terms[other], True),
                    (Asked(only=(f"{term},{other}",)), terms[term] & terms[other], False),
                    (Asked(select=(f"+{term}",)), above(every, terms[term]), True),
                    (Asked(only=(f"{term}+",)), below(every, terms[term]), False),
                    (Asked(start=(term,)), below(every, terms[term]), True),
                    (Asked(until=(term,)), above(every, terms[term]), True),
                    (
                        Asked(start=(term,), until=(other,)),
                        below(every, terms[term]) & above(every, terms[other]),
                        True,
                    ),
                ]
            )
        )
        selection = Selection.read(asked, program)
        graph = compile_program(program, CompileOptions(level=level, keep=selection.steps(program))).graph
        # What is fused into another, or what nobody needs, is no job of its own.
        ids = {name: [job_id(family, n) for n in range(len(family.keys))] for name, family in graph.families.items()}
        there = {id for found in ids.values() for id in found}
        if any(not terms[t] & there for t in (term, other)):
            return  # What no output needs is not there to be named by its keys.
        chosen = choose(selection, graph, program, never)
        assert chosen is not None
        event(f"{len(named & there)} of {len(there)} jobs, {'some' if closed else 'none'} above")
        assert {ids[name][number] for name, number in chosen.named} == named & there
        runs = {ids[name][number] for name, numbers in chosen.jobs.items() for number in numbers}
        assert runs == (above(every, named) if closed else named) & there
