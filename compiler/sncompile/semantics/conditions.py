"""`when`: whether a step is there at all."""

from __future__ import annotations

from sncompile.diagnostics import Report
from sncompile.faults import tables as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Key, Related, Value, walk
from sncompile.ir.values.relating import UNIT
from sncompile.semantics.scope import Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Value as Template


def is_wanted(when: Template, scope: Scope, report: Report) -> bool:
    """Whether a step's `when` is true, or cannot be told; then the reason is told."""
    value = Typer(scope, report).read(when)
    if value.type.base == "unknown":
        return True
    if value.type.base != "boolean" or value.type.many:
        hint = "compare it: `${params.mode == 'fast'}`"
        message = f"`when` gives {value.type}, not true or false"
        report.add(faults.BAD_CONDITION.at(value.span, message, help=hint))
        return True
    if varies(value, UNIT):
        message = "`when`: it must be the same for all jobs, also where a pipeline is used for several keys"
        hint = "use it in a `where` of the step that uses the pipeline, or make two steps of it"
        report.add(faults.BAD_CONDITION.at(value.span, message, help=hint))
        return True
    try:
        return bool(Evaluator({}).constant(value))
    except (ValueFault, AtRunTime) as fault:
        message = str(fault) or "it must be the same for all jobs"
        hint = getattr(fault, "help", None) or "`where` chooses among a table's rows"
        report.add(faults.BAD_CONDITION.at(value.span, f"`when`: {message}", help=hint))
        return True


def varies(value: Value, at: KeySet) -> bool:
    """Whether a value follows from other keys than those of `at`: those that a pipeline is used for."""
    for leaf in walk(value):
        keys = leaf.keys if isinstance(leaf, Key) else leaf.target if isinstance(leaf, Related) else at
        if keys is not at and keys.by:
            return True
    return False
