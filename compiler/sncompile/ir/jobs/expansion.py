"""Graph → jobs: the lazy expansion of families, one job at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.feeds import feeds, in_turn, waited_for
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.settings import command_values, identity_of, settings_of
from sncompile.ir.graph.text import value_text
from sncompile.ir.jobs.words import argument_words, list_text, shell_text
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import to_text
from sncompile.ir.values.evaluate import AtRunTime, Closure, Evaluator
from sncompile.ir.values.model import ModuleFile, Value, walk


@dataclass(frozen=True, slots=True)
class Job:
    """One job, fully written out. Paths are relative to the working folder unless the user gave absolute ones."""

    id: str
    step: str
    key: dict[str, str]
    command: list[str] | None
    shell: str | None
    inputs: dict[str, str | list[str] | None]
    outputs: dict[str, str | list[str]]
    lists: dict[str, str]
    """The files that are written before its command runs, with what they hold."""
    container: str | None
    env: dict[str, str]
    resources: dict[str, int | str]
    settings: dict[str, Any]
    """All else that is declared of it and said: how it is run and what becomes of its files (`settings_of`)."""
    after: list[str]
    digest: str
    source: Span

    def as_object(self) -> dict[str, Any]:
        """The JSON form of the interface."""
        return {
            "id": self.id,
            "step": self.step,
            "key": self.key,
            "command": self.command,
            "shell": self.shell,
            "inputs": self.inputs,
            "outputs": self.outputs,
            **({"list_files": self.lists} if self.lists else {}),
            "container": self.container,
            "env": self.env,
            "resources": self.resources,
            "settings": self.settings,
            "after": self.after,
            "digest": self.digest,
            "source": {"file": self.source.file, "line": self.source.line},
        }


def job_id(family: Family, number: int) -> str:
    """The id of a family's job: its step in the spec, and the keys as they stand in derived paths.

    Passes keep it: a job is called the same whatever rule it became part of.
    """
    origin, key = family.origin(number)
    return "/".join((origin.step, *map(encode_key, key)))


def jobs(graph: Graph, *, files: str = "") -> Iterator[Job]:
    """All jobs, family after family in the spec's order, in the order of their instances.

    `files` is the folder in which module files lie, as seen from the working folder.
    """
    expansion = Expansion(graph, files=files)
    for name in graph.families:
        yield from expansion.jobs(name)


class Expansion:
    """Writes out jobs of a graph; what is worked out for one is kept for the others."""

    def __init__(self, graph: Graph, *, files: str = "") -> None:
        self.graph = graph
        place = files or f"build/{graph.name}/files"
        self.evaluator = Evaluator(graph.families, lambda name: f"{place}/{name}")
        self._needs: dict[str, list[tuple[str, Callable[[int], Iterable[int]]]]] = {}
        self._reads: dict[str, list[tuple[str, Callable[[int], Iterable[int]]]]] = {}
        self._makers: dict[str, _Maker] = {}
        self._digests: dict[str, list[str]] = {}
        self._file_digests: dict[str, str] = {}
        self._above: dict[str, set[str]] = {}
        self._turns: dict[str, Sequence[int]] = {}
        self._rank = {name: number for number, name in enumerate(graph.steps)}
        for name in graph.order():
            sources = set(graph.above(name))
            self._above[name] = sources.union(*(self._above[s] for s in sources))

    def jobs(self, name: str) -> Iterator[Job]:
        """The jobs of one family."""
        family = self.graph.families[name]
        make = _Maker(family, self)
        for number in range(len(family.keys)):
            yield make.job(number)

    def facts(self, name: str, number: int) -> Job:
        """One job of a family, with an empty digest: that would need those of all jobs above it."""
        return self._maker(name).job(number, with_digest=False)

    def outputs(self, name: str, number: int) -> dict[str, str | list[str]]:
        """What one job of a family writes, by port."""
        return self._maker(name).outputs(number)

    def _maker(self, name: str) -> _Maker:
        if name not in self._makers:
            self._makers[name] = _Maker(self.graph.families[name], self)
        return self._makers[name]

    # --- What a job needs ---------------------------------------------------------------------------------------

    def needs(self, name: str) -> list[tuple[str, Callable[[int], Iterable[int]]]]:
        """The families that a family needs, each with a function from an instance to the instances it needs there."""
        if name not in self._needs:
            family = self.graph.families[name]
            found = list(self.reads(name))
            for waits in family.after:
                value = waited_for(waits, self.graph)
                found += feeds(value, family.keys, self.evaluator)
            self._needs[name] = found
        return self._needs[name]

    def reads(self, name: str) -> list[tuple[str, Callable[[int], Iterable[int]]]]:
        """As `needs`, by data alone and not by order."""
        if name not in self._reads:
            family = self.graph.families[name]
            self._reads[name] = [f for v in taken(family).values() for f in feeds(v, family.keys, self.evaluator)]
        return self._reads[name]

    def turns(self, name: str) -> Sequence[int]:
        """The jobs of a family by their numbers, each after those of the family that it needs."""
        if name not in self._turns:
            size = len(self.graph.families[name].keys)
            own = [find for source, find in self.needs(name) if source == name]
            self._turns[name] = in_turn(size, lambda i: [j for f in own for j in f(i)]) if own else range(size)
        return self._turns[name]

    def above(self, name: str) -> set[str]:
        """The other families that a family needs, directly or through others."""
        return self._above[name]

    def direct(self, name: str, number: int) -> dict[str, set[int]]:
        """The jobs that a job needs directly, by family."""
        return _at(self.needs(name), number)

    def read(self, name: str, number: int) -> dict[str, set[int]]:
        """The jobs that a job reads from directly, by family."""
        return _at(self.reads(name), number)

    def after(self, name: str, number: int) -> list[tuple[str, int]]:
        """The jobs that a job needs directly, without those that others of them need already."""
        needed = self.direct(name, number)
        names = set(needed)
        # A job may gather those of thousands of families, of which none is above another.
        implied = set[str]().union(*(names & self._above[other] for other in needed))
        for family in filter(implied.__contains__, needed):
            if needed[family]:
                below = [other for other in needed if family in self._above[other]]
                self._drop_implied(needed, family, below)
        return sorted(((f, j) for f, found in needed.items() for j in found), key=self._place)

    def _place(self, job: tuple[str, int]) -> tuple[int, int]:
        """Where a job stands in the spec's order, which passes do not change."""
        family, number = self.graph.families[job[0]], job[1]
        return (self._rank[family.origin(number)[0].step], number)

    def _drop_implied(self, needed: dict[str, set[int]], family: str, below: list[str]) -> None:
        """Take out the jobs of `family` that jobs of `below` need, directly or through families between."""
        seen: set[tuple[str, int]] = set()
        pending = [(other, j) for other in below for j in needed[other]]
        while pending and needed[family]:
            here = pending.pop()
            for source, instances in self.needs(here[0]):
                if source == family:
                    needed[family].difference_update(instances(here[1]))
                elif family in self._above[source] and source != here[0]:
                    # What an instance needs through others of its own family may be told twice: chains can be long.
                    new = {(source, j) for j in instances(here[1])} - seen
                    seen |= new
                    pending += new

    # --- Digests ------------------------------------------------------------------------------------------------

    def digest(self, name: str, number: int) -> str:
        """A job's digest: of its command, container, parameters, files, and the digests of what it reads."""
        if name not in self._digests:
            for other in self.graph.order():
                if (other == name or other in self._above[name]) and other not in self._digests:
                    self._digests[other] = self._family_digests(other)
        return self._digests[name][number]

    def _family_digests(self, name: str) -> list[str]:
        family = self.graph.families[name]
        make = _Maker(family, self)
        # A job may read from others of its own family, which are here by then.
        found = self._digests[name] = [""] * len(family.keys)
        for number in self.turns(name):
            found[number] = make.digest(number)
        return found

    def file_digest(self, emitted: str) -> str:
        """The digest of a module's file."""
        if emitted not in self._file_digests:
            self._file_digests[emitted] = hashlib.sha256(self.graph.files[emitted].read()).hexdigest()
        return self._file_digests[emitted]


