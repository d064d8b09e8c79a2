"""The IR's stable text form: for people, for tests, and to see what a pass did."""

from __future__ import annotations

import json

from sncompile.diagnostics.text import visible
from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart, Waits
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.settings import flags_of, said_of
from sncompile.ir.values.model import (
    Apply,
    Attempt,
    Cell,
    Choice,
    Const,
    Content,
    Items,
    Key,
    Local,
    Lookup,
    Made,
    ModuleFile,
    Output,
    Record,
    Related,
    Size,
    Text,
    Value,
)

_SIGNS = {"+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"}


def value_text(value: Value) -> str:
    """A value as an expression, near to what a spec would say."""
    match value:
        case Const():
            return json.dumps(value.value, ensure_ascii=False)
        case Key():
            return f"encoded({value.name})" if value.encoded else value.name
        case Cell():
            return f"{value.table.name}.{value.column}"
        case Output():
            return f"{value.step}.{value.port}"
        case Related():
            return f"each {value_text(value.value)}" if value.gathers else value_text(value.value)
        case Local():
            return f"{value.space}.{value.name}"
        case Size():
            return f"inputs.{value.port}.size"
        case Content():
            return f"content({value_text(value.files)})"
        case Attempt():
            return "attempt"
        case Text():
            return "".join(str(p.value) if isinstance(p, Const) else f"${{{value_text(p)}}}" for p in value.parts).join(
                '""'
            )
        case Items():
            return f"[{', '.join(map(value_text, value.items))}]"
        case Apply():
            return _apply_text(value)
        case Choice():
            return f"{value_text(value.then)} if {value_text(value.test)} else {value_text(value.other)}"
        case Lookup():
            conditions = ", ".join(f"{name}={value_text(v)}" for name, v in value.conditions)
            return f"lookup({value.table.name}.{value.column}, {conditions})"
        case ModuleFile():
            return f"file({json.dumps(value.emitted, ensure_ascii=False)})"
        case Made():
            return f"{value_text(value.path)} of {', '.join(map(value_text, value.sources))}"
        case Record():
            return f"{{{', '.join(f'{name}: {value_text(v)}' for name, v in value.members)}}}"


def _apply_text(value: Apply) -> str:
    operands = [value_text(o) for o in value.operands]
    if value.function == "[]":
        return f"{operands[0]}[{operands[1]}]"
    if value.function in _SIGNS and len(operands) > 1:
        return f"({f' {value.function} '.join(operands)})"
    if value.function in _SIGNS or value.function == "not":
        return f"({value.function} {operands[0]})"
    return f"{value.function.lstrip('@')}({', '.join(operands)})"


def _argument_text(argument: Argument) -> str:
    if isinstance(argument, Flag):
        return f"{argument.flag}" + (f" when {value_text(argument.when)}" if argument.when is not None else "")
    if isinstance(argument, Option):
        when = f" when {value_text(argument.when)}" if argument.when is not None else ""
        return f"{argument.option} {value_text(argument.value)}{' repeated' if argument.repeat else ''}{when}"
    return value_text(argument)


def _shell_text(parts: tuple[ShellPart, ...]) -> str:
    text = "".join(p.text if p.value is None else f"${{{_argument_text(p.value)}}}" for p in parts)
    return json.dumps(text, ensure_ascii=False)


def graph_text(graph: Graph) -> str:
    """The whole graph as text, ending in a newline. The same graph always gives the same text."""
    lines = [f"graph {graph.name} ({len(graph.families)} families, {graph.job_count()} jobs)"]
    for name, family in graph.families.items():
        lines += ["", *_family_lines(graph, name, family)]
    lines += ["", "outputs"]
    lines += [f"  {name} = {value_text(value)}" for name, value in graph.outputs.items()]
    return "\n".join(lines) + "\n"


def waits_text(waits: Waits, graph: Graph, family: Family) -> str | None:
    """What a family waits for, where it does so by other keys than its own and those of the step: `a [k] by [k, l]`."""
    if waits.source is graph.families[waits.step].keys and waits.target is family.keys:
        return None
    return f"{waits.step} [{', '.join(waits.source.by)}] by [{', '.join(waits.target.by)}]"


def _family_lines(graph: Graph, name: str, family: Family) -> list[str]:
    tables = " * ".join(table.name for table in family.keys.rows.tables)
    over = f" over {tables}" if tables and family.keys.by else ""
    lines = [f"family {name} [{', '.join(family.keys.by)}]{over} x {len(family.keys)}"]
    lines.append(f"  at {visible(family.span.file)}:{family.span.line}")
    lines += [f"  in {n}: {i.base}{'[]' if i.many else ''} = {value_text(i.value)}" for n, i in family.inputs.items()]
    lines += [f"  param {n} = {value_text(v)}" for n, v in family.params.items()]
    for port, output in family.outputs.items():
        flags = "".join(f" {flag}" for flag in flags_of(output))
        lines.append(f"  out {port}: {output.base}{'[]' if output.many else ''} = {value_text(output.path)}{flags}")
    for listed, file in family.lists.items():
        ends = json.dumps(file.ended_by)
        lines.append(f"  list {listed}: {value_text(file.value)} with {ends} in {value_text(file.path)}")
    if family.command is not None:
        lines += ["  command", *(f"    {_argument_text(a)}" for a in family.command)]
    if family.shell is not None:
        lines.append(f"  shell {_shell_text(family.shell)}")
    if family.container is not None:
        lines.append(f"  container {value_text(family.container)}")
    for variable in family.env:
        shown = "***" if variable.secret or variable.value is None else value_text(variable.value)
        lines.append(f"  env {variable.name} = {shown}")
    lines += [f"  {n} = {value_text(v)}" for n, v in family.resources.items()]
    lines += [f"  {title} {json.dumps(held, ensure_ascii=False)}" for title, held in said_of(family).items()]
    lines += [f"  after {told}" for waits in family.after if (told := waits_text(waits, graph, family))]
    if family.tags:
        lines.append(f"  tags {', '.join(visible(tag) for tag in family.tags)}")
    for edge in graph.into(name):
        kind = f" for {', '.join(edge.ports)}" if edge.ports else " for order"
        lines.append(f"  <- {edge.source} ({edge.relation.value}){kind}")
    return lines
