"""The language server over the protocol: keeps what is known of the open documents, and turns answers into its types.

A change is answered in two steps. The text is read at once, in a thread of its own, and what is read serves completion,
hover and the rest. Once nobody has typed for a moment it is checked, in another thread; a change before that is done
means that nobody waits for it any more. Requests are answered from what is known last: they wait for the reading of the
newest text for a moment, and never for a check.

Decision 0088.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from sncompile import __version__
from sncompile.diagnostics import Diagnostic, Severity, Span
from sncompile.lazy_regex import regex
from sncompile.lsp import navigation, outcome, outline
from sncompile.lsp.outcome import Outcome, is_given_later
from sncompile.lsp.protocol import Protocol
from sncompile.lsp.readings import Opened, Readings, Snapshot, Superseded, documents_below
from sncompile.lsp.texts import Text, from_units, to_units
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.program import Options
from sncompile.uncollected import uncollected

QUIET = 0.2
"""Seconds without a change after which a text is checked."""
PATIENCE = 0.03
"""Seconds that a request waits for the reading of the newest text. What takes longer to read is not waited for."""
LATER = 0.05
"""Seconds after a change in which a text that takes long is not read yet: what is asked then is answered first."""

_SPEC = regex(r"^(sncompile|pipeline|module)[ \t]*:", re.MULTILINE)

_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.REMARK: lsp.DiagnosticSeverity.Information,
}

_PARTS = {
    "section": lsp.SymbolKind.Namespace,
    "steps": lsp.SymbolKind.Class,
    "tables": lsp.SymbolKind.Struct,
    "inputs": lsp.SymbolKind.Property,
    "outputs": lsp.SymbolKind.Property,
    "params": lsp.SymbolKind.Variable,
    "modules": lsp.SymbolKind.Module,
}

T = TypeVar("T")


class SpecServer(LanguageServer):
    """The server, with what is known of every open document."""

    def __init__(self) -> None:
        super().__init__("sncompile", __version__, protocol_cls=Protocol)
        self.readings = Readings()
        self.texts: dict[Path, str] = {}
        self.versions: dict[Path, int] = {}
        self.uris: dict[Path, str] = {}
        self.snapshots: dict[Path, Snapshot] = {}
        self.outlines: dict[Path, list[lsp.DocumentSymbol]] = {}
        self.outcomes: dict[Path, Outcome] = {}
        self.given: Mapping[str, Mapping[str, str]] = {}
        self.refreshing = False
        self._told: dict[Path, dict[Path, list[Diagnostic]]] = {}
        self._reading: dict[Path, asyncio.Task[None]] = {}
        self._took: dict[Path, float] = {}
        self._checking: dict[Path, tuple[asyncio.Task[None], Opened]] = {}
        # One thread each: what is asked for is read before what is checked, and neither waits for the other.
        self._reader = ThreadPoolExecutor(1, "reading")
        self._checker = ThreadPoolExecutor(1, "checking")

    # --- Texts ----------------------------------------------------------------------------------------------------

    def path_of(self, uri: str) -> Path:
        """The file of a document; what is no file yet is taken to stand in the working folder."""
        found = to_fs_path(uri) if uri.startswith("file:") else None
        path = Path(found) if found else Path.cwd() / re.sub(r"[^\w.-]", "_", uri)
        try:
            return path.resolve()
        except (OSError, ValueError, RuntimeError):
            return Path.cwd() / "unnamed.yaml"

    def uri_of(self, path: Path) -> str:
        """What the editor calls a file."""
        return self.uris.get(path) or str(from_fs_path(str(path)))

    def changed(self, uri: str, text: str, version: int, *, quiet: float = QUIET) -> None:
        """Note a text as it is now, and have it read and checked."""
        path = self.path_of(uri)
        is_new = path not in self.texts
        self.uris[path] = uri
        self.texts[path] = text.replace("\r\n", "\n").replace("\r", "\n")  # For editors both end a line.
        self.versions[path] = version
        self._drop_check(path)
        self._read_soon(path, quiet)
        if is_new:
            self._read_users(path)

    def closed(self, uri: str) -> None:
        """Forget a text, and what was told of it."""
        path = self.path_of(uri)
        self._drop_check(path)
        for held in (self.texts, self.versions, self.snapshots, self.outlines, self.outcomes):
            held.pop(path, None)
        self.readings.forget(path)
        self._tell(path, {})
        self.uris.pop(path, None)
        self._read_users(path)

    def _read_soon(self, path: Path, quiet: float) -> None:
        if path not in self._reading or self._reading[path].done():
            self._reading[path] = asyncio.create_task(self._read(path, quiet))

    def _read_users(self, path: Path) -> None:
        """Read the others anew that use a document which came or went: by what they lead to, or lead to in vain."""
        for other, snapshot in list(self.snapshots.items()):
            if other != path and (snapshot.uses(path) or snapshot.lacks_a_module):
                self._read_soon(other, QUIET)

    def saved(self) -> None:
        """Check all that is open anew: files have changed."""
        for path in self.texts:
            self._check_soon(path, QUIET)

    def opened(self) -> Opened:
        """The open texts as they are now."""
        return Opened(dict(self.texts))

    async def in_reader(self, function: Callable[[], T]) -> T:
        """What a function gives, in the thread that reads."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, function)

    async def in_checker(self, function: Callable[[], T]) -> T:
        """What a function gives, in the thread that checks."""
        return await asyncio.get_running_loop().run_in_executor(self._checker, function)

    async def _read(self, path: Path, quiet: float) -> None:
        """Read a text until what was read is what it is."""
        while path in self.texts:
            if self._took.get(path, 0) > PATIENCE:
                await asyncio.sleep(LATER)
            if path not in self.texts:
                return
            version, opened, started = self.versions[path], self.opened(), time.monotonic()
            made = await self.in_reader(lambda v=version, o=opened: self._snapshot(path, o, v))  # type: ignore[misc]
            self._took[path] = time.monotonic() - started
            if made is None or path not in self.texts:
                return
            self.snapshots[path] = made
            if self.versions.get(path) == version:
                break
        self._check_soon(path, quiet)
        for other, snapshot in list(self.snapshots.items()):
            # Who uses this module sees it as it is now.
            if other != path and snapshot.uses(path):
                self._check_soon(other, QUIET)

    def _snapshot(self, path: Path, opened: Opened, version: int) -> Snapshot | None:
        with uncollected():
            made = self.readings.snapshot(path, opened, version)
            if made is not None:
                # Editors ask for it after every change, and it is long: it is made where nobody waits.
                text = Text(made.reading.source.text)
                self.outlines[path] = [_symbol(text, part) for part in outline.outline(made)]
            return made

    async def fresh(self, uri: str) -> Snapshot | None:
        """What is known of a document: of its newest text, if that is read in a moment."""
        path = self.path_of(uri)
        task = self._reading.get(path)
        known = path in self.snapshots
        if task is not None and not task.done() and not (known and self._took.get(path, 0) > PATIENCE):
            await asyncio.wait({task}, timeout=PATIENCE if known else None)
        return self.snapshots.get(path)

    async def exact(self, uri: str) -> Snapshot | None:
        """What is known of the newest text of a document."""
        path = self.path_of(uri)
        task = self._reading.get(path)
        if task is not None and not task.done():
            await asyncio.wait({task})
        return self.snapshots.get(path)

    async def around(self, snapshot: Snapshot) -> list[Snapshot]:
        """The other documents at hand: those that it leads to, and those of its project."""
        opened = self.opened()

        def read() -> list[Snapshot]:
            root = project_root(snapshot.path.parent)
            paths = dict.fromkeys((*navigation.led_to(snapshot), *documents_below(root, opened.texts)))
            found = (self.readings.snapshot(path, opened) for path in paths if path != snapshot.path)
            return [each for each in found if each is not None]

        return await self.in_reader(read)

    # --- Checks ---------------------------------------------------------------------------------------------------

    def _drop_check(self, path: Path) -> None:
        held = self._checking.pop(path, None)
        if held is not None:
            held[1].stopped = True
            held[0].cancel()

    def _check_soon(self, path: Path, quiet: float) -> None:
        self._drop_check(path)
        opened = self.opened()
        self._checking[path] = (asyncio.create_task(self._check(path, opened, quiet)), opened)

    def options_for(self, path: Path) -> Options:
        """How a document is checked: what the editor's settings give, with messages that name files from its folder."""
        given = self.given
        return Options(data=given.get("data", {}), sets=given.get("set", {}), invoked_from=path.parent)

    async def _check(self, path: Path, opened: Opened, quiet: float) -> None:
        await asyncio.sleep(quiet)
        text, version = opened.texts[path], self.versions.get(path, 0)
        if not _SPEC.search(text):
            self._tell(path, {})
            return
        options = self.options_for(path)

        def check() -> Outcome | None:
            try:
                return outcome.check(path, text, opened, options, version)
            except Superseded:
                return None

        made = await self.in_checker(check)
        if made is None or opened.stopped:
            return
        self.outcomes[path] = made
        by_file: dict[Path, list[Diagnostic]] = {}
        for each in made.checked.diagnostics:
            by_file.setdefault(path if each.span is None else made.file(each.span), []).append(each)
        self._tell(path, by_file)
        # What follows from the check is worked out now, so that nobody waits for it.
        await self.in_checker(lambda: made.graph)
        if self.refreshing:
            self.workspace_inlay_hint_refresh(None)
            self.workspace_code_lens_refresh(None)

    def _tell(self, root: Path, found: Mapping[Path, list[Diagnostic]]) -> None:
        """Publish what a check of a document found, with what those of others found in the same files."""
        before = self._told.pop(root, {})
        if found:
            self._told[root] = dict(found)
        for path in dict.fromkeys((root, *before, *found)):
            told = self.diagnostics_in(path)
            uri = self.uri_of(path)
            shown = [self.shown(path, each) for each in told]
            version = self.versions.get(path)
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown, version))

    def diagnostics_in(self, path: Path) -> list[Diagnostic]:
        """What is known to be wrong in a file, each fault once, whichever documents were checked."""
        found: dict[tuple[object, ...], Diagnostic] = {}
        for held in self._told.values():
            for each in held.get(path, ()):
                place = each.span[1:] if each.span is not None else ()
                found.setdefault((each.code, place, each.message), each)
        return list(found.values())

    def shown(self, path: Path, found: Diagnostic) -> lsp.Diagnostic:
        """A diagnostic as the protocol has it."""
        help = f"\nhelp: {found.help}" if found.help else ""
        related = [
            lsp.DiagnosticRelatedInformation(
                lsp.Location(self.uri_of(target), self.range(target, each.span)), each.message
            )
            for each in found.related
            if (target := self._file_of(path, each.span)) is not None
        ]
        severity = lsp.DiagnosticSeverity.Information if is_given_later(found) else _SEVERITIES[found.severity]
        return lsp.Diagnostic(
            range=self.range(path, found.span or Span("", 1, 1, 1, 1)),
            message=found.message + help,
            severity=severity,
            code=found.code,
            source="sncompile",
            related_information=related or None,
        )

    def file_of(self, path: Path, found: Diagnostic, span: Span) -> Path:
        """The file of a span of something that was found in a file."""
        for root, held in self._told.items():
            if found in held.get(path, ()) and root in self.outcomes:
                return self.outcomes[root].file(span)
        return path

    def _file_of(self, path: Path, span: Span) -> Path | None:
        for held in self.outcomes.values():
            if held.path == path or path in self._told.get(held.path, {}):
                return held.file(span)
        return None

    # --- Places ---------------------------------------------------------------------------------------------------

    def text_of(self, path: Path) -> Text:
        """The text of a file, as it is open, was read, or stands on disk."""
        if path in self.texts:
            return Text(self.texts[path])
        reading = self.readings.reading(path, Opened({}))
        return Text(reading.source.text if reading is not None else "")

    def range(self, path: Path, span: Span) -> lsp.Range:
        """A span of a file as the protocol has it."""
        text = self.text_of(path) if path not in self.texts else Text(self.texts[path])
        return ranged(text, span)

    def cursor(self, uri: str, position: lsp.Position) -> tuple[Text, int, int]:
        """The text of a document with the line and column of a position; it may be newer than what is known."""
        text = self.text_of(self.path_of(uri))
        line = position.line + 1
        return text, line, from_units(text.line(line), position.character)


def ranged(text: Text, span: Span) -> lsp.Range:
    """A span of a text as the protocol has it."""
    start, end = to_units(text.line(span.line), span.column), to_units(text.line(span.end_line), span.end_column)
    return lsp.Range(lsp.Position(max(span.line - 1, 0), start), lsp.Position(max(span.end_line - 1, 0), end))


def _symbol(text: Text, part: outline.Part) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=part.name or "?",
        kind=_PARTS.get(part.kind, lsp.SymbolKind.Field),
        range=ranged(text, part.whole),
        selection_range=ranged(text, part.span),
        detail=part.detail or None,
        children=[_symbol(text, each) for each in part.parts] or None,
    )
