"""Outputs against all that no job may write over: an engine deletes what stands at an output's place before the job."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.ir.graph.images import ImageKind, image_name, images_used
from sncompile.ir.graph.own_names import MANIFEST
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Const, Value
from sncompile.semantics.checking.own_files import KEPT_BY_PROGRAMS, RECORD, RECORDS, Kept, Reach
from sncompile.semantics.linking.conventions import WORKSPACE
from sncompile.semantics.path_text import bad_path, start_of
from sncompile.semantics.paths.identity import Folder, Identity, handed_down
from sncompile.semantics.paths.identity import Place as Where
from sncompile.semantics.program import Program, Step
from sncompile.semantics.tables.globs import Listed

OWN_PLACE = "give it a place of its own, or leave the path out: it is derived then"


SYSTEM = frozenset(("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "sbin", "sys", "usr"))
"""Folders in `/` that hold no results: an engine deletes what a job is to write, and may run as the administrator."""


def kept_of(program: Program, evaluator: Evaluator, identity: Identity) -> Iterator[Kept]:
    """What no job of a program may write over: what was kept when it was linked, images, and the data that is read."""
    yield from program.kept
    for step in program.steps.values():
        for image in _images(step, evaluator):
            yield Kept(image, f"the image of `{step.name}`", step.span)
    for table in program.tables.values():
        if isinstance(table, Listed):
            yield Kept(
                table.pattern.root or ".", f"the folder that the table `{table.name}` lists", table.span, data=True
            )
    for name, value in program.data.items():
        root = value.value if isinstance(value, Const) else None
        if isinstance(root, str) and not is_url(root) and name != WORKSPACE:
            read = _named_by_steps(program, identity.folder(root), identity)
            yield Kept(root, f"the data root `{name}`", value.span, Reach.ITSELF if read else Reach.AROUND, data=True)


def _images(step: Step, evaluator: Evaluator) -> list[str]:
    """The image files of a step's jobs."""
    if step.container is None:
        return []
    try:
        names = map(image_name, images_used(step, evaluator))
        return [name.name for name in names if name.kind is ImageKind.FILE and bad_path(name.name) is None]
    except (ValueFault, AtRunTime):
        return []  # Told when the values are looked at.


def _named_by_steps(program: Program, root: Folder, identity: Identity) -> bool:
    """Whether a step that writes nothing there is told of a data root by a parameter, and so may read from it."""
    for step in program.steps.values():
        named = any(_lies_at(value, root, identity) for value in step.params.values())
        if named and not any(_lies_at(output.path, root, identity) for output in step.outputs.values()):
            return True
    return False


def _lies_at(value: Value, root: Folder, identity: Identity) -> bool:
    """Whether a value is a path at or below a folder."""
    start = start_of(value) if value.type.textual and not value.type.many else None
    if start is None or is_url(start) or bad_path(start.rstrip("/")) is not None:
        return False
    return any(folder.key == root.key for folder in identity.folder(start).around())


class Met(NamedTuple):
    """What an output meets: how (`is`, `holds` or `lies in`), and what it is."""

    how: str
    kept: Kept


