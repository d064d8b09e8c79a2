"""Input files: those that no step writes must be there, and those that a step writes must be taken from it."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from stat import S_ISDIR, S_ISREG

from sncompile.diagnostics import Edit, Fix, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.ir.keys.table import Table
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.branches import Branch, branches
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Cell, Const, Output, Related, Value, walk
from sncompile.semantics import git_lfs
from sncompile.semantics.checking.cells import said_at
from sncompile.semantics.checking.listed_files import plain_among
from sncompile.semantics.checking.outputs import OWN_PLACE
from sncompile.semantics.checking.patterns import caught_by_pattern
from sncompile.semantics.look_alikes import difference, folded
from sncompile.semantics.path_text import bad_path, normal, room
from sncompile.semantics.paths.writers import Paths, Writer, output_span
from sncompile.semantics.program import Program, Step
from sncompile.syntax.other_languages import reference_meant
from sncompile.syntax.quoting import quoted

_ELSEWHERE = "set another data root (`--data NAME=PATH`), or put the data there; paths start at the spec's folder"

_IN_A_SHEET = "mend the cell, or put the file there; paths start at the spec's folder, or at `--directory`"

_FROM_HOME = "write the whole path, or set a data root: in `--data NAME=~/…` the shell replaces it"

_SHOWN = 200
"""Characters that a message shows of a path that can be none."""


def source_paths(step: Step, part: Branch, evaluator: Evaluator) -> dict[str, int]:
    """The paths of a part of an input, each with the first instance that takes it.

    Raises `ValueFault` and `AtRunTime` as evaluation does.
    """
    found: dict[str, int] = {}
    value = part.value
    if not part.tests:
        closure = evaluator.over(value, step.keys, step)
        numbers: Sequence[int] = range(min(1, len(step.keys)) if isinstance(value, Const) else len(step.keys))
    else:
        closure = evaluator.closure(value, step.keys, step)
        numbers = list(filter(part.taken(step.keys, evaluator, step), range(len(step.keys))))
    column = list(map(closure, numbers))
    if set(map(type, column)) == {str} and len(alone := dict(zip(column, numbers, strict=True))) == len(column):
        return alone  # One path for each instance, as nearly always.
    for number, here in zip(numbers, column, strict=True):
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
            if value.type.base in ("unknown", "null") or is_late(value):
                continue
            for part in _outside(value):
                for path in source_paths(step, part, evaluator):
                    found.setdefault(path, (step.name, port))
    return found


def _is_output(value: Value) -> bool:
    """Whether an input is what steps write, and nothing else."""
    return isinstance(value, Related) and isinstance(value.value, Output)


def is_late(value: Value) -> bool:
    """Whether an input follows from rows that a step writes: who reads these sees to it that the files are there."""
    return any(isinstance(leaf, Cell) and leaf.table.late is not None for leaf in walk(value))


def _is_cell(value: Value) -> bool:
    """Whether a value is a cell as it stands, with nothing before it."""
    return isinstance(value, Related) and isinstance(value.value, Cell)


def _listed_by(value: Value) -> Table | None:
    """The table whose column of files a value is, which a `glob` has just listed."""
    if isinstance(value, Related) and isinstance(value.value, Cell):
        table = value.value.table
        return table if table.enumerated == value.value.column else None
    return None


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
    caught: Collection[Table],
    feeds: Mapping[str, Mapping[str, Span]],
    report: Report,
) -> None:
    """Warn of input files that are not there, each once, and tell of paths that a step writes and nobody takes.

    Of the tables `caught` it is told already that they list what steps write.
    """
    checker = _Checker(program, paths, caught, feeds, report)
    for step in program.steps.values():
        for port, value in step.inputs.items():
            if value.type.base in ("unknown", "null") or _is_output(value) or is_late(value):
                continue
            for parts, made in ((_outside(value), False), (_made_from(value), True)):
                for part in parts:
                    try:
                        found = source_paths(step, part, evaluator)
                    except (ValueFault, AtRunTime):
                        continue  # Told of already.
                    checker.check(step, port, part.value, found, made=made)
        checker.check_params(step)


MAX_CHAIN = 12
"""So many steps are named of those that need a file."""


MAX_LOOKED = 2_000
"""Files that are looked into, whether they are what they seem."""


class _Disk:
    """What stands on the disk, as seen from a folder. A pipeline may have a hundred thousand files in a few folders."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._places: dict[str, str | None] = {}
        self._looked = 0

    @property
    def looks(self) -> bool:
        """Whether files are still looked into: it is done for some of them only."""
        return self._looked < MAX_LOOKED

    def is_pointer(self, path: str) -> bool:
        """Whether a file is a pointer of Git LFS."""
        self._looked += 1
        place = os.path.join(self._folder, path)
        try:
            found = os.stat(place)
        except (OSError, ValueError):
            return False
        # Who opens a pipe waits for its other end.
        return S_ISREG(found.st_mode) and found.st_size <= git_lfs.LARGEST and git_lfs.stands_for_another(place)

    def link(self, path: str) -> str | None:
        """Where a path leads that is a link itself."""
        try:
            return os.readlink(os.path.join(self._folder, path))
        except (OSError, ValueError):
            return None

    def like(self, path: str) -> str | None:
        """A file beside a path that is called nearly as that is."""
        head, slash, name = path.rpartition("/")
        try:
            names = sorted(os.listdir(os.path.join(self._folder, head)))
        except (OSError, ValueError):
            return None
        return next((f"{head}{slash}{other}" for other in names if folded(other) == folded(name)), None)

    def kind(self, path: str) -> str | None:
        """`directory`, `file` (whatever is no directory), or None where nothing is. A name may hold anything."""
        name = path.rpartition("/")[2]
        if name in ("", ".", ".."):
            return _kind(os.path.join(self._folder, path))
        head = path[: len(path) - len(name)]
        if head not in self._places:
            place = os.path.join(self._folder, head)
            self._places[head] = place if os.path.isdir(place) else None
        found = self._places[head]
        # In a folder that is not there is nothing.
        return None if found is None else _kind(os.path.join(found, name))


