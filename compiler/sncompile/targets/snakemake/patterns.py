"""Paths → patterns with wildcards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.operands import to_text
from sncompile.ir.values.model import Const, Items, Key, Local, Output, Related, Text, Value
from sncompile.targets.snakemake.names import item_name


class Hole(NamedTuple):
    """A key in a path: `encoded` as derived paths have it, or as it is."""

    name: str
    encoded: bool


Part = str | Hole | Value


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


def path_text(value: object) -> str:
    """A constant part of a path; what is absent has no path, and is asked for by nobody."""
    return str(value) if value is None else to_text(value)


def path_parts(value: Value, family: Family, graph: Graph, plainness: Plainness) -> list[Part]:
    """A single path as text, keys, and what is neither (values that must be evaluated)."""
    match value:
        case Const():
            return [path_text(value.value)]
        case Key():
            encoded = value.encoded or plainness.plain(value.keys, value.name)
            return [Hole(value.name, encoded)]
        case Local() if value.space in ("inputs", "outputs", "params"):
            return path_parts(family.local(value.space, value.name), family, graph, plainness)
        case Text():
            return [p for part in value.parts for p in path_parts(part, family, graph, plainness)]
        case Related() if (
            not value.gathers and not value.linked and isinstance(value.value, Output) and not value.type.many
        ):
            source = graph.families[value.value.step]
            found = path_parts(source.outputs[value.value.port].path, source, graph, plainness)
            # What another step's path is made of beside keys cannot be asked for here by name.
            return found if all(isinstance(p, (str, Hole)) for p in found) else [value]
        case Related() if not value.gathers and not value.linked and isinstance(value.value, Text):
            found = path_parts(value.value, family, graph, plainness)
            return found if all(isinstance(p, (str, Hole)) for p in found) else [value]
        case _:
            return [value]


def joined(parts: list[Part], names: Mapping[Hole, str]) -> str | None:
    """Parts as a pattern with wildcards; None where one of them has no name, or holds a brace of its own."""
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


def items_of(value: Value, family: Family) -> list[Value] | None:
    """The single values that a list is written as, or None where it is made otherwise."""
    if isinstance(value, Local) and value.space in ("inputs", "outputs", "params"):
        return items_of(family.local(value.space, value.name), family)
    if isinstance(value, Items) and not any(item.type.many for item in value.items):
        return list(value.items)
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return [Const(item, value.type.one, value.span) for item in value.value]
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
