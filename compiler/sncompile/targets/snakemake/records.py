"""Ports and parameters as one JSON object, which is made when the job is: the argument of functions and notebooks."""

from __future__ import annotations

import json
import keyword
from collections.abc import Sequence
from typing import Any, NamedTuple

from sncompile.lowering.pieces import Cell, Given, Late, Object, Piece, Port
from sncompile.targets.snakemake.context import TaskContext
from sncompile.targets.snakemake.inputs import late_cell, there_code
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Atom, Call, Code, Keyword, flat, string
from sncompile.targets.snakemake.run_time import late_value


class RecordCode(NamedTuple):
    """The code that makes the object, and that of its values alone where the object is made of paths as well.

    Snakemake runs a job again when its parameters differ, but does not look at those that are made of its inputs and
    outputs. So the values stand beside them once more.
    """

    arguments: Code
    values: Code | None


def record_code(record: Object, context: TaskContext) -> RecordCode:
    """The code of an object."""
    members: list[Code] = []
    plain: list[Code] = []
    spaces: set[str] = set()
    for name, member in record.members:
        code: Code | None
        if isinstance(member, Late):
            spaces.add("input")
            code = late_value(member.expression, context)
        else:
            code = _port(name, member, context, spaces) if isinstance(member, Port) else _plain(name, member, context)
        if code is not None:
            members.append(_named(name, code))
            plain += [] if isinstance(member, (Late, Port)) else members[-1:]
    context.around.functions.add("as_json")
    extra = [space for space in ("input", "output") if space in spaces]
    whole = Call(f"lambda {', '.join(['wildcards', *extra])}: as_json", tuple(members))
    return RecordCode(whole, Call("lambda wildcards: as_json", tuple(plain)) if extra and plain else None)


def _named(name: str, code: Code) -> Code:
    if keyword.iskeyword(name):
        return Atom(f"**{{{string(name).text}: {flat(code)}}}")
    return Keyword(name, code)


def _port(name: str, port: Port, context: TaskContext, spaces: set[str]) -> Code | None:
    task = context.task
    if port.space == "inputs" and task.inputs[port.name].may_lack:
        spaces.add("input")
        there = there_code(port.name, context)
        if task.inputs[port.name].many:
            return there
        context.around.functions.add("first")
        return Call("first", (there,))
    files = (task.inputs[port.name] if port.space == "inputs" else task.outputs[port.name]).files
    if port.space == "inputs" and not task.inputs[port.name].certain:
        column = list(files.cells)
        # A list that is absent is left out; one that has nothing in it is given.
        if all(cell is None for cell in column):
            return None
        if not files.many or None in column:
            return _look_up_json(column, name, context)
    space = "input" if port.space == "inputs" else "output"
    spaces.add(space)
    code = Atom(f"{space}.{item_name(port.name)}")
    return Call("list", (code,)) if files.many else code


def _plain(name: str, member: Piece, context: TaskContext) -> Code | None:
    if isinstance(member, Given):
        return None if member.value is None else Atom(_python(member.value))
    column = _cells(member, context)
    late = late_cell(context.columns[member.column], context) if isinstance(member, Cell) else None
    if late is not None:
        found = late._replace(head=late.head.rpartition(": ")[2])
        return found if all(isinstance(v, str) for v in column) else Call("json.loads", (found,))
    if all(isinstance(v, str) for v in column):
        return _look_up(column, name, context)
    return _look_up_json(column, name, context)


def _cells(member: Piece, context: TaskContext) -> list[Any]:
    assert isinstance(member, Cell)
    return list(context.columns[member.column].cells)


def _look_up_json(column: Sequence[object], name: str, context: TaskContext) -> Code:
    cells = [json.dumps(value, ensure_ascii=False) for value in column]
    return Call("json.loads", (_look_up(cells, name, context),))


def _look_up(cells: list[str], name: str, context: TaskContext) -> Code:
    base, told = context.told_apart(cells)
    variable, column = context.around.sidecars.add_column(context.name, base, item_name(name), told)
    return Call(f"{variable}.value", (string(column), Atom("wildcards")))


def _python(value: object) -> str:
    if isinstance(value, str):
        return string(value).text
    if isinstance(value, tuple):
        return f"[{', '.join(_python(v) for v in value)}]"
    return repr(value)
