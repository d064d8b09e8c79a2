"""Has Snakemake's storage plugins fetch no more than what is meant, and all of it.

What the plugin for web servers gets it takes for the file: a page that says that the server is busy, the first half of
a file whose connection broke. And copies that a run which died has left are taken for whole ones. So in the engine's
own process every answer is looked at, and copies of earlier runs are deleted first.

Decision 0081.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sncompile.remote.found import NotReached
from sncompile.targets.snakemake.storage import PLACE

_NO_HEAD = (405, 501)


def careful_storage(servers: Collection[str], working: Path) -> None:
    """Have answers looked at; `servers` are those that data roots begin with. Copies in `working` are deleted.

    Raises `RuntimeError` for a plugin that asks in another way.
    """
    shutil.rmtree(working / PLACE, ignore_errors=True)
    if find_spec("snakemake_storage_plugin_http") is None:
        return
    stored = getattr(import_module("snakemake_storage_plugin_http"), "StorageObject", None)
    if not hasattr(stored, "httpr") or not hasattr(stored, "retrieve_object"):
        raise RuntimeError("this version of Snakemake's plugin for web servers asks in another way; use a known one")
    stored.httpr = _asking(frozenset(servers))  # type: ignore[union-attr]
    stored.retrieve_object = _retrieve  # type: ignore[union-attr]


def _asking(servers: frozenset[str]) -> Callable[..., Any]:
    from sncompile.remote.web import answered

    @contextmanager
    def httpr(self: Any, verb: str = "GET", stream: bool = False) -> Iterator[Any]:
        error = import_module("snakemake.exceptions").WorkflowError
        try:
            with answered(verb, self.query, servers) as answer:
                if verb != "HEAD" or answer.status_code not in _NO_HEAD:
                    yield _checked(answer, verb, self.query)
                    return
            with answered("GET", self.query, servers) as answer:
                yield _checked(answer, verb, self.query)
        except NotReached as why:
            raise error(f"{self.query}: {why}") from None

    return httpr


def _checked(answer: Any, verb: str, url: str) -> Any:
    if answer.status_code != 200 and (verb != "HEAD" or answer.status_code not in (404, 410)):
        raise NotReached(f"the server answers {answer.status_code} {answer.reason}")
    return answer


def _retrieve(self: Any) -> None:
    place = Path(self.local_path())
    place.parent.mkdir(parents=True, exist_ok=True)
    error = import_module("snakemake.exceptions").WorkflowError
    try:
        with self.httpr("GET") as answer, place.open("wb") as file:
            packed = bool(answer.headers.get("content-encoding"))
            answer.raw.decode_content = packed
            shutil.copyfileobj(answer.raw, file)
    except OSError as broken:
        raise error(f"{self.query}: {broken}") from None
    size, got = answer.headers.get("content-length", ""), place.stat().st_size
    if size.isdecimal() and not packed and int(size) != got:
        raise error(f"{self.query} has {int(size):,} bytes, and {got:,} came")
