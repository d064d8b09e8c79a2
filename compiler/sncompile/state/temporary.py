"""When temporary outputs go.

An output that is `temp` goes once all that read it are done. An engine knows only the jobs of one run, and the readers
of a file may be jobs of several:

    run --select count     align A01, count A01     align's output stays: plot A01 still reads it
    run                    plot A01                 now it goes

An output that was asked for by name stays, too, until a run that did not ask for it. That an output waits to be
deleted is noted in the state: what a run did not put off, such as what lay there before it was `temp`, is left alone.
And a run deletes only what it has claimed: another one may read anything else.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from sncompile.lowering.model import JobRef, Lowered
from sncompile.state.decisions import Decisions, TaskDecisions, Verdict
from sncompile.state.store import State


class Temporary(NamedTuple):
    """A temporary output that may be there when a run has ended.

    `path` is absolute; `root` and `key` are what the state knows its job by. It is `kept` where it was asked for, a
    job that is left out of the run still reads it, or it is not the run's to delete. Otherwise it goes once the jobs
    `after` have ended well: those of the run that read it, and the one that makes it.
    """

    path: str
    root: str
    key: str
    kept: bool
    after: tuple[JobRef, ...]


def has_temporary(lowered: Lowered) -> bool:
    """Whether any output is temporary."""
    return any(port.temp for task in lowered.tasks.values() for port in task.outputs.values())


def temporary_outputs(
    decisions: Decisions, every: Decisions, states: Mapping[str, State], asked: Collection[str],
    claimed: Callable[[str], bool] = lambda path: True,
) -> Iterator[Temporary]:  # fmt: skip
    """The temporary outputs that a run makes, has to keep, or may delete at its end.

    `every` are the decisions about all jobs, those among them that the run leaves out. `asked` are the files, absolute,
    that somebody asked for; those that are `claimed` are written by no other run, and read by none.
    """
    part = {name: frozenset(numbers) for name, numbers in decisions.wanted.items()}
    readers = _readers(every)

    def takes_part(job: JobRef) -> bool:
        return job.number in part.get(job.task, ())

    def busy(job: JobRef) -> bool:
        return takes_part(job) and decisions.tasks[job.task].verdicts[job.number] is not Verdict.STAYS

    for made, number, paths in _temporary(every):
        root, key = made.roots[number], made.keys[number]
        own = JobRef(made.task.name, number)
        for path in paths:
            reading = readers.get(path, ())
            left = any(every.tasks[job.task].verdicts[job.number] for job in reading if not takes_part(job))
            after = tuple(job for job in (own, *reading) if busy(job))
            mine = claimed(path)
            if not (mine or after):
                continue
            kept = left or path in asked or not mine
            if kept or busy(own) or key in states[root].put_off:
                yield Temporary(path, root, key, kept, after)


def _temporary(every: Decisions) -> Iterator[tuple[TaskDecisions, int, tuple[str, ...]]]:
    """Each job that has temporary outputs, with their absolute paths."""
    for made in every.tasks.values():
        ports = [output for _, output in sorted(made.task.outputs.items())]
        if not any(port.temp for port in ports):
            continue
        for number in every.wanted[made.task.name]:
            temp = (port.temp for port in ports for _ in port.paths[number])
            yield made, number, tuple(compress(made.outputs[number], temp))


def _readers(every: Decisions) -> Mapping[str, Sequence[JobRef]]:
    """For each temporary output the jobs that read it."""
    temp = {path for _, _, paths in _temporary(every) for path in paths}
    found: defaultdict[str, list[JobRef]] = defaultdict(list)
    for made in every.tasks.values() if temp else ():
        for number in every.wanted[made.task.name]:
            for path in temp.intersection(made.inputs[number]):
                found[path].append(JobRef(made.task.name, number))
    return found


def absolute(paths: Collection[str], folder: str) -> frozenset[str]:
    """Paths as jobs in a working folder have them, absolute and without `.` and `..`."""
    start = os.path.abspath(folder)
    return frozenset(os.path.normpath(os.path.join(start, path)) for path in paths)
