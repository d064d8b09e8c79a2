"""What a run is to make: files of outputs and of steps, and the families that write them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults.names import UNKNOWN_STEP
from sncompile.ir.graph.feeds import for_effect, steps_in
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.runner.files.job_files import marks
from sncompile.targets.emitted import Emitted


def output_paths(graph: Graph) -> dict[str, list[str]]:
    """The paths of every output of the pipeline."""
    evaluator = Evaluator(graph.families)
    found = {}
    for name, value in graph.outputs.items():
        paths = evaluator.constant(value)
        found[name] = [] if paths is None else [str(p) for p in (paths if isinstance(paths, tuple) else (paths,))]
    return found


def marked_families(emitted: Emitted) -> frozenset[str]:
    """The families whose rules are known to the engine by a mark and not by their files."""
    rules = json.loads(emitted.files.get("Snakefile.map.json", b"{}")).get("rules") or {}
    return frozenset(str(rule["step"]) for rule in rules.values() if rule.get("marked"))


def wanted(
    graph: Graph, targets: Sequence[str], marked: Collection[str] = ()
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The files of the outputs and steps that were asked for (none: all outputs), and the families that write them.

    Without targets there are no files, as the engine makes all outputs by itself. Files of the `marked` families are
    asked for by their marks. Raises `CompileError` for an unknown name.
    """
    outputs = output_paths(graph)
    files: list[str] = []
    families: set[str] = set()
    for name in targets or outputs:
        if name in outputs:
            files += outputs[name]
            families |= set(steps_in(graph.outputs[name]))
            continue
        holders = [family for family in graph.families.values() if name in _steps(family)]
        if not holders:
            steps = [step for family in graph.families.values() for step in _steps(family)]
            hint = did_you_mean(name, [*outputs, *steps], what="outputs and steps")
            raise CompileError([UNKNOWN_STEP.at(None, f"no output and no step `{name}`", help=hint)])
        for family in holders:
            families.add(family.name)
            files += _files(graph, family, name)
    if not targets:
        return (), frozenset((*families, *for_effect(graph)))
    by_mark = {path: mark for name in marked for path, mark in _marks(graph, graph.families[name])}
    return tuple(dict.fromkeys(by_mark.get(path, path) for path in files)), frozenset(families)


def _marks(graph: Graph, family: Family) -> Iterator[tuple[str, str]]:
    """Each file of a family with the mark of its job."""
    found = list(marks(graph, family))
    evaluator = Evaluator(graph.families)
    for output in family.outputs.values():
        for value, mark in zip(evaluator.column(output.path, family.keys, family), found, strict=True):
            yield from ((str(path), mark) for path in (value if isinstance(value, tuple) else (value,)))


def _steps(family: Family) -> set[str]:
    """The steps of the spec that a family's jobs come from."""
    return {origin.step for origin in family.origins.values()} or {family.name}


def _files(graph: Graph, family: Family, step: str) -> Iterator[str]:
    evaluator = Evaluator(graph.families)
    for output in family.outputs.values():
        for number, value in enumerate(evaluator.column(output.path, family.keys, family)):
            if family.origin(number)[0].step == step:
                yield from value if isinstance(value, tuple) else (str(value),)


def families_for(graph: Graph, wanted: Collection[str]) -> set[str]:
    """The families that are needed for some of them, those included."""
    found: set[str] = set()
    pending = list(wanted)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [edge.source for edge in graph.into(name)]
    return found
