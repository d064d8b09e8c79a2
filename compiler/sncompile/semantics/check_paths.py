"""Paths of outputs: each must hold its step's keys, and no two may meet.

Derived paths are unique by their form, each step having a folder of its own, so they are only looked at where a path
said by hand leads into that folder. What is said by hand is written out.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.semantics.encoding import encode_key
from sncompile.semantics.evaluate import AtRunTime, Evaluator
from sncompile.semantics.operands import ValueFault
from sncompile.semantics.path_text import MAX_PART, bad_path, is_url, normal
from sncompile.semantics.program import OutputPath, Program, Step
from sncompile.semantics.values import Cell, Items, Key, Local, Lookup, Output, Related, Value, children

_DERIVE = "leave the path out: it is derived then"


class Writer(NamedTuple):
    """Who writes a path."""

    step: str
    port: str
    instance: int


class Paths:
    """The paths that steps write, as far as they had to be written out."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self._program, self._evaluator = program, evaluator
        self.writers: dict[str, Writer] = {}
        start = posixpath.join(program.workspace, "")
        self._regions = {start + name: name for name, step in program.steps.items() if _derives(step)}
        self._expanded: set[str] = set()
        self._region_of: dict[str, str | None] = {}

    def writer(self, path: str) -> Writer | None:
        """Who writes a path, derived paths included."""
        path = normal(path)
        step = self.region(path)
        if step is not None and step not in self._expanded:
            self._expanded.add(step)
            for port, output in self._program.steps[step].outputs.items():
                if output.derived:
                    for number, found in enumerate(self.expand(self._program.steps[step], output)):
                        for item in found:
                            self.writers.setdefault(posixpath.normpath(item), Writer(step, port, number))
        return self.writers.get(path)

    def region(self, path: str) -> str | None:
        """The step whose own folder holds a path."""
        if path in self._regions:
            return self._regions[path]
        # Files stand together in folders.
        folder = posixpath.dirname(path)
        if folder not in self._region_of:
            self._region_of[folder] = self._search(folder)
        return self._region_of[folder]

    def _search(self, path: str) -> str | None:
        while path and path != "/":
            if path in self._regions:
                return self._regions[path]
            parent = posixpath.dirname(path)
            if parent == path:
                return None
            path = parent
        return None

    def regions_below(self, path: str) -> list[str]:
        """The steps whose folders lie at or below a path."""
        return [step for folder, step in self._regions.items() if folder == path or folder.startswith(f"{path}/")]

    def expand(self, step: Step, output: OutputPath) -> list[tuple[str, ...]]:
        """The paths of an output, of every instance. Raises `ValueFault`."""
        found = []
        for value in self._evaluator.column(output.path, step.keys, step):
            found.append(value if isinstance(value, tuple) else (str(value),))
        return found


def _derives(step: Step) -> bool:
    """Whether some path of a step is derived."""
    return any(output.derived for output in step.outputs.values())


def check_paths(program: Program, evaluator: Evaluator, report: Report) -> Paths:
    """Tell every path that lacks a key, is none, or meets another."""
    paths = Paths(program, evaluator)
    _check_lengths(program, report)
    hand_made = [
        (step, port, output)
        for step in program.steps.values()
        for port, output in step.outputs.items()
        if not output.derived and not any(v.type.base == "unknown" for v in _parts(step, output.path))
    ]
    usable = [entry for entry in hand_made if _check_keys(program, *entry, report)]
    for step, port, output in usable:
        _write_out(program, paths, step, port, output, report)
    _check_nesting(program, paths, report)
    return paths


MOST_ENCODED = 12
"""Bytes that one character of a key can become: three for each of its own."""


def _check_lengths(program: Program, report: Report) -> None:
    """Tell of keys that no derived path can hold."""
    told: set[str] = set()
    wrong = bad_path(program.workspace)
    if wrong is not None and (first := next(filter(_derives, program.steps.values()), None)) is not None:
        hint = "set another one (`data: {workspace: …}`, or `--data workspace=PATH`)"
        report.add(faults.BAD_PATH.at(first.span, f"the data root `workspace` {wrong}", help=hint))
    for step in program.steps.values():
        if not step.keys.by or not _derives(step):
            continue
        for key in step.keys.by:
            cells = step.keys.column(key)
            if max(map(len, cells), default=0) * MOST_ENCODED <= MAX_PART:
                continue
            longest = max(map(encode_key, cells), key=len, default="")
            if len(longest.encode("utf-8", "surrogateescape")) > MAX_PART and key not in told:
                told.add(key)
                message = f"the key `{key}` has a value longer than {MAX_PART} bytes: `{longest[:40]}…`"
                hint = "give the rows a shorter key, and keep the long text in a column"
                report.add(faults.BAD_PATH.at(step.span, message, help=hint))


def _parts(step: Step, value: Value) -> list[Value]:
    found = [value]
    if isinstance(value, Local) and value.space in ("inputs", "params", "outputs"):
        found += _parts(step, step.local(value.space, value.name))
    for child in children(value):
        found += _parts(step, child)
    return found


def keys_in(step: Step, value: Value, steps: Mapping[str, Step]) -> set[str]:
    """The keys of a step that a path holds, by itself or through a path or cell that it is made from."""
    if isinstance(value, Key):
        return {value.name}
    if isinstance(value, Local):
        return keys_in(step, step.local(value.space, value.name), steps)
    if isinstance(value, Related):
        if value.gathers:
            return set()
        if isinstance(value.value, Output):
            source = steps.get(value.value.step)
            return keys_in(source, source.outputs[value.value.port].path, steps) if source is not None else set()
        # A table's column may tell its rows apart; whether it does is seen when the paths are written out.
        return set(value.source.by) if isinstance(value.value, Cell) else keys_in(step, value.value, steps)
    if isinstance(value, Lookup):
        return set(step.keys.by)
    return {key for child in children(value) for key in keys_in(step, child, steps)}


