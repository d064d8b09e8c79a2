"""Graph → lowered model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Success
from sncompile.ir.graph.feeds import feeds, for_effect, needed, steps_in, waited_for
from sncompile.ir.graph.model import Family, Graph, Relation
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.settings import resources_taken, settings_of
from sncompile.ir.jobs.expansion import Expansion, job_id, module_files
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Size
from sncompile.ir.values.relating import UNIT
from sncompile.lowering.columns import Columns
from sncompile.lowering.features import Feature
from sncompile.lowering.model import (
    Check,
    JobRef,
    Lazy,
    Lowered,
    Promised,
    Task,
    Use,
    Variable,
    ports_paths,
)
from sncompile.lowering.paths import inputs_of, outputs_of, parameters_of, paths_in, sources_of, taken_outputs
from sncompile.lowering.staging import Staged, StagedEvaluator
from sncompile.lowering.words import Words


def lower(graph: Graph, place: str, stage: Callable[[Iterable[str]], Staged | None] | None = None) -> Lowered:
    """The lowered model of a graph.

    `place` is the folder in which jobs find the files of modules. Where they find their inputs elsewhere than where the
    pipeline has them, `stage` says it, of all paths that there are.
    """
    lowering = _Lowering(graph, place, stage)
    wanted = {step for value in graph.outputs.values() for step in steps_in(value)}
    # What never runs needs nothing.
    needed_here = needed(graph, [*wanted, *for_effect(graph)])
    return Lowered(
        name=graph.name,
        title=" ".join(graph.title.split()),
        spec=graph.spec,
        digest=graph.spec_digest,
        folder=graph.folder,
        workspace=graph.workspace,
        place=place,
        written=tuple(graph.families),
        files=graph.files,
        features=_features(graph, needed_here),
        resources=_resources(graph, needed_here),
        span=graph.span,
        graph=graph,
        _parts=lowering,
    )


class _Ports:
    """The files of one family, as the pipeline has them."""

    def __init__(self, columns: Columns) -> None:
        self.columns, self.family = columns, columns.family
        self.inputs, self.outputs = inputs_of(columns), outputs_of(columns)


class _Lowering:
    """The parts of a lowered model that take time, each made when it is first asked for."""

    def __init__(self, graph: Graph, place: str, stage: Callable[[Iterable[str]], Staged | None] | None = None) -> None:
        self._graph, self._place, self._stage = graph, place, stage

    @cached_property
    def _expansion(self) -> Expansion:
        return Expansion(self._graph, files=self._place)

    @cached_property
    def _ports(self) -> dict[str, _Ports]:
        graph, evaluator = self._graph, self._expansion.evaluator
        return {name: _Ports(Columns(graph.families[name], graph, evaluator)) for name in graph.downwards()}

    @cached_property
    def staged(self) -> Staged:
        """From the path of an input to where a job finds it."""
        paths = (path for each in self._ports.values() for path in ports_paths(each.inputs, each.outputs))
        found = self._stage(paths) if self._stage is not None else None
        return found or _as_it_is

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks, each after those that it needs."""
        graph, place, evaluator = self._graph, self._place, self._expansion.evaluator
        if self.staged is not _as_it_is:
            evaluator = StagedEvaluator(graph.families, lambda name: f"{place}/{name}", self.staged)
        return {
            name: _task(each, Columns(each.family, graph, evaluator), self._expansion)
            for name, each in self._ports.items()
        }

    @cached_property
    def outputs(self) -> dict[str, Promised]:
        """The outputs of the pipeline."""
        evaluator = self._expansion.evaluator
        return {
            name: Promised(paths_in(evaluator.closure(value, UNIT)(0)), value.type.many, value.span)
            for name, value in self._graph.outputs.items()
        }

    @cached_property
    def wanted(self) -> Mapping[str, Sequence[int]]:
        """The jobs that the outputs need."""
        return wanted_jobs(self._graph, self._expansion)


def _as_it_is(path: str) -> str:
    return path


