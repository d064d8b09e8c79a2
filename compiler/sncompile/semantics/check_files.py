"""Input files: those that no step writes must be there, and those that a step writes must be taken from it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import graph as faults
from sncompile.semantics.check_paths import Paths, bad_path
from sncompile.semantics.evaluate import AtRunTime, Evaluator
from sncompile.semantics.operands import ValueFault
from sncompile.semantics.program import Program, Step
from sncompile.semantics.values import Cell, Choice, Const, Items, Output, Related, Value, walk

_ELSEWHERE = "set another data root (`--data NAME=PATH`), or put the data there; paths start at the spec's folder"


def source_paths(step: Step, value: Value, evaluator: Evaluator) -> dict[str, int]:
    """The paths of a value from outside of the pipeline, each with the first instance that does."""
    found: dict[str, int] = {}
    closure = evaluator.closure(value, step.keys, step)
    for number in range(1 if isinstance(value, Const) else len(step.keys)):
        here = closure(number)
        for path in here if isinstance(here, tuple) else (here,):
            if path is not None:
                found.setdefault(str(path), number)
    return found


def _outside(value: Value) -> list[Value]:
    """The parts of an input that come from outside of the pipeline: an item of a list may, its neighbour not."""
    if isinstance(value, Items):
        return [part for item in value.items for part in _outside(item)]
    if isinstance(value, Choice):
        return [*_outside(value.then), *_outside(value.other)]
    if any(isinstance(leaf, Output) for leaf in walk(value)):
        return []
    return [value]


def input_files(program: Program, evaluator: Evaluator) -> dict[str, tuple[str, str]]:
    """Every file that must exist before a run, with the first step and port that take it, in order."""
    found: dict[str, tuple[str, str]] = {}
    for step in program.steps.values():
        for port, value in step.inputs.items():
            if value.type.base in ("unknown", "null"):
                continue
            for part in _outside(value):
                for path in source_paths(step, part, evaluator):
                    found.setdefault(path, (step.name, port))
    return found


def _listed_already(value: Value) -> bool:
    """Whether a value is the column of files that a `glob` has just listed."""
    if isinstance(value, Related) and isinstance(value.value, Cell):
        return value.value.table.enumerated == value.value.column
    return False


def check_files(
    program: Program,
    evaluator: Evaluator,
    paths: Paths,
    feeds: Mapping[str, Mapping[str, Span]],
    report: Report,
) -> None:
    """Warn of input files that are not there, and tell of paths that a step writes."""
    for step in program.steps.values():
        for port, value in step.inputs.items():
            if value.type.base in ("unknown", "null"):
                continue
            for part in _outside(value):
                try:
                    found = source_paths(step, part, evaluator)
                except (ValueFault, AtRunTime):
                    continue  # Told of already.
                _check_port(program, step, port, part, found, paths, feeds, report)


def _check_port(
    program: Program,
    step: Step,
    port: str,
    value: Value,
    found: dict[str, int],
    paths: Paths,
    feeds: Mapping[str, Mapping[str, Span]],
    report: Report,
) -> None:
    wanted = step.module.inputs[port].base
    missing: list[str] = []
    wrong: list[str] = []
    for path in found:
        if (reason := bad_path(path.rstrip("/") if wanted == "directory" else path)) is not None:
            message = f"the input `{port}` of `{step.name}` {reason}"
            report.add(faults.BAD_PATH.at(value.span, message, help="check the path"))
            return
        writer = paths.writer(path)
        if writer is not None:
            hint = f"take it from there: `${{{writer.step}.{writer.port}}}`"
            place = (Place("the step is here", program.steps[writer.step].span),)
            message = f"`{path}` is written by `{writer.step}`"
            report.add(faults.UNDECLARED_EDGE.at(value.span, message, help=hint, related=place))
            return
        if "://" in path or _listed_already(value):
            continue
        # Plain functions: a pipeline may have a hundred thousand files, and a name may hold anything.
        there = os.path.normpath(program.folder / path)
        if not os.path.exists(there):
            missing.append(path)
        elif os.path.isdir(there) != (wanted == "directory"):
            wrong.append(path)
    for names, what in ((missing, "not there"), (wrong, f"no {wanted}")):
        if names:
            more = f" and {len(names) - 1} more are" if len(names) > 1 else " is"
            chain = " → ".join(f"`{name}`" for name in _chain(step.name, program, feeds))
            message = f"`{names[0]}`{more} {what}; needed by {chain}"
            report.add(faults.MISSING_FILE.at(value.span, message, help=_ELSEWHERE))


def _chain(name: str, program: Program, feeds: Mapping[str, Mapping[str, Span]]) -> list[str]:
    """A step and those that need it, one after the other, to the end of the pipeline."""
    chain = [name]
    while True:
        following = next((n for n in program.steps if chain[-1] in feeds[n] and n not in chain), None)
        if following is None:
            return chain
        chain.append(following)
