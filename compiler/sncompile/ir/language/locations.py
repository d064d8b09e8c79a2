"""Where a file is: on this machine, or at a server that a URL names.

    https://example.org/raw/a.tif     s3://bucket/raw/a.tif     raw/a.tif

A path on this machine is put together, normalized and made absolute by the rules of the operating system. A URL is none
of that: `s3://bucket/a` is the same from every folder, and `s3:/bucket/a` is another file. Whoever does such things to
paths that may be URLs asks here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple

from sncompile.lazy_regex import regex

WEB = ("https", "http")
SCHEMES = (*WEB, "s3")
"""What files can be fetched by."""

WRITABLE = ("s3",)
"""What files can be sent by."""

# A single letter is a drive of Windows. Of some no second slash is wanted: it may have got lost on the way.
_URL = regex(r"[A-Za-z][A-Za-z0-9+.-]+://|(?:https?|s?ftps?|s3|gs|file):/", re.IGNORECASE)
_FORM = regex(r"(?P<scheme>[a-z][a-z0-9+.-]+)://(?P<host>[^/]*)(?P<path>/.*|)", re.DOTALL)
_HOST = regex(r"(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


def is_url(path: str) -> bool:
    """Whether a path begins as a URL does.

    >>> is_url("s3://bucket/a.txt"), is_url("https:/a.txt"), is_url("out/k://end"), is_url("C:/a.txt")
    (True, True, False, False)
    """
    return ":" in path and _URL.match(path) is not None


class Location(NamedTuple):
    """A URL taken apart: the host with its port, or the bucket, and the path from its slash on."""

    scheme: str
    host: str
    path: str

    @property
    def server(self) -> str:
        """What a data root names when it begins so: `https://example.org`, `s3://bucket`."""
        return f"{self.scheme}://{self.host}"


def location(url: str) -> Location:
    """A URL taken apart; one of another form has no host.

    >>> location("https://example.org:8080/raw/a.tif")
    Location(scheme='https', host='example.org:8080', path='/raw/a.tif')
    """
    found = _FORM.fullmatch(url)
    return Location(found["scheme"], found["host"], found["path"]) if found is not None else Location("", "", "")


def wrong_with(url: str) -> tuple[str, str] | None:
    """Why nothing can be fetched from a URL, or sent to it, and what to do; None where it can."""
    found = location(url)
    if found.scheme not in SCHEMES:
        known = ", ".join(f"`{scheme}://`" for scheme in SCHEMES)
        return "is of a kind that is not fetched", f"{known} are, in small letters and with two slashes"
    if "@" in found.host or "\\" in url:
        return "holds a login", "take it out: logins are found where the server's own tools look for them"
    if not _HOST.fullmatch(found.host):
        return "names no host" if found.scheme not in WRITABLE else "names no bucket", "write the name in small letters"
    if "?" in url or "#" in url:
        help = "fetch it in a step that takes the URL as a `string` (`command: [curl, -fLo, …]`)"
        return "has a question or a fragment (`?`, `#`), in which logins are often put", help
    parts = found.path.split("/")[1:]
    if not parts or not parts[-1]:
        return "names no file", "name a file, and not a folder"
    if any(part in ("", ".", "..") for part in parts):
        return "has a part that is empty, `.` or `..`", "write the path out, without `//` and `..`"
    if not url.isprintable() or any(sign in url for sign in "<>{}"):
        return "holds a sign that a URL cannot", "write it as `%` and its number"
    return None


def servers_of(roots: Iterable[str]) -> frozenset[str]:
    """The servers that data roots name."""
    return frozenset(location(root).server for root in roots if is_url(root))


WORKSPACE = "results"
"""Where results lie if nothing is said."""


def workspace_here(workspace: str) -> str:
    """The folder of this machine for what a run keeps beside its results: lists of files, marks.

    >>> workspace_here("out"), workspace_here("s3://bucket/out")
    ('out', 'results')
    """
    return WORKSPACE if is_url(workspace) else workspace


def is_near(host: str) -> bool:
    """Whether a host is this machine, or one that only this machine's own link leads to, by its name alone.

    >>> is_near("127.0.0.1:8000"), is_near("[::1]"), is_near("files.localhost"), is_near("example.org")
    (True, True, True, False)
    """
    name = re.sub(r":[0-9]+$", "", host).strip("[]").rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or is_near_address(name)


def is_near_address(address: str) -> bool:
    """The same of an address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return re.fullmatch(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+))*", address) is not None
    inner = getattr(found, "ipv4_mapped", None) or found
    return bool(inner.is_loopback or inner.is_link_local or inner.is_unspecified)


def given(path: PurePath) -> str:
    """A path of Python as text, from everywhere the same. As a path a URL has lost a slash.

    >>> given(PurePath("s3://bucket/a.txt"))
    's3://bucket/a.txt'
    """
    text = str(path)
    return re.sub(r":/+", "://", text, count=1) if is_url(text) else os.path.abspath(path)


def absolute(folder: str, path: str) -> str:
    """A path as seen from everywhere, without `.` and `..`; a URL as it is.

    >>> absolute("/data", "raw/../a.txt"), absolute("/data", "s3://bucket/a.txt")
    ('/data/a.txt', 's3://bucket/a.txt')
    """
    return path if is_url(path) else os.path.normpath(os.path.join(folder, path))


def all_below(paths: Iterable[str]) -> bool:
    """Whether all of some paths lie below the folder that they are relative to, in normal form and without a hidden
    part, as most do. It is seen at once: there may be millions of paths.

    >>> all_below(["raw/a.tif", "b"]), all_below(["raw/../a.tif"]), all_below(["a", "/b"]), all_below(["s3://bucket/a"])
    (True, False, False, False)
    """
    text = "\0".join(("", *paths, ""))
    return not any(sign in text for sign in ("/.", "//", ":", "\0/", "\0.", "/\0", "\0\0"))


def normalized(path: str) -> str:
    """A path in the form that all spellings of it have; a URL as it is."""
    return path if is_url(path) else os.path.normpath(path)
