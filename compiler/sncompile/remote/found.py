"""What a server says of a file."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """What is known of a file: its bytes (-1: not told), and its version; empty, where nothing tells versions apart."""

    size: int
    version: str


class NotThere(Exception):
    """The server answers, and has no such file."""


class NotReached(Exception):
    """The server, the bucket or a login is lacking: the text says which. `help` is empty, or what to do about it.
    `passing`: it may be otherwise in a moment."""

    def __init__(self, message: str, help: str = "", *, passing: bool = False) -> None:
        super().__init__(message)
        self.help = help
        self.passing = passing


def version_of(url: str, size: int | None, tag: str | None, time: str | None) -> Found:
    """The version of a file by its ETag, else by the time of its last change, else by its size and its address: two
    files of one size at several addresses are most likely not the same.

    >>> version_of("https://a.b/c", 5, '"9f86"', None)
    Found(size=5, version='5:etag="9f86"')
    >>> version_of("https://a.b/c", 5, None, None).version, version_of("https://a.b/c", None, None, None).version
    ('5:at=https://a.b/c', '')
    """
    told = "" if size is None else str(size)
    if tag:
        told += f":etag={tag}"
    elif time:
        told += f":time={time}"
    elif told:
        told += f":at={url}"
    return Found(-1 if size is None else size, told)
