"""Where references to modules lead: files of the project, the shipped library, packages and repositories."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Report, Span, did_you_mean, meaning, nearest
from sncompile.faults import names as faults
from sncompile.semantics.modules.packages import package_folder
from sncompile.semantics.places import Places
from sncompile.semantics.repositories.checkouts import Checkouts
from sncompile.semantics.repositories.references import SCHEME, BadReference, parse_reference
from sncompile.syntax.document import Named
from sncompile.syntax.source import Source

SUFFIXES = (".yaml", ".yml")

Short = Mapping[str, tuple[Named, Named]]
"""The short names of a document: each with what it stands for."""


def project_root(folder: Path) -> Path:
    """The folder that references must stay in: the nearest one with `.git` or `sncompile.lock`, else `folder`."""
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists() or (candidate / "sncompile.lock").exists():
            return candidate
    return folder


def shipped() -> Path:
    """The folder of the library that comes with sncompile."""
    return Path(str(files("sncompile.specs")))


def renamed(path: Path) -> Path:
    """Where a module of the shipped library is that a path calls by an older name; the path itself for any other.

    A folder of the library may hold `aliases.tsv`, with the older name and the name in each row.
    """
    listed = path.parent / "aliases.tsv"
    if not path.is_relative_to(shipped()) or not listed.is_file():
        return path
    pairs = (line.split("\t") for line in listed.read_text("utf-8").splitlines())
    return next((path.parent / new for old, new in pairs if old == path.name), path)


class Root(NamedTuple):
    """A folder without links in its path that references from within must stay in.

    `prefix` makes the names of its files the same on every machine: nothing for the project's own, `sncompile:` for the
    shipped library, `pkg:NAME/` for a package, `git+https://HOST/REPO@REF//` for a repository.
    """

    folder: Path
    prefix: str

    def holds(self, path: Path) -> bool:
        """Whether a path leads into the folder, once its links are followed."""
        return path.resolve().is_relative_to(self.folder)

    def called(self, path: Path) -> str:
        """What a file in it, by its path without links, is called on every machine. Raises `ValueError` for another."""
        return f"{self.prefix}{path.relative_to(self.folder).as_posix()}"


class Target(NamedTuple):
    """Where a reference leads, and the root that it must stay in."""

    path: Path
    root: Root


class Locator:
    """Finds what references lead to. `shown` is what files are called in messages."""

    def __init__(
        self, root: Path, shown: Callable[[Path], str], report: Report, checkouts: Checkouts, places: Places
    ) -> None:
        self._roots = [Root(root.resolve(), "")]
        if not root.is_relative_to(shipped().resolve()):
            self._roots.append(Root(shipped().resolve(), "sncompile:"))
        self._shown = shown
        self._report = report
        self._checkouts = checkouts
        self._places = places
        self._copies: dict[str, list[Target]] = {}

    def root_of(self, folder: Path) -> Root:
        """The root that a document's folder lies in: the innermost one; the project's for what lies in none."""
        # A package, or the library, may be installed below the project.
        holding = [root for root in self._roots if root.holds(folder)]
        return max(holding, key=lambda root: len(root.folder.parts), default=self._roots[0])

    def locate(self, reference: Named, source: Source, short: Short, *, document: bool) -> Target | None:
        """Where a reference of a document leads; None after telling why it leads nowhere.

        With `document` that is a file, else it may be a folder, as short names stand for. Raises `OSError`,
        `ValueError` or `RuntimeError` where no file can be called so.
        """
        text = reference.name
        if text.startswith(SCHEME):
            target = self._in_repository(reference)
        elif text.startswith(("git+", "http:", "https:")):
            message = f"`{text.partition(':')[0]}:` is no way to refer to a module"
            hint = "`git+https://HOST/REPO@REF//PATH` leads to a repository"
            self._report.add(faults.NOT_SUPPORTED.at(reference.span, message, help=hint))
            return None
        elif text.startswith("pkg:"):
            target = self._in_package(reference)
        elif text.startswith((".", "/")) or text.endswith(SUFFIXES):
            target = Target(source.folder / text, self.root_of(source.folder))
        else:
            target = self._by_name(reference, source, short)
        return None if target is None else self._checked(target, reference, document=document)

    def _by_name(self, reference: Named, source: Source, short: Short) -> Target | None:
        head, _, rest = reference.name.partition("/")
        if head in short:
            base = self.locate(short[head][1], source, {}, document=False)
            if base is None:
                return None
            if base not in self._copies.setdefault(head, []):
                self._copies[head].append(base)
            return Target(base.path / rest, base.root) if rest else base
        # Who takes a copy of the library by its name means the copy all through.
        for copy in self._copies.get(head, ()):
            if rest and source.folder.is_relative_to(copy.path):
                return Target(copy.path / rest, copy.root)
        library = shipped()
        if rest and (library / head).is_dir():
            return Target(library / reference.name, Root(library.resolve(), "sncompile:"))
        near = self._places.names((source.folder / reference.name).parent)
        beside = next((reference.name + s for s in SUFFIXES if reference.name.rpartition("/")[2] + s in near), None)
        offered = [p.name for p in library.iterdir() if p.is_dir() and not p.name.startswith("_")]
        held = [name for name, (_, folder) in short.items() if not rest and self._holds(folder, source, head)]
        folders = self._folders_with(rest, source) if rest and nearest(head, [*short, *offered]) is None else []
        if held:
            hint: str | None = meaning(head, f"{held[0]}/{head}", safe=len(held) == 1)
        elif folders and not beside:
            hint = f"say what `{head}` is, once for all steps: `modules: {{{head}: ./{folders[0]}}}`"
        else:
            hint = f"write `./{beside}`" if beside else did_you_mean(head, [*short, *offered], what="short names here")
        hint = hint or "give a file (`./tools/align.yaml`), or a short name under `modules`"
        self._report.add(faults.MODULE_NOT_FOUND.at(reference.span, f"no module `{reference.name}`", help=hint))
        return None

    def _holds(self, folder: Named, source: Source, name: str) -> bool:
        """Whether the folder of a short name, one of ours, has a module of a name."""
        names = self._places.names(source.folder / folder.name) if folder.name.startswith(".") else []
        return any(name + suffix in names for suffix in SUFFIXES)

    def _folders_with(self, name: str, source: Source) -> list[str]:
        """The folders beside a document that have a module of a name, which may be a path."""
        folder, _, last = name.rpartition("/")
        beside = self._places.folders(source.folder)
        return [f for f in beside if any(last + s in self._places.names(source.folder / f / folder) for s in SUFFIXES)]

    def _in_package(self, reference: Named) -> Target | None:
        name, _, rest = reference.name.removeprefix("pkg:").partition("/")
        folder = package_folder(name, reference.span, self._report)
        return None if folder is None else Target(folder / rest, self._with(Root(folder.resolve(), f"pkg:{name}/")))

    def _in_repository(self, reference: Named) -> Target | None:
        try:
            repository, path = parse_reference(reference.name)
        except BadReference as error:
            hint = "such as `git+https://github.com/org/tools@v1.2//modules/align.yaml`"
            self._report.add(faults.BAD_REPOSITORY.at(reference.span, str(error), help=hint))
            return None
        folder = self._checkouts.folder(repository, reference.span)
        return None if folder is None else Target(folder / path, self._with(Root(folder.resolve(), f"{repository}//")))

    def _with(self, root: Root) -> Root:
        if root not in self._roots:
            self._roots.append(root)
        return root

    def _checked(self, target: Target, reference: Named, *, document: bool) -> Target | None:
        path = target.path
        for suffix in ("", *SUFFIXES):
            hindrance = self._places.bring(Path(f"{path}{suffix}"))
            if hindrance is not None:
                self._report.add(hindrance.at(reference.span))
                return None
        if document and not self._is_file(path):
            path = self._with_suffix(path)
        if document and not self._is_file(path) and not path.exists():
            path = self._with_suffix(renamed(path))
        if not self.inside(path, target.root, reference.span):
            return None
        if document and path.is_dir():
            names = [n for n, suffix in map(os.path.splitext, self._places.names(path)) if suffix in SUFFIXES]
            hint = did_you_mean("", [f"{reference.name}/{n}" for n in names], what="it holds") or "name a file in it"
            self._report.add(faults.MODULE_NOT_FOUND.at(reference.span, f"`{reference.name}` is a folder", help=hint))
            return None
        if document and self._is_file(path):
            return Target(path, target.root)
        if not path.exists():
            self._tell_missing(path, reference, document=document)
            return None
        if document:
            self.tell_unusable(reference)  # A pipe or a device may never end.
            return None
        return Target(path, target.root)

    def _is_file(self, path: Path) -> bool:
        """Whether a file is there, or a text that stands for one which was never saved."""
        return path.is_file() or self._places.text(path.resolve()) is not None

    def _with_suffix(self, path: Path) -> Path:
        return next((p for p in (path, *(Path(f"{path}{s}") for s in SUFFIXES)) if self._is_file(p)), path)

    def inside(self, path: Path, root: Root, span: Span) -> bool:
        """Whether a path stays in its root; tells where it does not."""
        if root.holds(path):
            return True
        message = f"`{self._shown(path)}` lies outside of the project's root"
        hint = "the root is the spec's folder, or the repository that holds it; copy the file below it"
        self._report.add(faults.OUTSIDE_ROOT.at(span, message, help=hint))
        return False

    def tell_unusable(self, reference: Named) -> None:
        """Tell that a reference leads to what is no file."""
        message = f"`{reference.name}` leads to no plain file"
        self._report.add(faults.MODULE_NOT_FOUND.at(reference.span, message, help="such as `./tools/align.yaml`"))

    def _tell_missing(self, path: Path, reference: Named, *, document: bool) -> None:
        if document:
            names = [n for n, suffix in map(os.path.splitext, self._places.names(path.parent)) if suffix in SUFFIXES]
            hint = did_you_mean(path.stem, names, what=f"modules in `{self._shown(path.parent)}`")
        else:
            folders = self._places.folders(path.parent)
            hint = did_you_mean(path.name, folders, what=f"folders in `{self._shown(path.parent)}`")
            near = nearest(path.name, folders)
            if near is not None and reference.name.endswith(path.name):
                # The whole of it, since a name without `./` stands for something else.
                whole = reference.name.removesuffix(path.name) + near
                hint = meaning(reference.name, whole, safe=getattr(hint, "safe", False))
        hint = hint or "paths of modules are relative to the document that names them"
        message = f"no file for `{reference.name}` at `{self._shown(path)}`"
        self._report.add(faults.MODULE_NOT_FOUND.at(reference.span, message, help=hint))
