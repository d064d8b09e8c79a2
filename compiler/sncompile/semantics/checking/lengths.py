"""Names and paths that no file system holds, told at the cell of the key that is too long."""

from __future__ import annotations

from collections.abc import Sequence

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.ir.language.encoding import MAX_PART, encode_key, length
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.semantics.path_text import bad_path, room_for_output
from sncompile.semantics.program import Program, Step

MOST_ENCODED = 12
"""Bytes that one character of a key can become: three for each of its own."""

LONGEST_SUFFIX = len(".done-1234567")
"""Bytes that are added to the name of a step for files of its own: its log, its mark."""

_SHORTER = "give the rows a shorter key, and keep the long text in a column"


def check_lengths(program: Program, working: str, report: Report) -> None:
    """Tell of names, keys and derived paths that are too long, seen from the working folder `working`."""
    derived = {step.name: [n for n, o in step.outputs.items() if o.derived] for step in program.steps.values()}
    deriving = [step for step in program.steps.values() if derived[step.name]]
    wrong = bad_path(program.workspace)
    if wrong is not None and deriving:
        hint = "set another one (`data: {workspace: …}`, or `--data workspace=PATH`)"
        report.add(faults.BAD_PATH.at(deriving[0].span, f"the data root `workspace` {wrong}", help=hint))
    told: set[str] = set()
    for step in program.steps.values():
        if length(step.name) + LONGEST_SUFFIX > MAX_PART:
            message = f"the name of the step `{step.name[:40]}…` is too long for the folder and the log of its jobs"
            report.add(
                faults.BAD_PATH.at(step.span, message, help=f"{MAX_PART - LONGEST_SUFFIX} bytes are left for it")
            )
    most = room_for_output(working, program.workspace)
    for step in deriving:
        if not _check_keys(step, told, report):
            continue
        _check_whole(program, step, derived[step.name], most, report)


def _check_keys(step: Step, told: set[str], report: Report) -> bool:
    """Whether each key can be the name of a folder; told of each once."""
    fits = True
    for key in step.keys.by:
        cells = step.keys.column(key)
        if max(map(len, cells), default=0) * MOST_ENCODED <= MAX_PART:
            continue
        longest = max(cells, key=lambda cell: length(encode_key(cell)))
        if length(encode_key(longest)) > MAX_PART:
            fits = False
            if key not in told:
                told.add(key)
                message = f"the key `{key}` has a value longer than {MAX_PART} bytes: `{longest[:40]}…`"
                report.add(_at_cell(step, key, longest, message))
    return fits


def _check_whole(program: Program, step: Step, names: Sequence[str], most: int, report: Report) -> None:
    """Tell of a derived path of some outputs that is longer than `most` bytes, although no part of it is too long."""
    fixed = length(f"{program.workspace}/{step.name}/") + MAX_PART
    bound = sum([MOST_ENCODED * max(map(len, step.keys.column(key)), default=0) + 1 for key in step.keys.by])
    if fixed + bound <= most and max(map(length, names), default=0) * 4 <= MAX_PART:
        return
    evaluator = Evaluator(program.steps)
    for name in names:
        try:
            for number, path in enumerate(evaluator.column(step.outputs[name].path, step.keys, step)):
                wrong = bad_path(path, most) if isinstance(path, str) else None
                if wrong is not None:
                    key = max(step.keys.by, key=lambda k: length(step.keys.column(k)[number]), default=None)
                    message = f"the path of `{step.name}.{name}`{_for(step, number)} {wrong}"
                    if key is None:
                        report.add(faults.BAD_PATH.at(step.span, message, help="give it a shorter name"))
                    else:
                        report.add(_at_cell(step, key, step.keys.column(key)[number], message))
                    return
        except (ValueFault, AtRunTime):
            continue  # Told when the values are looked at.


def _at_cell(step: Step, key: str, value: str, message: str) -> Diagnostic:
    span = _cell(step, key, value)
    related = (Place("the step ranges over it here", step.span),) if span != step.span else ()
    return faults.BAD_PATH.at(span, message, help=_SHORTER, related=related)


def _cell(step: Step, key: str, value: str) -> Span:
    """Where a row stands that has a key's value; the step where that is not known."""
    for table in step.keys.rows.tables:
        if key in table.key:
            cells = list(table.columns[key])
            if value in cells:
                span = table.row_span(cells.index(value))
                return step.span if span == table.span else span
    return step.span


def _for(step: Step, number: int) -> str:
    where = step.keys.describe(number)
    return f" for {where[:80]}" if where else ""
