"""Looks at every cell of tables that are made for jobs (`rows:`): that it is there, and that its format holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sncompile.diagnostics import Diagnostic, Report
from sncompile.diagnostics import Related as Place
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.values.evaluate import Evaluator, Missing, NotThere
from sncompile.ir.values.model import Value
from sncompile.ir.values.run_time import dynamic
from sncompile.semantics.checking.cells import Faulty
from sncompile.semantics.program import MadeSheet, Step

_BROKEN_BY = {"csv": "\0", "jsonl": "", "tsv": "\0\t\n\r"}
"""Signs that no cell can hold, by the format."""

_SIGNS = {"\0": "a NUL", "\t": "a tab", "\n": "a line break", "\r": "a line break"}


def check_sheets(step: Step, evaluator: Evaluator, report: Report) -> None:
    """Tell of all that is wrong with the sheets of a step."""
    for port, sheet in step.sheets.items():
        what = f"the sheet `{port}` of `{step.name}`"
        related = step.keys.related(sheet.rows)
        _tell_empty(step, port, what, report)
        rows = range(len(sheet.rows)) if sheet.rows is step.keys else sorted({j for found in related for j in found})
        for name, value in sheet.columns.items():
            if dynamic(value):
                continue  # What steps write is no column, which is told elsewhere.
            _check_column(f"the column `{name}` of {what}", value, sheet, rows, evaluator, report)


def _tell_empty(step: Step, port: str, what: str, report: Report) -> None:
    sheet = step.sheets[port]
    if step.module.inputs[port].optional or sheet.rows is step.keys:
        return
    lacking = next((n for n, found in enumerate(step.keys.related(sheet.rows)) if not found), None)
    if lacking is not None:
        where = step.keys.describe(lacking)
        hint = "leave the job out with `where`, or make the port optional (`file?`): then the sheet has no rows"
        message = f"{what} has no rows{f' for {where}' if where else ''}"
        report.add(faults.GATHERS_NOTHING.at(sheet.span, message, help=hint))


def _check_column(
    what: str, value: Value, sheet: MadeSheet, rows: Iterable[int], evaluator: Evaluator, report: Report
) -> None:
    faulty = Faulty(value, sheet.rows, None, evaluator)
    broken = _BROKEN_BY[sheet.form]
    cells = evaluator.closure(value, sheet.rows)
    for number in rows:
        told = _fault(what, value, sheet, number, cells, broken)
        if told is not None and not faulty.add(number, told):
            break
    report.extend(faulty.told())


def _fault(
    what: str, value: Value, sheet: MadeSheet, number: int, cells: Callable[[int], object], broken: str
) -> Diagnostic | None:
    where = sheet.rows.describe(number)
    row = f" for {where}" if where else ""
    try:
        held = cells(number)
    except NotThere as unknown:
        taken = (Place("it is taken here", value.span),) if unknown.place is not None else ()
        hint = f"there are {unknown.known()}; mend the cell or the condition"
        return faults.NO_INSTANCE.at(unknown.place or value.span, f"{what}: {unknown}", help=hint, related=taken)
    except Missing:
        hint = "say what stands there (`coalesce(…, '')`), or name the column first whose rows are meant"
        return faults.SHEET_GAP.at(value.span, f"{what} has nothing{row}", help=hint)
    except ValueFault as fault:
        hint = fault.help or "mend the expression, or the cell that it takes"
        return value_faults.BAD_VALUE.at(value.span, f"{what}{row}: {fault}", help=hint)
    text = "" if held is None else to_text(held)
    found = next((sign for sign in broken if sign in text), None)
    if found is None:
        return None
    hint = "mend the cell, or have the port take `csv` or `jsonl`" if sheet.form == "tsv" else "mend the cell"
    message = f"{what}{row} holds {_SIGNS[found]}, which {sheet.form.upper()} cannot: `{text}`"
    return value_faults.SHEET_CELL.at(value.span, message, help=hint)
