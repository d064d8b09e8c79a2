"""Which jobs run, and where each of their files comes from.

An engine such as Snakemake finds out by itself which jobs an output needs. A CWL engine runs all that it is given, so
it is given only these.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sncompile.lowering.model import JobRef, Lowered, Task, Written, above
from sncompile.targets.cwl.places import Places


class Source(NamedTuple):
    """A file that a job reads: its path as the job knows it and as the pipeline does, and who writes it, if a job."""

    path: str
    original: str
    made: Written | None


class Plan:
    """The jobs of a pipeline that run, and the places of their files."""

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.places = Places(path for task in lowered.tasks.values() for path in task.all_paths())
        wanted = lowered.wanted
        self.numbers = {name: list(wanted[name]) for name in lowered.written if name in wanted}
        """The instances that run, by task; tasks of which none does are left out."""

    def written(self, task: str, port: str, number: int) -> tuple[str, ...]:
        """The paths of an output of a job."""
        return self.lowered.tasks[task].outputs[port].paths[number]

    def source(self, path: str) -> Source:
        """A file by its path."""
        return Source(self.places.of(path), path, self.lowered.writer(path))

    def sources(self, task: Task, port: str, number: int) -> tuple[Source, ...] | None:
        """What an input of a job takes; None where it is absent. What a folder of another job holds is not among it."""
        found = task.inputs[port].paths[number]
        return None if found is None else tuple(self.source(p) for p in found if not self._lies_about(p, task, port))

    def _lies_about(self, path: str, task: Task, port: str) -> bool:
        """Whether a path that a value gives is none that a job writes, but is made from such and inside or around."""
        made = task.inputs[port].makers and self.lowered.writer(path) is None
        return bool(made) and self.lowered.lies_about(path)

    # --- Files that no port names -------------------------------------------------------------------------------

    def passed_on(self, task: Task) -> dict[tuple[str, str], list[tuple[Source, ...]]]:
        """Files that must be there although they are no value of a port: by the output that they are, for every
        instance. Parameters and settings are made from their paths, or a port's path lies inside or around them."""
        found: dict[tuple[str, str], list[dict[Source, None]]] = {}
        for number in range(len(task)):
            for source in (*self._taken(task, number), *self._held(task, number)):
                if source.made is not None:
                    output = (source.made.job.task, source.made.port)
                    column = found.setdefault(output, [{} for _ in range(len(task))])
                    column[number].setdefault(source)
        return {output: [tuple(sources) for sources in column] for output, column in found.items()}

    def _taken(self, task: Task, number: int) -> Iterator[Source]:
        """The files of the outputs that a parameter or setting names, of the jobs that feed it."""
        for made in task.taken[number]:
            yield from map(self.source, self.written(made.job.task, made.port, made.job.number))

    def _held(self, task: Task, number: int) -> Iterator[Source]:
        """The outputs that the path of a port lies in, or that lie in it."""
        for name, port in task.inputs.items():
            for path in port.paths[number] or ():
                if not self._lies_about(path, task, name):
                    continue
                folders = above(posixpath.normpath(path))
                yield from (self.source(folder) for folder in folders if self.lowered.writer(folder))
                for job in port.sources[number]:
                    outputs = self.lowered.tasks[job.task].outputs.values()
                    below = [p for output in outputs for p in output.paths[job.number]]
                    yield from (self.source(p) for p in below if posixpath.normpath(path) in above(p))

    def waits(self, task: Task, number: int) -> Sequence[JobRef]:
        """The jobs that a job waits for even if it takes no file of theirs: those of `after`, and those that the path
        of an input is computed from."""
        computed = [job for port in task.inputs.values() if port.computed for job in port.sources[number]]
        return (*task.ordered[number], *computed)

    def waited_for(self, task: Task) -> dict[str, None]:
        """The tasks that jobs of a task wait for so, in order."""
        return dict.fromkeys(job.task for number in range(len(task)) for job in self.waits(task, number))
