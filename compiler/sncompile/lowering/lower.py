"""Graph → lowered model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sncompile.diagnostics import Span
from sncompile.ir.graph.feeds import feeds, for_effect, waited_for
from sncompile.ir.graph.model import Family, Graph, Relation
from sncompile.ir.graph.settings import settings_of
from sncompile.ir.jobs.expansion import Expansion, job_id, module_files
from sncompile.ir.values.relating import UNIT
from sncompile.lowering.columns import Columns
from sncompile.lowering.expressions import Granted, Size, everything
from sncompile.lowering.features import Feature
from sncompile.lowering.model import (
    Amount,
    Cell,
    Check,
    Given,
    JobRef,
    Late,
    Lazy,
    Lowered,
    Piece,
    Promised,
    Task,
    Use,
    Variable,
    Word,
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
    expansion = Expansion(graph, files=place)
    ports = {name: _Ports(Columns(graph.families[name], graph, expansion.evaluator)) for name in graph.downwards()}
    evaluator = expansion.evaluator
    staged = (
        stage(path for each in ports.values() for path in ports_paths(each.inputs, each.outputs))
        if stage is not None
        else None
    )
    if staged is not None:
        evaluator = StagedEvaluator(graph.families, lambda name: f"{place}/{name}", staged)
    tasks = {name: _task(each, Columns(each.family, graph, evaluator), expansion) for name, each in ports.items()}
    outputs = {
        name: Promised(paths_in(expansion.evaluator.closure(value, UNIT)(0)), value.type.many, value.span)
        for name, value in graph.outputs.items()
    }
    return Lowered(
        name=graph.name,
        title=" ".join(graph.title.split()),
        spec=graph.spec,
        digest=graph.spec_digest,
        folder=graph.folder,
        workspace=graph.workspace,
        place=place,
        staged=staged or _as_it_is,
        tasks=tasks,
        written=tuple(graph.families),
        outputs=outputs,
        wanted=wanted_jobs(graph, expansion),
        files=graph.files,
        features=_features(graph, tasks),
        span=graph.span,
        graph=graph,
    )


def _as_it_is(path: str) -> str:
    return path


class _Ports:
    """The files of one family, as the pipeline has them."""

    def __init__(self, columns: Columns) -> None:
        self.columns, self.family = columns, columns.family
        self.inputs, self.outputs = inputs_of(columns), outputs_of(columns)


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


def _features(graph: Graph, tasks: Mapping[str, Task]) -> dict[Feature, tuple[Use, ...]]:
    """What an engine must be able to do, each with the places that ask for it."""
    found: dict[Feature, list[Use]] = {}
    for name, task in tasks.items():
        for feature, what, span in _used(graph.families[name], task):
            found.setdefault(feature, []).append(Use(name, what, span))
    return {feature: tuple(found[feature]) for feature in Feature if feature in found}


def _used(family: Family, task: Task) -> Iterator[tuple[Feature, str, Span]]:
    """What the jobs of a task need, by what of it, and where that stands."""
    for name, output in task.outputs.items():
        folder = output.base == "directory"
        for feature, asked in (
            (Feature.OPTIONAL_OUTPUTS, output.optional),
            (Feature.TEMPORARY, output.temp),
            (Feature.PROTECTED, output.protected and not folder),
            (Feature.PROTECTED_FOLDERS, output.protected and folder),
        ):
            if asked:
                yield feature, name, output.span
    for name, amount in task.resources.items():
        if isinstance(amount, Late):
            yield Feature.RUN_TIME, name, family.resources[name].span
        if name == "gpus" and _asks(amount, task):
            yield Feature.GPUS, name, family.resources[name].span
    for name in _late_words(task):
        yield Feature.LATE_WORDS, name, family.module_span
    secrets = ", ".join(f"`{variable.name}`" for variable in task.variables if variable.value is None)
    image = family.container
    for feature, what, span in (
        (Feature.CONTAINERS, "container", image and image.span),
        (Feature.SECRETS, secrets, family.span if secrets else None),
        (Feature.SECRETS_IN_CONTAINERS, secrets, image and image.span if secrets else None),
        (Feature.CONDA, "conda", family.module_span if task.conda is not None else None),
        (Feature.CHECKS, "success", family.module_span if task.checks else None),
        (Feature.NETWORK, "network", family.span if task.network else None),
        (Feature.RETRIES, "retries", family.span if task.retries else None),
        (Feature.PRIORITIES, "priority", family.span if task.priority else None),
        (Feature.LOCAL_JOBS, "local", family.span if task.local else None),
        (Feature.BATCHES, "batch", family.span if task.batches else None),
    ):
        if span is not None:
            yield feature, what, span


def _late_words(task: Task) -> list[str]:
    """What a command or script takes that is computed of the sizes of files: resources, and `` for other values."""
    parts = task.command if task.command is not None else task.script or ()
    words = [w for part in parts if not isinstance(part, str) for w in ((part,) if isinstance(part, Word) else part)]
    return list(dict.fromkeys(name for word in words for piece in word.pieces for name in _sized(piece, task)))


def _sized(piece: Piece, task: Task) -> Iterator[str]:
    """The resources in a piece that are computed of sizes."""
    if isinstance(piece, Amount):
        held = task.resources[piece.resource]
        if isinstance(held, Late) and any(isinstance(each, Size) for each in everything(held.expression)):
            yield piece.resource
    elif isinstance(piece, Late):
        for each in everything(piece.expression):
            if isinstance(each, Granted):
                yield from _sized(Amount(each.resource), task)
            elif isinstance(each, Size):
                yield f"inputs.{each.port}.size"


def _asks(amount: Piece, task: Task) -> bool:
    """Whether some job asks for any of a resource."""
    if isinstance(amount, Cell):
        return any(task.columns[amount.column].cells)
    return not isinstance(amount, Given) or bool(amount.value)
