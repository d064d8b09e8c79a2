"""Resources → `threads:` and `resources:`; what is known only at run time becomes Python."""

from __future__ import annotations

from sncompile.lowering.pieces import Cell, Given, Late, Piece
from sncompile.targets.snakemake.context import TaskContext, texts
from sncompile.targets.snakemake.inputs import late_cell, own_cell
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import RESOURCES
from sncompile.targets.snakemake.python_code import Atom, Call, Code
from sncompile.targets.snakemake.run_time import run_time_code


def thread_entry(context: TaskContext) -> Entry | None:
    """What stands under `threads:`."""
    amount = context.task.resources.get("cpus")
    if isinstance(amount, Late):
        return Entry("", run_time_code(amount.expression, context, guarded=True), context.task.spans["cpus"])
    return None if amount is None else Entry("", _code(amount, "cpus", context), context.task.spans["cpus"])


def resource_entries(context: TaskContext) -> list[Entry]:
    """What stands under `resources:`."""
    return [
        Entry(snakemake, _code(amount, name, context), context.task.spans[name])
        for name, snakemake in RESOURCES.items()
        if (amount := context.task.resources.get(name)) is not None
    ]


def _code(amount: Piece, name: str, context: TaskContext) -> Code:
    if isinstance(amount, Given):
        return Atom(str(amount.value))
    if isinstance(amount, Late):
        return run_time_code(amount.expression, context)
    assert isinstance(amount, Cell)
    column = context.columns[amount.column].cells
    if len(set(column)) == 1:
        return Atom(str(column[0]))
    code = late_cell(context.columns[amount.column], context) or own_cell(texts(column), name, context)
    assert isinstance(code, Call)
    return Call(f"{context.wildcards()}int", (code._replace(head=code.head.rpartition(": ")[2]),))