def _kind(place: str) -> str | None:
    try:
        found = os.stat(place)
    except (OSError, ValueError):
        return None
    return "directory" if S_ISDIR(found.st_mode) else "file"


class _Checker:
    """Looks at the files of one program."""

    def __init__(
        self,
        program: Program,
        paths: Paths,
        caught: Collection[Table],
        feeds: Mapping[str, Mapping[str, Span]],
        report: Report,
    ) -> None:
        self._program, self._paths, self._caught = program, paths, caught
        self._feeds, self._report = feeds, report
        self._next: dict[str, str] = {}
        for name in program.steps:
            for source in feeds[name]:
                self._next.setdefault(source, name)
        self._told: set[str] = set()
        self._disk = _Disk(str(program.folder))
        self._needs: dict[str, set[str]] = {}
        self._told_inside: set[tuple[str, str]] = set()

    def check(self, step: Step, port: str, value: Value, found: dict[str, int], *, made: bool) -> None:
        """Tell what is wrong with the paths of an input; `made` are those made from an output's path."""
        wanted = step.module.inputs[port].base
        missing: list[str] = []
        wrong: list[str] = []
        pointers: list[str] = []
        listed = _listed_by(value)
        if listed in self._caught:
            return
        working = self._paths.identity.working.actual
        rooms = {absolute: room(working, "/" if absolute else "") for absolute in (False, True)}
        plain = plain_among(found, wanted, self._paths, rooms[False])
        for path in found:
            # The first ones are looked into, and of most of the others nothing is to be told.
            if plain is not None and not self._disk.looks and plain(path):
                continue
            if not path and not step.module.inputs[port].optional:
                return  # That it is absent is told where values are looked at.
            most = rooms[path.startswith("/")]
            if (reason := bad_path(path.rstrip("/") if wanted == "directory" else path, most)) is not None:
                shown = f": `{json.dumps(path[:_SHOWN], ensure_ascii=False)[1:-1]}`" if path else ""
                message = f"the input `{port}` of `{step.name}` {reason}{shown}"
                hint = _FROM_HOME if path[:1] == "~" else "check the path, or give the file another name"
                self._report.add(faults.BAD_PATH.at(value.span, message, help=hint))
                return
            if is_url(path):
                continue
            places = self._paths.identity.keys(path)
            writer = self._paths.writer_at(places)
            if writer is not None and made:
                continue
            folder = self._paths.writer_around_any(places) if writer is None else None
            if writer is not None or folder is not None:
                self._tell_written(step, path, writer, folder, value)
                return
            for inside in self._paths.writers_inside_any(places) if not made else ():
                self._tell_inside(step, path, inside, value)
            if self._disk.looks and path not in self._told and path[-1:] != "/" and self._disk.is_pointer(path):
                pointers.append(path)
            if listed is not None or path in self._told:
                continue
            there = self._disk.kind(path)
            if there is None:
                missing.append(path)
                self._told.add(path)
            elif (there == "directory") != (wanted == "directory"):
                wrong.append(path)
        self._tell_missing(step, value, missing, "not there", self._help(missing))
        self._tell_missing(step, value, wrong, f"no {wanted}", _ELSEWHERE)
        pointer = "a pointer" if len(pointers) == 1 else "pointers"
        self._tell_missing(step, value, pointers, f"{pointer} of Git LFS, not the data", git_lfs.PULL)

    def _tell_missing(self, step: Step, value: Value, names: list[str], what: str, hint: str) -> None:
        if names:
            more = f" and {len(names) - 1} more are" if len(names) > 1 else " is"
            chain = " → ".join(f"`{name}`" for name in self._chain(step.name))
            message = f"`{names[0]}`{more} {what}; needed by {chain}"
            meant = reference_meant(names[0], self._members)
            if meant is not None and isinstance(value, Const):
                fixes = (Fix(f"write `{meant}`", (Edit(value.span, quoted(meant)),)),)
                hint = f"did you mean `{meant}`?"
                self._report.add(faults.MISSING_FILE.at(value.span, message, help=hint, fixes=fixes))
                return
            said = said_at(value, names[0])
            if said is not None and hint == _ELSEWHERE and _is_cell(value):
                hint = _IN_A_SHEET
            related = (Place("it is named here", said),) if said is not None else ()
            self._report.add(faults.MISSING_FILE.at(value.span, message, help=hint, related=related))

    def _members(self, name: str) -> Collection[str]:
        """What a name has inside to expressions: a table its columns, a step its outputs."""
        steps, tables = self._program.steps, self._program.tables
        if name in steps:
            return tuple(steps[name].outputs)
        return tuple(tables[name].columns) if name in tables else ()

    def _help(self, missing: list[str]) -> str:
        """Where files that are not there may be."""
        if missing and missing[0].startswith("$"):
            return "no variable of a shell is replaced in a path: write it out, or set a data root (`--data NAME=PATH`)"
        if missing and any(sign in missing[0] for sign in "*?"):
            return "a path names one file: for those that fit a pattern have a table (`glob`)"
        target = self._disk.link(missing[0]) if missing else None
        if target is not None:
            return f"it is a link to `{target}`, and that leads nowhere: bring back what it led to, or link it anew"
        like = self._disk.like(missing[0]) if missing else None
        if like is None:
            return _ELSEWHERE
        how = difference(missing[0].rpartition("/")[2], like.rpartition("/")[2])
        return f"there is `{like}`, which differs {how}: name it as it is"

    def check_params(self, step: Step) -> None:
        """Tell of paths that a step is given as parameters, and that another writes with no order between the two."""
        for name, value in step.params.items():
            declared = step.module.params.get(name)
            if declared is None or declared.base != "path" or not isinstance(value, Const):
                continue
            if declared.default is not None and value.span == step.span:
                continue  # A place that the module has by convention: who depends on it says so by an input.
            for path in value.value if isinstance(value.value, tuple) else (value.value,):
                if not isinstance(path, str) or is_url(path) or bad_path(path.rstrip("/")) is not None:
                    continue
                writer = self._paths.writer_at(self._paths.identity.keys(path))
                if writer is None:
                    continue
                if writer.step == step.name:
                    if len(step.keys) > 1:
                        self._tell_own(step, path, value)
                elif writer.step not in self._needed_by(step.name) and step.name not in self._needed_by(writer.step):
                    self._tell_written(step, path, writer, None, value)

    def _tell_own(self, step: Step, path: str, value: Value) -> None:
        """Tell of an output of one job that all jobs of its step are given the path of."""
        message = f"`{path}` is written by one job of `{step.name}`, and all others are given it, too"
        hint = "name it by the keys of the step, or have a step of its own write what the others read"
        self._report.add(faults.UNDECLARED_EDGE.at(value.span, message, help=hint))

    def _chain(self, name: str) -> list[str]:
        """A step and those that need it, one after the other, towards the end of the pipeline."""
        chain = [name]
        while chain[-1] in self._next and len(chain) < MAX_CHAIN:
            chain.append(self._next[chain[-1]])
        return chain

    def _tell_written(self, step: Step, path: str, writer: Writer | None, folder: Writer | None, value: Value) -> None:
        """Tell that an input is what a step writes (`writer`), or lies in it (`folder`)."""
        by = writer or folder
        assert by is not None
        how = "is" if writer is not None else "lies in"
        source = self._program.steps[by.step]
        if by.step == step.name or step.name in self._needed_by(by.step):
            # To take it from there would be a ring: the data stood there before, and would be gone.
            message = f"`{by.path}` of `{by.step}.{by.port}` is written over `{path}`, which `{step.name}` reads"
            related = (Place("it is read here", value.span),)
            span = output_span(source, by.port)
            self._report.add(faults.OVER_DATA.at(span, message, help=OWN_PLACE, related=related))
            return
        listed = _listed_by(value)
        if listed is not None:
            message = f"`{path}`, which the table `{listed.name}` lists, {how} `{by.path}` of `{by.step}.{by.port}`"
            self._report.add(caught_by_pattern(message, output_span(source, by.port), listed, derived=False))
            return
        if writer is not None:
            same = "" if normal(writer.path) == normal(path) else f" as `{writer.path}`"
            message = f"`{path}` is written by `{writer.step}`{same}"
            hint = f"take it from there: `${{{writer.step}.{writer.port}}}`"
            port = source.module.outputs.get(writer.port)
            if port is not None and port.beside is not None:
                # A companion has no name in expressions.
                main, suffix = port.beside
                hint = f'take `${{{writer.step}.{main}}}`, by an input with `companions: ["{suffix}"]`'
        else:
            message = f"`{path}` lies in `{by.path}`, which `{by.step}` writes as a whole"
            hint = f"take the whole, `${{{by.step}.{by.port}}}`, or make it an output of that module by itself"
        place = (Place("the step is here", source.span),)
        self._report.add(faults.UNDECLARED_EDGE.at(value.span, message, help=hint, related=place))

    def _tell_inside(self, step: Step, path: str, writer: Writer, value: Value) -> None:
        """Warn of a step that writes into a folder which is read as a whole, unless that waits for it."""
        if (writer.step, path) in self._told_inside or writer.step in self._needed_by(step.name) - {step.name}:
            return
        self._told_inside.add((writer.step, path))
        span = output_span(self._program.steps[writer.step], writer.port)
        what = f"`{writer.path}` of `{writer.step}.{writer.port}`"
        message = f"{what} is written into `{path}`, which `{step.name}` reads"
        hint = "write it elsewhere, or read the files that are needed of the folder one by one"
        if writer.step != step.name:
            hint += f"; if `{step.name}` is to read it, too, say `after: [{writer.step}]` there"
        related = (Place("it is read here", value.span),)
        self._report.add(faults.INTO_READ.at(span, message, help=hint, related=related))

    def _needed_by(self, name: str) -> set[str]:
        """The steps that a step needs, directly or through others."""
        if name not in self._needs:
            found: set[str] = set()
            pending = [name]
            while pending:
                here = pending.pop()
                step = self._program.steps.get(here)
                waits = [w.step for w in step.after] if step is not None else []
                new = {*self._feeds.get(here, ()), *waits} - found
                found |= new
                pending += new
            self._needs[name] = found
        return self._needs[name]
