"""Resources that are computed from the sizes of a job's files → JavaScript."""

from __future__ import annotations

import json

from sncompile.diagnostics import Span
from sncompile.ir.language.types import Type
from sncompile.lowering.expressions import Attempt, Expression, Language, NoForm, Printer, Scaled, Size, Varying
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Cell, Plain
from sncompile.targets.cwl.columns import Columns
from sncompile.targets.cwl.words import Words


class Script(Printer):
    """Prints the expressions of one task."""

    language = Language.JAVASCRIPT

    def __init__(self, task: Task, words: Words, columns: Columns) -> None:
        self._task, self._words, self._columns = task, words, columns

    def amount(self, expression: Expression, factor: float) -> str:
        """A resource in the unit of CWL, of which `factor` are one of ours. Raises `NoForm`."""
        return f"$(Math.ceil({self.print(expression)} * {factor!r}))"

    def scaled(self, code: str, expression: Scaled) -> str:
        return f"Math.ceil({code} * {expression.times / expression.over!r} - 1e-9)"

    def constant(self, value: Plain, type: Type, span: Span) -> str:
        if not isinstance(value, (int, float)):
            raise NoForm(f"a value of the type {type}", span)
        return json.dumps(value)

    def varying(self, expression: Varying) -> str:
        found = self._words.column(Cell(expression.column))
        if not all(isinstance(v, (int, float)) for v in found):
            raise NoForm(f"a value of the type {expression.type}", expression.span)
        if all(v == found[0] for v in found):
            return json.dumps(found[0])
        kind = "boolean" if expression.type.base == "boolean" else "double"
        return f"inputs.{self._columns.column('number', kind, found).name}"

    def attempt(self, expression: Attempt) -> str:
        return "1"

    def size(self, expression: Size) -> str:
        port = self._task.inputs[expression.port]
        if port.base == "directory":
            raise NoForm(f"the size of a directory (`inputs.{expression.port}`)", expression.span)
        name = self._words.ports.get(expression.port)
        if name is None:
            return "0"
        if port.many:
            return f"inputs.{name}.reduce(function (sum, file) {{ return sum + file.size; }}, 0)"
        return f"(inputs.{name} ? inputs.{name}.size : 0)"
