"""Reads the documents that module references lead to, each once."""

from __future__ import annotations

import errno
import os
import shlex
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from sncompile.diagnostics import Diagnostic, Related, Report, Span, did_you_mean
from sncompile.faults import values as value_faults
from sncompile.ir.graph.files import ModuleFile
from sncompile.ir.language.encoding import plain_name
from sncompile.semantics.modules.line_ends import windows_line
from sncompile.semantics.modules.locating import Locator, Root, Short
from sncompile.semantics.modules.lock_file import LOCK, Lock, read_lock
from sncompile.semantics.places import HERE, Places
from sncompile.semantics.program import UsedFile
from sncompile.semantics.repositories.checkouts import Checkouts
from sncompile.semantics.repositories.references import SCHEME, Fetch
from sncompile.semantics.tables.sheet_places import SheetPlaces
from sncompile.syntax.document import Document, Named
from sncompile.syntax.parse import parse
from sncompile.syntax.source import Source, decode, read_source, start_of


class Library:
    """The documents of one compile, and the files that modules claimed.

    References stay in `root`. `places` gives files of another time, `fetch` brings repositories that are not here.
    """

    def __init__(
        self, root: Path, invoked_from: Path, report: Report, *, places: Places = HERE, fetch: Fetch | None = None
    ) -> None:
        self.root = root
        self.places = places
        self._here = invoked_from
        self._report = report
        self._documents: dict[Path, Document | None] = {}
        self._resolved: dict[tuple[str, str], Document] = {}
        self.sources: dict[str, str] = {}
        self.sheets: dict[str, SheetPlaces] = {}
        """The sheets of tables, by what messages call them, for lines of them that are to be shown."""
        self.claimed: dict[str, ModuleFile] = {}
        self.used: dict[str, UsedFile] = {}
        """The files of all modules, by what a lock file calls them."""
        self.checkouts = Checkouts(lambda: self.lock, report, fetch)
        self._locator = Locator(root, self.name_of, report, self.checkouts, places)

    @cached_property
    def lock(self) -> Lock:
        """The project's lock file. Its faults are told when it is read first."""
        path = self.root / LOCK
        hindrance = self.places.bring(path)
        if hindrance is not None:
            self._report.add(hindrance.at(start_of(self.name_of(path))))
            return Lock()
        return read_lock(path, self.name_of(path), self._report, self.sources)

    def name_of(self, path: Path) -> str:
        """How a file is called in messages: from where the user stands, if it lies below."""
        told = self.places.called(path)
        if told is not None:
            return told
        absolute = os.path.abspath(path)
        here = f"{self._here}{os.sep}"
        return absolute.removeprefix(here) if absolute.startswith(here) else str(path)

    def load(self, path: Path, root: Root) -> Document | None:
        """The document of a file (None where it cannot be used); its faults are told once.

        Raises `OSError` where it lies outside of `root`, though it did not when it was looked at.
        """
        known = path.resolve()
        if not root.holds(known):
            raise OSError(errno.ELOOP, "a link came in its way while it was read")
        if known not in self._documents:
            read = self._read(path, known)
            self._documents[known] = self._parse(read) if isinstance(read, Source) else None
            if not isinstance(read, Source):
                self._report.add(read)
        return self._documents[known]

    def _read(self, path: Path, known: Path) -> Source | Diagnostic:
        text = self.places.text(known)
        if text is not None:
            return decode(self.name_of(path), path, text.encode("utf-8", "surrogatepass"))
        return read_source(self.name_of(path), path, settled=known)

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

    def resolve(self, reference: Named, source: Source, short: Short) -> Document | None:
        """The document that a step's `module` leads to, seen from the document that names it."""
        # Many steps use one module; what leads nowhere is told at every place.
        asked = (source.name, reference.name)
        found = self._resolved.get(asked)
        if found is not None:
            return found
        try:
            target = self._locator.locate(reference, source, short, document=True)
            found = None if target is None else self.load(target.path, target.root)
            if target is not None and found is not None:
                self._use(target.path, target.path.resolve(), target.root, reference.span)
                self._resolved[asked] = found
        except (OSError, ValueError, RuntimeError):
            # A name too long, a NUL, a ring of links: no file can be called so. Or a link that turns just now.
            self._locator.tell_unusable(reference)
            return None
        return found

    def locate(self, reference: Named, source: Source, short: Short) -> Path | None:
        """The file that a step's `module` leads to, which is not read; None after telling why it leads nowhere."""
        try:
            target = self._locator.locate(reference, source, short, document=True)
        except (OSError, ValueError, RuntimeError):
            self._locator.tell_unusable(reference)
            return None
        return None if target is None else target.path.resolve()

    def check_short(self, name: Named, reference: Named, source: Source) -> None:
        """Tells when a short name of `modules` leads nowhere."""
        try:
            self._locator.locate(reference, source, {}, document=False)
        except (OSError, ValueError, RuntimeError):
            self._locator.tell_unusable(reference)

    def owns(self, source: Source) -> bool:
        """Whether a document belongs to the project, and neither to the shipped library nor to a package."""
        root = self._locator.root_of(source.folder)
        return not root.prefix and root.holds(source.folder)

    def _use(self, path: Path, real: Path, root: Root, span: Span) -> None:
        """Note a file; `real` is its path without links. Raises `ValueError` where that has come to lead elsewhere."""
        checkout = root.folder if root.prefix.startswith(SCHEME) else None
        file = UsedFile(real, self.name_of(path), span, bool(root.prefix), checkout)
        self.used.setdefault(root.called(real), file)

    def claim(self, name: str, span: Span, source: Source) -> str | None:
        """Where a file of the module in `source` is emitted, below `files/`; None after telling what is wrong."""
        path = source.folder / name
        hindrance = self.places.bring(path)
        if hindrance is not None:
            self._report.add(hindrance.at(span))
            return None
        root = self._locator.root_of(source.folder)
        try:
            if not self._locator.inside(path, root, span):
                return None
            absolute = path.resolve()
            found = absolute.is_file() and root.holds(absolute)
        except (OSError, ValueError, RuntimeError):
            found = False
        if not found:
            hint = did_you_mean(name, self.places.names(source.folder), what="there are") or "put it beside the module"
            self._report.add(value_faults.BAD_SCRIPT.at(span, f"no file `{name}` beside `{source.name}`", help=hint))
            return None
        self._use(path, absolute, root, span)
        if all(file.source != absolute for file in self.claimed.values()):
            self._look_at_line_ends(absolute, name, self.name_of(path), span)
        stem = plain_name(source.path.stem) if source.path is not None else "spec"
        number = 1
        emitted = f"{stem}/{plain_name(path.name)}"
        while emitted in self.claimed and self.claimed[emitted].source != absolute:
            number += 1
            emitted = f"{stem}-{number}/{plain_name(path.name)}"
        self.claimed[emitted] = ModuleFile(absolute, emitted)
        return emitted

    def _look_at_line_ends(self, path: Path, name: str, shown: str, span: Span) -> None:
        line = windows_line(path)
        if line is not None:
            message = f"the lines of `{name}` end as on Windows, and their carriage returns become part of its words"
            help = f"sed -i 's/\\r$//' {shlex.quote(shown)}"
            place = Related("the first such line", Span(shown, line, 1, line, 2))
            self._report.add(value_faults.WINDOWS_LINES.at(span, message, help=help, related=(place,)))

    def claim_support(self, name: str) -> str:
        """Where a file that the compiler itself ships for jobs is emitted."""
        source = Path(str(files("sncompile.templates").joinpath("support", name))).resolve()
        self.claimed[name] = ModuleFile(source, name)
        return name
