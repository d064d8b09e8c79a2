"""Graph → the whole Snakefile as data."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sncompile import __version__
from sncompile.diagnostics import Diagnostic, Report
from sncompile.diagnostics import Related as Place
from sncompile.faults import targets as faults
from sncompile.ir.graph import Family, Graph
from sncompile.semantics.program import Success
from sncompile.semantics.scope import UNIT
from sncompile.semantics.values import Value
from sncompile.targets.snakemake.context import FamilyContext, Surroundings
from sncompile.targets.snakemake.inputs import input_code
from sncompile.targets.snakemake.model import Directive, Entry, Rule, Workflow
from sncompile.targets.snakemake.names import item_name, rule_names, unique
from sncompile.targets.snakemake.outputs import DEFAULT_CONSTRAINT, OutputPatterns
from sncompile.targets.snakemake.patterns import pattern_regex
from sncompile.targets.snakemake.rules import FamilyLowering
from sncompile.targets.snakemake.sidecars import Sidecars


def lower_graph(graph: Graph, files: str, report: Report, *, benchmark: bool = False) -> Workflow:
    """The Snakefile of a graph; `files` is where module files will lie, as seen from the working folder."""
    names = rule_names(graph.families)
    around = Surroundings(graph, files, Sidecars(set()), report)
    lowerings = {name: FamilyLowering(family, names[name], around) for name, family in graph.families.items()}
    rules = [_rule_all(graph, around)]
    rules += [lowerings[name].rule(benchmark=benchmark) for name in graph.families]
    patterns = {name: lowering.outputs for name, lowering in lowerings.items()}
    secrets = {v.name for family in graph.families.values() for v in family.env if v.secret}
    return Workflow(
        name=graph.name,
        title=" ".join(graph.title.split()),
        spec=graph.spec,
        digest=graph.spec_digest,
        version=__version__,
        sidecars=around.sidecars.finished(),
        functions=tuple(sorted(around.functions)),
        uses_files=around.uses_files,
        secrets=tuple(sorted(secrets)),
        constraints=tuple(sorted(_constraints(patterns, lowerings).items())),
        rule_order=tuple(_rule_order(graph, patterns, names, report)),
        rules=tuple(rules),
    )


def _rule_all(graph: Graph, around: Surroundings) -> Rule:
    family = _nothing(graph)
    context = FamilyContext(family, around)
    entries: list[Entry] = []
    used: set[str] = set()
    for name, value in graph.outputs.items():
        safe = unique(item_name(re.sub(r"\W", "_", name)), used)
        code = input_code(value, safe, context)
        if code is not None:
            entries.append(Entry(safe, code, value.span))
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


def _rule_order(
    graph: Graph, patterns: Mapping[str, OutputPatterns], names: Mapping[str, str], report: Report
) -> list[tuple[str, str]]:
    """Pairs of rules of which the first must win where both could write a path."""
    flat = [
        (step, p, found.constraints) for step, found in patterns.items() for ps in found.patterns.values() for p in ps
    ]
    order: dict[tuple[str, str], None] = {}
    for step, pattern, constraints in flat:
        if "{" not in pattern:
            continue
        regex = pattern_regex(pattern, constraints)
        for other, theirs, _ in flat:
            if other == step or not _may_meet(pattern, theirs):
                continue
            if any(regex.fullmatch(path) for path in _written(patterns[other], theirs)):
                order.setdefault((other, step))
    for first, second in order:
        if (second, first) in order and first < second:
            report.add(_ambiguous(graph.families[first], graph.families[second]))
    return [(names[first], names[second]) for first, second in order]


def _may_meet(one: str, other: str) -> bool:
    """Whether two patterns could fit one path, by their parts between slashes; wildcards that hold slashes aside."""
    mine, theirs = one.split("/"), other.split("/")
    if len(mine) != len(theirs):
        return False
    return all(a == b or "{" in a or "{" in b for a, b in zip(mine, theirs, strict=True))


def _written(outputs: OutputPatterns, pattern: str) -> list[str]:
    cells = outputs.cells()
    if not cells:
        return [pattern]
    return [pattern.format_map(dict(zip(cells, row, strict=True))) for row in zip(*cells.values(), strict=True)]


def _ambiguous(first: Family, second: Family) -> Diagnostic:
    one = next(iter(first.outputs.values()))
    other = next(iter(second.outputs.values()))
    return faults.AMBIGUOUS_PATH.at(
        other.path.span,
        f"Snakemake cannot tell whether `{first.name}` or `{second.name}` writes a path",
        help="give one of them a folder of its own, or leave the path out: it is derived then",
        related=(Place("the other path", one.path.span),),
    )
