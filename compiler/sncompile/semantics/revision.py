"""A spec as it stood at a revision of its git repository.

Documents, modules' files and tables are those of the revision. What git does not keep track of, such as images that a
pattern finds, is looked up where it stands now, so that it does not seem to have come or gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sncompile.diagnostics import Diagnostic
from sncompile.faults import reading
from sncompile.semantics.git import Repository, RevisionError
from sncompile.semantics.locating import project_root
from sncompile.semantics.places import Places
from sncompile.syntax.source import Source, read_source, start_of

__all__ = ["Revision", "RevisionError", "open_revision"]


@contextmanager
def open_revision(name: str, spec: Path) -> Iterator[Revision]:
    """The files of a revision of the repository that a spec stands in, while the context lasts.

    Raises `RevisionError` where there is no repository or no such revision in it.
    """
    repository = Repository(spec.parent)
    tree = repository.tree(name)
    then = repository.files_of(tree)
    # No reference may lead out of the project, so the rest of a large repository is not needed.
    root = os.path.relpath(project_root(spec.parent), repository.top)
    wanted = then if root == "." else [path for path in then if path.startswith(f"{root}/")]
    with TemporaryDirectory(prefix="sncompile-") as folder:
        export = Path(folder).resolve() / "files"
        export.mkdir()
        repository.write(tree, sorted(wanted), export, export.with_name("index"))
        yield Revision(name, repository.top, export, then, repository.tracked())


class Revision(Places):
    """The files of a revision, written to `export`; `then` and `now` are the paths that git keeps track of."""

    def __init__(self, name: str, top: Path, export: Path, then: frozenset[str], now: frozenset[str]) -> None:
        self.name = name
        self._top, self._export = top, export
        self._then, self._now = then, now

    def relative(self, path: Path) -> str | None:
        """A path below the working tree, or below the files of the revision, as git has it; None for others."""
        there = Path(os.path.realpath(path.parent)) / path.name
        for folder in (self._export, self._top):
            if there.is_relative_to(folder):
                return there.relative_to(folder).as_posix()
        return None

    def place(self, path: Path) -> Path:
        """Where a path of the working tree stands among the files of the revision."""
        relative = self.relative(path)
        return path if relative is None else self._export / relative

    def read(self, path: Path) -> Source | Diagnostic:
        """A document of the revision by the path of the working tree, or what is wrong with it."""
        place = self.place(path)
        name = self.called(place) or str(path)
        if os.path.lexists(place):
            return read_source(name, place)
        hint = "where it was called otherwise then, give both names: `sncompile diff --git REVISION OLD NEW`"
        return reading.UNREADABLE.at(start_of(name), f"`{path}` is not there at `{self.name}`", help=hint)

    def called(self, path: Path) -> str | None:
        """What a file of the revision is called, as git calls it; None for others."""
        if path.is_relative_to(self._export):
            return f"{self.name}:{path.relative_to(self._export).as_posix()}"
        return None

    def bring(self, path: Path) -> None:
        """Copy a file that git never kept track of to the files of the revision, where references look for it."""
        try:
            there, place = self.untracked(path), self.place(path)
            if there is None or place.exists():
                return
            place.parent.mkdir(parents=True, exist_ok=True)
            if there.is_dir():
                place.mkdir()
            elif there.is_file():
                shutil.copyfile(there, place)
        except (OSError, ValueError):
            return  # No file can be called so: that is told of where it is looked for.

    def untracked(self, path: Path) -> Path | None:
        """Where a file or folder stands now that git has never kept track of; None for others."""
        relative = self.relative(path)
        if relative is None or relative in self._then or relative in self._now:
            return None
        found = self._top / relative
        return found if found.exists() and found.resolve().is_relative_to(self._top) else None

    def file(self, path: Path) -> Path:
        """Where a table is read: at the revision if git has it there, and where it stands if git never had it."""
        return self.untracked(path) or self.place(path)

    def listed(self, folder: str, found: Iterator[str]) -> Iterator[str]:
        """The files of a folder at that time: without those tracked since, with those that are gone since."""
        start = f"{os.path.realpath(folder)}{os.sep}"
        top = f"{self._top}{os.sep}"
        seen: set[str] = set()
        for relative in found:
            path = f"{start}{relative}"
            tracked = path[len(top) :] if path.startswith(top) else ""
            if tracked in self._then:
                seen.add(tracked)
            elif tracked in self._now:
                continue
            yield relative
        for tracked in sorted(self._then - seen):
            path = f"{top}{tracked}"
            if path.startswith(start):
                yield path[len(start) :]
