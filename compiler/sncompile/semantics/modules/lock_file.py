"""The lock file of a project: what its specs refer to, as it was when `sncompile lock` looked.

`sncompile.lock` lies in the project's root. It has the digests that the images' names stood for, the commits that
references to repositories led to, and what the files of all modules held. A name alone may stand for something else
tomorrow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sncompile.diagnostics import Report
from sncompile.faults import names as faults
from sncompile.semantics.repositories.references import COMMIT
from sncompile.syntax.nodes import Mapping as MappingNode
from sncompile.syntax.nodes import Node, Scalar
from sncompile.syntax.source import Source, read_source, start_of
from sncompile.syntax.yaml import YamlError, parse_yaml

LOCK = "sncompile.lock"
VERSION = 1

_NONE: Mapping[str, str] = MappingProxyType({})
_SHA256 = (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:…`, with 64 digits")
_COMMIT = (COMMIT, "COMMIT`, with all of its digits")
_VALUES = {"images": _SHA256, "repositories": _COMMIT, "modules": _SHA256}
_HINT = "take the entry out, or the file, and write it anew: sncompile lock SPEC"


class Lock(NamedTuple):
    """What a lock file has: the digests of images, the commits of repositories, the SHA-256 of modules' files."""

    images: Mapping[str, str] = _NONE
    repositories: Mapping[str, str] = _NONE
    modules: Mapping[str, str] = _NONE


def read_lock(path: Path, name: str, report: Report, sources: dict[str, str]) -> Lock:
    """What a lock file has, called `name` in messages; nothing where there is none. Its faults are told.

    Its text goes to `sources`.
    """
    if not path.is_file():
        if os.path.lexists(path):
            report.add(faults.BAD_LOCK.at(start_of(name), f"`{name}` is no plain file", help=_HINT))
        return Lock()
    source = read_source(name, path)
    if not isinstance(source, Source):
        report.add(source)
        return Lock()
    sources[source.name] = source.text
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        report.add(error.diagnostic)
        return Lock()
    report.extend(found)
    version = node.get("sncompile") if isinstance(node, MappingNode) else None
    if not isinstance(version, Scalar) or version.value != VERSION:
        report.add(faults.BAD_LOCK.at(node.span, f"a lock file has `sncompile: {VERSION}`", help=_HINT))
        return Lock()
    return Lock(**{part: dict(_entries(node, part, report)) for part in _VALUES})


def _entries(node: Node, part: str, report: Report) -> Iterator[tuple[str, str]]:
    form, told = _VALUES[part]
    held = node.get(part) if isinstance(node, MappingNode) else None
    for key, value in held.entries if isinstance(held, MappingNode) else ():
        if isinstance(value, Scalar) and form.fullmatch(str(value.value)):
            yield key.text, str(value.value)
        else:
            report.add(faults.BAD_LOCK.at(value.span, f"an entry of `{part}` is `NAME: {told}", help=_HINT))