class _Maker:
    """Makes the jobs of one family."""

    def __init__(self, family: Family, expansion: Expansion) -> None:
        self._family, self._expansion = family, expansion
        self._inputs = {n: self._closure(i.value) for n, i in family.inputs.items()}
        self._outputs = {n: self._closure(o.path) for n, o in family.outputs.items()}
        self._container = self._closure(family.container) if family.container is not None else None
        self._env = {v.name: self._closure(v.value) for v in family.env if v.value is not None and not v.secret}
        self._command = (
            [argument_words(a, self._closure) for a in family.command] if family.command is not None else None
        )
        self._shell = [shell_text(p, self._closure) for p in family.shell] if family.shell is not None else None
        self._params = {n: self._closure(v) for n, v in family.params.items()}
        self._lists = [(self._closure(f.path), self._closure(f.value), f.ended_by) for f in family.lists.values()]

    @cached_property
    def _settings(self) -> dict[str, Any]:
        return settings_of(self._family)

    @cached_property
    def _fixed(self) -> str:
        text = json.dumps(identity_of(self._family), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    @cached_property
    def _file_digests(self) -> list[str]:
        return [self._expansion.file_digest(f) for f in module_files(self._family)]

    def _closure(self, value: Value) -> Closure:
        """The value of every instance; as it is written, where it is known only when the job runs."""
        try:
            return self._expansion.evaluator.closure(value, self._family.keys, self._family)
        except AtRunTime:
            written = f"${{{value_text(value)}}}"
            return lambda _: written

    def _resource(self, value: Value, number: int) -> int | str:
        found: int | str = self._closure(value)(number)
        return found

    def job(self, number: int, *, with_digest: bool = True) -> Job:
        """The job of one instance, fully written out."""
        family, expansion = self._family, self._expansion
        origin, key = family.origin(number)
        return Job(
            id=job_id(family, number),
            step=origin.step,
            key=dict(zip(family.keys.by[len(family.keys.by) - len(key) :], key, strict=True)),
            command=self._words(number),
            shell="".join(part(number) for part in self._shell) if self._shell is not None else None,
            inputs={n: _listed(c(number)) for n, c in self._inputs.items()},
            outputs=self.outputs(number),
            lists=self._files(number),
            container=self._container(number) if self._container is not None else None,
            env=self._variables(number),
            resources={
                each.job: self._resource(family.resources[n], number)
                for n, each in RESOURCES.items()
                if n in family.resources
            },
            settings=self._settings,
            after=[job_id(expansion.graph.families[n], j) for n, j in expansion.after(family.name, number)],
            digest=expansion.digest(family.name, number) if with_digest else "",
            source=origin.span,
        )

    def outputs(self, number: int) -> dict[str, str | list[str]]:
        """What the job of one instance writes."""
        return {n: _listed(c(number)) for n, c in self._outputs.items()}

    def _files(self, number: int) -> dict[str, str]:
        return {path(number): list_text(value(number), ended_by) for path, value, ended_by in self._lists}

    def _words(self, number: int) -> list[str] | None:
        if self._command is None:
            return None
        return [word for argument in self._command for word in argument(number)]

    def _variables(self, number: int) -> dict[str, str]:
        shown = {v.name: "***" for v in self._family.env if v.secret}
        return {**{n: to_text(c(number)) for n, c in self._env.items()}, **shown}

    def digest(self, number: int) -> str:
        """The SHA-256 sum of all that decides what a job writes, those of the jobs it reads from among it."""
        family = self._family
        needed = self._expansion.read(family.name, number)
        read = sorted(self._expansion.digest(n, j) for n, found in needed.items() for j in found)
        parts = [
            self._words(number),
            "".join(part(number) for part in self._shell) if self._shell is not None else None,
            self._container(number) if self._container is not None else None,
            self._fixed,
            self._variables(number),
            {n: c(number) for n, c in self._inputs.items()},
            {n: c(number) for n, c in self._outputs.items()},
            {n: c(number) for n, c in self._params.items()},
            self._file_digests,
            read,
        ]
        if self._lists:
            parts.append(self._files(number))
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _at(needs: list[tuple[str, Callable[[int], Iterable[int]]]], number: int) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for source, instances in needs:
        found.setdefault(source, set()).update(instances(number))
    return found


def module_files(family: Family) -> list[str]:
    """The module files that a family's command names, and its conda environment."""
    values = list(command_values(family))
    values += family.params.values()
    values += [v.value for v in family.env if v.value is not None]
    found = {leaf.emitted: None for v in values for leaf in walk(v) if isinstance(leaf, ModuleFile)}
    if family.conda is not None:
        found.setdefault(family.conda)
    return list(found)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
