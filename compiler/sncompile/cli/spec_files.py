"""The specs that a command is given: files, and folders for all that are in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sncompile.lazy_regex import regex
from sncompile.semantics.places import is_record
from sncompile.syntax.source import DOCUMENT_SUFFIXES

_SPEC = regex(r"""^[{ ]*["']?sncompile["']?\s*:""", re.MULTILINE)


def spec_files(named: Sequence[str]) -> Iterator[str]:
    """The files that are named as they are, and in the place of a folder the specs in it and below, by name.

    A file of a folder is a spec if it says so (`sncompile: 1`). Hidden folders are left out, and so are records of
    runs: the specs in them say what ran, stand apart from their files, and are not to be changed.
    """
    for name in named:
        if not os.path.isdir(name):
            yield name
            continue
        for folder, folders, names in os.walk(name):
            if is_record(names):
                folders.clear()
                continue
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for each in sorted(names):
                path = Path(folder, each)
                if path.suffix in DOCUMENT_SUFFIXES and path.is_file() and _is_spec(path):
                    yield str(path)


def _is_spec(path: Path) -> bool:
    try:
        return _SPEC.search(path.read_bytes()[:4096].decode("utf-8", "replace")) is not None
    except OSError:
        return False
