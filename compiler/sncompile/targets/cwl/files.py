"""The files of a family's jobs: what each takes and writes, and the arguments that say so to the job's script.

Decision 0032.
"""

from __future__ import annotations

import os
import posixpath
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from sncompile.diagnostics import Span
from sncompile.faults import targets as faults
from sncompile.faults.values import LONG_LINE
from sncompile.ir.graph.own_names import CALLERS
from sncompile.ir.language.encoding import length
from sncompile.ir.language.limits import MOST_LINE
from sncompile.lowering.jobs import Words
from sncompile.lowering.model import Output as Written
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Constant, ModuleFile, Word
from sncompile.targets.cwl.columns import Columns, safe_suffix
from sncompile.targets.cwl.context import Around
from sncompile.targets.cwl.model import Json, Output, array, optional
from sncompile.targets.cwl.names import unique
from sncompile.targets.cwl.places import leads_out
from sncompile.targets.cwl.plan import Source

STAGED = 80
"""Bytes that the folder takes in which an engine puts a file for a job, and that two words take beside theirs."""


class Port(NamedTuple):
    """An input of a tool that holds files, and what every job takes there: a list, or one file or none."""

    name: str
    base: str
    many: bool
    optional: bool
    taken: tuple[tuple[Source, ...], ...]

    @property
    def type(self) -> Json:
        """The type of a job's value."""
        if self.many:
            return array(self.base)
        return optional(self.base) if self.optional else self.base


