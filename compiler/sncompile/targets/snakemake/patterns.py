"""Paths → patterns with wildcards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.lowering.files import Differing, Files, Fixed, Listed, PathPiece, fixed
from sncompile.lowering.pieces import Constant, Key
from sncompile.targets.snakemake.names import item_name


class Hole(NamedTuple):
    """A key in a path: `encoded` as derived paths have it, or as it is."""

    name: str
    encoded: bool


Part = str | Hole | Differing


class Plainness:
    """Knows which keys read the same encoded and as they are, which is nearly always so."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[KeySet, bool]] = {}

    def plain(self, keys: KeySet, name: str) -> bool:
        """Whether every value of a key is the same encoded."""
        found = self._known.get((id(keys), name))
        if found is None:
            values = set(keys.column(name))
            found = self._known[id(keys), name] = (keys, all(encode_key(v) == v for v in values))
        return found[1]


def path_parts(pieces: Sequence[PathPiece], plainness: Plainness) -> list[Part]:
    """A single path as text, keys, and what is neither."""
    parts: list[Part] = []
    for piece in pieces:
        if isinstance(piece, Key):
            parts.append(Hole(piece.name, piece.encoded or plainness.plain(piece.home, piece.name)))
        else:
            parts.append(piece.text if isinstance(piece, Constant) else piece)
    return parts


def joined(parts: list[Part], names: Mapping[Hole, str]) -> str | None:
    """Parts as a pattern with wildcards; None without any, and where one has no name, or holds a brace of its own."""
    if not parts:
        return None
    text = ""
    for part in parts:
        if isinstance(part, str):
            if "{" in part or "}" in part:
                return None
            text += part
        elif isinstance(part, Hole) and part in names:
            text += f"{{{names[part]}}}"
        else:
            return None
    return text


def items_of(files: Files) -> Sequence[Files] | None:
    """The single paths that a list is written as, or None where it is made otherwise."""
    form = files.form
    if isinstance(form, Listed) and not any(item.many for item in form.items):
        return form.items
    if isinstance(form, Fixed) and isinstance(form.value, tuple):
        return [fixed(item, files.span) for item in form.value]
    return None


def wildcard_names(holes: list[Hole]) -> dict[Hole, str]:
    """The wildcards of a rule's keys."""
    return {hole: item_name(hole.name) for hole in holes}


def pattern_regex(pattern: str, constraints: Mapping[str, str]) -> re.Pattern[str]:
    """The regular expression that Snakemake makes of a pattern."""
    seen: set[str] = set()

    def piece(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>{constraints.get(name, '[^/]+')})"

    parts = re.split(r"(\{\w+\})", pattern)
    return re.compile("".join(re.sub(r"\{(\w+)\}", piece, p) if p.startswith("{") else re.escape(p) for p in parts))


def filled(pattern: str, cells: Mapping[str, Sequence[str]]) -> list[str]:
    """The paths that a pattern stands for, instance by instance."""
    if not cells:
        return [pattern]
    return [pattern.format_map(dict(zip(cells, row, strict=True))) for row in zip(*cells.values(), strict=True)]
