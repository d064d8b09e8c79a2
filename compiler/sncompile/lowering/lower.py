"""Graph → lowered model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Success
from sncompile.ir.graph.edges import taken, unknown_tables
from sncompile.ir.graph.feeds import feeds, for_effect, needed, steps_in, waited_for
from sncompile.ir.graph.model import Family, Graph, Relation
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.settings import resources_taken, settings_of
from sncompile.ir.jobs.expansion import Expansion, job_id, module_files
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Content, Size
from sncompile.ir.values.relating import UNIT
from sncompile.ir.values.remote import Remote, RemotePort
from sncompile.lowering.columns import Columns
from sncompile.lowering.features import Feature
from sncompile.lowering.lazy import Lazy
from sncompile.lowering.model import Check, JobRef, Lowered, NamedPort, Promised, Task, Use, paths_in, ports_paths
from sncompile.lowering.paths import inputs_of, outputs_of, parameters_of, sources_of, taken_outputs
from sncompile.lowering.spelling import spelled_out
from sncompile.lowering.staging import Staged, StagedEvaluator
from sncompile.lowering.tracing import Tracing
from sncompile.lowering.waits import waits_of
from sncompile.lowering.words import Words


def lower(graph: Graph, place: str, stage: Callable[[Iterable[str]], Staged | None] | None = None) -> Lowered:
    """The lowered model of a graph.

    `place` is the folder in which jobs find the files of modules. Where they find their inputs elsewhere than where the
    pipeline has them, `stage` says it, of all paths that there are.
    """
    lowering = _Lowering(graph, place, stage)
    wanted = {step for value in graph.outputs.values() for step in steps_in(value)}
    # What never runs needs nothing.
    effects = for_effect(graph)
    needed_here = needed(graph, [*wanted, *effects])
    return Lowered(
        name=graph.name,
        title=" ".join(graph.title.split()),
        spec=graph.spec,
        digest=graph.spec_digest,
        folder=graph.folder,
        workspace=graph.workspace,
        roots=graph.roots,
        origins=graph.origins,
        place=place,
        written=tuple(graph.families),
        files=graph.files,
        features=_features(graph, needed_here, lowering.remote),
        resources=_resources(graph, needed_here),
        effects=tuple(effects),
        sums=graph.sums,
        span=graph.span,
        _parts=lowering,
        row_sources=frozenset(t.late.step for f in graph.families.values() for t in unknown_tables(f) if t.late),
    )


class _Ports:
    """The files of one family, as the pipeline has them."""

    def __init__(self, columns: Columns, tracing: Tracing, remote: Collection[RemotePort]) -> None:
        self.columns, self.family = columns, columns.family
        self.inputs = inputs_of(columns, tracing, remote)
        self.outputs = outputs_of(columns.family, tracing, remote)


class _Lowering:
    """The parts of a lowered model that take time, each made when it is first asked for."""

    def __init__(self, graph: Graph, place: str, stage: Callable[[Iterable[str]], Staged | None] | None = None) -> None:
        self._graph, self._place, self._stage = graph, place, stage

    @cached_property
    def _evaluator(self) -> Evaluator:
        place = self._place
        return Evaluator(self._graph.families, lambda name: f"{place}/{name}")

    @cached_property
    def _tracing(self) -> Tracing:
        return Tracing(self._graph, self._evaluator)

    @cached_property
    def _expansion(self) -> Expansion:
        return Expansion(self._graph, files=self._place)

    @cached_property
    def remote(self) -> Remote:
        """The ports of which some path is a URL."""
        return Remote(self._graph.families, self._evaluator)

    @cached_property
    def _ports(self) -> dict[str, _Ports]:
        graph, evaluator, tracing = self._graph, self._evaluator, self._tracing
        return {
            name: _Ports(Columns(graph.families[name], graph, evaluator), tracing, self.remote.ports(name))
            for name in graph.downwards()
        }

    @cached_property
    def staged(self) -> Staged:
        """From the path of an input to where a job finds it."""
        paths = (path for each in self._ports.values() for path in ports_paths(each.inputs, each.outputs))
        found = self._stage(paths) if self._stage is not None else None
        return found or _as_it_is

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks, each after those that it needs."""
        return {name: self.task(name) for name in self._ports}

    @cached_property
    def outputs(self) -> dict[str, Promised]:
        """The outputs of the pipeline."""
        return {
            name: Promised(self._tracing.files(value, UNIT), value.type.many, value.span)
            for name, value in self._graph.outputs.items()
        }

    @cached_property
    def wanted(self) -> Mapping[str, Sequence[int]]:
        """The jobs that the outputs need."""
        return wanted_jobs(self._graph, self._expansion)

    def spelling_out(self, ports: Collection[NamedPort]) -> _SpellingOut:
        """The same with the paths of some ports written out in words."""
        return _SpellingOut(self, ports)

    def task(self, name: str, spelled: Collection[NamedPort] = ()) -> Task:
        """All jobs of a family; the paths of some of its ports are written out in words."""
        graph, place, ports, evaluator = self._graph, self._place, self._ports[name], self._evaluator
        if self.staged is not _as_it_is:
            evaluator = StagedEvaluator(graph.families, lambda name: f"{place}/{name}", self.staged)
        family, size = ports.family, len(ports.family.keys)
        worded, parameters = spelled_out(family, spelled)
        columns = Columns(worded, graph, evaluator)
        words = Words(columns)
        success = family.success
        checks = [Check("non_empty", port) for port in success.non_empty]
        checks += [Check("sha256", port, total) for port, total in success.sha256.items()]
        checks += [Check("value", port, each.value) for port, each in family.outputs.items() if each.value]
        checks += [Check("min_files", port, str(count)) for port, count in success.min_files.items()]
        outputs = dict(ports.outputs)
        # What words are made of first gives a column its name: what is spelled out, then variables, then the command.
        for port, parameter in parameters.items():
            outputs[port] = replace(outputs[port], words=tuple(words.words(parameter, port)))
        return Task(
            name=family.name,
            title=" ".join(family.title.split()),
            by=family.keys.by,
            key_set=family.keys,
            made_of=tuple([origin.step for origin in sorted(family.origins.values(), key=lambda each: each.span)]),
            keys=Lazy(size, lambda: family.keys.instances),
            ids=Lazy(size, lambda: [job_id(family, number) for number in range(size)]),
            variables=tuple(map(words.variable, worded.env)),
            command=words.command(),
            script=words.script(),
            lists={name: words.list_file(name, each) for name, each in worded.lists.items()},
            inputs=ports.inputs,
            outputs=outputs,
            parameters=parameters_of(ports.columns),
            taken=taken_outputs(ports.columns),
            ordered=sources_of([waited_for(waits, graph) for waits in family.after], ports.columns),
            waits=waits_of(family, graph, self._evaluator, self._tracing),
            gathers=tuple([e.source for e in graph.into(name) if e.relation is Relation.GATHER and e.ports]),
            turns=Lazy(size, lambda: self._expansion.turns(name)),
            after=Lazy(size, lambda: [self._after(name, number) for number in range(size)]),
            resources={name: words.amount(value, name) for name, value in worded.resources.items()},
            image=words.member(worded.container, "image") if worded.container is not None else None,
            columns=columns.columns,
            conda=family.conda,
            network=family.network,
            checks=tuple(checks),
            retries=family.retries,
            priority=family.priority,
            urgent=family.urgent,
            local=family.local_rule,
            batches=family.batches,
            tags=family.tags,
            files=tuple(module_files(family)),
            digests=Lazy(size, lambda: [self._expansion.digest(name, number) for number in range(size)]),
            span=family.span,
            module_span=family.module_span,
            spans={name: value.span for name, value in family.resources.items()}
            | ({"container": family.container.span} if family.container is not None else {}),
            _settings=lambda: settings_of(family),
        )

    def _after(self, name: str, number: int) -> tuple[JobRef, ...]:
        return tuple([JobRef(*job) for job in self._expansion.after(name, number)])


