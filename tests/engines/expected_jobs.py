"""Which jobs of a graph each job of an emitted folder stands for: one, the instances of a batch, or none."""

from __future__ import annotations

import json
import posixpath
import subprocess
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.api import default_out
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.jobs.expansion import Expansion, Job, job_id
from sncompile.ir.language.encoding import encode_key


class Instance(NamedTuple):
    """An instance as the script of a batch has it."""

    key: str
    digest: str
    script: str
    outputs: list[str]
    inputs: list[str]


def files_of(ports: Mapping[str, Any]) -> list[str]:
    """All paths of some ports."""
    return [p for v in ports.values() if v is not None for p in (v if isinstance(v, list) else [v])]


def _tidy(paths: Iterable[str]) -> tuple[str, ...]:
    """Paths in an order, as Snakemake writes them: a slash never stands twice."""
    return tuple(sorted(posixpath.normpath(path) for path in paths))


class Expected:
    """A graph's jobs by the files by which Snakemake knows them: their outputs, or a mark.

    Which families are known by a mark, the source map says.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = default_out(graph)
        told = json.loads((self.out / "Snakefile.map.json").read_text())["rules"]
        self.families: dict[str, str] = {rule: found["step"] for rule, found in told.items() if rule != "all"}
        self.marked = {found["step"] for found in told.values() if found["marked"]}
        expansion = Expansion(graph, files=self.files)
        self.jobs: dict[str, list[Job]] = {name: list(expansion.jobs(name)) for name in graph.families}

    @property
    def files(self) -> str:
        """The folder of the modules' files, as seen from the working folder."""
        return f"build/{self.graph.name}/files"

    def all(self) -> dict[str, Job]:
        """Every job, by its id."""
        return {job.id: job for found in self.jobs.values() for job in found}

    def is_marked(self, name: str) -> bool:
        """Whether the jobs of a family are known by marks."""
        return name in self.marked or not self.graph.families[name].outputs

    def targets(self) -> list[str]:
        """What to ask Snakemake for to have every job."""
        return [path for paths in self._places for path in paths[1]]

    def behind(self, rule: str, outputs: list[str]) -> list[Job]:
        """The jobs that a job of Snakemake's stands for; none where the graph has none such."""
        return self._known.get((self.families[rule], _tidy(outputs)), [])

    @cached_property
    def _known(self) -> dict[tuple[str, tuple[str, ...]], list[Job]]:
        return {(name, _tidy(paths)): found for name, paths, found in self._places}

    @cached_property
    def _places(self) -> list[tuple[str, list[str], list[Job]]]:
        """Family, files that tell a job of Snakemake's, and the jobs that it stands for."""
        found = []
        for name, family in self.graph.families.items():
            here = self.jobs[name]
            if family.batches:
                found += [(name, [self.mark(family, job)], self._batch(family, job)) for job in here]
            elif self.is_marked(name):
                found += [(name, [self.mark(family, job)], [job]) for job in here]
            else:
                found += [(name, files_of(job.outputs), [job]) for job in here]
        return found

    def _batch(self, family: Family, job: Job) -> list[Job]:
        here = self.jobs[family.name]
        number = family.batches[here.index(job)]
        return [other for other, batch in zip(here, family.batches, strict=True) if batch == number]

    def mark(self, family: Family, job: Job) -> str:
        """The mark of a job: that of its batch, where it is done in one."""
        number = self.jobs[family.name].index(job)
        if family.batches:
            width = len(str(max(family.batches) + 1))
            key: tuple[str, ...] = (str(family.batches[number] + 1).zfill(width),)
        else:
            key = family.keys.instances[number]
        if not key:
            return f"{self.graph.workspace}/.sncompile/done/{family.name}.done"
        return "/".join((self.graph.workspace, family.name, ".sncompile", "done", *map(encode_key, key))) + ".done"

    def inputs(self, job: Job) -> list[str]:
        """What a job of Snakemake's waits for at least, for what the job reads: files, or the marks of those jobs."""
        return list(dict.fromkeys(self._writers.get(path, path) for path in files_of(job.inputs)))

    @cached_property
    def _writers(self) -> dict[str, str]:
        """Path → the mark of the job that writes it, where there is one."""
        return {
            path: self.mark(family, job)
            for name, family in self.graph.families.items()
            if self.is_marked(name)
            for job in self.jobs[name]
            for path in files_of(job.outputs)
        }

    def script_of(self, name: str, first: int, last: int) -> list[Instance]:
        """Lines of a batch's script, as bash reads them."""
        show = 'instance() { printf "%s\\0" $# "$@"; }; source <(sed -n "$2,$3p" "$1")'
        path = Path(self.graph.folder) / self.files / "batches" / f"{name}.sh"
        done = subprocess.run(
            ["bash", "-c", show, "bash", str(path), str(first), str(last)], capture_output=True, check=True
        )
        words = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
        found = []
        while words:
            count = int(words[0])
            key, digest, script, outputs, *rest = words[1 : count + 1]
            files = [word[2:] for word in rest[: int(outputs)]]
            found.append(Instance(key, digest, script, files, rest[int(outputs) :]))
            words = words[count + 1 :]
        return found

    def key_of(self, name: str, job: Job) -> str:
        """A job's key as a batch's script has it."""
        family = self.graph.families[name]
        return "/".join(map(encode_key, family.keys.instances[self.jobs[name].index(job)]))

    def above(self) -> dict[str, set[str]]:
        """Job → the jobs that it needs, directly or through others."""
        everything = self.all()
        found: dict[str, set[str]] = {}

        def needed(id: str) -> set[str]:
            if id not in found:
                direct = everything[id].after
                found[id] = set(direct).union(*(needed(other) for other in direct))
            return found[id]

        for name in self.graph.order():
            for number in range(len(self.jobs[name])):
                needed(job_id(self.graph.families[name], number))
        return found
