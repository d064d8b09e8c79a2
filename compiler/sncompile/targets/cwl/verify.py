"""Compares what was emitted with the graph, job by job."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sncompile.ir.graph.images import image_name
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES as DECLARED
from sncompile.ir.jobs.expansion import Job, job_id, jobs, module_files
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.relating import UNIT
from sncompile.targets.cwl.model import JOB, WORKFLOW
from sncompile.targets.cwl.places import Places
from sncompile.targets.cwl.reading import File, ReadJob, Unreadable, read_back
from sncompile.targets.cwl.script_words import NotUnderstood
from sncompile.targets.cwl.settings import ENGINES, FACTORS, RESOURCES
from sncompile.targets.cwl.tools import SHELL

_UNITS = {DECLARED[name].job: (field, FACTORS[DECLARED[name].unit]) for name, (_, field) in RESOURCES.items()}
"""Resources: their names in jobs → CWL's, and how many of its units are one of ours."""


def differences(graph: Graph, emitted: Mapping[str, bytes], out: Path) -> list[str]:
    """What differs between a graph and the files that were emitted for it to stand in `out`; each line names its job.

    The files are read back without knowledge of how they were made, and compared with the jobs of the graph.
    """
    return list(_Comparison(graph, emitted, out).all())


def differences_in(graph: Graph, out: Path) -> list[str]:
    """`differences` between a graph and the files that stand in the folder `out`."""
    emitted = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return differences(graph, emitted, out)


