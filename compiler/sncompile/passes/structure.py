"""What a value or a family is, apart from where it stands in the spec: equal structures mean the same."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import get_args

from sncompile.ir.graph.commands import Argument, Flag, Option
from sncompile.ir.graph.model import Family, Input
from sncompile.ir.graph.model import Output as OutputPort
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.values.model import (
    Apply,
    Attempt,
    Cell,
    Choice,
    Const,
    Items,
    Key,
    Local,
    Lookup,
    Made,
    ModuleFile,
    Output,
    Plain,
    Record,
    Related,
    Size,
    Text,
    Value,
)

VALUES = get_args(Value)


def keys_structure(keys: KeySet) -> Hashable:
    """A key set: its columns and its rows, by identity; all sets without keys or links are one."""
    if not keys.by and keys.link is None:
        return ()
    return (keys.by, id(keys))


def structure(value: Value | None) -> Hashable:
    """A value without spans. Tables and key sets count by identity, constants by type and value."""
    match value:
        case None:
            return None
        case Const():
            return ("const", _constant(value.value))
        case Key():
            return ("key", keys_structure(value.keys), value.name, value.encoded)
        case Cell():
            read = value.column in value.table.reads and not value.type.textual
            return ("cell", _table(value.table), value.column, read)
        case Output():
            return ("output", value.step, value.port)
        case Related():
            relation = (keys_structure(value.source), keys_structure(value.target), value.type.optional)
            return ("related", relation, structure(value.value))
        case Local():
            return ("local", value.space, value.name)
        case Size():
            return ("size", value.port)
        case Attempt():
            return ("attempt",)
        case Text():
            return ("text", *map(structure, value.parts))
        case Items():
            return ("items", *map(structure, value.items))
        case Apply():
            return ("apply", value.function, *map(structure, value.operands))
        case Choice():
            return ("choice", structure(value.test), structure(value.then), structure(value.other))
        case Lookup():
            conditions = tuple((name, structure(v)) for name, v in value.conditions)
            return ("lookup", _table(value.table), value.column, conditions)
        case ModuleFile():
            return ("file", value.emitted)
        case Made():
            return ("made", structure(value.path), *map(structure, value.sources))
        case Record():
            return ("record", *((name, structure(v)) for name, v in value.members))


def _constant(value: Plain) -> Hashable:
    """A constant by its type and as it looks in text: `1`, `1.0`, `1.00` and `true` are four."""
    if isinstance(value, tuple):
        return tuple([_constant(item) for item in value])
    return value if isinstance(value, str) else (type(value).__name__, str(value))


def _table(table: Table) -> int:
    return id(table)


def argument_structure(argument: Argument) -> Hashable:
    """An argument without spans."""
    if isinstance(argument, Flag):
        return ("flag", argument.flag, structure(argument.when))
    if isinstance(argument, Option):
        parts = (structure(argument.value), argument.repeat, structure(argument.when))
        return ("option", argument.option, *parts)
    return structure(argument)


NOT_SETTINGS = frozenset((
    # What people read, and where it stands.
    "name", "title", "module", "module_span", "span", "origins",
    # What a job is made of, which who compares families looks at part by part.
    "keys", "inputs", "params", "outputs", "command", "shell", "after",
    # Their parts have names of their own below.
    "container", "network", "conda", "env",
))  # fmt: skip
"""The fields of a family that are no settings. Any field that it gets beside them is one until somebody says no."""

_CALLED = {"local_rule": "place"}


def settings_structure(family: Family) -> dict[str, Hashable]:
    """What says how a family's jobs are run, by the names that people know it by: every field but `NOT_SETTINGS`."""
    return {
        "container": (structure(family.container), family.network, family.conda),
        "environment": tuple([(v.name, v.secret) for v in family.env]),
        **{
            _CALLED.get(name, name): plain_structure(getattr(family, name))
            for name in family._fields
            if name not in NOT_SETTINGS
        },
    }


def port_structure(port: Input | OutputPort) -> Hashable:
    """All of a port but the value that it has, and where it stands."""
    return tuple([getattr(port, name) for name in port._fields if name not in ("value", "path", "span")])


def plain_structure(value: object) -> Hashable:
    """Anything that a field may hold, without spans."""
    if isinstance(value, VALUES):
        return structure(value)
    if isinstance(value, Mapping):
        return tuple(sorted([(key, plain_structure(item)) for key, item in value.items()]))
    if isinstance(value, (tuple, list)):
        return tuple(map(plain_structure, value))
    if is_dataclass(value):
        return tuple([plain_structure(getattr(value, each.name)) for each in fields(value)])
    if isinstance(value, Hashable):
        return value
    raise TypeError(f"{value!r} has no structure")


def family_structure(family: Family, *, outputs: bool = True) -> Hashable:
    """All that decides what a family's jobs are; without `outputs`, where they write is left open."""
    return (
        keys_structure(family.keys),
        tuple((name, port_structure(port), structure(port.value)) for name, port in family.inputs.items()),
        tuple((name, structure(value)) for name, value in family.params.items()),
        tuple((n, port_structure(o), structure(o.path)) if outputs else n for n, o in family.outputs.items()),
        tuple(map(argument_structure, family.command)) if family.command is not None else None,
        tuple((p.text, p.value and argument_structure(p.value)) for p in family.shell)
        if family.shell is not None
        else None,
        tuple((v.name, structure(v.value)) for v in family.env),
        tuple(settings_structure(family).items()),
        tuple((w.step, keys_structure(w.source), keys_structure(w.target)) for w in family.after) if outputs else None,
    )
