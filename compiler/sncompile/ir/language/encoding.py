"""How a key's value stands in a derived path: as it is, unless it would break the path."""

from __future__ import annotations

import re
from functools import lru_cache

from sncompile.lazy_regex import regex

# `/` splits a path; to Snakemake braces are wildcards, even in a table, and `<name>` is a variable; control characters
# break lines and terminals; `%` is our own sign, so that two values never share a path.
# Snakemake takes a wildcard that ends in twenty repetitions for a rule that feeds itself, and stops.
_REPEATS = 20
_REPEATING = regex(rf"(.+?)\1{{{_REPEATS - 1}}}\Z", re.DOTALL)
_BREAKING = regex(r"[/%{}<\x00-\x1f\x7f-\x9f]|^[-~]")


def _escape(match: re.Match[str]) -> str:
    return _percent(match[0])


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogateescape"))


_STRANGE = regex(r"[^\w.+@=, -]")


def plain_name(name: str) -> str:
    """A file's name as one that is no syntax to any engine; it stands in emitted code, so nothing else may.

    >>> plain_name("calc v2.py"), plain_name('"{x}.py')
    ('calc v2.py', '%22%7Bx%7D.py')
    """
    return _STRANGE.sub(_escape, name)


def below(folder: str, path: str) -> str:
    """A path in a folder; in the working folder it has no `./` before it, which engines take for another path.

    >>> below("results", "a/o"), below(".", "a/o")
    ('results/a/o', 'a/o')
    """
    return path if folder == "." else f"{folder}/{path}"


def no_option(path: str) -> str:
    """A path that no tool takes for an option.

    >>> no_option("-x.tif"), no_option("a-x.tif")
    ('./-x.tif', 'a-x.tif')
    """
    return f"./{path}" if path.startswith("-") else path


def encode_key(value: str) -> str:
    """`value` as one component of a path; injective, and the value itself where it is plain.

    >>> encode_key("A01"), encode_key("a/b"), encode_key(".."), encode_key("50%"), encode_key(20 * "A")
    ('A01', 'a%2Fb', '%2E%2E', '50%25', 'AAAAAAAAAAAAAAAAAAA%41')
    """
    # Nearly all keys are a few letters and digits, and there may be millions of them.
    return value if len(value) < _REPEATS and value.isalnum() else _encoded(value)


def repeats(value: str) -> bool:
    """Whether a text ends in so many repetitions that Snakemake takes no wildcard of it."""
    return len(value) >= _REPEATS <= value.count(value[-1]) and _REPEATING.search(value) is not None


@lru_cache(maxsize=65536)
def _encoded(value: str) -> str:
    if value in (".", ".."):
        return value.replace(".", "%2E")
    found = _BREAKING.sub(_escape, value)
    # One sign of its own at the end, and nothing repeats there.
    return found[:-1] + _percent(found[-1]) if repeats(found) else found


MAX_PART = 255
"""Bytes of a file's name, as file systems have it."""


def length(text: str) -> int:
    """The bytes of a name or a path."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