class _Comparison:
    def __init__(self, graph: Graph, emitted: Mapping[str, bytes], out: Path) -> None:
        self._graph, self._emitted, self._out = graph, emitted, out
        self._expected = {job.id: job for job in jobs(graph)}
        self._family = {job_id(f, n): f for f in graph.families.values() for n in range(len(f.keys))}
        self._writer = {posixpath.normpath(p): job.id for job in self._expected.values() for p in _paths(job.outputs)}
        written = [p for job in self._expected.values() for v in (job.inputs, job.outputs) for p in _paths(v)]
        self._places = Places(written)

    def all(self) -> Iterator[str]:
        """Every difference."""
        try:
            reading = read_back(self._emitted[WORKFLOW].decode(), self._emitted[JOB].decode())
        except (Unreadable, NotUnderstood) as error:
            yield str(error)
            return
        read = {job.id: job for job in reading.jobs}
        if len(read) != len(reading.jobs):
            yield "two jobs have one name"
        for each in reading.jobs:
            job = self._expected.get(each.id)
            if job is None:
                yield f"{each.id}: the pipeline has no such job"
                continue
            told = [*self._facts(each, job), *self._inputs(each, job), *self._lists(each, job), *self._shipped(each)]
            for other in job.after:
                if other in read and read[other].step not in reading.needs[each.step]:
                    told.append(f"does not wait for {other}")
            yield from (f"{each.id}: {difference}" for difference in told)
        yield from self._results(read, reading.results)

    # --- One job ------------------------------------------------------------------------------------------------

    def _facts(self, read: ReadJob, job: Job) -> Iterator[str]:
        family = self._family[job.id]
        if job.command is not None:
            there = [*job.command, *[None] * (len(read.argv) - len(job.command))]
            argv = [self._back(word, same) for word, same in zip(read.argv, there, strict=False)]
            yield from _differ("command", argv, job.command)
        else:
            script = (job.shell or "").rstrip("\n")
            yield from _differ("shell", list(read.argv[:-1]), list(SHELL))
            yield from _differ("script", self._back(read.argv[-1].rstrip("\n"), script), script)
        yield from _differ("outputs", list(read.said.outputs.values()), list(_paths(job.outputs)))
        yield from _differ("checks", read.said.checks, list(_checks(family, job)))
        hidden = {v.name for v in family.env if v.secret}
        variables = {name: value for name, value in job.env.items() if name not in hidden}
        yield from _differ("variables", {**read.env, **read.said.variables}, variables)
        yield from _differ("variables that the engine sets", sorted(read.env.keys() & ENGINES), [])
        yield from _differ("secrets", read.said.secrets, [v.name for v in family.env if v.secret])
        image = image_name(job.container).name if job.container is not None else None
        yield from _differ("container", read.image, image)
        yield from _differ("network", read.network, family.network)
        for name, (theirs, factor) in _UNITS.items():
            amount = job.resources.get(name)
            if not isinstance(amount, str):
                wanted = None if amount is None else str(ceil(amount * factor))
                found = read.resources.get(theirs)
                yield from _differ(name, None if found is None else str(found), wanted)

    def _back(self, word: str, wanted: str | None) -> str:
        """A word of a job as the pipeline has it: a text that looks like a path in a job's folder may be just that."""
        return word if word == wanted else self._places.back(word)

    def _inputs(self, read: ReadJob, job: Job) -> Iterator[str]:
        """The files of every port, at their paths and from where they come."""
        family = self._family[job.id]
        for port, value in job.inputs.items():
            kind = "Directory" if family.inputs[port].base == "directory" else "File"
            for path in _paths({port: value}):
                found = read.said.inputs.get(self._places.of(path))
                if not isinstance(found, File):
                    if not self._lies_about(self._places.of(path), read):
                        yield f"the input {path!r} is not there"
                    continue
                writer = self._writer.get(posixpath.normpath(path), "")
                yield from _differ(f"kind of {path!r}", found.kind, kind)
                yield from _differ(f"writer of {path!r}", found.job, writer)
                yield from _differ(f"place of {path!r}", self._place(found), posixpath.normpath(path))

    def _lists(self, read: ReadJob, job: Job) -> Iterator[str]:
        """The list files of a job, with what stands in them."""
        for (path, text), file in zip(job.lists.items(), self._family[job.id].lists.values(), strict=True):
            found = read.said.inputs.get(path)
            there = text.split(file.ended_by)
            held = found.contents.split(file.ended_by) if isinstance(found, File) and found.contents is not None else []
            padded = [*there, *[None] * (len(held) - len(there))]
            held = [self._back(item, same) for item, same in zip(held, padded, strict=False)]
            yield from _differ(f"list {path!r}", held, there)

    def _lies_about(self, path: str, read: ReadJob) -> bool:
        """Whether a path lies inside or around what another job writes."""
        places = [place for place, file in read.said.inputs.items() if isinstance(file, File) and file.job]
        return any(path.startswith(f"{place}/") or place.startswith(f"{path}/") for place in places)

    def _place(self, file: File) -> str:
        """The path of a file as the pipeline has it."""
        if file.job:
            return posixpath.normpath(file.location)
        if file.location.startswith("file://"):
            return unquote(file.location.removeprefix("file://"), errors="surrogateescape")
        place = os.path.join(self._out, unquote(file.location, errors="surrogateescape"))
        return os.path.relpath(place, self._graph.folder)

    def _shipped(self, read: ReadJob) -> Iterator[str]:
        """The files of the module, which stand beside the document."""
        family = self._family[read.id]
        for emitted in module_files(family):
            found = read.said.inputs.get(f"build/{self._graph.name}/files/{emitted}")
            location = unquote(found.location) if isinstance(found, File) else None
            yield from _differ(f"file {emitted!r}", location, f"files/{emitted}")
            if f"files/{emitted}" not in self._emitted:
                yield f"the file {emitted!r} is not emitted"

    # --- The whole ----------------------------------------------------------------------------------------------

    def _results(self, read: Mapping[str, ReadJob], results: Mapping[str, File]) -> Iterator[str]:
        """Every file that is kept has its path, and what the pipeline is for is among them or was asked to go."""
        wanted = {}
        for name in read.keys() & self._expected.keys():
            for port, output in self._family[name].outputs.items():
                for path in _paths({port: self._expected[name].outputs[port]}):
                    if not output.temp:
                        wanted[posixpath.normpath(path)] = (name, path)
        found = {path: (file.job, file.location) for path, file in results.items()}
        for path in sorted(found.keys() ^ wanted.keys()):
            yield f"the result {path!r} is {'missing' if path in wanted else 'one too many'}"
        for path in found.keys() & wanted.keys():
            yield from _differ(f"the result {path!r}", found[path], wanted[path])
        evaluator = Evaluator(self._graph.families)
        for value in self._graph.outputs.values():
            for path in _paths({"": evaluator.closure(value, UNIT)(0)}):
                writer = self._writer.get(posixpath.normpath(path))
                if writer is not None and writer not in read:
                    yield f"{writer}: is not run, although {path!r} is an output of the pipeline"


def _paths(ports: Mapping[str, Any]) -> Iterator[str]:
    for value in ports.values():
        if value is not None:
            yield from map(str, value if isinstance(value, (list, tuple)) else (value,))


def _checks(family: Family, job: Job) -> Iterator[tuple[str, ...]]:
    success = family.success
    for port, output in family.outputs.items():
        heads: list[tuple[str, ...]] = []
        heads += [("non_empty",)] if port in success.non_empty else []
        heads += [("sha256", success.sha256[port])] if port in success.sha256 else []
        heads += [("min_files", str(success.min_files[port]))] if port in success.min_files else []
        heads += [("protect",)] if output.protected else []
        heads += [("create",)] if output.create else []
        for head in heads:
            for path in _paths({port: job.outputs[port]}):
                yield (*head, path)


def _differ(what: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r} instead of {wanted!r}"
