"""What goes over the wire, by hand: messages as editors of other kinds send them, where a library would send none."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60
"""After so long a server that does not answer is ended, and the test has failed."""

SPEC = """\
sncompile: 1
pipeline: p
title: "\U0001f600 \u00fc"
tables: {t: {key: [well], rows: [{well: A01}]}}
steps:
  one: {by: [wel], module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}
outputs: {o: "${one.o}"}
"""


class Wire:
    """A server, with a message for each call."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "sncompile", "lsp"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.uri = (folder / "spec.yaml").as_uri()
        self.number = 0

    def send(self, **message: Any) -> None:
        assert self.server.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.server.stdin.flush()

    def read(self) -> Any:
        assert self.server.stdout is not None
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self.server.stdout.read(length))

    def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        self.send(id=self.number, method=method, params=params)
        while (answer := self.read()).get("id") != self.number:
            pass
        return answer

    def open(self, text: str) -> None:
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": document})

    def type(self, line: int, start: int, end: int, text: str, version: int = 2) -> None:
        """Replace a stretch of a line."""
        place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        document = {"uri": self.uri, "version": version}
        changes = [{"range": place, "text": text}]
        self.send(method="textDocument/didChange", params={"textDocument": document, "contentChanges": changes})

    def told(self, version: int) -> list[Any]:
        """The codes of what is told of a version, and where it begins."""
        while (message := self.read()).get("params", {}).get("version") != version:
            pass
        found = message["params"]["diagnostics"]
        return [(each["code"], *each["range"]["start"].values()) for each in found]


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """A server that an editor which prefers UTF-8 has started."""
    found = Wire(tmp_path)
    never_answers = threading.Timer(SECONDS, found.server.kill)
    never_answers.start()
    try:
        encodings = {"general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]}}
        begun = found.ask("initialize", {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": encodings})
        assert begun["result"]["capabilities"].get("positionEncoding", "utf-16") == "utf-16"
        found.send(method="initialized", params={})
        yield found
    finally:
        never_answers.cancel()
        found.server.kill()
        found.server.communicate()


def test_edits_land_where_the_editor_means(wire: Wire) -> None:
    """Form feeds and U+2028 end no line, bare carriage returns do, and columns are those of UTF-16."""
    wire.open("# a\u2028b\n" + SPEC)
    assert wire.told(1) == [("SN003", 0, 3)]
    wire.type(6, 13, 16, "well")
    wire.type(0, 3, 4, " ", version=3)
    assert wire.told(3) == []


def test_bare_carriage_returns_end_lines(wire: Wire) -> None:
    wire.open(SPEC.replace("\n", "\r"))
    assert wire.told(1) == [("SN411", 5, 13)]
    wire.type(5, 13, 16, "well")
    assert wire.told(2) == []


def test_requests_that_are_none_are_answered(wire: Wire) -> None:
    """Also those that the protocol does not know, and edits of documents that nobody has opened."""
    wire.type(3, 0, 1, "x")
    assert wire.ask("textDocument/hover", {})["error"]["code"] == -32602
    below = {"textDocument": {"uri": wire.uri}, "position": {"line": -1, "character": 0}}
    assert wire.ask("textDocument/definition", below)["error"]["code"] == -32602
    assert wire.ask("textDocument/documentSymbol", {"textDocument": {"uri": wire.uri}})["result"] == []