def _task(ports: _Ports, columns: Columns, expansion: Expansion) -> Task:
    family, graph = ports.family, expansion.graph
    words = Words(columns)
    size = len(family.keys)
    success = family.success
    checks = [Check("non_empty", port) for port in success.non_empty]
    checks += [Check("sha256", port, total) for port, total in success.sha256.items()]
    checks += [Check("min_files", port, str(count)) for port, count in success.min_files.items()]
    return Task(
        name=family.name,
        title=" ".join(family.title.split()),
        by=family.keys.by,
        keys=Lazy(size, lambda: family.keys.instances),
        ids=Lazy(size, lambda: [job_id(family, number) for number in range(size)]),
        command=words.command(),
        script=words.script(),
        inputs=ports.inputs,
        outputs=ports.outputs,
        parameters=parameters_of(ports.columns),
        taken=taken_outputs(ports.columns),
        ordered=sources_of([waited_for(waits, graph) for waits in family.after], ports.columns),
        gathers=tuple([e.source for e in graph.into(family.name) if e.relation is Relation.GATHER and e.ports]),
        after=Lazy(size, lambda: [_after(family, number, expansion) for number in range(size)]),
        resources={name: words.amount(value, name) for name, value in family.resources.items()},
        variables=tuple(
            [
                Variable(
                    v.name, words.whole(v.value, f"env_{v.name}") if v.value is not None and not v.secret else None
                )
                for v in family.env
            ]
        ),
        image=words.member(family.container, "image") if family.container is not None else None,
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
        settings=settings_of(family),
        files=tuple(module_files(family)),
        digests=Lazy(size, lambda: [expansion.digest(family.name, number) for number in range(size)]),
        span=family.span,
        module_span=family.module_span,
        spans={name: value.span for name, value in family.resources.items()}
        | ({"container": family.container.span} if family.container is not None else {}),
    )


def _after(family: Family, number: int, expansion: Expansion) -> tuple[JobRef, ...]:
    return tuple([JobRef(*job) for job in expansion.after(family.name, number)])


def wanted_jobs(graph: Graph, expansion: Expansion | None = None) -> Mapping[str, Sequence[int]]:
    """The jobs that the pipeline's outputs need, and those that are there for what they do, with all that they need."""
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
    return {name: sorted(found[name]) for name in graph.downwards() if found.get(name)}


def _features(graph: Graph, needed_here: Collection[str]) -> dict[Feature, tuple[Use, ...]]:
    """What an engine must be able to do, each with the places that ask for it."""
    found: dict[Feature, list[Use]] = {}
    evaluator = Evaluator(graph.families)
    for name, family in graph.families.items():
        if name not in needed_here:
            continue
        for feature, what, span in _used(family, Columns(family, graph, evaluator)):
            found.setdefault(feature, []).append(Use(name, what, span))
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
    late = [name for name, amount in family.resources.items() if columns.late(amount)]
    for name in late:
        yield Feature.RUN_TIME, name, family.resources[name].span
    for name in _late_words(family, columns) if late else ():
        yield Feature.LATE_WORDS, name, family.module_span
    secrets = ", ".join(f"`{variable.name}`" for variable in family.env if variable.secret)
    image = family.container
    success = family.success
    for feature, what, span in (
        (Feature.CONTAINERS, "container", image and image.span),
        (Feature.SECRETS, secrets, family.span if secrets else None),
        (Feature.SECRETS_IN_CONTAINERS, secrets, image and image.span if secrets else None),
        (Feature.CONDA, "conda", family.module_span if family.conda is not None else None),
        (Feature.CHECKS, "success", family.module_span if success != Success() else None),
        (Feature.NETWORK, "network", family.span if family.network else None),
        (Feature.RETRIES, "retries", family.span if family.retries else None),
        (Feature.PRIORITIES, "priority", family.span if family.priority else None),
        (Feature.LOCAL_JOBS, "local", family.span if family.local_rule else None),
        (Feature.BATCHES, "batch", family.span if family.batches else None),
    ):
        if span is not None:
            yield feature, what, span


def _late_words(family: Family, columns: Columns) -> list[str]:
    """The resources that a command or script takes and that are computed of the sizes of files."""
    told = resources_taken(family)
    return [
        name
        for name, amount in family.resources.items()
        if name in told and any(isinstance(leaf, Size) for leaf in columns.leaves(amount))
    ]
