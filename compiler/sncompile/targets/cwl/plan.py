"""Which jobs run, and where each of their files comes from.

An engine such as Snakemake finds out by itself which jobs an output needs. A CWL engine runs all that it is given, so
it is given only these.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import feeds, waited_for
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Apply, Output, Text, Value, walk
from sncompile.ir.values.relating import UNIT
from sncompile.targets.cwl.places import Places, Staging

Instances = Callable[[int], Iterable[int]]


class Made(NamedTuple):
    """A file that a job writes: `place` counts the files of a port that has a list."""

    family: str
    port: str
    number: int
    place: int


class Source(NamedTuple):
    """A file that a job reads: its path as the job knows it and as the pipeline does, and who writes it, if a job."""

    path: str
    original: str
    made: Made | None


class Plan:
    """The jobs of a graph that run. `files` is the folder in which a job finds the files of its module."""

    def __init__(self, graph: Graph, files: str) -> None:
        self.graph = graph
        self.plain = Evaluator(graph.families, lambda name: f"{files}/{name}")
        self.files = files
        self._made: dict[str, Made] = {}
        self.written = {name: self._paths_of(family) for name, family in graph.families.items()}
        """Family → port → the paths of every instance."""
        self._read: dict[tuple[str, str], list[tuple[str, ...] | None]] = {
            (name, port): [paths_in(v) for v in self.plain.column(given.value, family.keys, family)]
            for name, family in graph.families.items()
            for port, given in family.inputs.items()
        }
        self.places = Places(self._all_paths())
        self._around_outputs = {folder for path in self._made for folder in _above(path)}
        self.evaluator = Staging(graph.families, lambda name: f"{files}/{name}", self.places)
        self._feeds: dict[str, list[tuple[str, Instances]]] = {}
        self._passing: dict[str, list[tuple[Value, list[tuple[str, Instances]]]]] = {}
        needed = self._needed()
        self.numbers = {n: sorted(needed[n]) for n in graph.families if needed.get(n)}
        """The instances that run, by family; families of which none does are left out."""

    def _paths_of(self, family: Family) -> dict[str, list[tuple[str, ...]]]:
        found: dict[str, list[tuple[str, ...]]] = {}
        for port, output in family.outputs.items():
            found[port] = [paths_in(v) or () for v in self.plain.column(output.path, family.keys, family)]
            for number, paths in enumerate(found[port]):
                for place, path in enumerate(paths):
                    self._made[posixpath.normpath(path)] = Made(family.name, port, number, place)
        return found

    def _all_paths(self) -> Iterator[str]:
        for ports in self.written.values():
            for column in ports.values():
                for paths in column:
                    yield from paths
        for listed in self._read.values():
            for several in listed:
                yield from several or ()

    def among_outputs(self, path: str) -> bool:
        """Whether a path is one that jobs write, or a folder that holds such."""
        return posixpath.normpath(path) in self._around_outputs

    def source(self, path: str) -> Source:
        """A file by its path."""
        return Source(self.places.of(path), path, self._made.get(posixpath.normpath(path)))

    def sources(self, family: Family, port: str, number: int) -> tuple[Source, ...] | None:
        """What an input of a job takes; None where it is absent. What a folder of another job holds is not among it."""
        found, value = self._read[family.name, port][number], family.inputs[port].value
        return None if found is None else tuple(self.source(p) for p in found if not self._lies_about(p, value))

    def _lies_about(self, path: str, value: Value) -> bool:
        """Whether a path that a value gives is none that a job writes, but is made from such and inside or around."""
        path = posixpath.normpath(path)
        if path in self._made or not any(isinstance(leaf, Output) for leaf in walk(value)):
            return False
        return path in self._around_outputs or any(above in self._made for above in _above(path))

    # --- Files that no port names -------------------------------------------------------------------------------

    def passed_on(self, family: Family) -> dict[tuple[str, str], list[tuple[Source, ...]]]:
        """Files that must be there although they are no value of a port: by the output that they are, for every
        instance. Parameters and settings are made from their paths, or a port's path lies inside or around them."""
        found: dict[tuple[str, str], list[dict[Source, None]]] = {}
        for number in range(len(family.keys)):
            for source in (*self._named(family, number), *self._held(family, number)):
                if source.made is not None:
                    column = found.setdefault(source.made[:2], [{} for _ in range(len(family.keys))])
                    column[number].setdefault(source)
        return {output: [tuple(sources) for sources in column] for output, column in found.items()}

    def _named(self, family: Family, number: int) -> Iterator[Source]:
        """The files of the outputs that a parameter or setting names, of the jobs that feed it."""
        for value, fed in self._passing_of(family):
            ports = {(leaf.step, leaf.port) for leaf in walk(value) if isinstance(leaf, Output)}
            for step, instances in fed:
                for j in instances(number):
                    for port, column in self.written[step].items():
                        if (step, port) in ports:
                            yield from map(self.source, column[j])

    def _held(self, family: Family, number: int) -> Iterator[Source]:
        """The outputs that the path of a port lies in, or that lie in it."""
        for port, given in family.inputs.items():
            for path in self._read[family.name, port][number] or ():
                if not self._lies_about(path, given.value):
                    continue
                yield from (self.source(above) for above in _above(posixpath.normpath(path)) if above in self._made)
                for step, instances in feeds(given.value, family.keys, self.plain):
                    for j in instances(number):
                        below = [p for column in self.written[step].values() for p in column[j]]
                        yield from (self.source(p) for p in below if posixpath.normpath(path) in _above(p))

    def _passing_of(self, family: Family) -> list[tuple[Value, list[tuple[str, Instances]]]]:
        if family.name not in self._passing:
            self._passing[family.name] = [(value, feeds(value, family.keys, self.plain)) for value in _settings(family)]
        return self._passing[family.name]

    # --- What is needed -----------------------------------------------------------------------------------------

    def waits(self, family: Family) -> list[tuple[str, Instances]]:
        """The families that a family waits for even if it takes no file of theirs, with the instances that each of its
        instances waits for: those of `after`, and those that the path of an input is computed from."""
        if family.name not in self._feeds:
            values = [waited_for(waits, self.graph) for waits in family.after]
            values += [port.value for port in family.inputs.values() if _is_computed(port.value)]
            self._feeds[family.name] = [found for value in values for found in feeds(value, family.keys, self.plain)]
        return self._feeds[family.name]

    def _needed(self) -> dict[str, set[int]]:
        needed: dict[str, set[int]] = {}
        pending: list[tuple[str, int]] = []

        def need(name: str, number: int) -> None:
            if number not in needed.setdefault(name, set()):
                needed[name].add(number)
                pending.append((name, number))

        for value in self.graph.outputs.values():
            for path in paths_in(self.plain.closure(value, UNIT)(0)) or ():
                made = self._made.get(posixpath.normpath(path))
                if made is not None:
                    need(made.family, made.number)
        while pending:
            name, number = pending.pop()
            for other, instance in self._needs(self.graph.families[name], number):
                need(other, instance)
        return needed

    def _needs(self, family: Family, number: int) -> Iterator[tuple[str, int]]:
        for port in family.inputs:
            for source in self.sources(family, port, number) or ():
                if source.made is not None:
                    yield source.made.family, source.made.number
        for source in self._held(family, number):
            if source.made is not None:
                yield source.made.family, source.made.number
        fed = [found for _, several in self._passing_of(family) for found in several]
        for other, instances in (*fed, *self.waits(family)):
            for instance in instances(number):
                yield other, instance


def _is_computed(value: Value) -> bool:
    """Whether more goes into a value than the files that it gives: `${p.o[0]}` gives one, and is computed from all."""
    return any(isinstance(leaf, Apply | Text) for leaf in walk(value))


def _settings(family: Family) -> list[Value]:
    """The values of a family, beside its inputs, that are made from the outputs of others."""
    ports: Mapping[str, object] = family.inputs
    return [
        value
        for name, value in taken(family).items()
        if name not in ports and any(isinstance(leaf, Output) for leaf in walk(value))
    ]


def _above(path: str) -> Iterator[str]:
    """A path and the folders that it lies in."""
    while path not in ("", "/"):
        yield path
        path = posixpath.dirname(path)


def paths_in(value: Any) -> tuple[str, ...] | None:
    """The paths of a value; None where it is absent."""
    if value is None:
        return None
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
