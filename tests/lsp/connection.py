"""The language server as a process, spoken to in the protocol's own frames."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import IO, Any


class Connection:
    """The server, and what is said to it."""

    def __init__(self, errors: IO[bytes] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sncompile", "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )

    def send(self, message: Any) -> None:
        assert self.process.stdin is not None
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length))

    def answer(self, number: int | str) -> Any:
        """The answer to a request; requests of the server are answered on the way, as editors do."""
        while True:
            message = self.receive()
            if "method" in message and "id" in message:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            elif message.get("id") == number:
                return message

    def notify(self, method: str, params: Any) -> None:
        """Something that is told, and not answered."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def told(self, uri: str, version: int) -> Any:
        """What is told of a version of a document, once it was checked."""
        while True:
            message = self.receive()
            params = message.get("params") or {}
            if "method" in message and "id" in message:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            elif params.get("uri") == uri and params.get("version") == version:
                return params["diagnostics"]

    def end(self) -> int:
        """End the server as the protocol has it; gives the code with which it ends."""
        self.send({"jsonrpc": "2.0", "id": "end", "method": "shutdown"})
        self.answer("end")
        self.send({"jsonrpc": "2.0", "method": "exit"})
        return self.process.wait(60)
