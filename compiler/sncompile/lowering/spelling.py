"""Ports whose paths are written out in the words of a family: they become parameters, which words are made of."""

from __future__ import annotations

from collections.abc import Collection

from sncompile.ir.graph.model import Family
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.values.model import Local, Value
from sncompile.lowering.model import NamedPort


def spelled_out(family: Family, ports: Collection[NamedPort]) -> tuple[Family, dict[str, Local]]:
    """The family as its words are made of it, and for each output of `ports` the name that stands for its paths."""
    if not ports:
        return family, {}
    params = dict(family.params)
    names: dict[tuple[str, str], str] = {}
    found: dict[str, Local] = {}
    for port in ports:
        value = family.local(port.space, port.name)
        name = names[port.space, port.name] = _free(port.name, params)
        params[name] = value
        if port.space == "outputs":
            found[port.name] = Local("params", name, value.type, value.span)

    def named(value: Value) -> Value:
        if isinstance(value, Local):
            name = names.get((value.space, value.name))
            return value if name is None else value._replace(space="params", name=name)
        return map_children(value, named)

    return map_family(family._replace(params=params), named), found


def _free(name: str, used: Collection[str]) -> str:
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    return found
