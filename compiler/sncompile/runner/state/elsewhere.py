"""Results that lie in another place: those of steps that were renamed, and those of another working folder.

A renamed step has its results under its former name. They are moved, and count as made under the new one:

    moved: [{from: align, to: map}]        results/align/A/bam.bam   ->   results/map/A/bam.bam

Another folder (`--defer`) is only read. What the same jobs have made there of the same is linked to:

    run --defer /ci/main                   results/map/A/bam.bam     ->   /ci/main/results/map/A/bam.bam

Decision 0060.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sncompile.compilation import Compilation, Former
from sncompile.diagnostics import CompileError
from sncompile.diagnostics.system_errors import cannot_write, remedy
from sncompile.faults import runs as faults
from sncompile.ir.graph.model import Family, Graph
from sncompile.lowering.model import Lowered
from sncompile.runner.files.job_files import effect_marks
from sncompile.runner.files.run_files import RunFiles, files_of
from sncompile.state.decisions import Decisions, Elsewhere, Finder, TaskDecisions, decide
from sncompile.state.log import Log
from sncompile.state.places import Places
from sncompile.state.store import Made, State, folder_of, job_rows, made_row, open_log, read_state
from sncompile.state.versions import ABSENT, Hashing


def finders_for(
    made: Compilation, states: Mapping[str, State], hashing: Hashing, others: Mapping[str, State]
) -> list[Finder]:
    """What finds results of jobs elsewhere; `others` are the states of a folder that is read, by the roots here."""
    found = [_former(each, made.jobs, states, hashing) for each in made.formers]
    return [*found, _deferred(states, others)] if others else found


# --- Renamed steps --------------------------------------------------------------------------------------------------


def with_former(files: RunFiles, made: Compilation, working: Path) -> RunFiles:
    """The files of a run with those that lie under former names of its steps: it may take them away."""
    writes = dict(files.writes)
    for former in made.formers:
        steps = {name for name, family in former.graph.families.items() if _renamed(family, former)}
        for path, written in files_of(former.graph, working, steps, ()).writes.items():
            writes.setdefault(path, written)
    return replace(files, writes=writes, reads=files.reads - writes.keys())


def _renamed(family: Family, former: Former) -> bool:
    """Whether a family has steps that were called otherwise."""
    return any(step in former.names for step in (family.name, *(o.step for o in family.origins.values())))


def _former(former: Former, lowered: Lowered, states: Mapping[str, State], hashing: Hashing) -> Finder:
    """Finds results of steps under the names that they had."""
    graph = former.graph
    steps = {
        name: [family.origin(n)[0].step for n in range(len(family.keys))] for name, family in graph.families.items()
    }
    wanted = {
        name: numbers
        for name, held in steps.items()
        if (numbers := [number for number, step in enumerate(held) if step in former.names])
    }
    effects = {
        name: effect_marks(graph, graph.families[name], former.names)
        for name in wanted
        if not graph.families[name].outputs
    }
    then = decide(former.jobs, Places(former.jobs.roots, former.jobs.folder), states, wanted, effects, hashing=hashing)
    jobs = {
        then.tasks[name].task.ids[number]: (then.tasks[name], number, former.names[steps[name][number]])
        for name, numbers in wanted.items()
        for number in numbers
    }

    def find(made: TaskDecisions, number: int) -> Iterable[Elsewhere]:
        found = jobs.get(made.task.ids[number])
        if found is None:
            return ()
        before, old, whose = found
        done = before.before[old]
        if done is None or done.digest != before.digests[old] or before.outputs[old] == made.outputs[number] != ():
            return ()
        if any(path not in made.outputs[number] and _is_written(path, lowered) for path in before.outputs[old]):
            return ()
        mark = os.path.join(states[before.roots[old]].start, before.keys[old])
        return (Elsewhere(done, before.outputs[old], mark, f"`{whose}`", True),)

    return find


def _is_written(path: str, lowered: Lowered) -> bool:
    """Whether a job of today writes an absolute path."""
    near = os.path.relpath(path, os.path.abspath(lowered.folder))
    return lowered.writer(path) is not None or lowered.writer(near) is not None


# --- Another folder -------------------------------------------------------------------------------------------------


def states_elsewhere(graph: Graph, states: Mapping[str, State], folder: Path) -> dict[str, State]:
    """The states in another folder, by the roots here that they stand for.

    The folder is one to which results are written, as the workspace is here, or a working folder. Raises `CompileError`
    where there is no state.
    """
    working = os.path.abspath(graph.folder)
    there = os.path.abspath(folder)
    if folder_of(there).is_dir():
        pairs = [(graph.workspace, there)]
    else:
        named = (graph.workspace, ".", *graph.roots.values())
        pairs = [(root, os.path.normpath(os.path.join(there, root))) for root in named if not os.path.isabs(root)]
    found: dict[str, State] = {}
    for root, other in pairs:
        here = os.path.realpath(os.path.normpath(os.path.join(working, root)))
        real = os.path.realpath(other)
        if here in states and here not in found and real != here and folder_of(real).is_dir():
            found[here] = read_state(real, other)
    if not found:
        message = f"`{folder}` holds no results that a run has made"
        if any(os.path.realpath(other) in states for _, other in pairs):
            message = f"`{folder}` is where this pipeline itself writes"
        help = "name a folder that results are written to (it holds `.sncompile/state`), or a working folder with such"
        raise CompileError([faults.NOT_DEFERRED.at(None, message, help=help)])
    return found


def _deferred(states: Mapping[str, State], others: Mapping[str, State]) -> Finder:
    """Finds results of the same jobs in another folder."""
    starts = [(states[root].start, other.start) for root, other in others.items()]

    def there(path: str) -> str | None:
        return next((other + path[len(start) :] for start, other in starts if path.startswith(start)), None)

    def find(made: TaskDecisions, number: int) -> Iterable[Elsewhere]:
        root, key = made.roots[number], made.keys[number]
        other = others.get(root)
        done = other.jobs.get(key) if other is not None else None
        if other is None or done is None or done.digest != made.digests[number]:
            return ()
        places = tuple(map(there, made.outputs[number]))
        if None in places:
            return ()
        outputs = tuple([place for place in places if place is not None])
        return (Elsewhere(done, outputs, other.start + key, f"`{other.start.rstrip('/')}`", False),)

    return find


# --- Into their places ----------------------------------------------------------------------------------------------


def bring(decisions: Decisions, states: Mapping[str, State], logs: Mapping[str, tuple[Path, int]]) -> None:
    """Put results that lie elsewhere into their places, and write down of each job how they were made.

    Raises `CompileError` where that cannot be done; what was done by then is known.
    """
    opened: dict[str, Log] = {}
    kept: dict[str, set[str]] = {}
    try:
        for (name, number), results in decisions.brought.items():
            made = decisions.tasks[name]
            root, key = made.roots[number], made.keys[number]
            if root not in opened:
                opened[root] = open_log(*logs[root])
            _bring_all(made.outputs[number], results, states, Path(states[root].start, key))
            done = results.done._replace(digest=made.digests[number])
            states[root].jobs[key] = done
            rows = list(job_rows({key: done}, kept.setdefault(root, set())))
            if results.moves and (pipeline := _owner(results, states)) is not None:
                owner = Made(pipeline, tuple(map(states[root].name, made.outputs[number])))
                states[root].made[key] = owner
                rows.append(made_row({key: owner}))
            # A run that is killed here has lost no more than the job that it was at.
            opened[root].write(rows)
    except OSError as error:
        place = str(error.filename2 or error.filename or "")
        message = cannot_write(error, place)
        raise CompileError([faults.NO_MARKS.at(None, message, help=remedy(error, "look at it"))]) from None
    finally:
        for log in opened.values():
            log.close()


def _owner(results: Elsewhere, states: Mapping[str, State]) -> str | None:
    """The pipeline of which a run is known to have made results, as their former name has it."""
    owners = (state.made.get(state.name(results.mark)) for state in states.values())
    return next((owner.pipeline for owner in owners if owner is not None), None)


def _bring_all(outputs: Sequence[str], results: Elsewhere, states: Mapping[str, State], mark: Path) -> None:
    """Put a job's results into their places; a job without any has a mark there. Raises `OSError`."""
    for here, place, version in zip(outputs, results.outputs, results.done.outputs, strict=True):
        if here != place and os.path.lexists(place):
            _bring(place, here, moves=results.moves)
        elif here != place and version == ABSENT:
            _clear(here)  # An output that need not be written, and was not.
        if results.moves:
            remove_empty(os.path.dirname(place), states)
    if not results.outputs:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        if results.moves:
            Path(results.mark).unlink(missing_ok=True)
            remove_empty(os.path.dirname(results.mark), states)


def _bring(place: str, here: str, *, moves: bool) -> None:
    """Move a result to its place, or link to it from there; what stood there is out of date. Raises `OSError`."""
    _clear(here)
    os.makedirs(os.path.dirname(here), exist_ok=True)
    if moves:
        shutil.move(place, here)
    else:
        os.symlink(os.path.realpath(place), here)


def _clear(here: str) -> None:
    """Remove what stands in a place. Raises `OSError`."""
    if os.path.isdir(here) and not os.path.islink(here):
        shutil.rmtree(here)
    else:
        Path(here).unlink(missing_ok=True)


def remove_empty(folder: str, states: Mapping[str, State]) -> None:
    """Remove a folder that has become empty, and those around it inside of the roots."""
    starts = [state.start for state in states.values()]
    with contextlib.suppress(OSError):
        while any(folder.startswith(start) for start in starts):
            os.rmdir(folder)
            folder = os.path.dirname(folder)
