"""A spec as it stood at a revision of its git repository.

Documents, modules' files and tables are those of the revision. What git does not keep track of, such as images that a
pattern finds, is looked up where it stands now, so that it does not seem to have come or gone.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import names as faults
from sncompile.faults import reading
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.places import Hindrance, Places
from sncompile.semantics.repositories.git import MOST_BYTES, Entry, Git, GitError, NoGit
from sncompile.semantics.repositories.repository import Mirror, NotOwned, Refused, RevisionError, check_owner, find
from sncompile.syntax.source import Source, read_source, start_of

__all__ = ["Revision", "RevisionError", "open_revision"]

_MOST_IN_ALL = 4 * MOST_BYTES


@contextmanager
def open_revision(name: str, spec: Path) -> Iterator[Revision]:
    """The files of a revision of the repository that a spec stands in, while the context lasts.

    Raises `RevisionError` where there is no repository or no such revision in it, and `CompileError` where there is one
    that cannot be read.
    """
    with TemporaryDirectory(prefix="sncompile-") as folder:
        place = start_of(str(spec))
        try:
            revision = _opened(name, spec, Path(folder).resolve())
        except NoGit as error:
            raise RevisionError(str(error)) from None
        except Refused as error:
            fault = faults.NOT_OWNED if isinstance(error, NotOwned) else faults.ODD_REPOSITORY
            raise CompileError([fault.at(place, str(error), help=error.help)]) from None
        except GitError as error:
            message = f"`{name}` cannot be read: {error}"
            raise CompileError([faults.UNREADABLE_REVISION.at(place, message, help=_otherwise(name))]) from None
        yield revision


def _otherwise(name: str) -> str:
    """How to compare with what is not read here; git fetches then what a partial clone has not."""
    command = f"git worktree add ../then {shlex.quote(name)}"
    return f"compare two working trees: `{command}`, and `sncompile diff ../then/SPEC SPEC`"


def _opened(name: str, spec: Path, folder: Path) -> Revision:
    found = find(spec.parent)
    check_owner(found, Git(folder / "settings", own_settings=True))
    mirror = Mirror(found, folder / "repository")
    then = dict(mirror.git.tree(mirror.tree_of(name)))
    export = folder / "files"
    # The project's root is there, whatever it held then.
    (export / os.path.relpath(project_root(spec.parent), found.top)).mkdir(parents=True)
    return Revision(name, found.top, export, then, mirror.tracked(), mirror.git)


class Revision(Places):
    """The files of a revision, of which those that are wanted are written to `export`.

    `then` is what git kept track of, `now` the paths of what it does.
    """

    def __init__(
        self, name: str, top: Path, export: Path, then: Mapping[str, Entry], now: frozenset[str], git: Git
    ) -> None:
        self.name = name
        self._top, self._export, self._git = top, export, git
        self._entries = then
        self._then = {path for path, entry in then.items() if not entry.submodule}
        self._now = now
        self._left = _MOST_IN_ALL

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(str(above) for path in self._entries for above in PurePosixPath(path).parents)

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

    def _hindrance(self, relative: str) -> Hindrance | None:
        """A link, or another repository, of which git has no more than the name."""
        for part in (relative, *map(str, PurePosixPath(relative).parents)):
            entry = self._entries.get(part)
            if entry is not None and not entry.plain:
                what = "a submodule" if entry.submodule else "a symbolic link"
                message = f"`{part}` is {what} at `{self.name}`, which is not followed"
                return Hindrance(faults.NOT_AT_REVISION, message, _otherwise(self.name))
        return None

    def _had(self, path: Path) -> Hindrance | None:
        """Write what git has at a path of the revision to where it is looked for, or tell why that cannot be."""
        relative = self.relative(path)
        if relative is None:
            return None
        hindrance = self._hindrance(relative)
        try:
            if hindrance is None:
                self._write(relative)
        except GitError as error:
            message = f"`{relative}` cannot be had at `{self.name}`: {error}"
            return Hindrance(faults.UNREADABLE_REVISION, message, _otherwise(self.name))
        return hindrance

    def _write(self, relative: str) -> None:
        """Write a file of the revision, or the folder that it is, where it is looked for. Raises `GitError`."""
        place, entry = self._export / relative, self._entries.get(relative)
        if entry is None and relative in self._folders:
            place.mkdir(parents=True, exist_ok=True)
        if entry is None or not entry.plain or os.path.lexists(place):
            return
        (size,) = self._git.sizes([entry.name])
        if size is None:
            raise GitError("it is not here")
        if size > min(MOST_BYTES, self._left):
            raise GitError(f"its {size / 2**20:,.0f} MB are too much")
        self._left -= size
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(place, "xb") as out:
                self._git.write(entry.name, out)
        except GitError:
            place.unlink()
            raise

    def read(self, path: Path) -> Source | Diagnostic:
        """A document of the revision by the path of the working tree, or what is wrong with it."""
        place = self.place(path)
        name = self.called(place) or str(path)
        hindrance = self._had(path)
        if hindrance is not None:
            return hindrance.at(start_of(name))
        if os.path.lexists(place):
            return read_source(name, place)
        hint = "where it was called otherwise then, give both names: `sncompile diff --git REVISION OLD NEW`"
        return reading.UNREADABLE.at(start_of(name), f"`{path}` is not there at `{self.name}`", help=hint)

    def called(self, path: Path) -> str | None:
        """What a file of the revision is called, as git calls it; None for others."""
        if path.is_relative_to(self._export):
            return f"{self.name}:{path.relative_to(self._export).as_posix()}"
        return None

    def bring(self, path: Path) -> Hindrance | None:
        """Write a file to where references look for it: that of the revision, or one that git never kept track of."""
        try:
            hindrance = self._had(path)
            there, place = self.untracked(path), self.place(path)
            if hindrance is not None or there is None or place.exists():
                return hindrance
            place.parent.mkdir(parents=True, exist_ok=True)
            if there.is_dir():
                place.mkdir()
            elif there.is_file():
                shutil.copyfile(there, place)
        except (OSError, ValueError):
            pass  # No file can be called so: that is told of where it is looked for.
        return None

    def untracked(self, path: Path) -> Path | None:
        """Where a file or folder stands now that git has never kept track of; None for others."""
        relative = self.relative(path)
        if relative is None or relative in self._then or relative in self._now:
            return None
        found = self._top / relative
        return found if found.exists() and found.resolve().is_relative_to(self._top) else None

    def file(self, path: Path) -> Path | Hindrance:
        """Where a table is read: at the revision if git has it there, and where it stands if git never had it."""
        return self._had(path) or self.untracked(path) or self.place(path)

    def names(self, folder: Path) -> list[str]:
        """The names of the files in a folder at that time, in order."""
        relative = self.relative(folder)
        if relative is None:
            return super().names(folder)
        start = "" if relative == "." else f"{relative}/"
        below = (path[len(start) :] for path in self._then if path.startswith(start))
        return sorted(name for name in below if "/" not in name)

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