class FilesLowering:
    """Lowers the files of one task."""

    def __init__(self, task: Task, around: Around, columns: Columns, used: set[str]) -> None:
        self._task, self._around, self._columns, self._used = task, around, columns, used
        self._plan = around.plan
        self._numbers = around.plan.numbers[task.name]
        self.ports: list[Port] = []
        self.named: dict[str, str] = {}
        """Input port of the task → input of the tool."""
        self.outputs: list[Output] = []

    # --- Inputs -------------------------------------------------------------------------------------------------

    def inputs(self) -> list[list[str]]:
        """The groups of arguments that put a job's files where its command looks for them; folders first."""
        task = self._task
        for name, given in task.inputs.items():
            taken = [self._plan.sources(task, name, number) for number in self._numbers]
            if any(taken):
                base = "Directory" if given.base == "directory" else "File"
                self._add(name, base, given.many, [t or () for t in taken], given.span)
                self.named[name] = self.ports[-1].name
        for (other, port), column in self._plan.passed_on(task).items():
            base = "Directory" if self._plan.lowered.tasks[other].outputs[port].base == "directory" else "File"
            self._add(f"of_{other}_{port}", base, True, [column[n] for n in self._numbers], task.span)
        self._add_parameters()
        self._add_package()
        self._tell_long()
        ordered = sorted(self.ports, key=lambda port: port.base != "Directory")
        shipped = [f for f in task.files if f != task.conda]
        return [*map(self._placed, ordered), *map(self._shipped, shipped), *self._lists()]

    def _add(self, hint: str, base: str, many: bool, taken: list[tuple[Source, ...]], span: Span) -> None:
        for source in dict.fromkeys(source for sources in taken for source in sources):
            self._refuse_input(source, span)
        optional = not many and not all(taken)
        if any(taken):
            self.ports.append(Port(self._columns.name(hint), base, many, optional, tuple(taken)))

    def _refuse_input(self, source: Source, span: Span) -> None:
        path = source.original
        if posixpath.normpath(path) == ".":
            fault, told = faults.CWL_PLACE, "an input is the working folder itself"
            hint = "name a folder in it"
        else:
            return
        self._around.tell(fault.at(span, f"`{self._task.name}`: {told}", help=hint))

    def _add_parameters(self) -> None:
        """Parameters of the type `path` name files that no port does; those that are there go along."""
        known = {source.path for port in self.ports for sources in port.taken for source in sources}
        for name, given in self._task.parameters.items():
            listed = [given.paths[number] for number in self._numbers]
            paths = {path for found in listed for path in found} - known
            for base, there in (("File", os.path.isfile), ("Directory", os.path.isdir)):
                folder = self._plan.lowered.folder
                here = {p for p in paths if self._carried(p, given.span) and there(f"{folder}/{p}")}
                taken = [tuple(self._plan.source(p) for p in found if p in here) for found in listed]
                if any(taken):
                    self._add(f"{name}_files", base, True, taken, given.span)

    def _carried(self, path: str, span: Span) -> bool:
        """Whether a parameter's path may name a file of the working folder; one that leads out of it is refused."""
        if path.startswith("/") or "://" in path or posixpath.normpath(path) == ".":
            return False
        if self._plan.lowered.holds_outputs(path):
            return False
        if leads_out(path):
            told = f"a parameter of `{self._task.name}` is the path `{path}`, which leads out of the working folder"
            self._around.tell(faults.CWL_PLACE.at(span, told, help="make it an input, which may lie anywhere"))
            return False
        return True

    def _placed(self, port: Port) -> list[str]:
        hint = f"{port.name}_path"
        if not port.many and not port.optional:
            path = self._columns.written([self._columns.text(hint, [taken[0].path for taken in port.taken])], hint)
            return ["in", "1", path, f"$(inputs.{port.name})"]
        paths = self._columns.listed(hint, [[source.path for source in taken] for taken in port.taken])
        return ["in", f"$(inputs.{paths.name}.length)", str(paths), f"$(inputs.{port.name})"]

    def _tell_long(self) -> None:
        """Warn of jobs with more files than can be told to `job.sh`: it is told of each by a word or two."""
        for index, number in enumerate(self._numbers):
            taken = [source.path for port in self.ports for source in port.taken[index]]
            size = sum(length(path) + length(posixpath.basename(path)) + STAGED for path in taken)
            if size > MOST_LINE:
                message = f"`{self._task.ids[number]}` has {len(taken):,} files, of which an engine tells about 10,000"
                hint = "gather fewer files in one job, or compile to another target"
                self._around.tell(LONG_LINE.at(self._task.span, message, help=hint))
                return

    def _lists(self) -> list[list[str]]:
        """The list files: what stands in each is told in the object, as of other files it is told where they are."""
        words = Words(self._plan.lowered, self._task)
        listed = [words.lists(number) for number in self._numbers]
        found = []
        for place, name in enumerate(self._task.lists):
            held = [list(lists.items())[place] for lists in listed]
            values = [
                {"class": "File", "basename": f"{name}.list", "contents": "".join(f"{i}{end}" for i in items)}
                for _, (items, end) in held
            ]
            path = self._columns.text(f"{name}_list_path", [path for path, _ in held])
            column = self._columns.column(f"{name}_list", "File", values)
            found.append(["in", "1", self._columns.written([path], name), str(column)])
        return found

    # --- Files that belong to the module ------------------------------------------------------------------------

    def _shipped(self, emitted: str) -> list[str]:
        value = {"class": "File", "location": quote(f"files/{emitted}")}
        name = self._columns.default(posixpath.basename(emitted), "File", value).name
        place = self._columns.written([f"{self._plan.lowered.place}/{emitted}"], "file_path")
        return ["in", "1", place, f"$(inputs.{name})"]

    def _add_package(self) -> None:
        """The folder or file of a Python package that lies in the working folder, from which `python` imports it."""
        target = _called(self._task)
        if target is None:
            return
        top = target.partition(":")[0].partition(".")[0]
        for base, place, there in (("Directory", top, os.path.isdir), ("File", f"{top}.py", os.path.isfile)):
            if there(f"{self._plan.lowered.folder}/{place}"):
                taken = tuple((self._plan.source(place),) for _ in self._numbers)
                self.ports.append(Port(self._columns.name(f"package_{top}"), base, False, False, taken))
                return

    # --- Outputs ------------------------------------------------------------------------------------------------

    def written(self) -> list[list[str]]:
        """The groups of arguments that say which files a job writes, and what must hold of them."""
        found: list[list[str]] = []
        checks: list[list[str]] = []
        for port, output in self._task.outputs.items():
            column = [output.paths[n] for n in self._numbers]
            self._refuse_output(port, output, column)
            base = "Directory" if output.base == "directory" else "File"
            name = unique(port, self._used)
            if output.many:
                paths = self._columns.listed(f"{port}_path", column)
                listed = [f"$(inputs.{paths.name}.length)", str(paths)]
                found.append(["outs", name, *listed])
                self.outputs.append(Output(name, array(base), f"{self._plan.places.gathered}/{name}/*"))
            else:
                paths_of = [several[0] for several in column]
                gathered = name + (safe_suffix(paths_of) if base == "File" else "")
                path = self._columns.written([self._columns.text(f"{port}_path", paths_of)], f"{port}_path")
                listed = ["1", path]
                found.append(["out", gathered, path])
                self.outputs.append(Output(name, base, f"{self._plan.places.gathered}/{gathered}"))
            checks += [[*check, *listed] for check in self._checks(port, output)]
        return found + checks

    def _checks(self, port: str, output: Written) -> list[list[str]]:
        found = [[c.kind, c.wanted] if c.wanted else [c.kind] for c in self._task.checks if c.port == port]
        if output.protected:
            found.append(["protect"])
        if output.create:
            found.append(["create"])
        return found

    def _refuse_output(self, port: str, output: Written, column: list[tuple[str, ...]]) -> None:
        name = f"`{self._task.name}.{port}`"
        taken = zip(*(port.taken for port in self.ports if port.base == "Directory"), strict=True)
        folders = [{posixpath.normpath(s.path) for sources in row for s in sources} for row in taken]
        for index, paths in enumerate(column):
            for path in paths:
                if leads_out(path):
                    told = f"the output {name} has the path `{path}`, which leads out of a job's folder"
                    hint = "give its data root a relative path: `--data workspace=results`"
                    self._around.tell(faults.CWL_PLACE.at(output.path_span, told, help=hint))
                    return
                if folders and _inside(path, folders[index]):
                    told = f"the output {name} has the path `{path}`, which lies inside an input of the same job"
                    self._around.tell(faults.CWL_INSIDE.at(output.path_span, told, help="leave the path out"))
                    return


def _called(task: Task) -> str | None:
    """The function that a task calls by the script for it, as `package.module:function`."""
    parts: list[str | Word] = list(task.command or ())
    for part in task.script or ():
        parts += [part.strip()] if isinstance(part, str) else part
    for word, following in pairwise(part for part in parts if part != ""):
        if isinstance(word, Word) and isinstance(word.pieces[0], ModuleFile) and word.pieces[0].name in CALLERS:
            return following if isinstance(following, str) else _constant(following)
    return None


def _constant(word: Word) -> str:
    return "".join(piece.text for piece in word.pieces if isinstance(piece, Constant))


def _inside(path: str, folders: set[str]) -> bool:
    above = posixpath.dirname(posixpath.normpath(path))
    while above:
        if above in folders:
            return True
        above = posixpath.dirname(above)
    return False
