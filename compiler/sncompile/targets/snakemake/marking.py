"""Tasks whose outputs have no name in common.

Snakemake finds a job by the wildcards of the path that is asked for, so all outputs of a rule must hold the same ones.
Where the paths of a task vary each in its own way, its rule has a mark as its output,
`results/STEP/.sncompile/done/KEY.done`, where no output may be; the paths themselves are parameters. The job makes room
for them and is done only when all of them are there; who reads from it waits for the mark.

So the ports of such a task, and those that read from it, are no files of Snakemake's: words that name them are spelled
out.

Decision 0014.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol

from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import below, encode_key
from sncompile.ir.language.locations import workspace_here
from sncompile.lowering.files import (
    Computed,
    Either,
    Files,
    Joined,
    Listed,
    OutputOf,
    PathPiece,
    Seen,
    Traced,
    listed_cell,
    seen,
)
from sncompile.lowering.lazy import Lazy
from sncompile.lowering.model import Lowered, NamedPort, Task
from sncompile.lowering.pieces import Constant, Key, Plain
from sncompile.targets.snakemake.names import ending

MARKER = ".done"

Paths = Callable[[int], tuple[Plain, ...]]
"""From an instance to paths."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Which tasks are known by a mark, which of these are batches, and the ports of any task whose paths Snakemake does
    not hold."""

    tasks: frozenset[str] = frozenset()
    batched: frozenset[str] = frozenset()
    ports: frozenset[NamedPort] = frozenset()

    def spelled_out(self, task: str, space: str, port: str) -> bool:
        """Whether words that name a port are spelled out."""
        return NamedPort(task, space, port) in self.ports

    def waits(self, files: Files) -> bool:
        """Whether files come from a task that is known by its mark."""
        return not self.tasks.isdisjoint(files.tasks)


def ports_without_files(lowered: Lowered, marked: Collection[str], batched: Collection[str]) -> list[NamedPort]:
    """The ports whose paths Snakemake does not hold: those of marked tasks, and those that read from such."""
    marks = Marks(frozenset(marked))
    found: list[NamedPort] = []
    for name, task in lowered.tasks.items():
        if name in batched:
            continue  # Its script has all paths.
        found += [
            NamedPort(name, "inputs", port)
            for port, each in task.inputs.items()
            if marks.waits(each.files) and not each.may_lack  # Its words look for the files themselves.
        ]
        if name in marks.tasks:
            found += [NamedPort(name, "outputs", port) for port in task.outputs]
    return found


# --- Marks ----------------------------------------------------------------------------------------------------------


def mark_files(workspace: str, task: Task) -> Files:
    """The marks of a task, at its own jobs."""
    keys = task.key_set
    pieces: list[PathPiece] = [Constant(mark_start(workspace, task.name, keys))]
    for key in keys.by:
        pieces += [Constant("/"), Key(key, True, keys)]
    pieces.append(Constant(mark_ending(keys)))
    cells = Lazy(len(task), lambda: list(map(_mark_of(workspace, task.name, keys), range(len(task)))))
    return Files(cells, False, False, tuple(pieces), Joined(()), frozenset(), task.span)


def mark_start(workspace: str, name: str, keys: KeySet) -> str:
    """What the marks of a task begin with: the folder of its keys, or all but the ending.

    They lie with the results of the step, so that who deletes these has its jobs done again; on this machine always.
    """
    folder = workspace_here(workspace)
    return below(folder, f"{name}/{OWN_FOLDER}/done" if keys.by else f"{OWN_FOLDER}/done/{name}")


def mark_ending(keys: KeySet) -> str:
    """What stands after the last key of a mark."""
    return ending(map(encode_key, set(keys.column(keys.by[-1]))), MARKER) if keys.by else MARKER


def _mark_of(workspace: str, name: str, keys: KeySet) -> Callable[[int], str]:
    start, instances, end = mark_start(workspace, name, keys), keys.instances, mark_ending(keys)
    return lambda number: "/".join((start, *map(encode_key, instances[number]))) + end


def step_mark(workspace: str, step: str, key: Collection[str], last: Collection[str]) -> str:
    """The mark of a job of a step, as it is where the step has a rule of its own; `last` are all of its last keys."""
    start = below(workspace, f"{step}/{OWN_FOLDER}/done" if key else f"{OWN_FOLDER}/done/{step}")
    return "/".join((start, *map(encode_key, key))) + (ending(map(encode_key, last), MARKER) if key else MARKER)


class _Named(Protocol):
    """A family of a graph, as far as its marks go."""

    @property
    def name(self) -> str: ...
    @property
    def keys(self) -> KeySet: ...
    @property
    def batches(self) -> tuple[int, ...]: ...


class _Placed(Protocol):
    """A graph, as far as it says where marks lie."""

    @property
    def workspace(self) -> str: ...


def marks_of(graph: _Placed, family: _Named) -> Callable[[int], str]:
    """The function from an instance of the spec to its mark, or to that of the batch that it is done in."""
    if not family.batches:
        return _mark_of(graph.workspace, family.name, family.keys)
    start = mark_start(graph.workspace, family.name, family.keys)
    batches, width = family.batches, len(str(max(family.batches) + 1))
    return lambda number: f"{start}/{str(batches[number] + 1).zfill(width)}{MARKER}"


# --- Waiting for marks ----------------------------------------------------------------------------------------------


class Waiting:
    """What Snakemake waits for where a port reads from marked tasks: their marks, and other paths as they are."""

    def __init__(self, lowered: Lowered, marks: Marks) -> None:
        self._lowered, self._marks = lowered, marks

    def by_mark(self, files: Files, at: KeySet) -> Files | None:
        """The marks alone, where one relation says all: a path that can be a pattern."""
        if not isinstance(files.form, Seen) or not isinstance(files.form.files.form, OutputOf):
            return None
        return self._marks_seen(files, at)

    def standing_for(self, files: Files, at: KeySet) -> Files:
        """What stands for the jobs of a task: an output, or its mark where the task is known by that."""
        form = files.form
        if not isinstance(form, Seen):
            return files
        source = form.files.form
        if not isinstance(source, OutputOf):
            inner = self.standing_for(form.files, form.source)
            if inner is form.files:
                return files
            found = seen(inner, form.source, form.target, at, files.span, optional=files.optional)
        elif source.task in self._marks.tasks or not self._lowered.tasks[source.task].outputs:
            found = self._marks_seen(files, at)
        else:
            return files
        return replace(found, many=files.many)

    def _marks_seen(self, files: Files, at: KeySet) -> Files:
        """The marks of a task, as those see it who would read an output of it."""
        form = files.form
        assert isinstance(form, Seen)
        assert isinstance(form.files.form, OutputOf)
        marks = mark_files(self._lowered.workspace, self._lowered.tasks[form.files.form.task])
        return seen(marks, form.source, form.target, at, files.span, optional=files.optional)

    def paths(self, files: Files, at: KeySet) -> Paths:
        """The function from an instance to the paths that it waits for, each once."""
        inner = self._paths(files, at)
        return lambda i: tuple(dict.fromkeys(inner(i)))

    def _paths(self, files: Files, at: KeySet) -> Paths:
        if not self._marks.waits(files):
            return lambda i: listed_cell(files.cells[i])
        match files.form:
            case Traced(path, sources):
                marks = self._together([source for source in sources if self._marks.waits(source)], at)
                return lambda i: marks(i) or listed_cell(path.cells[i])
            case Seen() as form:
                return self._related(form, at)
            case Listed(items):
                return self._together(items, at)
            case Either(test, then, other):
                taken, left = self._paths(then, at), self._paths(other, at)
                return lambda i: taken(i) if test[i] else left(i)
            case Joined(parts) | Computed(parts):
                # What it is made of is waited for.
                return self._together(parts, at)
        raise AssertionError(f"{files.form!r} is seen from elsewhere")

    def _together(self, parts: Collection[Files], at: KeySet) -> Paths:
        found = [self._paths(part, at) for part in parts]
        return lambda i: tuple([path for each in found for path in each(i)])

    def _related(self, form: Seen, at: KeySet) -> Paths:
        source = form.files.form
        if isinstance(source, OutputOf):
            marks = mark_files(self._lowered.workspace, self._lowered.tasks[source.task]).cells
            inner: Paths = lambda j: (marks[j],)  # noqa: E731
        else:
            inner = self._paths(form.files, form.source)
        related = form.target.related(form.source)
        place = at.related(form.target) if at is not form.target else None

        def found(i: int) -> tuple[Plain, ...]:
            here = place[i][0] if place is not None else i
            return tuple([path for j in related[here] for path in inner(j)])

        return found