def _check_keys(program: Program, step: Step, port: str, output: OutputPath, report: Report) -> bool:
    items = output.path.items if isinstance(output.path, Items) else (output.path,)
    for item in items:
        held = keys_in(step, item, program.steps)
        lacking = [key for key in step.keys.by if key not in held]
        if lacking:
            names = " and ".join(f"`{key}`" for key in lacking)
            signs = "/".join(f"${{{key}}}" for key in lacking)
            report.add(
                faults.PATH_LACKS_KEY.at(
                    item.span if item.span.file == step.span.file else step.span,
                    f"the path of `{step.name}.{port}` lacks the key{'s' if len(lacking) > 1 else ''} {names}",
                    help=f"put `{signs}` into it, or leave the path out: it is derived then",
                    related=(Place("the step ranges over it here", step.span),),
                )
            )
            return False
    return True


def _write_out(program: Program, paths: Paths, step: Step, port: str, output: OutputPath, report: Report) -> None:
    try:
        expanded = paths.expand(step, output)
    except (ValueFault, AtRunTime) as fault:
        report.add(
            faults.BAD_PATH.at(
                output.path.span, f"the path of `{step.name}.{port}`: {fault}", help=getattr(fault, "help", None)
            )
        )
        return
    for number, found in enumerate(expanded):
        for path in found:
            wrong = bad_path(path) or _strays(program, step, output, number, path)
            if wrong is not None:
                report.add(
                    faults.BAD_PATH.at(
                        output.path.span,
                        f"the path of `{step.name}.{port}`{_for(step, number)} {wrong}",
                        help=_DERIVE,
                    )
                )
                return
            other = paths.writer(path)
            if other is not None:
                report.add(_two_writers(program, path, Writer(step.name, port, number), other, _place(step, port)))
                return
            paths.writers[posixpath.normpath(path)] = Writer(step.name, port, number)


def _strays(program: Program, step: Step, output: OutputPath, number: int, path: str) -> str | None:
    """Why a path said by hand leads elsewhere than it says; None if it does not."""
    if is_url(path):
        return "is a URL, and jobs write files"
    if path.startswith(("/", ".")) or "/.." in path:
        # An engine deletes what a job is to write, with all that is in it.
        folder = os.path.abspath(program.folder)
        if Path(folder).is_relative_to(os.path.normpath(os.path.join(folder, path))):
            return "is the working folder, or a folder around it"
    used = {leaf.name for leaf in _parts(step, output.path) if isinstance(leaf, Key) and not leaf.encoded}
    for name, value in zip(step.keys.by, step.keys.instances[number], strict=True):
        if name in used and ".." in value.split("/"):
            return f"goes up a folder by its key `{value}`"
    if posixpath.normpath(path) != path.removeprefix("./"):
        return f"has another form for an engine: `{posixpath.normpath(path)}`, not `{path}`"
    return None


def _for(step: Step, number: int) -> str:
    where = step.keys.describe(number)
    return f" for {where}" if where else ""


def _two_writers(program: Program, path: str, one: Writer, other: Writer, span: Span) -> Diagnostic:
    here, there = program.steps[one.step], program.steps[other.step]
    if one.step == other.step and one.port == other.port:
        message = f"`{one.step}` writes `{path}` twice:{_for(here, other.instance)} and{_for(here, one.instance)}"
    else:
        message = f"`{one.step}.{one.port}` and `{other.step}.{other.port}` both write `{path}`"
    return faults.TWO_WRITERS.at(
        span,
        message,
        help="put what tells them apart into the path, or leave the path out: it is derived then",
        related=_also(there, other) if one[:2] != other[:2] else (),
    )


def _also(step: Step, writer: Writer) -> tuple[Place, ...]:
    return (Place("also written here", _place(step, writer.port)),)


def _place(step: Step, port: str) -> Span:
    """Where people look for an output's path: the step itself where the path stands in a module of another file."""
    span = step.outputs[port].path.span
    return span if span.file == step.span.file else step.span


def _check_nesting(program: Program, paths: Paths, report: Report) -> None:
    for path, writer in list(paths.writers.items()):
        step = program.steps[writer.step]
        output = step.outputs[writer.port]
        if output.derived:
            continue
        above = posixpath.dirname(path)
        while above and above != "/":
            outer = paths.writer(above)
            if outer is not None and (outer.step, outer.port) != (writer.step, writer.port):
                _tell_nested(program, path, writer, above, outer, report)
                break
            above = posixpath.dirname(above)
        for name in paths.regions_below(path):
            inner = next(p for p, o in program.steps[name].outputs.items() if o.derived)
            region = posixpath.join(program.workspace, name)
            _tell_nested(program, f"{region}/…", Writer(name, inner, 0), path, writer, report)


def _tell_nested(program: Program, path: str, inner: Writer, above: str, outer: Writer, report: Report) -> None:
    inside, around = program.steps[inner.step], program.steps[outer.step]
    report.add(
        faults.NESTED_PATHS.at(
            _place(inside, inner.port),
            f"`{path}` of `{inner.step}.{inner.port}` lies inside `{above}`, an output of `{outer.step}`",
            help="give them separate places",
            related=(Place("the outer one is here", _place(around, outer.port)),),
        )
    )
