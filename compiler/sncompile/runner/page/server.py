"""A server of one run's page, on this machine alone: the page, what is new of it, and the files that it links to.

Others may be on this machine, too: whoever asks has to know a secret, which is part of every address. Nothing is
written, and of files only outputs and logs are given out. Decision 0096.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import mimetypes
import os
import secrets
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from urllib.parse import unquote

from markupsafe import escape

from sncompile.runner.log_files import pieces
from sncompile.runner.page.links import PREVIEW
from sncompile.runner.page.live import QUICK, LivePage
from sncompile.runner.page.pictures import PREVIEW_KIND, PREVIEWED, preview
from sncompile.runner.page.served import PLACES

HOST = "127.0.0.1"
MOST_LISTED = 2000

_SANDBOX = "sandbox allow-scripts"
"""Pages that jobs made run as strangers: they cannot read what else is served here."""


class PageServer(ThreadingHTTPServer):
    """Serves a live page until it is closed."""

    daemon_threads = True

    def __init__(self, page: LivePage, port: int = 0) -> None:
        self.page = page
        self.secret = secrets.token_urlsafe(16)
        self.closing = Event()
        super().__init__((HOST, port), _Handler)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/{self.secret}/"

    def close(self) -> None:
        """End it, with all that are still being told what is new."""
        self.closing.set()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        """Give out what is asked for, or say that there is no such thing."""
        with contextlib.suppress(OSError):  # Who asked is gone, or the folder of the run is.
            self._answer()

    def _answer(self) -> None:
        path, mark, query = self.path.partition("?")
        _, secret, *rest = (*path.split("/", 2), "", "")
        what = rest[0]
        # A page of a stranger that has another name lead here does not know the secret, but might as well not ask.
        host = self.headers.get("Host", "").rpartition(":")[0]
        if self.path == "/favicon.ico":
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            return
        if host not in (HOST, "localhost") or not hmac.compare_digest(secret.encode(), self.server.secret.encode()):
            self._refuse()
        elif what == "":
            self._send("text/html; charset=utf-8", [self.server.page.whole().encode("utf-8", "replace")])
        elif what == "events":
            self._tell()
        elif what.startswith("file/"):
            self._give(what.removeprefix("file/"), small=mark + query == PREVIEW)
        else:
            self._refuse()

    def _refuse(self) -> None:
        self.send_error(HTTPStatus.NOT_FOUND, "Not found", "There is no such page, output or log here.")

    def _tell(self) -> None:
        """What is new, as server-sent events, until the run has ended."""
        self._head("text/event-stream", {"Cache-Control": "no-store"})
        sent: dict[str, str] = {}
        number = 0
        while not self.server.closing.is_set():
            now = self.server.page.look()
            if now.number != number:
                number = now.number
                parts = {name: text for name, text in now.parts.items() if sent.get(name) != text}
                sent |= parts
                self._event("parts", json.dumps(parts))
                self._event("data", now.data)
            if now.ended:
                self._event("end", "{}")
                return
            # It is how one learns that nobody listens any more.
            self.wfile.write(b": \n\n")
            self.server.closing.wait(QUICK)

    def _event(self, name: str, data: str) -> None:
        self.wfile.write(f"event: {name}\ndata: {data}\n\n".encode("ascii", "replace"))

    def _give(self, asked: str, *, small: bool) -> None:
        place, _, path = asked.partition("/")
        served = self.server.page.served()
        found = served.find(place, unquote(path, errors="surrogateescape")) if place in PLACES else None
        if found is None or "\0" in path:
            self._refuse()
        elif found.is_dir():
            self._list(found)
        elif not found.is_file():
            self._refuse()  # To read a pipe or a device might never end.
        elif small and found.suffix.lower() in PREVIEWED:
            self._send(PREVIEW_KIND, [preview(found)], strange=True)
        elif (log := served.log(found)) is not None:
            self._send("text/plain; charset=utf-8", log, strange=True)
        else:
            kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
            text = "; charset=utf-8" if kind.startswith("text/") else ""
            self._send(kind + text, pieces(found), strange=True)

    def _list(self, folder: Path) -> None:
        try:
            listing = _listing(folder)
        except OSError:
            self._refuse()
        else:
            self._send("text/html; charset=utf-8", [listing], strange=True)

    def _send(self, kind: str, content: Iterable[bytes], *, strange: bool = False) -> None:
        self._head(kind, {"Content-Security-Policy": _SANDBOX} if strange else {"Cache-Control": "no-store"})
        for piece in content:
            self.wfile.write(piece)

    def _head(self, kind: str, more: dict[str, str]) -> None:
        self.send_response(HTTPStatus.OK)
        told = {"Content-Type": kind, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", **more}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the address has the secret in it."""


def _listing(folder: Path) -> bytes:
    """The names in a folder that is an output, as links."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name + "/" * entry.is_dir() for entry in entries)
    lines = [f'<li><a href="./{escape(_link(name))}">{escape(name)}</a></li>' for name in names[:MOST_LISTED]]
    more = f"<p>and {len(names) - MOST_LISTED:,} more</p>" if len(names) > MOST_LISTED else ""
    page = f"<!DOCTYPE html><meta charset=utf-8><title>{escape(folder.name)}</title><ul>{''.join(lines)}</ul>{more}"
    return page.encode("utf-8", "replace")


def _link(name: str) -> str:
    from sncompile.runner.page.links import encoded

    return encoded(name)
