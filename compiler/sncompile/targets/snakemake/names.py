"""Names that Snakemake and Python accept (decision 0048)."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from sncompile.ir.language.encoding import MAX_PART, length

# Members of Snakemake's lists of named items: a name among them would hide, or be hidden by, a method.
_TAKEN = frozenset(
    (
        *dir(list), "get", "items", "keys", "update", "size", "size_mb", "size_gb", "size_kb", "size_files",
        "size_files_mb", "size_files_gb", "size_files_kb", "size_tempfiles", "_allowed_overrides", "_names",
        "_add_name", "_set_name", "_get_names", "_take_names", "_allitems", "_insert_items", "_plainstrings", "_clone",
    )
) - {"index", "sort"}  # fmt: skip
_ALL = "all"
"""The rule that asks for all outputs."""


def item_name(name: str) -> str:
    """A port's or wildcard's name as Snakemake takes it."""
    return f"{name}_" if name in _TAKEN or keyword.iskeyword(name) else name


RESOURCES = {"memory": "mem_mb", "disk": "disk_mb", "time": "runtime", "gpus": "gpu"}
"""What Snakemake calls resources, beside `threads`."""


def rule_names(steps: Iterable[str]) -> dict[str, str]:
    """A rule name for every step, each its own."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for step in steps:
        name = re.sub(r"\W", "_", step)
        if keyword.iskeyword(name) or name == _ALL:
            name += "_"
        while name in used:
            name += "_"
        used.add(name)
        found[step] = name
    return found


def ending(cells: Iterable[str], suffix: str) -> str:
    """What stands after the last key of a path that every job has, such as its log.

    A key may be as long as a name can be; then nothing fits behind it, and its file lies in a folder of that name.

    >>> ending(["A01"], ".log"), ending(["x" * 255], ".log")
    ('.log', '/job.log')
    """
    longest = max((length(cell.rpartition("/")[2]) for cell in cells), default=0)
    return suffix if longest + len(suffix) <= MAX_PART else f"/job{suffix}"


def unique(name: str, used: set[str]) -> str:
    """`name`, or with a number where it is used; the result counts as used."""
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found)
    return found
