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
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from sncompile import __version__
from sncompile.diagnostics import Diagnostic, Severity, Span
from sncompile.lsp import actions, completion, hints, hover, lenses, navigation, outcome, outline, rename
from sncompile.lsp.outcome import Outcome, is_given_later
from sncompile.lsp.readings import Opened, Readings, Snapshot, Superseded, documents_below
from sncompile.lsp.texts import Text, from_units, to_units
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.program import Options
from sncompile.syntax.formatting.format import format_text
from sncompile.uncollected import uncollected

QUIET = 0.2
"""Seconds without a change after which a text is checked."""
PATIENCE = 0.03
"""Seconds that a request waits for the reading of the newest text. What takes longer to read is not waited for."""
LATER = 0.05
"""Seconds after a change in which a text that takes long is not read yet: what is asked then is answered first."""
SWITCH = 0.001
"""Seconds after which one thread lets another one go on: answers are given while texts are read and checked."""

_FIX_ALL = "source.fixAll.sncompile"
"""The kind of the action that makes every safe fix: editors may run it when a file is saved."""

_SPEC = re.compile(r"^(sncompile|pipeline|module)[ \t]*:", re.MULTILINE)

_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.REMARK: lsp.DiagnosticSeverity.Information,
}

_COMPLETIONS = {
    "word of the language": lsp.CompletionItemKind.Keyword,
    "value": lsp.CompletionItemKind.EnumMember,
    "step": lsp.CompletionItemKind.Class,
    "table": lsp.CompletionItemKind.Struct,
    "column": lsp.CompletionItemKind.Field,
    "key": lsp.CompletionItemKind.Field,
    "input": lsp.CompletionItemKind.Property,
    "output": lsp.CompletionItemKind.Property,
    "parameter": lsp.CompletionItemKind.Variable,
    "function": lsp.CompletionItemKind.Function,
    "module": lsp.CompletionItemKind.Module,
    "short name": lsp.CompletionItemKind.Module,
    "data root": lsp.CompletionItemKind.Folder,
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
        super().__init__("sncompile", __version__)
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
        self.uris[path] = uri
        self.texts[path] = text.replace("\r\n", "\n")
        self.versions[path] = version
        self._drop_check(path)
        if path not in self._reading or self._reading[path].done():
            self._reading[path] = asyncio.create_task(self._read(path, quiet))

    def closed(self, uri: str) -> None:
        """Forget a text, and what was told of it."""
        path = self.path_of(uri)
        self._drop_check(path)
        for held in (self.texts, self.versions, self.snapshots, self.outlines, self.outcomes):
            held.pop(path, None)
        self.readings.forget(path)
        self._tell(path, {})
        self.uris.pop(path, None)

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
            if other != path and any(home.path == str(path) for home, _ in snapshot.modules.values()):
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


def make_server() -> SpecServer:
    """A server that knows all requests."""
    server = SpecServer()
    _add_texts(server)
    _add_questions(server)
    _add_places(server)
    _add_changes(server)
    return server


def _add_texts(server: SpecServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def initialize(ls: SpecServer, params: lsp.InitializeParams) -> None:
        options = params.initialization_options
        if isinstance(options, dict):
            ls.given = {k: {str(n): str(t) for n, t in v.items()} for k, v in options.items() if isinstance(v, dict)}
        workspace = params.capabilities.workspace
        ls.refreshing = workspace is not None and workspace.inlay_hint is not None

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(ls: SpecServer, params: lsp.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        ls.changed(document.uri, document.text, document.version, quiet=0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(ls: SpecServer, params: lsp.DidChangeTextDocumentParams) -> None:
        document = ls.workspace.get_text_document(params.text_document.uri)
        ls.changed(document.uri, document.source, params.text_document.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(ls: SpecServer, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.closed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(ls: SpecServer, params: lsp.DidSaveTextDocumentParams) -> None:
        ls.saved()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_files(ls: SpecServer, params: lsp.DidChangeWatchedFilesParams) -> None:
        ls.saved()


def _add_questions(server: SpecServer) -> None:
    triggers = lsp.CompletionOptions(trigger_characters=[".", "{", ":", " ", "/", '"', "("])

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, triggers)
    async def complete(ls: SpecServer, params: lsp.CompletionParams) -> lsp.CompletionList:
        snapshot = await ls.fresh(params.text_document.uri)
        if snapshot is None:
            return lsp.CompletionList(False, [])
        text, line, column = ls.cursor(params.text_document.uri, params.position)
        found = completion.complete(snapshot, ls.outcomes.get(snapshot.path), text, line, column)
        items = [_completion(text, number, each) for number, each in enumerate(found)]
        return lsp.CompletionList(len(items) >= completion.MAX_ITEMS, items)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def on_hover(ls: SpecServer, params: lsp.HoverParams) -> lsp.Hover | None:
        snapshot = await ls.fresh(params.text_document.uri)
        if snapshot is None:
            return None
        text, line, column = ls.cursor(params.text_document.uri, params.position)
        told = hover.hover(snapshot, ls.outcomes.get(snapshot.path), text, line, column)
        if told is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, told.markdown), ranged(text, told.span))

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hints(ls: SpecServer, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        snapshot = await ls.fresh(params.text_document.uri)
        if snapshot is None:
            return []
        first, last = params.range.start.line + 1, min(params.range.end.line + 1, len(snapshot.text.lines))
        found = hints.hints(snapshot, ls.outcomes.get(snapshot.path), first, last)
        return [
            lsp.InlayHint(
                lsp.Position(each.line - 1, to_units(snapshot.text.line(each.line), each.column)),
                each.text,
                tooltip=each.tip or None,
            )
            for each in found
        ]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensOptions())
    async def code_lens(ls: SpecServer, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        snapshot = await ls.fresh(params.text_document.uri)
        known = ls.outcomes.get(snapshot.path) if snapshot is not None else None
        if snapshot is None:
            return []
        found = await ls.in_checker(lambda: lenses.lenses(snapshot, known))
        return [lsp.CodeLens(ranged(snapshot.text, each.span), command=lsp.Command(each.text, "")) for each in found]


def _completion(text: Text, number: int, item: completion.Item) -> lsp.CompletionItem:
    documentation = lsp.MarkupContent(lsp.MarkupKind.Markdown, item.description) if item.description else None
    return lsp.CompletionItem(
        label=item.label,
        kind=_COMPLETIONS.get(item.kind, lsp.CompletionItemKind.Text),
        detail=item.detail or item.kind,
        documentation=documentation,
        sort_text=f"{number:04}",
        filter_text=item.text if item.text.startswith(('"', "$")) else item.label,
        text_edit=lsp.TextEdit(ranged(text, item.span), item.text),
    )


def _add_places(server: SpecServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def symbols(ls: SpecServer, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        snapshot = await ls.fresh(params.text_document.uri)
        return [] if snapshot is None else ls.outlines.get(snapshot.path, [])

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def definition(ls: SpecServer, params: lsp.DefinitionParams) -> list[lsp.Location]:
        snapshot = await ls.fresh(params.text_document.uri)
        if snapshot is None:
            return []
        _, line, column = ls.cursor(params.text_document.uri, params.position)
        opened = ls.opened()
        near = (ls.readings.snapshot(path, opened) for path in navigation.led_to(snapshot))
        others = [each for each in near if each is not None]
        return _locations(ls, navigation.definitions(snapshot, others, line, column))

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def references(ls: SpecServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
        snapshot = await ls.fresh(params.text_document.uri)
        if snapshot is None:
            return []
        _, line, column = ls.cursor(params.text_document.uri, params.position)
        others = await ls.around(snapshot)
        declarations = params.context.include_declaration
        return _locations(ls, navigation.references(snapshot, others, line, column, declarations=declarations))

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlights(ls: SpecServer, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        snapshot = await ls.fresh(params.text_document.uri)
        if snapshot is None:
            return []
        text, line, column = ls.cursor(params.text_document.uri, params.position)
        found = navigation.references(snapshot, (), line, column, declarations=True)
        return [lsp.DocumentHighlight(ranged(text, each.span)) for each in found]


def _locations(ls: SpecServer, spots: Iterable[navigation.Spot]) -> list[lsp.Location]:
    return [lsp.Location(ls.uri_of(spot.path), ls.range(spot.path, spot.span)) for spot in spots]


def _symbol(text: Text, part: outline.Part) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=part.name or "?",
        kind=_PARTS.get(part.kind, lsp.SymbolKind.Field),
        range=ranged(text, part.whole),
        selection_range=ranged(text, part.span),
        detail=part.detail or None,
        children=[_symbol(text, each) for each in part.parts] or None,
    )


def _add_changes(server: SpecServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare(ls: SpecServer, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder:
        snapshot = await ls.exact(params.text_document.uri)
        text, line, column = ls.cursor(params.text_document.uri, params.position)
        found = _renamable(snapshot, line, column)
        return lsp.PrepareRenamePlaceholder(ranged(text, found.span), found.symbol.name.rpartition(".")[2])

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def on_rename(ls: SpecServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        uri = params.text_document.uri
        snapshot = await ls.exact(uri)
        _, line, column = ls.cursor(uri, params.position)
        found = _renamable(snapshot, line, column)
        assert snapshot is not None
        others, opened = await ls.around(snapshot), ls.opened()

        def check(path: Path, texts: Mapping[Path, str]) -> Sequence[Diagnostic]:
            held = Opened({**opened.texts, **texts})
            text = held.texts.get(path)
            if text is None:
                text = ls.text_of(path).text
            return outcome.check(path, text, held, ls.options_for(path)).checked.diagnostics

        def work() -> list[rename.Change]:
            # What is there now says whether there are results; the last check may be of another text.
            made = outcome.check(snapshot.path, snapshot.text.text, opened, ls.options_for(snapshot.path))
            return rename.renamed(snapshot, others, made, found, params.new_name, check)

        try:
            changes = await ls.in_checker(work)
        except rename.CannotRename as reason:
            raise _refusal(str(reason)) from None
        return _workspace_edit(ls, changes)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, _FIX_ALL]))
    async def code_actions(ls: SpecServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        path = ls.path_of(params.text_document.uri)
        known = ls.outcomes.get(path)
        if known is None or known.text != ls.texts.get(path):
            return []  # Edits of another text would land elsewhere.
        first, last = params.range.start.line + 1, params.range.end.line + 1
        found = actions.actions(ls.diagnostics_in(path), lambda d, span: ls.file_of(path, d, span), first, last)
        only = params.context.only
        made = [_action(ls, path, each) for each in found]
        return [each for each in made if only is None or any(str(each.kind).startswith(str(kind)) for kind in only)]

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def formatting(ls: SpecServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        path = ls.path_of(params.text_document.uri)
        text = ls.texts.get(path)
        if text is None:
            return None
        made = await ls.in_checker(lambda: format_text(path.name, text))
        if isinstance(made, Diagnostic):
            raise _refusal(f"{made.message}: mend it first")
        if made == text or ls.texts.get(path) != text:
            return []
        lines = Text(text).lines
        whole = Span("", 1, 1, len(lines), len(lines[-1]) + 1)
        return [lsp.TextEdit(ranged(Text(text), whole), made)]


def _action(ls: SpecServer, path: Path, action: actions.Action) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=action.title,
        kind=_FIX_ALL if action.all else lsp.CodeActionKind.QuickFix,
        diagnostics=[ls.shown(path, each) for each in action.mends],
        is_preferred=action.likely or None,
        edit=_workspace_edit(ls, action.changes),
    )


def _refusal(reason: str) -> JsonRpcException:
    """What an editor shows of a request that is in order, and cannot be fulfilled."""
    return JsonRpcException(reason, int(lsp.LSPErrorCodes.RequestFailed))


def _renamable(snapshot: Snapshot | None, line: int, column: int) -> Any:
    if snapshot is None:
        raise _refusal("the document is not open")
    try:
        return rename.renamable(snapshot, line, column)
    except rename.CannotRename as reason:
        raise _refusal(str(reason)) from None


def _workspace_edit(ls: SpecServer, changes: Iterable[rename.Change]) -> lsp.WorkspaceEdit:
    by_file: dict[Path, list[lsp.TextEdit]] = {}
    for change in changes:
        by_file.setdefault(change.path, []).append(lsp.TextEdit(ls.range(change.path, change.span), change.text))
    return lsp.WorkspaceEdit(changes={ls.uri_of(path): edits for path, edits in by_file.items()})


def serve() -> None:
    """Serve an editor over standard input and output, until it goes."""
    sys.setswitchinterval(SWITCH)
    make_server().start_io()
