"""The protocol where the library that speaks it and the standard differ: line ends, units of columns, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from pygls.workspace import TextDocument, Workspace

from sncompile.lazy_regex import regex

_LINE = regex(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class OpenText(TextDocument):
    """An open text, whose lines end where they do for editors.

    Python ends a line at more characters, such as form feeds and U+2028: edits would land lines away.
    """

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends."""
        return tuple(_LINE.findall(self.source))


class OpenTexts(Workspace):
    """The open texts. What is said of others, which no editor has opened, is passed over."""

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        return OpenText(doc_uri, source, version, language_id, sync_kind=self._sync_kind)

    def update_text_document(
        self, text_doc: lsp.VersionedTextDocumentIdentifier, change: lsp.TextDocumentContentChangeEvent
    ) -> None:
        """Apply an edit to an open text."""
        if text_doc.uri in self.text_documents:
            super().update_text_document(text_doc, change)


class _Refused:
    """Stands for a message that was answered already: the loop passes over what is of no version that it knows."""

    jsonrpc = ""


class Protocol(LanguageServerProtocol):
    """Columns in UTF-16, whatever an editor prefers, and an answer to every request."""

    def keep_texts(self) -> None:
        """Have the open texts kept by `OpenTexts`; once an editor has said what it works on."""
        folders = list(self.workspace.folders.values())
        self._workspace = OpenTexts(self.workspace.root_uri, workspace_folders=folders)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as an object. A request that is none is refused: an editor would wait for its answer for ever."""
        # All places are counted in the units that every editor knows, so that no other ones are chosen.
        data.pop("positionEncodings", None)
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" not in data or "method" not in data:
                raise
            self._send_response(data["id"], error=error.to_response_error())
            return _Refused()
