"""A client of the language server, over its standard input and output: what an editor does, in a few words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

SECONDS = 120
"""So long a test waits for an answer, on a machine that does much else."""


class Editor:
    """An editor with some documents open in a folder."""

    def __init__(self, folder: Path, client: LanguageClient) -> None:
        self.folder = folder
        self.client = client
        self.capabilities: Any = None
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.told: dict[str, lsp.PublishDiagnosticsParams] = {}
        self._news = asyncio.Event()

        @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def told(params: lsp.PublishDiagnosticsParams) -> None:
            self.told[params.uri] = params
            self._news.set()

        @client.feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)
        @client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
        def refresh(params: None) -> None:
            return None

    def uri(self, name: str) -> str:
        return str(from_fs_path(str((self.folder / name).resolve())))

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str | None = None) -> None:
        """Open a file, with its text or another one."""
        if text is None:
            text = (self.folder / name).read_text()
        self.texts[name], self.versions[name] = text, 1
        item = lsp.TextDocumentItem(self.uri(name), "yaml", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        """Another text for an open document."""
        self.texts[name], self.versions[name] = text, self.versions[name] + 1
        identifier = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        changes = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, changes))

    def close(self, name: str) -> None:
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(self.document(name)))

    def position(self, name: str, mark: str, offset: int = 0) -> lsp.Position:
        """The place of the first occurrence of a text, or so many characters behind its beginning."""
        at = self.texts[name].index(mark) + offset
        before = self.texts[name][:at]
        line = before.rpartition("\n")[2]
        return lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)

    async def diagnostics(self, name: str, version: int | None = None) -> list[lsp.Diagnostic]:
        """What is told of a document, once its newest text was checked."""
        uri = self.uri(name)
        wanted = version or self.versions.get(name)
        async with asyncio.timeout(SECONDS):
            while uri not in self.told or self.told[uri].version != wanted:
                self._news.clear()
                await self._news.wait()
        return list(self.told[uri].diagnostics)

    async def read(self, name: str) -> None:
        """Wait until the newest text of a document was read: changes of names are asked about, which wait for that."""
        with suppress(JsonRpcException):
            params = lsp.PrepareRenameParams(self.document(name), lsp.Position(0, 0))
            await self.client.text_document_prepare_rename_async(params)

    async def completions(self, name: str, mark: str, offset: int = 0) -> list[lsp.CompletionItem]:
        params = lsp.CompletionParams(self.document(name), self.position(name, mark, offset))
        found = await self.client.text_document_completion_async(params)
        assert isinstance(found, lsp.CompletionList)
        return list(found.items)

    async def hover(self, name: str, mark: str, offset: int = 0) -> str:
        params = lsp.HoverParams(self.document(name), self.position(name, mark, offset))
        found = await self.client.text_document_hover_async(params)
        if found is None:
            return ""
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value


@asynccontextmanager
async def editor(folder: Path, options: object = None) -> AsyncIterator[Editor]:
    """An editor that has started the server."""
    client = LanguageClient("tests", "1")
    await client.start_io(sys.executable, "-m", "sncompile", "lsp")
    try:
        async with asyncio.timeout(SECONDS):
            found = Editor(folder, client)
            capabilities = lsp.ClientCapabilities(
                workspace=lsp.WorkspaceClientCapabilities(inlay_hint=lsp.InlayHintWorkspaceClientCapabilities(True))
            )
            params = lsp.InitializeParams(
                capabilities, root_uri=str(from_fs_path(str(folder))), initialization_options=options
            )
            found.capabilities = (await client.initialize_async(params)).capabilities
            client.initialized(lsp.InitializedParams())
        yield found
    finally:
        async with asyncio.timeout(SECONDS):
            await client.shutdown_async(None)
            client.exit(None)
            await client.stop()
