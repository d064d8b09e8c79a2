"""Asks servers for files, each once until it is forgotten, and several at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from sncompile.ir.language.locations import WEB, location
from sncompile.remote.found import Found, NotReached, NotThere

AT_ONCE = 16
"""So many files are asked for at a time."""


class Servers:
    """What servers say of files. `named` are the servers that data roots begin with: they alone may be near."""

    def __init__(self, named: Collection[str]) -> None:
        self.named = frozenset(named)
        self._found: dict[str, Found | NotThere | NotReached] = {}

    def forget(self) -> None:
        """Ask for every file again."""
        self._found.clear()

    def ask(self, urls: Iterable[str]) -> dict[str, Found | NotThere | NotReached]:
        """What is said of some files, or why nothing is."""
        every = list(dict.fromkeys(urls))
        new = [url for url in every if url not in self._found]
        if len(new) == 1:
            self._found[new[0]] = self._look(new[0])
        elif new:
            with ThreadPoolExecutor(min(AT_ONCE, len(new))) as pool:
                self._found.update(zip(new, pool.map(self._look, new), strict=True))
        return {url: self._found[url] for url in every}

    def found(self, url: str) -> Found | NotThere | NotReached:
        """What is said of a file, or why nothing is."""
        return self.ask((url,))[url]

    def _look(self, url: str) -> Found | NotThere | NotReached:
        scheme = location(url).scheme
        try:
            if scheme in WEB:
                from sncompile.remote import web

                return web.look(url, self.named)
            if scheme == "s3":
                from sncompile.remote import buckets

                return buckets.look(url)
        except (NotThere, NotReached) as why:
            return why
        except ImportError:
            return NotReached(f"what asks for `{scheme}:` is not installed")
        return NotReached(f"nothing here asks for `{scheme}:`")
