"""Asks servers for files, each once until it is forgotten, and several at a time (decision 0082)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

from sncompile.ir.language.locations import WEB, location
from sncompile.remote.found import Found, NotReached, NotThere

AT_ONCE = 16
"""So many files are asked for at a time."""


class Servers:
    """What servers say of files. `named` are the servers that data roots begin with: they alone may be near.

    A file of which it is said what it holds is known by that (`sums`), whatever its server says.
    """

    def __init__(self, named: Collection[str], sums: Mapping[str, str] = MappingProxyType({})) -> None:
        self.named, self.sums = frozenset(named), sums
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
        found = self._asked(url)
        total = self.sums.get(url)
        return Found(found.size, f":sha256={total}") if total is not None and isinstance(found, Found) else found

    def _asked(self, url: str) -> Found | NotThere | NotReached:
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
