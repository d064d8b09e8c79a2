"""Graph → the whole Snakefile as data."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sncompile import __version__
from sncompile.diagnostics import Diagnostic, Report
from sncompile.diagnostics import Related as Place
from sncompile.faults import targets as faults
from sncompile.ir.graph.commands import Success
from sncompile.ir.graph.feeds import for_effect
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.model import Const, Value
from sncompile.ir.values.relating import UNIT, see
from sncompile.targets.emitted import module_files
from sncompile.targets.snakemake.containers import RUNNER, runner_script
from sncompile.targets.snakemake.context import FamilyContext, Surroundings
from sncompile.targets.snakemake.inputs import input_code, port_code
from sncompile.targets.snakemake.marking import Marks, marker, with_marks
from sncompile.targets.snakemake.model import Directive, Entry, Rule, Workflow
from sncompile.targets.snakemake.names import item_name, rule_names, unique
from sncompile.targets.snakemake.outputs import DEFAULT_CONSTRAINT, OutputPatterns
from sncompile.targets.snakemake.raw_paths import raw_inputs
from sncompile.targets.snakemake.rules import FamilyLowering
from sncompile.targets.snakemake.separation import Paths, separate
from sncompile.targets.snakemake.sidecars import Sidecars
from sncompile.targets.target import Engine


def lower_graph(
    graph: Graph, files: str, report: Report, *, benchmark: bool = False, containers: Engine | None = None
) -> Workflow:
    """The Snakefile of a graph; `files` is where module files will lie, as seen from the working folder.

    With `containers` commands that have an image are wrapped for that engine.
    """
    names = rule_names(graph.families)
    batched = frozenset(name for name, family in graph.families.items() if family.batches)
    around, lowerings = _lowerings(graph, names, files, report, batched, containers)
    patterns = {name: lowering.outputs for name, lowering in lowerings.items()}
    for first, second in separate(patterns, _raw(lowerings)):
        report.add(_ambiguous(graph.families[first], graph.families[second]))
    rules = [_rule_all(around)]
    rules += [lowerings[name].rule(benchmark=benchmark) for name in graph.families]
    secrets = {v.name for family in graph.families.values() for v in family.env if v.secret}
    emitted = module_files(graph)
    boxed = containers is not None and any(f.container is not None for f in graph.families.values())
    if containers is not None and boxed:
        emitted[RUNNER] = runner_script(graph, containers, around.evaluator)
    return Workflow(
        name=graph.name,
        title=" ".join(graph.title.split()),
        spec=graph.spec,
        digest=graph.spec_digest,
        version=__version__,
        sidecars=around.sidecars.finished(),
        functions=tuple(sorted(around.functions)),
        uses_files=around.uses_files or boxed,
        secrets=tuple(sorted(secrets)),
        constraints=tuple(sorted(_constraints(patterns, lowerings).items())),
        rules=tuple(rules),
        runs_containers=boxed,
        files=emitted,
        marked=around.marks.families,
    )


def _lowerings(
    graph: Graph,
    names: Mapping[str, str],
    files: str,
    report: Report,
    batched: frozenset[str],
    containers: Engine | None,
) -> tuple[Surroundings, dict[str, FamilyLowering]]:
    """The lowering of each family; those whose outputs have no wildcards in common are known by a mark."""
    trial = Report()
    around = Surroundings(graph, files, Sidecars(), trial, Marks(batched), containers)
    lowerings = {name: FamilyLowering(family, names[name], around) for name, family in graph.families.items()}
    differ = [n for n, found in lowerings.items() if found.outputs.differ or found.outputs.mixed or n in batched]
    for name in differ:
        # Snakemake keeps or deletes what it knows as an output, and nothing else.
        if any(o.temp or o.protected for o in graph.families[name].outputs.values()):
            lowerings[name].outputs.tell_difference()
    if not differ or trial.failed:
        report.extend(trial.diagnostics())
        around.report = report
        return around, lowerings
    graph, marks = with_marks(graph, differ, batched)
    around = Surroundings(graph, files, Sidecars(), report, marks, containers)
    return around, {n: FamilyLowering(family, names[n], around) for n, family in graph.families.items()}


def _rule_all(around: Surroundings) -> Rule:
    graph = around.graph
    family = _nothing(graph)
    context = FamilyContext(family, around)
    entries: list[Entry] = []
    used: set[str] = set()
    for name, value in graph.outputs.items():
        if isinstance(value, Const) and value.value == ():
            continue  # What no job writes is not asked for.
        safe = unique(item_name(re.sub(r"\W", "_", name)), used)
        code = port_code(value, safe, context)
        if code is not None:
            entries.append(Entry(safe, code, value.span))
    for name in for_effect(graph):
        done = see(marker(graph.workspace, graph.families[name]), graph.families[name].keys, UNIT, graph.span)
        safe = unique(item_name(re.sub(r"\W", "_", f"{name}_done")), used)
        code = input_code(done, safe, context)
        if code is not None:
            entries.append(Entry(safe, code, graph.families[name].span))
    title = f"all: what the pipeline {graph.name} is for"
    directives = (Directive("input", tuple(entries)),) if entries else ()
    return Rule("all", "all", (title,), directives, graph.span, None)


def _nothing(graph: Graph) -> Family:
    """A family that runs nothing, through whose eyes the pipeline's outputs are seen."""
    empty: Mapping[str, Value] = {}
    return Family(
        name="all", title="", module="", module_span=graph.span, keys=UNIT, inputs={}, params=empty, outputs={},
        command=(), shell=None, container=None, conda=None, env=(), resources=empty, retries=0, success=Success(),
        after=(), local_rule=True, tags=(), span=graph.span,
    )  # fmt: skip


def _constraints(patterns: Mapping[str, OutputPatterns], lowerings: Mapping[str, FamilyLowering]) -> dict[str, str]:
    """The constraint of every wildcard of the Snakefile; rules that need another one say so themselves."""
    return {name: DEFAULT_CONSTRAINT for n in patterns for name in lowerings[n].context.names.values()}


def _raw(lowerings: Mapping[str, FamilyLowering]) -> list[Paths]:
    """The paths that inputs name and no job writes, with the patterns that they fit."""
    found: dict[tuple[str, object], Paths] = {}
    for lowering in lowerings.values():
        for each in raw_inputs(lowering.context):
            found.setdefault((each.pattern, each.owner), each)
    return [each._replace(owner="") for each in found.values()]


def _ambiguous(first: Family, second: Family) -> Diagnostic:
    one = next(iter(first.outputs.values()))
    other = next(iter(second.outputs.values()))
    return faults.AMBIGUOUS_PATH.at(
        other.path.span,
        f"Snakemake cannot tell whether `{first.name}` or `{second.name}` writes a path",
        help="give one of them a folder of its own, or leave the path out: it is derived then",
        related=(Place("the other path", one.path.span),),
    )