class _SpellingOut:
    """The parts of a lowered model that writes the paths of some ports out in words."""

    def __init__(self, lowering: _Lowering, ports: Collection[NamedPort]) -> None:
        self._lowering, self._ports = lowering, ports

    @property
    def staged(self) -> Staged:
        """As without."""
        return self._lowering.staged

    @property
    def outputs(self) -> Mapping[str, Promised]:
        """As without."""
        return self._lowering.outputs

    @property
    def wanted(self) -> Mapping[str, Sequence[int]]:
        """As without."""
        return self._lowering.wanted

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks; those that have none of the ports are the very same."""
        by_task: dict[str, list[NamedPort]] = {}
        for port in self._ports:
            by_task.setdefault(port.task, []).append(port)
        made = {name: self._lowering.task(name, ports) for name, ports in by_task.items()}
        return {name: made.get(name, task) for name, task in self._lowering.tasks.items()}

    def spelling_out(self, ports: Collection[NamedPort]) -> _SpellingOut:
        """The same with more ports."""
        return _SpellingOut(self._lowering, [*self._ports, *ports])


def _as_it_is(path: str) -> str:
    return path


def wanted_jobs(graph: Graph, expansion: Expansion | None = None) -> Mapping[str, Sequence[int]]:
    """The jobs that the pipeline's outputs need, and those that are there for what they do, with all that they need.

    They stand after those that they need.
    """
    expansion = expansion or Expansion(graph)
    found: dict[str, set[int]] = {}
    pending: list[tuple[str, int]] = []

    def want(name: str, numbers: Iterator[int]) -> None:
        there = found.setdefault(name, set())
        for number in numbers:
            if number not in there:
                there.add(number)
                pending.append((name, number))

    for value in graph.outputs.values():
        for name, instances in feeds(value, UNIT, expansion.evaluator):
            want(name, iter(instances(0)))
    for name in for_effect(graph):
        want(name, iter(range(len(graph.families[name].keys))))
    while pending:
        name, number = pending.pop()
        for other, instances in expansion.needs(name):
            want(other, iter(instances(number)))
    return {
        name: [number for number in expansion.turns(name) if number in found[name]]
        for name in graph.downwards()
        if found.get(name)
    }


def _features(graph: Graph, needed_here: Collection[str], remote: Remote) -> dict[Feature, tuple[Use, ...]]:
    """What an engine must be able to do, each with the places that ask for it."""
    found: dict[Feature, list[Use]] = {}
    evaluator = Evaluator(graph.families)
    for name, family in graph.families.items():
        if name not in needed_here:
            continue
        columns = Columns(family, graph, evaluator)
        used = [*_used(family, columns), *_used_elsewhere(family, remote.ports(name))]
        used += _summed(columns, graph.sums) if graph.sums else ()
        for feature, what, span in used:
            found.setdefault(feature, []).append(Use(name, what, span))
        for table in unknown_tables(family):
            found.setdefault(Feature.LATE_KEYS, []).append(Use(name, table.name, table.span))
        own = next((edge for edge in graph.into(name) if edge.source == name), None)
        if own is not None:
            span = next((taken(family)[port].span for port in own.ports), family.span)
            found.setdefault(Feature.OWN_INSTANCES, []).append(Use(name, ", ".join(own.ports), span))
    return {feature: tuple(found[feature]) for feature in Feature if feature in found}


def _resources(graph: Graph, needed_here: Collection[str]) -> dict[str, tuple[Use, ...]]:
    """The resources that jobs ask for, each with who does; none of something is not asked for."""
    found: dict[str, list[Use]] = {}
    evaluator = Evaluator(graph.families)
    for name in RESOURCES:
        for family in graph.families.values():
            amount = family.resources.get(name)
            if amount is None or family.name not in needed_here:
                continue
            columns = Columns(family, graph, evaluator)
            if columns.late(amount) or any(columns.cells(amount)):
                found.setdefault(name, []).append(Use(family.name, name, amount.span))
    return {name: tuple(uses) for name, uses in found.items()}


def _used(family: Family, columns: Columns) -> Iterator[tuple[Feature, str, Span]]:
    """What the jobs of a family need, by what of it, and where that stands."""
    for name, output in family.outputs.items():
        folder = output.base == "directory"
        for feature, asked in (
            (Feature.OPTIONAL_OUTPUTS, output.optional),
            (Feature.TEMPORARY, output.temp),
            (Feature.PROTECTED, output.protected and not folder),
            (Feature.PROTECTED_FOLDERS, output.protected and folder),
        ):
            if asked:
                yield feature, name, output.span
        if output.value:
            yield Feature.VALUES, name, output.span
    late = [name for name, amount in family.resources.items() if columns.late(amount)]
    for name in late:
        yield Feature.RUN_TIME, name, family.resources[name].span
    for name in _late_words(family, columns) if late else ():
        yield Feature.LATE_WORDS, name, family.module_span
    secrets = ", ".join(f"`{variable.name}`" for variable in family.env if variable.secret)
    image = family.container
    success = family.success
    for feature, what, span in (
        (Feature.CONTAINERS, "container", image.span if image else None),
        (Feature.SECRETS, secrets, family.span if secrets else None),
        (Feature.SECRETS_IN_CONTAINERS, secrets, image.span if image and secrets else None),
        (Feature.CONDA, "conda", family.module_span if family.conda is not None else None),
        (Feature.LIST_FILES, ", ".join(family.lists), next((file.span for file in family.lists.values()), None)),
        (Feature.CHECKS, "success", family.module_span if success != Success() else None),
        (Feature.NETWORK, "network", family.span if family.network else None),
        (Feature.RETRIES, "retries", family.span if family.retries else None),
        (Feature.PRIORITIES, "priority", family.span if family.priority else None),
        (Feature.LOCAL_JOBS, "local", family.span if family.local_rule else None),
        (Feature.BATCHES, "batch", family.span if family.batches else None),
    ):
        if span is not None:
            yield feature, what, span


def _used_elsewhere(family: Family, remote: Collection[RemotePort]) -> Iterator[tuple[Feature, str, Span]]:
    """What a family needs as it reads and writes at URLs."""
    for space, name in sorted(remote):
        if space == "inputs":
            yield Feature.FETCHED, name, family.inputs[name].value.span
        else:
            yield Feature.SENT, name, family.outputs[name].span


def _summed(columns: Columns, sums: Mapping[str, str]) -> Iterator[tuple[Feature, str, Span]]:
    """The inputs of a family that take files of which it is said what they hold."""
    for name, port in columns.family.inputs.items():
        if any(path in sums for cell in columns.cells(port.value) for path in paths_in(cell) or ()):
            yield Feature.SUMS, name, port.value.span


def _late_words(family: Family, columns: Columns) -> list[str]:
    """The resources that a command or script takes and that are computed of the sizes of files."""
    told = resources_taken(family)
    return [
        name
        for name, amount in family.resources.items()
        if name in told and any(isinstance(leaf, (Content, Size)) for leaf in columns.leaves(amount))
    ]
