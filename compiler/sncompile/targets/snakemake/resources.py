"""Resources → `threads:` and `resources:`; what is known only at run time becomes Python."""

from __future__ import annotations

from sncompile.ir.values.model import Value
from sncompile.lowering.model import Cell, Given, Late
from sncompile.targets.snakemake.context import FamilyContext, texts
from sncompile.targets.snakemake.inputs import own_cell
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import RESOURCES
from sncompile.targets.snakemake.python_code import Atom, Call, Code
from sncompile.targets.snakemake.run_time import run_time_code


def thread_entry(context: FamilyContext) -> Entry | None:
    """What stands under `threads:`."""
    value = context.family.resources.get("cpus")
    return None if value is None else Entry("", _code(value, "cpus", context), value.span)


def resource_entries(context: FamilyContext) -> list[Entry]:
    """What stands under `resources:`."""
    return [
        Entry(snakemake, _code(value, name, context), value.span)
        for name, snakemake in RESOURCES.items()
        if (value := context.family.resources.get(name)) is not None
    ]


def _code(value: Value, name: str, context: FamilyContext) -> Code:
    amount = context.words.amount(value, name)
    if isinstance(amount, Given):
        return Atom(str(amount.value))
    if isinstance(amount, Late):
        return run_time_code(amount.expression, context)
    assert isinstance(amount, Cell)
    column = context.columns.columns[amount.column].cells
    if len(set(column)) == 1:
        return Atom(str(column[0]))
    code = own_cell(texts(column), name, context)
    assert isinstance(code, Call)
    return Call(f"{context.wildcards()}int", (code._replace(head=code.head.rpartition(": ")[2]),))
