"""What a value or a family is, apart from where it stands in the spec: equal structures mean the same."""

from __future__ import annotations

from collections.abc import Hashable

from sncompile.ir.graph import Family
from sncompile.semantics.keys import KeySet
from sncompile.semantics.program import Argument, Flag, Option
from sncompile.semantics.tables import Table
from sncompile.semantics.values import (
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


def settings_structure(family: Family) -> dict[str, Hashable]:
    """What says how a family's jobs are run, by the names that people know it by."""
    success = family.success
    return {
        "container": (structure(family.container), family.network, family.conda),
        "environment": tuple([(v.name, v.secret) for v in family.env]),
        "resources": tuple(sorted([(name, structure(v)) for name, v in family.resources.items()])),
        "retries": family.retries,
        "success": (success.non_empty, tuple(success.sha256.items()), tuple(success.min_files.items())),
        "place": family.local_rule,
        "tags": tuple(family.tags),
        "batch": family.batch,
    }


def family_structure(family: Family, *, outputs: bool = True) -> Hashable:
    """All that decides what a family's jobs are; without `outputs`, where they write is left open."""
    return (
        keys_structure(family.keys),
        tuple((name, port.base, structure(port.value)) for name, port in family.inputs.items()),
        tuple((name, structure(value)) for name, value in family.params.items()),
        tuple((n, o.base, structure(o.path) if outputs else None) for n, o in family.outputs.items()),
        tuple(map(argument_structure, family.command)) if family.command is not None else None,
        tuple((p.text, p.value and argument_structure(p.value), p.context) for p in family.shell)
        if family.shell is not None
        else None,
        tuple((v.name, structure(v.value)) for v in family.env),
        tuple(settings_structure(family).items()),
        tuple((w.step, keys_structure(w.source), keys_structure(w.target)) for w in family.after) if outputs else None,
    )
