"""Cells that are written in a document, as values or with expressions over what is known before all steps."""

from __future__ import annotations

from sncompile.diagnostics import Report
from sncompile.faults import values as faults
from sncompile.ir.keys.table import Cell
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.types import NULL, STRING, UNKNOWN, Type, type_of_constant
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import is_constant
from sncompile.ir.values.written import as_read
from sncompile.semantics.scope import Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import CellDoc, Constant
from sncompile.syntax.expressions import Template


def written_cell(node: CellDoc | Constant | None, scope: Scope, report: Report) -> tuple[Cell, Type]:
    """The text of a cell, as it was written or as its expressions give it, and the type that it reads as.

    The type is unknown where an expression is at fault, which is told.
    """
    if isinstance(node, Template):
        return _computed(node, scope, report)
    if node is None or node.value is None or node.text == "":
        return None, NULL
    kind = type_of_constant(node.value)
    return node.text, kind if kind == STRING else kind._replace(written=True)


def _computed(template: Template, scope: Scope, report: Report) -> tuple[Cell, Type]:
    value = as_read(Typer(scope, report).template(template))
    if value.type.base == "unknown":
        return None, UNKNOWN
    try:
        if not is_constant(value):
            raise ValueFault("a cell is known before all steps", "use `data`, `params` and `inputs` only")
        found = Evaluator({}).constant(value)
        if found is None or found == "":
            return None, NULL
        kind = type_of_constant(found)
        return to_text(found), kind if kind == STRING else kind._replace(written=True)
    except ValueFault as fault:
        report.add(faults.BAD_CELL.at(template.span, str(fault), help=fault.help or "give one value"))
        return None, UNKNOWN
