"""Files of web servers."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from sncompile.ir.language.locations import is_near, is_near_address, location, wrong_with
from sncompile.lazy_regex import regex
from sncompile.remote.found import Found, NotReached, NotThere, version_of

if TYPE_CHECKING:
    import requests

PATIENCE = 30.0
"""Seconds that a server may take to answer."""

_MOST_STEPS = 5
_NO_HEAD = (405, 501)
_GONE = (404, 410)


def look(url: str, servers: Collection[str]) -> Found:
    """What a server says of a file. Raises `NotThere` and `NotReached`."""
    with answered("HEAD", url, servers) as answer:
        if answer.status_code not in _NO_HEAD:
            return _found(answer, url)
    with answered("GET", url, servers) as answer:
        return _found(answer, url)


@contextmanager
def answered(verb: str, url: str, servers: Collection[str]) -> Iterator[requests.Response]:
    """A server's answer, its content not read yet. It may lead on to another place there, and to `servers`.

    Raises `NotReached`.
    """
    import requests

    # What is packed on its way has another size than the file.
    headers = {"Accept-Encoding": "identity"}
    here = url
    for _ in range(_MOST_STEPS):
        _may_ask(here, servers)
        try:
            answer = requests.request(verb, here, stream=True, allow_redirects=False, timeout=PATIENCE, headers=headers)
        except requests.RequestException as error:
            raise NotReached(f"{location(here).server} does not answer: {_short(error)}", passing=True) from None
        with answer:
            if not answer.is_redirect:
                yield answer
                return
            there = urljoin(here, answer.headers["location"])
        if location(there).server != location(url).server and location(there).server not in servers:
            other = _server(there)
            raise NotReached(f"{location(here).server} leads on to {other}", _let_begin(other))
        here = there
    raise NotReached(f"{location(here).server} leads from one place to the next, more than {_MOST_STEPS} times")


def _let_begin(server: str) -> str:
    return f'if that is meant, let a data root begin with it: `data: {{other: "{server}"}}`'


def _server(url: str) -> str:
    """What may be told of where a server leads: an address may hold a login."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" if wrong_with(url) is not None else location(url).server


def _may_ask(url: str, servers: Collection[str]) -> None:
    """Raises `NotReached` for a name that leads to this machine, unless that is meant."""
    from requests.utils import get_environ_proxies

    found = location(url)
    if found.server in servers or get_environ_proxies(url):
        return
    parts = urlsplit(url)
    try:
        known = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotReached(f"{found.server} is not known: {_short(error)}", passing=True) from None
    if is_near(found.host) or any(is_near_address(str(address[0]).partition("%")[0]) for *_, address in known):
        raise NotReached(f"{found.server} leads to this machine", _let_begin(found.server))


def _found(answer: requests.Response, url: str) -> Found:
    status = answer.status_code
    if status in _GONE:
        raise NotThere
    if status in (401, 403, 407):
        raise NotReached(f"{location(url).server} wants a login ({status})")
    if status != 200:
        raise NotReached(f"{location(url).server} answers {status} {answer.reason}")
    headers = answer.headers
    length = headers.get("content-length", "")
    size = int(length) if length.isdecimal() and not headers.get("content-encoding") else None
    return version_of(url, size, headers.get("etag"), headers.get("last-modified"))


_REASON = regex(r"(?:\[Errno -?\d+\] |: )([A-Z][^:\[\]()]*?)['\")]*\Z")


def _short(error: BaseException) -> str:
    """What a library says of a connection, without the names of all that it went through, where that is known.

    >>> _short(OSError("Pool(host='h'): Max retries (Caused by New('C(h): Failed: [Errno 111] Connection refused'))"))
    'Connection refused'
    """
    told = " ".join(str(error).split())
    found = _REASON.search(told)
    return found[1] if found is not None else told[:200]
