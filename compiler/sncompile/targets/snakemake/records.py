"""Ports and parameters as one JSON object, which is made when the job is: the argument of functions and notebooks."""

from __future__ import annotations

import json
import keyword
from collections.abc import Callable
from typing import NamedTuple

from sncompile.ir.values.model import Local, Record, Value
from sncompile.targets.snakemake.context import FamilyContext
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Atom, Call, Code, Keyword, flat, string

Presence = Callable[[Value], set[bool]]
Constant = Callable[[Value], tuple[object] | None]


class RecordCode(NamedTuple):
    """The code that makes the object, and that of its values alone where the object is made of paths as well.

    Snakemake runs a job again when its parameters differ, but does not look at those that are made of its inputs and
    outputs. So the values stand beside them once more.
    """

    arguments: Code
    values: Code | None


def record_code(value: Record, context: FamilyContext, presence: Presence, constant: Constant) -> RecordCode:
    """The code of an object.

    `presence` says whether a value is there for all, some or no instances, `constant` what it is where it is the same
    for all.
    """
    members: list[Code] = []
    plain: list[Code] = []
    spaces: set[str] = set()
    for name, member in value.members:
        is_port = isinstance(member, Local) and member.space in ("inputs", "outputs")
        if isinstance(member, Local) and is_port:
            code = _port(name, member, context, presence, spaces)
        else:
            code = _plain(name, member, context, constant)
        if code is not None:
            members.append(_named(name, code))
            plain += [] if is_port else members[-1:]
    context.around.functions.add("as_json")
    extra = [space for space in ("input", "output") if space in spaces]
    whole = Call(f"lambda {', '.join(['wildcards', *extra])}: as_json", tuple(members))
    return RecordCode(whole, Call("lambda wildcards: as_json", tuple(plain)) if extra and plain else None)


def _named(name: str, code: Code) -> Code:
    if keyword.iskeyword(name):
        return Atom(f"**{{{string(name).text}: {flat(code)}}}")
    return Keyword(name, code)


def _port(name: str, member: Local, context: FamilyContext, presence: Presence, spaces: set[str]) -> Code | None:
    many = member.type.many
    if presence(member) != {True} and (not many or member.type.optional):
        column = context.column(member)
        # A list that is absent is left out; one that has nothing in it is given.
        if all(value is None for value in column):
            return None
        if not many or None in column:
            return _look_up_json(column, name, context)
    space = "input" if member.space == "inputs" else "output"
    spaces.add(space)
    port = Atom(f"{space}.{item_name(member.name)}")
    return Call("list", (port,)) if member.type.many else port


def _plain(name: str, member: Value, context: FamilyContext, constant: Constant) -> Code | None:
    found = constant(member)
    if found is not None:
        return None if found[0] is None else Atom(_python(found[0]))
    column = context.column(member)
    if all(isinstance(v, str) for v in column):
        return _look_up(column, name, context)
    return _look_up_json(column, name, context)


def _look_up_json(column: list[object], name: str, context: FamilyContext) -> Code:
    cells = [json.dumps(value, ensure_ascii=False) for value in column]
    return Call("json.loads", (_look_up(cells, name, context),))


def _look_up(cells: list[str], name: str, context: FamilyContext) -> Code:
    base = dict(context.cells)
    variable, column = context.around.sidecars.add_column(context.family.name, base, item_name(name), cells)
    return Call(f"{variable}.value", (string(column), Atom("wildcards")))


def _python(value: object) -> str:
    if isinstance(value, str):
        return string(value).text
    if isinstance(value, tuple):
        return f"[{', '.join(_python(v) for v in value)}]"
    return repr(value)
