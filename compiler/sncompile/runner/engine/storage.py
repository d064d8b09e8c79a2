"""Has Snakemake's storage plugins fetch no more than what is meant, and all of it.

What the plugin for web servers gets it takes for the file: a page that says that the server is busy, the first half of
a file whose connection broke. And copies that a run which died has left are taken for whole ones. So in the engine's
own process every answer is looked at, and copies of earlier runs are deleted first.

Decision 0081.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sncompile.ir.language.locations import location
from sncompile.lazy_regex import regex
from sncompile.remote.found import NotReached
from sncompile.targets.snakemake.storage import PLACE

if TYPE_CHECKING:
    import requests

_NO_HEAD = (405, 501)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""What servers answer that are busy, or are being started anew."""

_WAITS = (1.0, 4.0)
"""Seconds before a file that could not be fetched is tried for again."""


def careful_storage(servers: Collection[str], working: Path) -> None:
    """Have answers looked at, and what fails tried again; `servers` are those that data roots begin with. Copies in
    `working` are deleted.

    Raises `RuntimeError` for a plugin that asks in another way.
    """
    shutil.rmtree(working / PLACE, ignore_errors=True)
    if find_spec("snakemake_storage_plugin_http") is None:
        return
    stored = getattr(import_module("snakemake_storage_plugin_http"), "StorageObject", None)
    if not hasattr(stored, "httpr") or not hasattr(stored, "retrieve_object"):
        raise RuntimeError("this version of Snakemake's plugin for web servers asks in another way; use a known one")
    error = import_module("snakemake.exceptions").WorkflowError
    web = _Web(frozenset(servers))

    @contextmanager
    def httpr(self: Any, verb: str = "GET", stream: bool = False) -> Iterator[Any]:
        try:
            with web.asked(verb, self.query) as answer:
                yield answer
        except NotReached as why:
            raise error(f"{self.query}: {why}") from None

    def retrieve_object(self: Any) -> None:
        try:
            web.fetch(self.query, Path(self.local_path()))
        except NotReached as why:
            raise error(f"{self.query}: {why}") from None

    stored.httpr = httpr  # type: ignore[union-attr]
    stored.retrieve_object = retrieve_object  # type: ignore[union-attr]


class _Web:
    """Web servers, and which of them did not answer the last time: these are waited for no more."""

    def __init__(self, servers: frozenset[str]) -> None:
        self._servers = servers
        self._silent: set[str] = set()

    @contextmanager
    def asked(self, verb: str, url: str) -> Iterator[requests.Response]:
        """The server's answer. Raises `NotReached`, also for one that is no file."""
        from sncompile.remote.web import answered

        with answered(verb, url, self._servers) as answer:
            if verb != "HEAD" or answer.status_code not in _NO_HEAD:
                yield _checked(answer, verb)
                return
        with answered("GET", url, self._servers) as answer:
            yield _checked(answer, verb)

    def fetch(self, url: str, place: Path) -> None:
        """Make a copy of a file; what may pass is waited for. Raises `NotReached`."""
        server = location(url).server
        waits = iter(() if server in self._silent else _WAITS)
        while True:
            try:
                self._fetch(url, place)
            except NotReached as why:
                wait = next(waits, None) if why.passing else None
                if wait is None:
                    self._silent.update({server} if why.passing else ())
                    raise
                time.sleep(wait)
            else:
                self._silent.discard(server)
                return

    def _fetch(self, url: str, place: Path) -> None:
        from urllib3.exceptions import HTTPError

        place.parent.mkdir(parents=True, exist_ok=True)
        with self.asked("GET", url) as answer, place.open("wb") as file:
            packed = bool(answer.headers.get("content-encoding"))
            answer.raw.decode_content = packed
            try:
                shutil.copyfileobj(answer.raw, file)
            except HTTPError as broken:
                raise NotReached(f"its connection broke: {broken}", passing=True) from None
        size, got = answer.headers.get("content-length", ""), place.stat().st_size
        if size.isdecimal() and not packed and int(size) != got:
            raise NotReached(f"it has {int(size):,} bytes, and {got:,} came", passing=True)


def _checked(answer: requests.Response, verb: str) -> requests.Response:
    status = answer.status_code
    if status != 200 and (verb != "HEAD" or status not in (404, 410)):
        raise NotReached(f"the server answers {status} {answer.reason}", passing=status in _PASSING)
    return answer


def unfetched_words(message: str) -> str:
    """Which file could not be fetched and why, by Snakemake's words, each line of which says more than that before it.

    >>> unfetched_words("Failed to retrieve input.\\nWorkflowError:\\n  Failed to get s3://b/a\\n  OSError: timed out")
    's3://b/a cannot be fetched: OSError: timed out'
    >>> unfetched_words("Failed to retrieve input.\\nWorkflowError:\\n    http://h/a: http://h does not answer")
    'http://h/a cannot be fetched: http://h does not answer'
    """
    lines = [line.strip() for line in message.split("\n") if line.strip()]
    url = next((found for line in reversed(lines) if (found := _URL.search(line)) is not None), None)
    why = lines[-1] if lines else ""
    if url is None:
        return f"a file that it reads cannot be fetched: {why}"
    return f"{url[0]} cannot be fetched: {why.removeprefix(url[0]).lstrip(': ')}"


_URL = regex(r"\w+://\S+?(?=:?(?:\s|\Z))")
