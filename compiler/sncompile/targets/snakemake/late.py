"""Tables whose rows are known when a checkpoint has run: how the emitted file reads them (decision 0076)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from sncompile.faults import targets as faults
from sncompile.ir.keys.table import Table
from sncompile.targets.snakemake.context import Context, Surroundings
from sncompile.targets.snakemake.model import LateRows
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.patterns import Hole
from sncompile.targets.snakemake.python_code import Call, Code, Keyword, string

if TYPE_CHECKING:
    from sncompile.targets.snakemake.rules import RulePrinter

READER = "late_rows.py"
"""What reads and checks the rows, beside the Snakefile."""


def reader_text() -> str:
    """The text of the module that reads rows; it needs nothing but Python."""
    return files("sncompile.ir.keys").joinpath(READER).read_text("utf-8")


def wanting_some(code: Code, port: str, context: Context) -> Code:
    """The code of a port that must have something to read: without any, the engine is told so before the job starts."""
    if not isinstance(code, Call):
        return code
    start, found, _ = code.head.rpartition("[")
    if found and start:
        # A list of several: none of them alone has to have any.
        context.around.functions.add("some")
        listed = Call("[", code.arguments)
        return Call(f"{start}some", (string(f"{context.name}.{port}"), listed))
    head, _, method = code.head.rpartition(".")
    if method not in ("each", "values") or not context.around.sidecars.is_late(head.rpartition(" ")[2]):
        return code
    return Call(code.head, (*code.arguments, Keyword("some", string(f"{context.name}.{port}"))))


def late_rows(
    around: Surroundings, rules: Mapping[str, str], printers: Mapping[str, RulePrinter]
) -> dict[str, Callable[[Mapping[str, str]], LateRows]]:
    """Of each sidecar whose rows are not known: how they are read, once its columns are known."""
    found: dict[str, Callable[[Mapping[str, str]], LateRows]] = {}
    for name, table in around.sidecars.late():
        assert table.late is not None
        outputs, names = printers[table.late.step].outputs, printers[table.late.step].context.names
        wanted = {Hole(key, True): item_name(key) for key in table.late.instances.by}
        if outputs.marked or outputs.mixed or dict(names) != wanted:
            message = f"Snakemake cannot tell the instances of `{table.late.step}` by their paths"
            hint = f"leave the path of `{table.late.step}.{table.late.port}` out: it is derived then"
            around.tell(faults.NOT_BEFORE_ROWS.at(table.late.span, message, help=hint))
        for printer in printers.values():
            if table in printer.context.keys.rows.tables:
                _check_segments(around, printer)
        found[name] = partial(_read, around, table, rules[table.late.step], _roots(around))
    return found


def _check_segments(around: Surroundings, printer: RulePrinter) -> None:
    """Tell of paths in which a key stands beside another without a slash between: rows to come may hold any sign."""
    for name, patterns in printer.outputs.patterns.items():
        for pattern in patterns:
            if any(part.count("{") > 1 for part in pattern.split("/")):
                output = printer.context.task.outputs[name]
                message = f"in the path of `{name}` of `{printer.context.name}` two keys stand in one part of it"
                hint = "rows that are not known yet may hold any sign: have a slash between keys, or leave the path out"
                around.tell(faults.AMBIGUOUS_PATH.at(output.path_span, message, help=hint))


def _roots(around: Surroundings) -> tuple[str, ...]:
    lowered = around.lowered
    return tuple(
        sorted({root for name, root in lowered.roots.items() if root != lowered.workspace and "://" not in root})
    )


def _read(
    around: Surroundings, table: Table, rule: str, roots: tuple[str, ...], columns: Mapping[str, str]
) -> LateRows:
    late = table.late
    assert late is not None
    for column in columns.values():
        if column in late.instances.by:
            message = f"`{column}` of `{table.name}` stands in paths otherwise than it is, as it is no plain name"
            hint = "rename its values: letters, digits, and no sign that a path cannot hold"
            around.tell(faults.NOT_BEFORE_ROWS.at(late.span, message, help=hint))
    return LateRows(
        rule, item_name(late.port), late.own, late.pattern, columns, late.types, roots, late.names, late.comment
    )
