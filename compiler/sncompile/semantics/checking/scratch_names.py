"""Names of files in scratch folders: each must stay in the folder, and no two inputs of a job may have the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Closure, Evaluator
from sncompile.ir.values.model import Const, Value
from sncompile.semantics.parts import lies_in
from sncompile.semantics.path_text import bad_path
from sncompile.semantics.program import Program, Step


def check_scratch_names(program: Program, evaluator: Evaluator, report: Report) -> None:
    """Tell of names that lead out of a scratch folder, or that two inputs have."""
    for step in program.steps.values():
        for port, output in step.outputs.items():
            if lies_in(output.port, output.path, step.outputs):
                _check_part(step, port, output.path, evaluator, report)
        _check_sheets(step, report)
        if step.scratch is None:
            continue
        told = len(report)
        for port, name in step.scratch.links.items():
            _check(step, f"the name of the input `{port}`", name, evaluator, report)
        for port, patterns in step.scratch.takes.items():
            for pattern in patterns:
                _check(step, f"what the output `{port}` is taken from", pattern, evaluator, report)
        if len(report) == told:
            _check_apart(step, step.scratch.links, evaluator, report)


def _check_sheets(step: Step, report: Report) -> None:
    """Tell of sheets that name files in a scratch folder, where paths lead nowhere, and of companions of sheets."""
    for port, sheet in step.sheets.items():
        related = (Place("the port is declared here", step.module.inputs[port].name.span),)
        if step.module.inputs[port].companions:
            message = f"`{port}` of `{step.name}` is a sheet that is made for the job, and has no companions"
            hint = "take them out, or give a file"
            report.add(name_faults.BAD_COMPANION.at(sheet.span, message, help=hint, related=related))
        if step.scratch is not None and any(column.type.of_paths for column in sheet.columns.values()):
            message = f"`{step.name}` runs in a scratch folder, and its sheet `{port}` names files"
            hint = "take `scratch`, `as` and `from` out of the module, or hand the files over by a port"
            report.add(faults.PATH_IN_TEXT.at(sheet.span, message, help=hint, related=related))


def _check(step: Step, what: str, value: Value, evaluator: Evaluator, report: Report) -> None:
    if value.type.base == "unknown":
        return
    try:
        closure = evaluator.closure(value, step.keys, step)
        for number in range(1 if isinstance(value, Const) else len(step.keys)):
            for name in _several(closure(number)):
                wrong = _wrong(name)
                if wrong is not None:
                    message = f"{what} of `{step.name}`{_for(step, number)} {wrong}: `{name}`"
                    hint = "name a file in the folder, such as `reads.fastq.gz` or `out/reads.bam`"
                    report.add(faults.BAD_NAME.at(value.span, message, help=hint, related=_used(step, value)))
                    return
    except (ValueFault, AtRunTime) as error:
        message = f"{what} of `{step.name}`: {error}"
        hint = getattr(error, "help", None) or "give what the name is made of, or a name that holds without it"
        report.add(faults.BAD_NAME.at(value.span, message, help=hint, related=_used(step, value)))


def _check_part(step: Step, port: str, path: Value, evaluator: Evaluator, report: Report) -> None:
    """Tell of a part of a directory that does not lie there."""
    inside = step.outputs[port].port.inside
    assert inside is not None
    folder = step.outputs[inside.name].path
    try:
        outer, inner = (evaluator.closure(value, step.keys, step) for value in (folder, path))
        for number in range(len(step.keys)):
            name = str(inner(number)).removeprefix(f"{outer(number)}/")
            wrong = _wrong(name)
            if wrong is not None:
                message = (
                    f"where `{port}` lies in `{inside.name}` of `{step.name}`{_for(step, number)} {wrong}: `{name}`"
                )
                hint = "write a path in the directory, such as `report.html`"
                report.add(name_faults.BAD_PART.at(path.span, message, help=hint, related=_used(step, path)))
                return
    except (ValueFault, AtRunTime):
        return  # Told where paths are looked at.


def _several(found: Any) -> tuple[str, ...]:
    return () if found is None else found if isinstance(found, tuple) else (str(found),)


def _wrong(name: str) -> str | None:
    """Why a name is none of a file in a folder."""
    if name.startswith("/"):
        return "is absolute"
    if any(part in (".", "..") for part in name.split("/")):
        return "has `.` or `..` among its parts"
    if "//" in name:
        return "has an empty part"
    return None if name.startswith("~") else bad_path(name)


def _for(step: Step, number: int) -> str:
    where = step.keys.describe(number)
    return f" for {where}" if where else ""


def _used(step: Step, value: Value) -> tuple[Place, ...]:
    return (Place("the step is here", step.span),) if value.span.file != step.span.file else ()


def _check_apart(step: Step, links: Any, evaluator: Evaluator, report: Report) -> None:
    """Tell where two inputs of a job have one name, or one lies in another."""
    try:
        found = {
            port: (evaluator.closure(step.inputs[port], step.keys, step), evaluator.closure(name, step.keys, step))
            for port, name in links.items()
        }
        for number in range(len(step.keys)):
            clash = _clash(_names(found, number))
            if clash is not None:
                one, other, name = clash
                which = "two files of" if one == other else f"`{one}` and"
                message = f"{which} `{other}` are both called `{name}` in the scratch folder{_for(step, number)}"
                hint = "give them names that differ: `{index}` and `{name}` tell the files of a list apart"
                place = links[other]
                related = _used(step, place)
                report.add(name_faults.SAME_NAME.at(place.span, message, help=hint, related=related))
                return
    except (ValueFault, AtRunTime):
        return  # Told of already.


def _names(found: dict[str, tuple[Closure, Closure]], number: int) -> Iterator[tuple[str, str]]:
    for port, (value, name) in found.items():
        if value(number) is not None:
            yield from ((port, each) for each in _several(name(number)))


def _clash(names: Iterator[tuple[str, str]]) -> tuple[str, str, str] | None:
    """Two ports with one name; a name is taken by what lies in it, too."""
    taken: dict[str, str] = {}
    folders: dict[str, str] = {}
    for port, name in names:
        parts = name.split("/")
        around = ["/".join(parts[:count]) for count in range(1, len(parts))]
        other = taken.get(name) or folders.get(name) or next((taken[each] for each in around if each in taken), None)
        if other is not None:
            return other, port, name
        taken[name] = port
        for each in around:
            folders.setdefault(each, port)
    return None
