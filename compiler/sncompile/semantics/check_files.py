"""Input files: those that no step writes must be there, and those that a step writes must be taken from it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from stat import S_ISDIR

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import graph as faults
from sncompile.semantics.branches import Branch, branches
from sncompile.semantics.check_paths import Paths, Writer
from sncompile.semantics.evaluate import AtRunTime, Evaluator
from sncompile.semantics.operands import ValueFault
from sncompile.semantics.path_text import bad_path, is_url
from sncompile.semantics.program import Program, Step
from sncompile.semantics.values import Cell, Const, Output, Related, Value, walk

_ELSEWHERE = "set another data root (`--data NAME=PATH`), or put the data there; paths start at the spec's folder"


def source_paths(step: Step, part: Branch, evaluator: Evaluator) -> dict[str, int]:
    """The paths of a part of an input, each with the first instance that takes it.

    Raises `ValueFault` and `AtRunTime` as evaluation does.
    """
    found: dict[str, int] = {}
    value = part.value
    if not part.tests:
        closure = evaluator.over(value, step.keys, step)
        numbers: Iterable[int] = range(min(1, len(step.keys)) if isinstance(value, Const) else len(step.keys))
    else:
        closure = evaluator.closure(value, step.keys, step)
        numbers = filter(part.taken(step.keys, evaluator, step), range(len(step.keys)))
    for number in numbers:
        here = closure(number)
        for path in here if isinstance(here, tuple) else (here,):
            if path is not None:
                found.setdefault(str(path), number)
    return found


def _outside(value: Value) -> list[Branch]:
    """The parts of an input that come from outside of the pipeline: an item of a list may, its neighbour not."""
    return [part for part in branches(value) if not any(isinstance(leaf, Output) for leaf in walk(part.value))]


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


def _is_output(value: Value) -> bool:
    """Whether an input is what steps write, and nothing else."""
    return isinstance(value, Related) and isinstance(value.value, Output)


def _listed_already(value: Value) -> bool:
    """Whether a value is the column of files that a `glob` has just listed."""
    if isinstance(value, Related) and isinstance(value.value, Cell):
        return value.value.table.enumerated == value.value.column
    return False


def _made_from(value: Value) -> list[Branch]:
    """The parts of an input that are paths made from an output, such as `${make.folder}/part.csv`."""
    return [part for part in branches(value) if _is_made(part.value)]


def _is_made(value: Value) -> bool:
    while isinstance(value, Related):
        value = value.value
    return not isinstance(value, Output) and any(isinstance(leaf, Output) for leaf in walk(value))


def check_files(
    program: Program,
    evaluator: Evaluator,
    paths: Paths,
    feeds: Mapping[str, Mapping[str, Span]],
    report: Report,
) -> None:
    """Warn of input files that are not there, each once, and tell of paths that a step writes and nobody takes."""
    checker = _Checker(program, paths, feeds, report)
    for step in program.steps.values():
        for port, value in step.inputs.items():
            if value.type.base in ("unknown", "null") or _is_output(value):
                continue
            for parts, made in ((_outside(value), False), (_made_from(value), True)):
                for part in parts:
                    try:
                        found = source_paths(step, part, evaluator)
                    except (ValueFault, AtRunTime):
                        continue  # Told of already.
                    checker.check(step, port, part.value, found, made=made)


MAX_CHAIN = 12
"""So many steps are named of those that need a file."""


class _Disk:
    """What stands on the disk, as seen from a folder. A pipeline may have a hundred thousand files in a few folders."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._places: dict[str, str | None] = {}

    def kind(self, path: str) -> str | None:
        """`directory`, `file` (whatever is no directory), or None where nothing is. A name may hold anything."""
        name = path.rpartition("/")[2]
        if name in ("", ".", ".."):
            return _kind(self._place(path))
        head = path[: len(path) - len(name)]
        if head not in self._places:
            place = self._place(head)
            self._places[head] = place if os.path.isdir(place) else None
        found = self._places[head]
        # In a folder that is not there is nothing.
        return None if found is None else _kind(os.path.join(found, name))

    def _place(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._folder, path))


def _kind(place: str) -> str | None:
    try:
        found = os.stat(place)
    except (OSError, ValueError):
        return None
    return "directory" if S_ISDIR(found.st_mode) else "file"


class _Checker:
    """Looks at the files of one program."""

    def __init__(self, program: Program, paths: Paths, feeds: Mapping[str, Mapping[str, Span]], report: Report) -> None:
        self._program, self._paths, self._feeds, self._report = program, paths, feeds, report
        self._next: dict[str, str] = {}
        for name in program.steps:
            for source in feeds[name]:
                self._next.setdefault(source, name)
        self._told: set[str] = set()
        self._disk = _Disk(str(program.folder))
        self._around: dict[str, tuple[str, Writer] | None] = {}

    def check(self, step: Step, port: str, value: Value, found: dict[str, int], *, made: bool) -> None:
        """Tell what is wrong with the paths of an input; `made` are those made from an output's path."""
        wanted = step.module.inputs[port].base
        missing: list[str] = []
        wrong: list[str] = []
        for path in found:
            if (reason := bad_path(path.rstrip("/") if wanted == "directory" else path)) is not None:
                message = f"the input `{port}` of `{step.name}` {reason}"
                self._report.add(faults.BAD_PATH.at(value.span, message, help="check the path"))
                return
            writer = self._paths.writer(path)
            if writer is not None and made:
                continue
            if writer is not None or self._folder_of(path) is not None:
                self._tell_written(path, writer, value.span)
                return
            if is_url(path) or _listed_already(value) or path in self._told:
                continue
            there = self._disk.kind(path)
            if there is None:
                missing.append(path)
                self._told.add(path)
            elif (there == "directory") != (wanted == "directory"):
                wrong.append(path)
        for names, what in ((missing, "not there"), (wrong, f"no {wanted}")):
            if names:
                more = f" and {len(names) - 1} more are" if len(names) > 1 else " is"
                chain = " → ".join(f"`{name}`" for name in self._chain(step.name))
                message = f"`{names[0]}`{more} {what}; needed by {chain}"
                self._report.add(faults.MISSING_FILE.at(value.span, message, help=_ELSEWHERE))

    def _chain(self, name: str) -> list[str]:
        """A step and those that need it, one after the other, towards the end of the pipeline."""
        chain = [name]
        while chain[-1] in self._next and len(chain) < MAX_CHAIN:
            chain.append(self._next[chain[-1]])
        return chain

    def _folder_of(self, path: str) -> tuple[str, Writer] | None:
        """The output that a path lies in, with who writes it."""
        above = posixpath.dirname(path)
        if not above or above == path:
            return None
        if above not in self._around:
            writer = self._paths.writer(above)
            self._around[above] = (above, writer) if writer is not None else self._folder_of(above)
        return self._around[above]

    def _tell_written(self, path: str, writer: Writer | None, span: Span) -> None:
        if writer is not None:
            message = f"`{path}` is written by `{writer.step}`"
            hint = f"take it from there: `${{{writer.step}.{writer.port}}}`"
        else:
            found = self._folder_of(path)
            assert found is not None
            folder, writer = found
            message = f"`{path}` lies in `{folder}`, which `{writer.step}` writes as a whole"
            hint = f"take the whole, `${{{writer.step}.{writer.port}}}`, or make it an output of that module by itself"
        place = (Place("the step is here", self._program.steps[writer.step].span),)
        self._report.add(faults.UNDECLARED_EDGE.at(span, message, help=hint, related=place))
