"""The paths that steps write: who writes which file, by whatever spelling.

Derived paths are not written out: those of a step lie in a folder of its own, its *region*, and are only looked at one
by one where somebody asks for a path in there, or where a link may lead elsewhere.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Value
from sncompile.semantics.paths.identity import Folder, Identity, handed_down
from sncompile.semantics.paths.identity import Place as Where
from sncompile.semantics.program import OutputPath, Program, Step


class Writer(NamedTuple):
    """Who writes a path, and how the path is spelled there."""

    step: str
    port: str
    instance: int
    path: str


class Written(NamedTuple):
    """An output of a step, whose paths are looked at."""

    step: Step
    port: str
    output: OutputPath


class Paths:
    """The paths that steps write, as far as they had to be written out, by what they are."""

    def __init__(self, program: Program, evaluator: Evaluator, identity: Identity) -> None:
        self.identity = identity
        self._program, self._evaluator = program, evaluator
        self.writers: dict[str, Writer] = {}
        self.written: list[tuple[Sequence[Where], Writer]] = []
        """What was written out: of each path where it leads, and who writes it."""
        self.plain_steps: list[str] = []
        """The steps whose derived paths are their own, since nothing else leads to the folder that they have."""
        self._regions: dict[str, str] = {}
        self._above_regions: dict[str, list[str]] = {}
        self._expanded: set[str] = set()
        self._folders: dict[str, Folder] = {}
        self._region_of: dict[str, str | None] = {}
        self._around: dict[str, Writer | None] = {}
        self._inside: dict[str, dict[str, Writer]] | None = None
        self._around_workspace: set[str] = set()
        self.linked: list[str] = []
        """The steps in whose folders there are links, or whose folders links bring together: their derived paths may
        lead anywhere."""
        self._find_regions()

    def _find_regions(self) -> None:
        """Give each step the folder of its derived paths, where no link brings two of them together."""
        derived = [name for name, step in self._program.steps.items() if _derives(step)]
        around: dict[Folder, list[str]] = {}  # Most have one folder around them, the workspace.
        for name, folder in [(name, self.folder_of(name)) for name in derived]:
            keys = [folder.key]
            if folder.up is not None and folder.also is None:
                if folder.up not in around:
                    around[folder.up] = [above.key for above in folder.up.around()]
                keys += around[folder.up]
            else:
                keys = [each.key for each in folder.around()]
            taken = not self._regions.keys().isdisjoint(keys)
            if taken or folder.key in self._above_regions or self.identity.has_links(folder, self.keys_of(name)):
                self.linked.append(name)
                continue
            self._regions[folder.key] = name
            for key in keys:
                self._above_regions.setdefault(key, []).append(name)
        linked = set(self.linked)
        self.plain_steps = [name for name in derived if name not in linked]

    def writer(self, where: Where) -> Writer | None:
        """Who writes the file at a place, derived paths included."""
        self._expand_region(where.folder)
        return self.writers.get(where.key)

    def writer_at(self, places: Iterable[Where]) -> Writer | None:
        """Who writes the file at one of some places."""
        for where in places:
            found = self.writer(where)
            if found is not None:
                return found
        return None

    def writer_around(self, where: Where) -> Writer | None:
        """Who writes a folder that a place lies in."""
        return self._folder_written(where.folder)

    def untouched(self, folder: Folder) -> Callable[[str], bool]:
        """Whether no step writes what has a folded name in a folder, nor the folder, nor into what has the name.

        It is for who asks for many: where it is false, the other functions tell who writes there, if anybody does.
        """
        self._expand_region(folder)
        if self._folder_written(folder) is not None:
            return lambda name: False
        if self._inside is None:
            self._inside = self._find_inside()
        start, writers, inside, regions = f"{folder.key}/", self.writers, self._inside, self._above_regions

        def untouched(name: str) -> bool:
            key = start + name
            return key not in writers and key not in inside and key not in regions

        return untouched

    def writers_inside_any(self, places: Iterable[Where]) -> Iterable[Writer]:
        """Who writes into a folder at one of some places, one path of each step; nobody if it holds the workspace."""
        if self._inside is None:
            self._inside = self._find_inside()
        found: dict[str, Writer] = {}
        for where in places:
            if where.key not in self._around_workspace:
                for name in self._above_regions.get(where.key, ()):
                    port = next(p for p, o in self._program.steps[name].outputs.items() if o.derived)
                    path = f"{posixpath.join(self._program.workspace, name)}/…"
                    found.setdefault(name, Writer(name, port, 0, path))
                found |= self._inside.get(where.key, {})
        return found.values()

    def _find_inside(self) -> dict[str, dict[str, Writer]]:
        found: dict[str, dict[str, Writer]] = {}
        self._around_workspace = {folder.key for folder in self.identity.folder(self._program.workspace).around()}
        for folder, writer in ((where.folder, writer) for written, writer in self.written for where in written):
            for around in folder.around():
                here = found.setdefault(around.key, {})
                if writer.step in here:
                    break  # As it is in all around that one.
                here[writer.step] = writer
        return found

    def writer_around_any(self, places: Iterable[Where]) -> Writer | None:
        """Who writes a folder that one of some places lies in."""
        for where in places:
            found = self._folder_written(where.folder)
            if found is not None:
                return found
        return None

    def _folder_written(self, folder: Folder) -> Writer | None:
        return handed_down(folder, self._around, self._written_at)

    def _written_at(self, folder: Folder, above: Writer | None) -> Writer | None:
        if folder.up is not None:
            self._expand_region(folder.up)
        found = self.writers.get(folder.key)
        if found is None and folder.also is not None:
            found = self._folder_written(folder.also)
        return found or above

    def _expand_region(self, folder: Folder) -> None:
        step = self._region(folder)
        if step is not None and step not in self._expanded:
            self._expanded.add(step)
            for written, number, path in self.derived(step):
                key = self.place(path, written.output).key
                self.writers.setdefault(key, Writer(step, written.port, number, path))

    def derived(self, step: str) -> Iterator[tuple[Written, int, str]]:
        """The derived paths of a step, each with the number of its instance. Raises `ValueFault`."""
        for port, output in self._program.steps[step].outputs.items():
            if output.derived:
                written = Written(self._program.steps[step], port, output)
                for number, found in enumerate(self.expand(written.step, output)):
                    for path in found:
                        yield written, number, path

    def _region(self, folder: Folder) -> str | None:
        """The step whose own folder this is, or holds it."""
        return handed_down(folder, self._region_of, self._region_at)

    def _region_at(self, folder: Folder, above: str | None) -> str | None:
        found = self._regions.get(folder.key)
        if found is None and folder.also is not None:
            found = self._region(folder.also)
        return found or above

    def folder_of(self, step: str) -> Folder:
        """The folder that holds the derived paths of a step."""
        found = self._folders.get(step)
        if found is None:
            found = self._folders[step] = self.identity.folder(f"{self._program.workspace}/{step}")
        return found

    def keys_of(self, step: str) -> int:
        """How many keys a step has, and so folders between its own and its derived files."""
        return len(self._program.steps[step].keys.by)

    def regions_below(self, key: str) -> Sequence[str]:
        """The steps whose folders lie at or below a place."""
        return self._above_regions.get(key, ())

    def expand(self, step: Step, output: OutputPath) -> list[tuple[str, ...]]:
        """The paths of an output, of every instance. Raises `ValueFault`."""
        found = []
        for value in self._evaluator.column(output.path, step.keys, step):
            found.append(value if isinstance(value, tuple) else (str(value),))
        return found

    def value_at(self, value: Value, step: Step, number: int) -> object:
        """A value of one instance. Raises `ValueFault` and `AtRunTime`."""
        return self._evaluator.closure(value, step.keys, step)(number)

    def place(self, path: str, output: OutputPath) -> Where:
        """Where an output is written."""
        where = self.identity.place(path)
        # A folder may be there already, under another name as well.
        return self.identity.settled(where) if output.port.base == "directory" else where


def _derives(step: Step) -> bool:
    """Whether some path of a step is derived."""
    return any(output.derived for output in step.outputs.values())


def output_span(step: Step, port: str) -> Span:
    """Where people look for an output's path: the step itself where the path stands in a module of another file."""
    span = step.outputs[port].path.span
    return span if span.file == step.span.file else step.span
