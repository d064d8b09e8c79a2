"""Identity visitors: a value or a family made anew with a function over its parts; itself where nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart, Variable
from sncompile.ir.graph.model import Family, Input, Output
from sncompile.ir.values.model import Apply, Choice, Items, Lookup, Made, Record, Related, Text, Value

Rewrite = Callable[[Value], Value]


def _all(values: tuple[Value, ...], rewrite: Rewrite) -> tuple[Value, ...]:
    found = tuple([rewrite(value) for value in values])
    return values if _same(found, values) else found


def _same(found: tuple[Any, ...], old: tuple[Any, ...]) -> bool:
    """Whether two tuples of one length hold the very same things."""
    return all(map(is_, found, old))


def _named(members: tuple[tuple[str, Value], ...], rewrite: Rewrite) -> tuple[tuple[str, Value], ...]:
    found = tuple([(name, rewrite(value)) for name, value in members])
    return members if all(a[1] is b[1] for a, b in zip(found, members, strict=True)) else found


def map_children(value: Value, rewrite: Rewrite) -> Value:
    """The value with `rewrite` of each value directly inside it."""
    match value:
        case Related():
            inner = rewrite(value.value)
            return value if inner is value.value else value._replace(value=inner)
        case Text():
            parts = _all(value.parts, rewrite)
            return value if parts is value.parts else value._replace(parts=parts)
        case Items():
            items = _all(value.items, rewrite)
            return value if items is value.items else value._replace(items=items)
        case Apply():
            operands = _all(value.operands, rewrite)
            return value if operands is value.operands else value._replace(operands=operands)
        case Choice():
            found = _all((value.test, value.then, value.other), rewrite)
            old = (value.test, value.then, value.other)
            return value if _same(found, old) else value._replace(test=found[0], then=found[1], other=found[2])
        case Lookup():
            conditions = _named(value.conditions, rewrite)
            return value if conditions is value.conditions else value._replace(conditions=conditions)
        case Made():
            path, sources = rewrite(value.path), _all(value.sources, rewrite)
            same = path is value.path and sources is value.sources
            return value if same else value._replace(path=path, sources=sources)
        case Record():
            members = _named(value.members, rewrite)
            return value if members is value.members else value._replace(members=members)
        case _:
            return value


def map_argument(argument: Argument, rewrite: Rewrite) -> Argument:
    """An argument with its values rewritten."""
    if not isinstance(argument, (Option, Flag)):
        return rewrite(argument)
    when = rewrite(argument.when) if argument.when is not None else None
    if isinstance(argument, Flag):
        return argument if when is argument.when else argument._replace(when=when)
    value = rewrite(argument.value)
    same = value is argument.value and when is argument.when
    return argument if same else argument._replace(value=value, when=when)


def map_part(part: ShellPart, rewrite: Rewrite) -> ShellPart:
    """A part of a script with its value rewritten."""
    if part.value is None:
        return part
    value = map_argument(part.value, rewrite)
    return part if value is part.value else part._replace(value=value)


def _variable(variable: Variable, rewrite: Rewrite) -> Variable:
    if variable.value is None:
        return variable
    value = rewrite(variable.value)
    return variable if value is variable.value else variable._replace(value=value)


def _input(port: Input, rewrite: Rewrite) -> Input:
    value = rewrite(port.value)
    return port if value is port.value else port._replace(value=value)


def _output(output: Output, rewrite: Rewrite) -> Output:
    path = rewrite(output.path)
    return output if path is output.path else output._replace(path=path)


def _mapping(found: Mapping[str, Any], make: Callable[[Any], Any]) -> Mapping[str, Any]:
    changed = {name: new for name, value in found.items() if (new := make(value)) is not value}
    return {**found, **changed} if changed else found


def _tuple(found: tuple[Any, ...] | None, make: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    if not found:
        return found
    new = tuple([make(value) for value in found])
    return found if _same(new, found) else new


def map_family(family: Family, rewrite: Rewrite) -> Family:
    """A family with each of its values rewritten."""
    changes: dict[str, Any] = {
        "inputs": _mapping(family.inputs, lambda port: _input(port, rewrite)),
        "params": _mapping(family.params, rewrite),
        "outputs": _mapping(family.outputs, lambda output: _output(output, rewrite)),
        "command": _tuple(family.command, lambda argument: map_argument(argument, rewrite)),
        "shell": _tuple(family.shell, lambda part: map_part(part, rewrite)),
        "container": rewrite(family.container) if family.container is not None else None,
        "env": _tuple(family.env, lambda variable: _variable(variable, rewrite)),
        "resources": _mapping(family.resources, rewrite),
    }
    changed = {name: value for name, value in changes.items() if value is not getattr(family, name)}
    return family._replace(**changed) if changed else family
