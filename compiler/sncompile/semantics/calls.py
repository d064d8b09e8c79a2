"""Types calls of functions; some need more than the values of their operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sncompile.diagnostics import did_you_mean
from sncompile.faults import names as name_faults
from sncompile.ir.keys.table import Table
from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import TypeFault
from sncompile.ir.language.operators import OPERATORS
from sncompile.ir.language.types import BOOLEAN, NULL, Type
from sncompile.ir.values.model import (
    Apply,
    Choice,
    Const,
    Lookup,
    ModuleFile,
    Value,
    keeping,
    lenient,
    presence,
    writes_in,
)
from sncompile.ir.values.written import as_read, as_text, fitted
from sncompile.semantics.list_files import SEPARATORS
from sncompile.semantics.lookups import late_refused, look_up_instance
from sncompile.semantics.scope import Keyed, TableSpace, column_type
from sncompile.syntax.expressions import Attribute, Call, Expr, Literal, Name

if TYPE_CHECKING:
    from sncompile.semantics.typing import Typer


def type_call(node: Call, typer: Typer) -> Value:
    """The typed value of a call."""
    if node.name == "lookup":
        return _lookup(node, typer)
    if node.name == "file":
        return _file(node, typer)
    if node.name == "list_file":
        return _list_file(node, typer)
    if node.name == "keys":
        typer.wrong(node.span, "`keys(…)` is no value by itself", "name one of them: `keys(STEP).KEY`")
        return typer.unknown(node.span)
    function = FUNCTIONS.get(node.name)  # Names with `@` are no names to the parser.
    if function is None:
        hint = did_you_mean(
            node.name, [*(f for f in FUNCTIONS if f.isalpha()), "lookup", "file", "list_file", "keys"], what="functions"
        )
        if node.keywords and node.name in typer.scope.spaces:
            member = next(iter(typer.scope.spaces[node.name].names()), "…")
            hint = f"one of its instances is looked up: `lookup({node.name}.{member}, {node.keywords[0][0]}=…)`"
        typer.report.add(name_faults.UNKNOWN_FUNCTION.at(node.name_span, f"unknown function `{node.name}`", help=hint))
        return typer.unknown(node.span)
    operands = [typer.expr(a) for a in node.arguments]
    if node.name in ("present", "coalesce"):
        # They are there for what is absent; only the last resort of `coalesce` has to be there.
        last = len(operands) - (node.name == "coalesce")
        operands = [keeping(lenient(o)) if n < last else o for n, o in enumerate(operands)]
    if node.keywords or not function.least <= len(operands) <= function.most:
        least, most = function.least, function.most
        count = str(least) if least == most else f"{least} to {most}"
        given = f"{len(operands)}{' and named ones' if node.keywords else ''}"
        message = f"`{node.name}` takes {count} value{'' if count == '1' else 's'}, not {given}"
        typer.wrong(node.span, message, "a list is one value; `join`, `zip`, `min` and `max` take several")
        return typer.unknown(node.span)
    found = typer.applied(node.name, operands, function.result, node.span)
    return _first_written(found) if node.name == "coalesce" and isinstance(found, Apply) else found


def _first_written(value: Apply) -> Value:
    """`coalesce` of what steps write: whether each is there is known before, so it is a choice by that."""
    if value.type.many or not any(map(writes_in, value.operands)):
        return value
    found = fitted(value.operands[-1], value.type)
    for operand in reversed(value.operands[:-1]):
        nothing = Const(None, NULL, operand.span)
        there = Apply("!=", (presence(operand), nothing), BOOLEAN, operand.span)
        certain = operand._replace(type=operand.type._replace(optional=False))
        found = Choice(there, fitted(certain, value.type), found, value.type, value.span)
    return found


def _lookup(node: Call, typer: Typer) -> Value:
    column = node.arguments[0] if len(node.arguments) == 1 else None
    space = typer.space_of(column.target) if isinstance(column, Attribute) else None
    if isinstance(column, Attribute) and isinstance(column.target, Name) and column.target.id in typer.scope.lost:
        return typer.unknown(node.span)
    if isinstance(column, Attribute) and isinstance(space, Keyed) and node.keywords:
        return look_up_instance(node, column, space, typer)
    if not isinstance(column, Attribute) or not isinstance(space, TableSpace) or not node.keywords:
        typer.wrong(
            node.span, "`lookup` takes a table's column or a step's output, and what its row or instance must hold",
            "write `lookup(wells.treatment, well='A01')`, or `lookup(align.bam, sample=samples.control)`",
        )  # fmt: skip
        return typer.unknown(node.span)
    seen = typer.member(space, column.name, column.span, column.name_span)
    conditions = []
    for name, value in node.keywords:
        if name not in space.table.columns and not space.table.open_columns:
            hint = did_you_mean(name, space.names(), what="it has")
            typer.report.add(
                name_faults.UNKNOWN_MEMBER.at(node.span, f"{space.title} has no column `{name}`", help=hint)
            )
            return typer.unknown(node.span)
        conditions.append((name, _condition(name, value, space.table, typer)))
    if any(value.type.base == "unknown" for _, value in conditions):
        return typer.unknown(node.span)
    if late_refused([space.table], [value for _, value in conditions], node.span, typer):
        return typer.unknown(node.span)
    if seen.type.base == "unknown":
        return seen
    kind = seen.type.one
    if any(value.type.optional for _, value in conditions):
        kind = kind._replace(optional=True)
    return Lookup(space.table, column.name, tuple(conditions), kind, node.span)


def _condition(name: str, node: Expr, table: Table, typer: Typer) -> Value:
    """What a column must hold, which must be of the column's type."""
    column = column_type(table, name)
    value = typer.expr(node)
    # Beside a text, and beside what was written, a written cell is a text too.
    written = value.type.written and (column.written or column.textual)
    value = as_text(value) if written else as_read(value)
    try:
        OPERATORS["==", 2].result([column.as_text if value.type.textual else column, value.type])
    except TypeFault as fault:
        typer.wrong(value.span, f"`{name}={value.type}`: {fault}", fault.help or "compare values of one type")
        return typer.unknown(value.span)
    return value


def _list_file(node: Call, typer: Typer) -> Value:
    named = dict(node.keywords)
    separator = named.pop("separator", None)
    name = separator.value if isinstance(separator, Literal) else None if separator is not None else "newline"
    if len(node.arguments) != 1 or named or name not in SEPARATORS:
        typer.wrong(
            node.span, "`list_file` takes a list, and perhaps a separator",
            "write `list_file(inputs.images)`, or `list_file(inputs.images, separator='nul')`",
        )  # fmt: skip
        return typer.unknown(node.span)
    return typer.list_file(as_text(typer.expr(node.arguments[0])), str(name), node.span)


def _file(node: Call, typer: Typer) -> Value:
    argument = node.arguments[0] if len(node.arguments) == 1 and not node.keywords else None
    if not isinstance(argument, Literal) or not isinstance(argument.value, str):
        typer.wrong(node.span, "`file` takes the name of a file as a text", "write `file('calc.py')`")
        return typer.unknown(node.span)
    if typer.claim_file is None:
        typer.wrong(node.span, "`file` belongs into a module", "move it into the module whose file it is")
        return typer.unknown(node.span)
    emitted = typer.claim_file(argument.value, argument.span)
    return typer.unknown(node.span) if emitted is None else ModuleFile(emitted, Type("file"), node.span)
