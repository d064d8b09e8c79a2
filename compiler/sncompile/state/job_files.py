"""The files of jobs as absolute paths, what jobs are known by, and the written root that these belong to.

With the working folder `/data` and the written root `/data/results`,

    job       its output                  known by          of the root
    blur A    results/blur/A/out.tif      blur/A/out.tif    /data/results

A job that writes nothing is known by its mark.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from sncompile.ir.language.locations import all_below, is_url
from sncompile.lowering.model import Lowered, Task
from sncompile.state.store import State


class JobFiles:
    """The files of a pipeline's jobs. `states` are those of all written roots, the first one has what lies in none of
    them; `marks` has the mark of each job of the tasks that write nothing."""

    def __init__(self, lowered: Lowered, states: Mapping[str, State], marks: Mapping[str, Sequence[str]]) -> None:
        self._lowered, self._states, self._marks = lowered, states, marks
        self._working = os.path.abspath(lowered.folder)
        self._roots = list(states)
        self._starts = sorted(((r, state.start) for r, state in states.items()), key=lambda each: -len(each[1]))
        self._lists: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def absolute(
        self, columns: Sequence[Sequence[tuple[str, ...] | None]], size: int,
        more: Sequence[Sequence[tuple[str, ...]]] = (),
    ) -> list[tuple[str, ...]]:  # fmt: skip
        """For each job the absolute paths of some ports, one after the other."""
        if not columns and not more:
            return [()] * size
        place = self._place

        def placed(paths: tuple[str, ...] | None) -> tuple[str, ...]:
            if not paths:
                return ()
            if len(paths) == 1:
                return (place(paths[0]),)
            # A list that many jobs share is one object; it is kept here, so that no other one is taken for it.
            known = self._lists.get(id(paths))
            if known is None:
                made = tuple(map(place, paths))
                known = self._lists[id(paths)] = (paths, made)
            return known[1]

        every = [*columns, *more]
        if len(every) == 1:
            # Most ports have one path, and it lies below the working folder.
            ones = [paths[0] for paths in every[0] if paths and len(paths) == 1]
            if len(ones) == size and all_below(ones):
                start = f"{self._working}/"
                return [(start + path,) for path in ones]
            return [(place(paths[0]),) if paths and len(paths) == 1 else placed(paths) for paths in every[0]]
        return [tuple([p for paths in each for p in placed(paths)]) for each in zip(*every, strict=True)]

    def parameters(self, task: Task) -> list[list[tuple[str, ...]]]:
        """For each job what it reads beside its ports: the paths of parameters, and outputs that its settings name.

        Whether a path counts must not hang on whether it is there. A folder in which results lie, or that lies around
        the working folder, is a place and not what a job reads there.
        """
        known: dict[str, bool] = {}

        def counts(path: str) -> bool:
            if path not in known:
                around = f"{self._working}/".startswith(f"{self._place(path).rstrip('/')}/")
                results = self._lowered.holds_outputs(path) and self._lowered.writer(path) is None
                known[path] = not (around or results)
            return known[path]

        found = [
            [tuple([path for path in paths if counts(path)]) for paths in parameter.paths]
            for _, parameter in sorted(task.parameters.items())
        ]
        if any(task.taken):
            tasks = self._lowered.tasks
            found.append(
                [
                    tuple([p for each in taken for p in tasks[each.job.task].outputs[each.port].paths[each.job.number]])
                    for taken in task.taken
                ]
            )
        return found

    def firsts(self, task: Task, size: int, outputs: Sequence[tuple[str, ...]] = ()) -> list[str]:
        """What each job is known by: the first file that it writes, its mark, or if need be its name.

        `outputs` are the absolute paths of all that it writes, by the names of ports, where they are known already.
        """
        marks, place = self._marks.get(task.name), self._place
        column = next(iter(task.outputs.values())).paths if task.outputs else ()
        if column and all(column):
            if outputs and next(iter(task.outputs)) == min(task.outputs):
                return [paths[0] for paths in outputs]
            return [place(paths[0]) for paths in column]
        found = []
        for number in range(size):
            first = next((paths[0] for o in task.outputs.values() if (paths := o.paths[number])), None)
            if first is None:
                first = marks[number] if marks is not None else f".sncompile/{task.ids[number]}"
            found.append(place(first))
        return found

    def _place(self, path: str) -> str:
        # Most paths are below the working folder, in normal form; there may be millions.
        if path[:1] not in "/." and ":" not in path and "/." not in path and "//" not in path:
            return f"{self._working}/{path}"
        if is_url(path):
            return path
        return _normal(f"{self._working}/{path}" if path[:1] != "/" else path)

    def home(self, path: str) -> tuple[str, str]:
        """The root that a file belongs to, and what it is called there."""
        for root, start in self._starts:
            if path.startswith(start):
                return root, path[len(start) :]
        root = self._roots[0]
        return root, path if is_url(path) else self._states[root].name(path)

    def homes(self, paths: Sequence[str]) -> tuple[list[str], list[str]]:
        """The root that each of some files belongs to, and what it is called there."""
        if paths:
            (root, start), first, last = self._starts[0], min(paths), max(paths)
            # Between two texts that begin alike there are only such as begin so, too.
            if first.startswith(start) and last.startswith(start):
                cut = len(start)
                return [root] * len(paths), [path[cut:] for path in paths]
        found = [self.home(path) for path in paths]
        return [root for root, _ in found], [key for _, key in found]

    def temporary(self, task: Task) -> frozenset[str]:
        """The temporary outputs of a task, absolute."""
        ports = [port for port in task.outputs.values() if port.temp]
        return frozenset(self._place(path) for port in ports for paths in port.paths for path in paths)


def _normal(path: str) -> str:
    """A path without `.` and `..`."""
    return os.path.normpath(path) if "/." in path or "//" in path else path
