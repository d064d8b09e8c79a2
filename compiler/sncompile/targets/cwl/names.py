"""Names that CWL accepts, and names of files that its engines do."""

from __future__ import annotations

import re
from collections.abc import Iterable


def ascii_name(name: str) -> str:
    """A name for an identifier: letters, digits and `_`, not starting with a digit.

    >>> ascii_name("qc.count"), ascii_name("1-é"), ascii_name("--x")
    ('qc_count', 'n1', 'x')
    """
    found = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "n"
    return found if not found[0].isdigit() else f"n{found}"


def unique(name: str, used: set[str]) -> str:
    """`name`, or with a number where it is used; the result counts as used."""
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found)
    return found


def unique_names(names: Iterable[str], used: set[str]) -> dict[str, str]:
    """An identifier for every name, each its own."""
    return {name: unique(ascii_name(name), used) for name in names}


def file_name(path: str) -> str:
    """A file's name with only such signs as every engine takes; it is no more than a label, and need not be unique.

    >>> file_name("a/b c#1.tif"), file_name("ü")
    ('b_c_1.tif', '_')
    """
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", path.rstrip("/").rpartition("/")[2]) or "_"
