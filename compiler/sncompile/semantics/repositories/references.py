"""References to modules in git repositories, `git+https://HOST/REPO@REF//PATH`, and where their files are kept.

What a reference leads to is fetched by `sncompile lock`, and never by a compile: it reads a folder of the cache that
holds the files of one commit, which is the one that the project's lock file has for the reference.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sncompile.lazy_regex import regex

SCHEME = "git+https://"
CACHE = "SNCOMPILE_CACHE"
"""The variable that says where fetched files are kept."""

_HOST = regex(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")
_PART = regex(r"[A-Za-z0-9_~.][A-Za-z0-9_~.-]*")
_REF = regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*")
COMMIT = regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""The whole name of a commit: SHA-1 or SHA-256."""


class Repository(NamedTuple):
    """A repository at a branch, a tag or a commit. `name` is its host and path, as in `github.com/org/tools`."""

    name: str
    ref: str

    @property
    def url(self) -> str:
        """What git fetches from."""
        return f"https://{self.name}"

    def __str__(self) -> str:
        return f"{SCHEME}{self.name}@{self.ref}"


class BadReference(ValueError):
    """A reference to a repository that has not the form; the message says what is wrong."""


class FetchError(Exception):
    """A repository, or a commit of it, that cannot be had; the message says why."""


Fetch = Callable[[Repository, str | None], str]
"""Brings the files of a commit (None: what the reference leads to now) to the cache; gives the commit."""


def parse_reference(text: str) -> tuple[Repository, str]:
    """The repository of a reference, and the path in it, `.` for the whole. Raises `BadReference`.

    Host, path and ref are names of letters, digits and `._~+-`, and no part begins with a dash: whatever they are
    handed to cannot take them for an option. Who may read a repository is git's matter, so names and passwords
    are refused.

    >>> parse_reference("git+https://github.com/org/tools@v1.2//modules/align.yaml")
    (Repository(name='github.com/org/tools', ref='v1.2'), 'modules/align.yaml')
    """
    place, slashes, path = text.removeprefix(SCHEME).partition("//")
    if "@" in place.partition("/")[0]:
        raise BadReference("names and passwords do not belong into a spec; git has settings for them")
    where, sign, ref = place.partition("@")
    host, _, repository = where.partition("/")
    if not sign or not repository:
        raise BadReference("it has no branch, tag or commit: `…/REPO@REF//PATH`")
    if not _HOST.fullmatch(host):
        raise BadReference(f"`{host}` is no host")
    if not all(map(_is_part, repository.split("/"))):
        raise BadReference(f"`{repository}` is no path of a repository")
    if not _REF.fullmatch(ref) or ".." in ref or any(p.endswith((".", ".lock")) for p in ref.split("/")):
        raise BadReference(f"`{ref}` is no branch, tag or commit")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not slashes:
        raise BadReference("it has no path of a module: `…@REF//PATH`")
    if ".." in parts or "\x00" in path:
        raise BadReference(f"`{path}` is no path in the repository")
    return Repository(f"{host.lower()}/{repository}", ref), "/".join(parts) or "."


def is_commit(text: str) -> bool:
    """Whether a text is the whole name of a commit."""
    return bool(COMMIT.fullmatch(text))


def cache_folder() -> Path:
    """Where fetched files are kept: `$SNCOMPILE_CACHE`, else `sncompile` in the user's folder for caches."""
    named = os.environ.get(CACHE)
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base and os.path.isabs(base) else Path.home() / ".cache") / "sncompile"


def commit_folder(repository: Repository, commit: str) -> Path:
    """Where the cache has the files of a commit; it is there as a whole or not at all."""
    # A port's colon is not for every file system.
    return cache_folder() / "repositories" / repository.name.replace(":", "+") / f"@{commit}"


def _is_part(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and part not in (".", "..")
