"""The requests of the protocol, each answered with what the server knows.

Decision 0088.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from sncompile.diagnostics import Diagnostic, Span
from sncompile.lsp import actions, completion, hints, hover, lenses, navigation, outcome, rename
from sncompile.lsp.protocol import Protocol
from sncompile.lsp.readings import Opened, Snapshot
from sncompile.lsp.server import SpecServer, ranged
from sncompile.lsp.texts import Text, to_units
from sncompile.syntax.formatting.format import format_text

SWITCH = 0.001
"""Seconds after which one thread lets another one go on: answers are given while texts are read and checked."""

_FIX_ALL = "source.fixAll.sncompile"
"""The kind of the action that makes every safe fix: editors may run it when a file is saved."""

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


def make_server() -> SpecServer:
    """A server that knows all requests."""
    server = SpecServer()
    _add_texts(server)
    _add_questions(server)
    _add_places(server)
    _add_renaming(server)
    _add_edits(server)
    return server


def _add_texts(server: SpecServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def initialize(ls: SpecServer, params: lsp.InitializeParams) -> None:
        if isinstance(ls.protocol, Protocol):
            ls.protocol.keep_texts()
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
        if ls.path_of(document.uri) in ls.texts:
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


def _add_renaming(server: SpecServer) -> None:
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


def _add_edits(server: SpecServer) -> None:
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
        return [each for each in made if only is None or any(_of_kind(each.kind, kind) for kind in only)]

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


def _of_kind(kind: lsp.CodeActionKind | str | None, wanted: lsp.CodeActionKind | str) -> bool:
    """Whether an action is of a kind that an editor asks for, or of one below it (`source.fixAll` of `source`)."""
    # A kind is a text, but `str` and an f-string of one that the protocol knows give its name in Python.
    return kind is not None and (not wanted or kind == wanted or kind.startswith(wanted + "."))


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


def is_trouble(record: logging.LogRecord) -> bool:
    """Whether the server logs something that went wrong, and no request that it has refused with a reason."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, JsonRpcException) and error.code == lsp.LSPErrorCodes.RequestFailed)


def serve() -> None:
    """Serve an editor over standard input and output, until it goes."""
    sys.setswitchinterval(SWITCH)
    # Editors show what stands on standard error as trouble of the server.
    logging.getLogger("pygls.protocol.json_rpc").addFilter(is_trouble)
    make_server().start_io()
