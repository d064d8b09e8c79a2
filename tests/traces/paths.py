"""What a file of a trace is called in a spec, and how names that differ only in numbers are put in order."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from functools import lru_cache

# Names that the spec language keeps for itself, beside Python's keywords.
_RESERVED = frozenset(
    ("data", "params", "infer", "inputs", "outputs", "resources", "env", "attempt", "true", "false", "null")
)
_REFUSED = re.compile("[{}\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_CODE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]+")


@lru_cache(maxsize=100_000)
def plain_path(name: str) -> str:
    """The relative path of a file: no root, no `.` or `..`, nothing that a spec's path must not hold.

    `./a//b` and `a/b` are one file. Gives `_` for a name that is a root or the working folder.
    """
    parts = [
        part.replace("..", "%2E%2E") if part == ".." else part for part in name.split("/") if part not in ("", ".")
    ]
    path = _REFUSED.sub(lambda match: f"%{ord(match[0]):02X}", "/".join(parts)) or "_"
    return f"%7E{path[1:]}" if path.startswith("~") else path


def step_names(names: Iterable[str]) -> list[str]:
    """A name that the spec language takes for each, in their order; equal ones are told apart by a number."""
    found: list[str] = []
    taken = set(_RESERVED) | set(keyword.kwlist)
    for name in names:
        base = re.sub(r"[^0-9A-Za-z_]", "_", name)
        base = base if base[:1].isalpha() or base[:1] == "_" else f"t_{base}"
        chosen, number = base, 2
        while chosen in taken:
            chosen, number = f"{base}_{number}", number + 1
        taken.add(chosen)
        found.append(chosen)
    return found


def shape(name: str) -> tuple[str, str]:
    """What tells one kind of file from another: the suffix and the name, both without numbers and codes."""
    folder_less = name.rpartition("/")[2]
    suffix = folder_less.rpartition(".")[2] if "." in folder_less else ""
    return _CODE.sub("#", suffix), _CODE.sub("#", name)


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """A key that sorts numbers in names as numbers: `f.9` before `f.10`."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((parts[i], int(parts[i + 1]) if i + 1 < len(parts) else -1) for i in range(0, len(parts), 2))