class Guard:
    """Knows what is kept, by what it is; each look-up costs the same however much that is."""

    def __init__(self, kept: Iterable[Kept], identity: Identity) -> None:
        self._identity = identity
        self._itself: dict[str, Kept] = {}
        self._around: dict[str, Kept] = {}
        self._inside: dict[str, Kept | None] = {}
        self._areas: dict[str, Kept] = {}
        self._known: set[Folder] = set()
        self._in_working: dict[str, bool] = {}
        self._outside = {folder.actual for folder in identity.working.around()}
        self._holding = {folder.key for folder in identity.working.around()}
        self._working = identity.working.key
        self._records = identity.folder(RECORDS)
        for each in kept:
            self._add(each)
        self._home = {folder.key for folder in identity.folder(os.path.expanduser("~")).around()}

    def _add(self, kept: Kept) -> None:
        places = self._identity.keys(kept.path)
        for where in places:
            if kept.reach is not Reach.AROUND:
                self._itself.setdefault(where.key, kept)
            if where.folder not in self._known:  # Most of what is kept, as logs, lies in a folder with others.
                self._known.add(where.folder)
                for folder in where.folder.around():
                    self._around.setdefault(folder.key, kept)
        if kept.reach is not Reach.INSIDE and not any(where.folder.there for where in places):
            return  # In a folder that is not there is no file.
        folder = self._identity.folder(kept.path)
        # Nothing can lie in a file either.
        whole = kept.reach is Reach.INSIDE or os.path.isfile(folder.actual)
        if whole and folder.actual not in self._outside:
            self._areas.setdefault(folder.key, kept)

    def no_place(self, where: Where) -> str | None:
        """Why no output may be at a place, whatever the pipeline is made of; None if it may."""
        if where.key in self._holding:
            return "is the working folder, or a folder around it"
        if where.key in self._home:
            return "is your home folder, or a folder around it"
        if where.folder.actual == "":
            return "stands in `/` itself"
        if handed_down(where.folder, self._in_working, self._works):
            return None  # Where people work there is no system, wherever that is.
        top = where.folder.actual.split("/")[1]
        return f"lies in `/{top}`, which is the system's" if top in SYSTEM else None

    def _works(self, folder: Folder, above: bool | None) -> bool:
        """Whether a folder is the working folder, or lies in it by any way to it."""
        if above or folder.key == self._working:
            return True
        return folder.also is not None and handed_down(folder.also, self._in_working, self._works)

    def met(self, where: Where) -> Met | None:
        """What somebody who writes to a place would write over."""
        found = self._itself.get(where.key)
        if found is not None:
            return Met("is", found)
        found = self._around.get(where.key)
        if found is not None:
            return Met("holds", found)
        found = self._own(where.folder, where.name) or self._lies_in(where.folder)
        return None if found is None else Met("lies in", found)

    def touches(self, folder: Folder) -> bool:
        """Whether something that is kept is a folder, lies in it, or holds it."""
        return folder.key in self._around or folder.key in self._itself or self._lies_in(folder) is not None

    def _lies_in(self, folder: Folder) -> Kept | None:
        """What keeps everything in a folder."""
        return handed_down(folder, self._inside, self._keeps)

    def _keeps(self, folder: Folder, above: Kept | None) -> Kept | None:
        if folder.actual in self._outside:
            return None  # Whatever holds the working folder holds all that is written.
        found = above or self._areas.get(folder.key)
        if found is None and folder.up is not None:
            found = self._own(folder.up, folder.actual.rpartition("/")[2])
        if found is None and self._identity.there(folder, MANIFEST):
            found = Kept(folder.actual, "a folder of emitted files", reach=Reach.INSIDE)
        return self._lies_in(folder.also) if found is None and folder.also is not None else found

    def _own(self, folder: Folder, name: str) -> Kept | None:
        """What a name in a folder belongs to by itself."""
        what = KEPT_BY_PROGRAMS.get(name.lower())
        if what is not None:
            return Kept(f"{folder.actual}/{name}", what, reach=Reach.INSIDE)
        if folder.key == self._records.key and RECORD.search(name):
            return Kept(f"{folder.actual}/{name}", "the record of a run", reach=Reach.INSIDE)
        return None


def told(met: Met, path: str, step: str, port: str, span: Span) -> Diagnostic:
    """The diagnostic for an output that meets what is kept."""
    kept = met.kept
    fault = faults.OVER_DATA if kept.data else faults.OVER_OWN_FILE
    message = f"`{path}` of `{step}.{port}` {met.how} {kept.what}"
    related = (Place("it is named here", kept.span),) if kept.span is not None and kept.span != span else ()
    return fault.at(span, message, help=OWN_PLACE, related=related)
