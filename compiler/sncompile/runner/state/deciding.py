"""What has to run of a pipeline, by the states of the roots that it writes to."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from sncompile.compilation import Compilation
from sncompile.ir.graph.model import Graph
from sncompile.ir.language.locations import is_url
from sncompile.lowering.model import Lowered
from sncompile.remote.servers import Servers
from sncompile.runner.files.claims import at_work, half_written
from sncompile.runner.files.job_files import effect_marks
from sncompile.runner.state.elsewhere import finders_for, states_elsewhere
from sncompile.state.decisions import NEVER_DONE, Decisions, Finder, TaskDecisions, decide, temporary_flags
from sncompile.state.log import Row
from sncompile.state.places import Places
from sncompile.state.store import Done, State, job_rows, open_log, read_state, stamp_rows, stamps_of, unreadable
from sncompile.state.versions import Hashing, Looker
from sncompile.uncollected import uncollected


def written_roots(graph: Graph) -> dict[str, str]:
    """Each root that jobs may write to, as it is spelled, by its real path: workspace, working folder, data roots."""
    working = os.path.abspath(graph.folder)
    found: dict[str, str] = {}
    for root in (graph.workspace, ".", *graph.roots.values()):
        if not is_url(root):
            spelled = os.path.normpath(os.path.join(working, root))
            found.setdefault(os.path.realpath(spelled), spelled)
    return found


@uncollected()
def states_of(graph: Graph) -> dict[str, State]:
    """What is known in each root that jobs may write to, by its real path."""
    return {real: read_state(real, spelled) for real, spelled in written_roots(graph).items()}


@uncollected()
def decisions_of(
    graph: Graph,
    lowered: Lowered,
    states: Mapping[str, State],
    *,
    wanted: Mapping[str, Sequence[int]] | None = None,
    hashing: Hashing = Hashing.SMALL,
    half: Collection[str] = (),
    asked: Callable[[str, int], bool] | None = None,
    finders: Sequence[Finder] = (),
    servers: Servers | None = None,
) -> Decisions:
    """What becomes of each job; of those that are `wanted`, by task, if not of all that the outputs need."""
    effects = {name: effect_marks(graph, family) for name, family in graph.families.items() if not family.outputs}
    return decide(
        lowered,
        Places(lowered.roots, lowered.folder),
        states,
        lowered.wanted if wanted is None else wanted,
        effects,
        hashing=hashing,
        half=half,
        asked=asked,
        finders=finders,
        servers=servers,
    )


def decisions_for(
    made: Compilation,
    hashing: Hashing = Hashing.SMALL,
    wanted: Mapping[str, Sequence[int]] | None = None,
    defer: Path | None = None,
) -> Decisions:
    """What becomes of each job by what is there; of those that are `wanted`, if not of all that the outputs need.

    Results of the same jobs in the folder `defer` are as good as those here. Raises `CompileError` where it has none.
    """
    graph = made.graph
    states = states_of(graph)
    half = {path.replace(f"{root}/", states[root].start, 1) for root in states for path in half_written(root)}
    others = states_elsewhere(graph, states, defer) if defer is not None else {}
    finders = finders_for(made, states, hashing, others)
    return decisions_of(graph, made.jobs, states, hashing=hashing, half=half, wanted=wanted, finders=finders)


def every_job(lowered: Lowered) -> dict[str, Sequence[int]]:
    """All jobs by task, whether an output needs them or not."""
    return {name: range(len(task)) for name, task in lowered.tasks.items()}


def runs_at_work(graph: Graph) -> list[str]:
    """The runs that write to where a pipeline writes, in words."""
    return list(dict.fromkeys(owner.told for root in written_roots(graph) for owner in at_work(root)))


def unread_states(graph: Graph) -> list[str]:
    """What nobody can tell of earlier runs, as their files may not be read, in words for who looks on."""
    found = filter(None, map(unreadable, written_roots(graph)))
    return [
        f"note: what earlier runs have noted cannot be read, and so their jobs are not known ({why})" for why in found
    ]


def unknown_results(decisions: Decisions) -> int:
    """How many jobs have all of their results there, which no run is known to have made."""
    return sum(1 for _ in _unknown(decisions))


def _unknown(decisions: Decisions) -> Iterator[tuple[TaskDecisions, int]]:
    for made, number in decisions.jobs():
        there = _there(made, number)
        if there and all(there):
            yield made, number


def _there(made: TaskDecisions, number: int) -> list[bool]:
    """Of each output of a job that no run is known to have done whether it is there; temporary ones may be gone."""
    reason = made.reasons[number]
    if reason is None or reason.why not in NEVER_DONE:
        return []
    temp = temporary_flags(made.task, number)
    found = [(os.path.lexists(path), gone) for path, gone in zip(made.outputs[number], temp, strict=True)]
    return [there for there, gone in found if there or not gone]


def _deleted(decisions: Decisions, found: Collection[tuple[str, int]]) -> Iterator[tuple[TaskDecisions, int]]:
    """The jobs all of whose outputs were temporary and have been deleted since those that read them were done: `found`
    are jobs whose results are there."""
    done = set(found)
    read = {path for name, number in done for path in decisions.tasks[name].inputs[number]}
    for made in reversed(list(decisions.tasks.values())):
        temp = any(port.temp for port in made.task.outputs.values())
        for number in reversed(decisions.wanted[made.task.name]) if temp else ():
            reason, outputs = made.reasons[number], made.outputs[number]
            unknown = reason is not None and reason.why in NEVER_DONE and (made.task.name, number) not in done
            if unknown and not _there(made, number) and not read.isdisjoint(outputs):
                read.update(made.inputs[number])
                yield made, number


def adopt(
    decisions: Decisions, states: Mapping[str, State], logs: Mapping[str, tuple[Path, int]], hashing: Hashing
) -> None:
    """Take what is there and was made by no run that is known as made by today's jobs.

    So are temporary outputs that what is there was made of: they are gone, and nobody knows what they held. Raises
    `OSError` where that cannot be written down.
    """
    looker = Looker(stamps_of(states), hashing, servers=decisions.looker.servers)
    jobs: dict[str, dict[str, Done]] = {}
    there = list(_unknown(decisions))
    for made, number in (*there, *_deleted(decisions, [(each.task.name, n) for each, n in there])):
        root, key = made.roots[number], made.keys[number]
        inputs = tuple([looker.version(path) for path in made.inputs[number]])
        outputs = tuple([looker.version(path) for path in made.outputs[number]])
        states[root].jobs[key] = done = Done(made.digests[number], inputs, outputs, 0.0, 0.0)
        jobs.setdefault(root, {})[key] = done
    found: dict[str, list[Row]] = {root: list(job_rows(each, set())) for root, each in jobs.items()}
    if found:
        first = states[next(iter(found))]
        found[first.root] += stamp_rows(first, looker.take_learned())
    for root, rows in found.items():
        log = open_log(*logs[root])
        log.write(rows)
        log.close()
