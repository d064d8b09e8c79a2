"""Sums of input files, as steps say them beside: path → SHA-256 (decision 0083)."""

from __future__ import annotations

from sncompile.diagnostics import Report
from sncompile.faults import values as faults
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Output, Value, walk
from sncompile.lazy_regex import regex
from sncompile.semantics.checking.cells import Faulty
from sncompile.semantics.program import Program, Step

_SUM = regex(r"[0-9a-f]{64}")


def sums_of(program: Program, evaluator: Evaluator, report: Report) -> dict[str, str]:
    """What the program's files must hold; sums that are none, or are of no file, are told."""
    found: dict[str, str] = {}
    for step in program.steps.values():
        for port, value in step.sums.items():
            why = _hindrance(step, port, value)
            if why is not None:
                report.add(faults.BAD_SUM.at(value.span, f"`sha256` of `{step.name}` {why[0]}", help=why[1]))
            elif value.type.base != "unknown" and step.inputs[port].type.base != "unknown":
                _gather(step, port, evaluator, found, report)
    return found


def _hindrance(step: Step, port: str, value: Value) -> tuple[str, str] | None:
    """Why a step can have no sum for a port, and what to do; None where it can."""
    declared = step.module.inputs.get(port)
    if declared is None:
        known = ", ".join(f"`{name}`" for name in step.module.inputs) or "none"
        return f"names `{port}`, which is no input of `{step.module.name.name}`", f"its inputs: {known}"
    if declared.base == "directory" or declared.many:
        return f"names `{port}`, which is not one file", "give a sum for an input of the type `file`"
    if any(isinstance(leaf, Output) for leaf in walk(step.inputs[port])):
        return f"names `{port}`, which a step makes", "`success: {sha256: …}` of its module says what it must hold"
    if value.type.many or not (value.type.textual or value.type.base in ("unknown", "null")):
        return f"gives `{port}` no text", "give a sum as 64 digits, in quotes"
    return None


def _gather(step: Step, port: str, evaluator: Evaluator, found: dict[str, str], report: Report) -> None:
    value = step.sums[port]
    try:
        paths = evaluator.column(step.inputs[port], step.keys, step)
        sums = evaluator.column(value, step.keys, step)
    except (ValueFault, AtRunTime) as fault:
        message = f"the sum of `{port}` of `{step.name}` cannot be known: {fault}"
        report.add(faults.BAD_SUM.at(value.span, message, help="give it as text, or by a column"))
        return
    faulty = Faulty(value, step.keys, step, evaluator)
    for number, (path, total) in enumerate(zip(paths, sums, strict=True)):
        if path is None or total is None:
            continue
        where = step.keys.describe(number)
        there = f" for {where}" if where else ""
        given = str(total).strip().lower().removeprefix("sha256:")
        if not _SUM.fullmatch(given):
            message = f"the sum of `{port}` of `{step.name}` is none{there}: `{str(total)[:80]}`"
            told = faults.BAD_SUM.at(value.span, message, help="a SHA-256 sum has 64 digits from 0 to f")
        elif found.setdefault(str(path), given) != given:
            message = f"`{path}` has two sums: `{given}`{there}, and `{found[str(path)]}`"
            told = faults.BAD_SUM.at(value.span, message, help="a file holds one thing only: mend one of them")
        else:
            continue
        if not faulty.add(number, told):
            break
    for told in faulty.told():
        report.add(told)
