"""Servers on this machine, for what reads and writes elsewhere: one for the web, and one that speaks as S3 does."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from ..waiting import until


@dataclass
class Page:
    """What the server has at a path: `tag` is its ETag, `moved` where it leads on to.

    Where it is `broken`, its connection ends half-way; a `busy` one answers 503 unless it is asked whether it is there.
    `after` is what stands there once it was asked for.
    """

    content: bytes = b""
    tag: str = ""
    moved: str = ""
    broken: bool = False
    busy: bool = False
    after: Page | None = None


@dataclass
class Web:
    """A web server: its pages by path, and what was asked of it."""

    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def put(self, path: str, text: str, tag: str = "") -> None:
        """Have a text at a path, under a tag of its own if none is given."""
        self.pages[path] = Page(text.encode(), tag or f'"{hash(text)}"')

    def fetched(self, path: str) -> int:
        """How many times a page was fetched."""
        return self.asked.count(("GET", path))


@contextmanager
def web(host: str = "127.0.0.1") -> Iterator[Web]:
    """A web server of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.command, self.path))
            page = served.pages.get(self.path)
            status = 404 if page is None else 302 if page.moved else 200
            if page is not None and page.busy and self.command == "GET":
                status, page = 503, Page(b"busy, come back later", after=page.after)
            self.send_response(status)
            content = page.content if page is not None else b"nothing"
            if page is not None and page.tag:
                self.send_header("ETag", page.tag)
            if page is not None and page.moved:
                self.send_header("Location", page.moved)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                if page is not None and page.after is not None:
                    served.pages[self.path] = page.after
                self.wfile.write(content[: len(content) // 2] if page is not None and page.broken else content)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((host, 0), Handler)
    served = Web(f"http://{host}:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def has_seaweed() -> bool:
    """Whether a server that speaks as S3 does is installed."""
    return shutil.which("weed") is not None


@contextmanager
def buckets(folder: Path) -> Iterator[dict[str, str]]:
    """A server that speaks as S3 does; gives the variables by which it is found."""
    grants = {"name": "me", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [grants]}))
    master, volume, filer, s3 = _free_ports(4)
    command = ["weed", "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-master.port={master}"]
    command += [f"-volume.port={volume}", "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={s3}"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    command += [f"-s3.config={folder / 's3.json'}", "-volume.max=50", "-master.volumeSizeLimitMB=64"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: _answers(s3))
        found = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
        yield {**found, "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1"}
    finally:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    """Ports that nobody uses. The server listens 10,000 above each, too, so that they are not the highest."""
    held: list[socket.socket] = []
    try:
        while sum(each.getsockname()[1] < 55_000 for each in held) < count:
            held.append(socket.socket())
            held[-1].bind(("127.0.0.1", 0))
        return [port for each in held if (port := each.getsockname()[1]) < 55_000]
    finally:
        for each in held:
            each.close()


def _answers(port: int) -> bool:
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex(("127.0.0.1", port)) == 0
