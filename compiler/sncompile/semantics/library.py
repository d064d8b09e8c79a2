"""Finds and reads the documents that module references lead to."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Report, Span, did_you_mean
from sncompile.faults import names as faults
from sncompile.faults import values as value_faults
from sncompile.semantics.encoding import plain_name
from sncompile.semantics.places import HERE, Places
from sncompile.semantics.program import ModuleFile
from sncompile.syntax.document import Document, Named
from sncompile.syntax.parse import parse
from sncompile.syntax.source import Source, read_source

_SUFFIXES = (".yaml", ".yml")


def project_root(folder: Path) -> Path:
    """The folder that references must stay in: the nearest one with `.git` or `sncompile.lock`, else `folder`."""
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists() or (candidate / "sncompile.lock").exists():
            return candidate
    return folder


def _with_suffix(path: Path) -> Path:
    return next((p for p in (path, *(Path(f"{path}{s}") for s in _SUFFIXES)) if p.is_file()), path)


def renamed(path: Path) -> Path:
    """Where a module of the shipped library is that a path calls by an older name; the path itself for any other.

    A folder of the library may hold `aliases.tsv`, with the older name and the name in each row.
    """
    listed = path.parent / "aliases.tsv"
    if not path.is_relative_to(Path(str(files("sncompile.specs")))) or not listed.is_file():
        return path
    pairs = (line.split("\t") for line in listed.read_text("utf-8").splitlines())
    return next((path.parent / new for old, new in pairs if old == path.name), path)


class Target(NamedTuple):
    """Where a reference leads, and the root that it must stay in."""

    path: Path
    root: Path


class Library:
    """The documents of one compile, each read once, and the files that modules claimed."""

    def __init__(self, root: Path, invoked_from: Path, report: Report) -> None:
        self.root = root
        self._here = invoked_from
        self._report = report
        self._documents: dict[Path, Document | None] = {}
        self._resolved: dict[tuple[str, str], Document] = {}
        self.sources: dict[str, str] = {}
        self.claimed: dict[str, ModuleFile] = {}
        self.places: Places = HERE

    def name_of(self, path: Path) -> str:
        """How a file is called in messages: from where the user stands, if it lies below."""
        absolute = os.path.abspath(path)
        here = f"{self._here}{os.sep}"
        return absolute.removeprefix(here) if absolute.startswith(here) else str(path)

    def load(self, path: Path, root: Path) -> Document | None:
        """The document of a file (None where it cannot be used); its faults are told once.

        Raises `OSError` where it lies outside of `root`, though it did not when it was looked at.
        """
        known = path.resolve()
        if not known.is_relative_to(root.resolve()):
            raise OSError(errno.ELOOP, "a link came in its way while it was read")
        if known not in self._documents:
            read = read_source(self.name_of(path), path, settled=known)
            self._documents[known] = self._parse(read) if isinstance(read, Source) else None
            if not isinstance(read, Source):
                self._report.add(read)
        return self._documents[known]

    def parse(self, source: Source) -> Document | None:
        """The document of a source that was read already."""
        document = self._parse(source)
        if source.path is not None:
            self._documents[source.path.resolve()] = document
        return document

    def _parse(self, source: Source) -> Document | None:
        self.sources[source.name] = source.text
        document, found = parse(source)
        self._report.extend(found)
        return document

    def resolve(self, reference: Named, source: Source, short: Mapping[str, tuple[Named, Named]]) -> Document | None:
        """The document that a step's `module` leads to, seen from the document that names it."""
        # Many steps use one module; what leads nowhere is told at every place.
        asked = (source.name, reference.name)
        found = self._resolved.get(asked)
        if found is not None:
            return found
        try:
            target = self._locate(reference, source, short, document=True)
            found = None if target is None else self.load(target.path, target.root)
        except (OSError, ValueError, RuntimeError):
            # A name too long, a NUL, a ring of links: no file can be called so. Or a link that turns just now.
            self._tell_unusable(reference)
            return None
        if found is not None:
            self._resolved[asked] = found
        return found

    def check_short(self, name: Named, reference: Named, source: Source) -> None:
        """Tells when a short name of `modules` leads nowhere."""
        try:
            self._locate(reference, source, {}, document=False)
        except (OSError, ValueError, RuntimeError):
            self._tell_unusable(reference)

    def _tell_unusable(self, reference: Named) -> None:
        message = f"`{reference.name}` leads to no plain file"
        self._report.add(faults.MODULE_NOT_FOUND.at(reference.span, message, help="such as `./tools/align.yaml`"))

    def _locate(
        self, reference: Named, source: Source, short: Mapping[str, tuple[Named, Named]], *, document: bool
    ) -> Target | None:
        text = reference.name
        if text.startswith(("git+", "http:", "https:")):
            self._report.add(
                faults.NOT_SUPPORTED.at(
                    reference.span, "references to repositories cannot be used yet",
                    help="copy the module beside the spec, or install it as a package and use `pkg:`",
                )
            )  # fmt: skip
            return None
        if text.startswith("pkg:"):
            target = self._package(reference)
        elif text.startswith((".", "/")) or text.endswith(_SUFFIXES):
            target = Target(source.folder / text, self._root_of(source))
        else:
            target = self._by_name(reference, source, short)
        if target is None:
            return None
        return self._checked(target, reference, document=document)

    def owns(self, source: Source) -> bool:
        """Whether a document belongs to the project, and neither to the shipped library nor to a package."""
        return self._root_of(source) == self.root and source.folder.resolve().is_relative_to(self.root)

    def _root_of(self, source: Source) -> Path:
        library = Path(str(files("sncompile.specs")))
        folder = source.folder.resolve()
        if folder.is_relative_to(library.resolve()) and not self.root.is_relative_to(library.resolve()):
            return library
        return self.root

    def _by_name(self, reference: Named, source: Source, short: Mapping[str, tuple[Named, Named]]) -> Target | None:
        head, _, rest = reference.name.partition("/")
        if head in short:
            base = self._locate(short[head][1], source, {}, document=False)
            if base is None:
                return None
            return Target(base.path / rest, base.root) if rest else base
        library = Path(str(files("sncompile.specs")))
        if rest and (library / head).is_dir():
            return Target(library / reference.name, library)
        beside = next((n for n in (reference.name + s for s in _SUFFIXES) if (source.folder / n).is_file()), None)
        shipped = [p.name for p in library.iterdir() if p.is_dir() and not p.name.startswith("_")]
        hint = f"write `./{beside}`" if beside else did_you_mean(head, [*short, *shipped], what="short names here")
        self._report.add(
            faults.MODULE_NOT_FOUND.at(
                reference.span,
                f"no module `{reference.name}`",
                help=hint or "give a file (`./tools/align.yaml`), or a short name under `modules`",
            )
        )
        return None

    def _package(self, reference: Named) -> Target | None:
        from importlib.metadata import entry_points
        from importlib.util import find_spec

        name, _, rest = reference.name.removeprefix("pkg:").partition("/")
        offered = {entry.name: entry for entry in entry_points(group="sncompile.modules")}
        entry = offered.get(name)
        if entry is None:
            hint = did_you_mean(name, offered, what="installed packages with modules")
            self._report.add(
                faults.MODULE_NOT_FOUND.at(
                    reference.span, f"no installed package offers modules as `{name}`",
                    help=hint or "install it; it must have an entry point in the group `sncompile.modules`",
                )
            )  # fmt: skip
            return None
        # The package is found, not imported: a compile runs nobody's code.
        top, *inner = entry.value.split(":")[0].split(".")
        try:
            spec = find_spec(top)
        except (ImportError, ValueError):
            spec = None
        places = list(spec.submodule_search_locations or []) if spec is not None else []
        if not places:
            self._report.add(
                faults.MODULE_NOT_FOUND.at(
                    reference.span,
                    f"the package `{top}` of `{name}` has no folder",
                    help="install it as a folder, not zipped",
                )
            )
            return None
        folder = Path(places[0], *inner)
        return Target(folder / rest, folder)

    def _checked(self, target: Target, reference: Named, *, document: bool) -> Target | None:
        path = target.path
        if document and not path.is_file():
            path = _with_suffix(path)
        if document and not path.exists():
            path = _with_suffix(renamed(path))
        if not self._inside(path, target.root, reference.span):
            return None
        if document and path.is_dir():
            self._tell_folder(path, reference)
            return None
        if not path.exists():
            self._tell_missing(path, reference)
            return None
        if document and not path.is_file():
            self._tell_unusable(reference)  # A pipe or a device may never end.
            return None
        return Target(path, target.root)

    def _inside(self, path: Path, root: Path, span: Span) -> bool:
        if path.resolve().is_relative_to(root.resolve()):
            return True
        self._report.add(
            faults.OUTSIDE_ROOT.at(
                span,
                f"`{self.name_of(path)}` lies outside of the project's root",
                help="the root is the spec's folder, or the repository that holds it; copy the file below it",
            )
        )
        return False

    def _tell_folder(self, path: Path, reference: Named) -> None:
        names = [p.stem for p in sorted(path.iterdir()) if p.suffix in _SUFFIXES]
        hint = did_you_mean("", [f"{reference.name}/{n}" for n in names], what="it holds")
        self._report.add(
            faults.MODULE_NOT_FOUND.at(
                reference.span, f"`{reference.name}` is a folder", help=hint or "name a file in it"
            )
        )

    def _tell_missing(self, path: Path, reference: Named) -> None:
        names = []
        if path.parent.is_dir():
            names = [p.stem for p in sorted(path.parent.iterdir()) if p.suffix in _SUFFIXES]
        hint = did_you_mean(path.stem, names, what=f"modules in `{self.name_of(path.parent)}`")
        hint = hint or "paths of modules are relative to the document that names them"
        self._report.add(
            faults.MODULE_NOT_FOUND.at(
                reference.span, f"no file for `{reference.name}` at `{self.name_of(path)}`", help=hint
            )
        )

    def claim(self, name: str, span: Span, source: Source) -> str | None:
        """Where a file of the module in `source` is emitted, below `files/`; None after telling what is wrong."""
        path = source.folder / name
        try:
            root = self._root_of(source)
            if not self._inside(path, root, span):
                return None
            absolute = path.resolve()
            found = absolute.is_file() and absolute.is_relative_to(root.resolve())
        except (OSError, ValueError, RuntimeError):
            found = False
        if not found:
            near = [p.name for p in source.folder.iterdir() if p.is_file()] if source.folder.is_dir() else []
            hint = did_you_mean(name, near, what="there are") or "put it beside the module"
            self._report.add(value_faults.BAD_SCRIPT.at(span, f"no file `{name}` beside `{source.name}`", help=hint))
            return None
        stem = plain_name(source.path.stem) if source.path is not None else "spec"
        number = 1
        emitted = f"{stem}/{plain_name(path.name)}"
        while emitted in self.claimed and self.claimed[emitted].source != absolute:
            number += 1
            emitted = f"{stem}-{number}/{plain_name(path.name)}"
        self.claimed[emitted] = ModuleFile(absolute, emitted)
        return emitted

    def claim_support(self, name: str) -> str:
        """Where a file that the compiler itself ships for jobs is emitted."""
        source = Path(str(files("sncompile.templates").joinpath("support", name))).resolve()
        self.claimed[name] = ModuleFile(source, name)
        return name
