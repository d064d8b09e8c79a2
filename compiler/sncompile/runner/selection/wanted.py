"""What a run is to make: the jobs that run if they have to, and the files by which an engine is asked for them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sncompile.diagnostics import CompileError
from sncompile.faults.runs import LEFT_OUT
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.jobs.expansion import Expansion
from sncompile.ir.language.locations import absolute, is_url
from sncompile.ir.values.evaluate import Evaluator
from sncompile.lowering.model import Lowered
from sncompile.runner.files.job_files import marks
from sncompile.runner.selection.selection import Chosen
from sncompile.state.decisions import Decisions
from sncompile.state.versions import ABSENT
from sncompile.targets.emitted import Emitted


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to make.

    `files` are those that an engine is asked for, where it is not all that the outputs need; `jobs` run if they have
    to, by family. With `alone` nothing else is made, whatever they need. `outputs` are the outputs of the pipeline
    that are there in the end, by name.
    """

    files: tuple[str, ...]
    jobs: Mapping[str, Sequence[int]]
    alone: bool
    outputs: frozenset[str]


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


def wanted(graph: Graph, chosen: Chosen, marked: Collection[str]) -> Wanted:
    """What a run is to make that is asked for some jobs; those of the `marked` families are known by their marks."""
    evaluator = Evaluator(graph.families)
    numbers: dict[str, list[int]] = {}
    for name, number in sorted(chosen.named):
        numbers.setdefault(name, []).append(number)
    asked: list[str] = []
    made: set[str] = set()
    for name, found in numbers.items():
        family = graph.families[name]
        files = list(_files(family, found, evaluator))
        made.update(map(os.path.normpath, files))
        if name in marked or not files:
            every = list(marks(graph, family))
            files = [every[number] for number in found]
        asked += files
    paths = output_paths(graph)
    there = frozenset(name for name, held in paths.items() if made.issuperset(map(os.path.normpath, held)))
    return Wanted(tuple(dict.fromkeys(asked)), chosen.jobs, chosen.alone, there)


def left_out(decisions: Decisions, lowered: Lowered) -> None:
    """Raise `CompileError` where a job reads what is not there, and what no job that is wanted makes."""
    for made, number in decisions.jobs():
        for path in dict.fromkeys(path for port in made.task.inputs.values() for path in port.paths[number] or ()):
            maker = lowered.writer(path)
            if maker is None or maker.job.number in decisions.wanted.get(maker.job.task, ()):
                continue
            place = absolute(os.path.abspath(lowered.folder), path)
            there = decisions.looker.version(place) != ABSENT if is_url(path) else os.path.lexists(place)
            if not there:
                other = lowered.tasks[maker.job.task].ids[maker.job.number]
                message = f"`{made.task.ids[number]}` reads `{path}`, which is not there; `{other}` makes it"
                help = f"`--select` instead of `--only` makes what is needed; or add `--only {other.partition('/')[0]}`"
                raise CompileError([LEFT_OUT.at(made.task.span, message, help=help)])


def waited_for(graph: Graph, wanted: Wanted) -> dict[str, str]:
    """What jobs that are left out would write, and is not there, and that jobs of a run come after: absolute paths.

    A job that reads one of these is refused before (`left_out`), so that nobody does.
    """
    expansion = Expansion(graph)
    found: dict[str, str] = {}
    for name, numbers in wanted.jobs.items():
        for other, instances in expansion.needs(name):
            here = set(wanted.jobs.get(other, ()))
            family = graph.families[other]
            every = list(marks(graph, family))
            for each in {each for number in numbers for each in instances(number)} - here:
                for path in (every[each], *_files(family, [each], expansion.evaluator)):
                    place = absolute(os.path.abspath(graph.folder), path)
                    if not is_url(place) and not os.path.lexists(place):
                        found[place] = ABSENT
    return found


def _files(family: Family, numbers: Sequence[int], evaluator: Evaluator) -> Iterator[str]:
    """What some jobs of a family write."""
    for output in family.outputs.values():
        found = evaluator.over(output.path, family.keys, family)
        for number in numbers:
            value = found(number)
            yield from value if isinstance(value, tuple) else (str(value),)
