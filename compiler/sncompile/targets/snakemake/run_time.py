"""Expressions that are known only when a job is about to run → Python in the Snakefile."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sncompile.diagnostics import Span
from sncompile.ir.language.types import Type
from sncompile.lowering.expressions import (
    Attempt,
    Expression,
    Language,
    NoForm,
    Printer,
    Scaled,
    Size,
    Varying,
    bare,
    everything,
)
from sncompile.lowering.files import listed_cell
from sncompile.lowering.model import Plain
from sncompile.targets.snakemake.context import TaskContext, texts
from sncompile.targets.snakemake.inputs import own_cell, rows_code
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Atom, Code, flat, string
from sncompile.targets.snakemake.python_code import Call as CallCode


def run_time_code(expression: Expression, context: TaskContext) -> Code:
    """A function of the attempt and of the inputs' sizes. What has no form in Python is told as a fault."""
    inside = list(everything(expression))
    needs = [n for n, kind in (("input", Size), ("attempt", Attempt)) if any(isinstance(e, kind) for e in inside)]
    if "input" in needs:
        context.around.functions.add("size")
    head = f"lambda {', '.join(['wildcards', *needs])}: "
    try:
        printed, whole = _amount(expression, _Python(context))
    except NoForm as error:
        context.refuse(expression._replace(span=error.span), error.what)
        return Atom(f"{head}0")
    if whole:
        return Atom(head + printed)
    context.around.functions.add("ceil")
    # Noise of fractions is not one more.
    return CallCode(f"{head}ceil", (Atom(f"{printed} - 1e-9"),))


def _amount(expression: Expression, python: _Python) -> tuple[str, bool]:
    """A resource as Python, and whether that is a whole number."""
    if not isinstance(expression, Scaled):
        return bare(python.print(expression)), expression.type.base == "integer"
    code, times = python.print(expression.amount), expression.times
    if expression.over != 1:
        return f"{code} / {expression.over}", False
    if expression.amount.type.textual:
        code = f"float({bare(code)})"
    return (bare(code) if times == 1 else f"{code} * {int(times) if times == int(times) else times}"), expression.whole


class _Python(Printer):
    """Prints the expressions of one family."""

    language = Language.PYTHON

    def __init__(self, context: TaskContext) -> None:
        self._context = context

    def constant(self, value: Plain, type: Type, span: Span) -> str:
        return literal(value)

    def varying(self, expression: Varying) -> str:
        """A value that differs between jobs, by its sidecar."""
        cells, kind = self._context.columns[expression.column].cells, expression.type
        # A number may be whole in one row and a fraction in another.
        if kind.many or kind.optional or kind.base in ("boolean", "number"):
            self._context.around.functions.add("json")
            hint = "number" if kind.base == "number" else "value"
            return f"json.loads({_look_up([json.dumps(cell) for cell in cells], hint, self._context)})"
        code = _look_up(texts(cells), "text" if kind.textual else "number", self._context)
        return code if kind.textual else f"int({code})"

    def attempt(self, expression: Attempt) -> str:
        return "attempt"

    def size(self, expression: Size) -> str:
        return f"size({_sized(expression.port, self._context)})"

    def text(self, code: str, type: Type, span: Span) -> str:
        if type.textual:
            return code
        return f'("true" if {code} else "false")' if type.base == "boolean" else f"str({code})"

    def joined(self, texts: Sequence[str], span: Span) -> str:
        return f"({' + '.join(texts)})"

    def listed(self, items: Sequence[str], span: Span) -> str:
        return f"[{', '.join(items)}]"

    def need(self, function: str) -> None:
        self._context.around.functions.add(function)


def _sized(port: str, context: TaskContext) -> str:
    """The paths of a port: what Snakemake has as its input, unless that is a mark; an absent port has none."""
    files = context.task.inputs[port].files
    if context.around.marks.spelled_out(context.name, "inputs", port):
        return flat(rows_code(list(map(listed_cell, files.cells)), port, context)).rpartition("lambda wildcards: ")[2]
    return "[]" if files.absent else f"input.{item_name(port)}"


def _look_up(cells: list[str], name: str, context: TaskContext) -> str:
    return flat(own_cell(cells, name, context)).rpartition("lambda wildcards: ")[2]


def literal(value: object) -> str:
    """A constant as Python."""
    if isinstance(value, str):
        return string(value).text
    if isinstance(value, Sequence):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)
