"""The files of a family's jobs: what each takes and writes, and the arguments that say so to the job's script."""

from __future__ import annotations

import os
import posixpath
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from sncompile.diagnostics import Span
from sncompile.faults import targets as faults
from sncompile.ir.graph.model import Family
from sncompile.ir.graph.model import Output as Written
from sncompile.ir.jobs.expansion import module_files
from sncompile.ir.values.model import Const, ModuleFile
from sncompile.targets.cwl.columns import Columns, safe_suffix
from sncompile.targets.cwl.context import Around
from sncompile.targets.cwl.model import Json, Output, array, optional
from sncompile.targets.cwl.names import unique
from sncompile.targets.cwl.places import leads_out
from sncompile.targets.cwl.plan import Source, paths_in

CALLER = "call.py"


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
    """Lowers the files of one family."""

    def __init__(self, family: Family, around: Around, columns: Columns, used: set[str]) -> None:
        self._family, self._around, self._columns, self._used = family, around, columns, used
        self._plan = around.plan
        self._numbers = around.plan.numbers[family.name]
        self.ports: list[Port] = []
        self.named: dict[str, str] = {}
        """Input port of the family → input of the tool."""
        self.outputs: list[Output] = []

    # --- Inputs -------------------------------------------------------------------------------------------------

    def inputs(self) -> list[list[str]]:
        """The groups of arguments that put a job's files where its command looks for them; folders first."""
        family = self._family
        for name, given in family.inputs.items():
            taken = [self._plan.sources(family, name, number) for number in self._numbers]
            if any(taken):
                base = "Directory" if given.base == "directory" else "File"
                self._add(name, base, given.many, [t or () for t in taken], given.value.span)
                self.named[name] = self.ports[-1].name
        for (step, port), column in self._plan.passed_on(family).items():
            base = "Directory" if self._plan.graph.families[step].outputs[port].base == "directory" else "File"
            self._add(f"of_{step}_{port}", base, True, [column[n] for n in self._numbers], family.span)
        self._add_parameters()
        self._add_package()
        ordered = sorted(self.ports, key=lambda port: port.base != "Directory")
        shipped = [f for f in module_files(family) if f != family.conda]
        return [*map(self._placed, ordered), *map(self._shipped, shipped)]

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
        self._around.tell(fault.at(span, f"`{self._family.name}`: {told}", help=hint))

    def _add_parameters(self) -> None:
        """Parameters of the type `path` name files that no port does; those that are there go along."""
        family = self._family
        known = {source.path for port in self.ports for sources in port.taken for source in sources}
        for name, value in family.params.items():
            if value.type.base != "path":
                continue
            cells = list(self._plan.plain.column(value, family.keys, family))
            listed = [paths_in(cells[number]) or () for number in self._numbers]
            paths = {path for found in listed for path in found} - known
            for base, there in (("File", os.path.isfile), ("Directory", os.path.isdir)):
                here = {p for p in paths if self._carried(p, value.span) and there(f"{self._plan.graph.folder}/{p}")}
                taken = [tuple(self._plan.source(p) for p in found if p in here) for found in listed]
                if any(taken):
                    self._add(f"{name}_files", base, True, taken, value.span)

    def _carried(self, path: str, span: Span) -> bool:
        """Whether a parameter's path may name a file of the working folder; one that leads out of it is refused."""
        if path.startswith("/") or "://" in path or posixpath.normpath(path) == "." or self._plan.among_outputs(path):
            return False
        if leads_out(path):
            told = f"a parameter of `{self._family.name}` is the path `{path}`, which leads out of the working folder"
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

    # --- Files that belong to the module ------------------------------------------------------------------------

    def _shipped(self, emitted: str) -> list[str]:
        value = {"class": "File", "location": quote(f"files/{emitted}")}
        name = self._columns.default(posixpath.basename(emitted), "File", value).name
        place = self._columns.written([f"{self._plan.files}/{emitted}"], "file_path")
        return ["in", "1", place, f"$(inputs.{name})"]

    def _add_package(self) -> None:
        """The folder or file of a Python package that lies in the working folder, from which `python` imports it."""
        target = _called(self._family)
        if target is None:
            return
        top = target.partition(":")[0].partition(".")[0]
        for base, place, there in (("Directory", top, os.path.isdir), ("File", f"{top}.py", os.path.isfile)):
            if there(f"{self._plan.graph.folder}/{place}"):
                taken = tuple((self._plan.source(place),) for _ in self._numbers)
                self.ports.append(Port(self._columns.name(f"package_{top}"), base, False, False, taken))
                return

    # --- Outputs ------------------------------------------------------------------------------------------------

    def written(self) -> list[list[str]]:
        """The groups of arguments that say which files a job writes, and what must hold of them."""
        found: list[list[str]] = []
        checks: list[list[str]] = []
        for port, output in self._family.outputs.items():
            column = [self._plan.written[self._family.name][port][n] for n in self._numbers]
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
        success = self._family.success
        found: list[list[str]] = []
        if port in success.non_empty:
            found.append(["non_empty"])
        if port in success.sha256:
            found.append(["sha256", success.sha256[port]])
        if port in success.min_files:
            found.append(["min_files", str(success.min_files[port])])
        if output.protected:
            found.append(["protect"])
        if output.create:
            found.append(["create"])
        return found

    def _refuse_output(self, port: str, output: Written, column: list[tuple[str, ...]]) -> None:
        name = f"`{self._family.name}.{port}`"
        if output.optional:
            told = f"the output {name} is optional, which CWL cannot express"
            self._around.tell(faults.CWL_OPTIONAL.at(output.span, told, help="drop the `?`"))
        if output.protected and output.base == "directory":
            told = f"the output {name} is a protected directory, which CWL cannot express"
            self._around.tell(faults.CWL_PROTECTED.at(output.span, told, help="drop `protected`"))
        taken = zip(*(port.taken for port in self.ports if port.base == "Directory"), strict=True)
        folders = [{posixpath.normpath(s.path) for sources in row for s in sources} for row in taken]
        for index, paths in enumerate(column):
            for path in paths:
                if leads_out(path):
                    told = f"the output {name} has the path `{path}`, which leads out of a job's folder"
                    hint = "give its data root a relative path: `--data workspace=results`"
                    self._around.tell(faults.CWL_PLACE.at(output.path.span, told, help=hint))
                    return
                if folders and _inside(path, folders[index]):
                    told = f"the output {name} has the path `{path}`, which lies inside an input of the same job"
                    self._around.tell(faults.CWL_INSIDE.at(output.path.span, told, help="leave the path out"))
                    return


def _called(family: Family) -> str | None:
    """The function that a family calls by the script for it, as `package.module:function`."""
    words: list[object] = list(family.command or ())
    parts = [part.text.strip() if part.value is None else part.value for part in family.shell or ()]
    words += [part for part in parts if part != ""]
    for word, following in pairwise(words):
        if isinstance(word, ModuleFile) and word.emitted == CALLER:
            return str(following.value) if isinstance(following, Const) else str(following)
    return None


def _inside(path: str, folders: set[str]) -> bool:
    above = posixpath.dirname(posixpath.normpath(path))
    while above:
        if above in folders:
            return True
        above = posixpath.dirname(above)
    return False
