"""Looks at what inputs, parameters and the rest hold for every instance."""

from __future__ import annotations

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import tables as table_faults
from sncompile.faults import values as faults
from sncompile.semantics.binding import check_value
from sncompile.semantics.evaluate import AtRunTime, Evaluator, Missing
from sncompile.semantics.operands import ValueFault, to_text
from sncompile.semantics.program import Flag, Option, Program, Step
from sncompile.semantics.values import Const, Key, Local, Output, Related, Value, walk
from sncompile.syntax.document import PortDoc


def check_values(program: Program, evaluator: Evaluator, report: Report) -> None:
    """Tell every value that does not serve, once for each port or parameter."""
    for step in program.steps.values():
        for name, value in step.inputs.items():
            if value.type.base != "unknown":
                _check_input(step, step.module.inputs[name], value, evaluator, report)
        for name, value in step.params.items():
            if value.type.base != "unknown":
                _check_param(step, name, value, evaluator, report)
        _check_rest(step, evaluator, report)
    for value in program.outputs.values():
        if value.type.base != "unknown":
            _check_output(value, evaluator, report)


def _instance(step: Step, number: int) -> str:
    where = step.keys.describe(number)
    return f" for {where}" if where else ""


def _unpartnered(value: Related) -> tuple[int, int] | None:
    """The first instance that nothing feeds, and how many there are."""
    related = value.target.related(value.source)
    lacking = [i for i, found in enumerate(related) if not found]
    return (lacking[0], len(lacking)) if lacking else None


def _check_input(step: Step, port: PortDoc, value: Value, evaluator: Evaluator, report: Report) -> None:
    what = f"the input `{port.name.name}` of `{step.name}`"
    related = (Place("the port is declared here", port.name.span),)
    if isinstance(value, Related) and isinstance(value.value, Output):
        # A product's path need not be looked at: only whether there is one for everybody.
        lacking = _unpartnered(value)
        if lacking is not None and not (port.optional and port.many):
            _tell_lacking(step, value, lacking, what, report, related)
        return
    try:
        closure = evaluator.closure(value, step.keys, step)
        for number in range(1 if isinstance(value, Const) else len(step.keys)):
            found = closure(number)
            if port.optional:
                continue
            if found is None or found == "":
                hint = "fill the cell, leave the row out with `where`, or make the port optional with `?`"
                message = f"{what} is absent{_instance(step, number)}"
                report.add(faults.ABSENT.at(value.span, message, help=hint, related=related))
                return
            if found == ():
                _tell_empty(step, value, number, what, report, related)
                return
    except Missing as missing:
        if not port.optional:
            lacking = _unpartnered(missing.related) or (missing.number, 1)
            _tell_lacking(step, missing.related, lacking, what, report, related)
    except ValueFault as fault:
        report.add(faults.BAD_VALUE.at(value.span, f"{what}: {fault}", help=fault.help, related=related))


def _tell_lacking(
    step: Step, value: Related, lacking: tuple[int, int], what: str, report: Report, related: tuple[Place, ...]
) -> None:
    number, count = lacking
    where = value.target.describe(number)
    told = f" for {where}" if where else ""
    more = f" and {count - 1} more" if count > 1 else ""
    fault = table_faults.GATHERS_NOTHING if value.gathers else table_faults.NO_PARTNER
    verb = "gathers nothing" if value.gathers else "has nothing to take"
    report.add(fault.at(value.span, f"{what} {verb}{told}{more}", help=_where(value, number), related=related))


def _tell_empty(step: Step, value: Value, number: int, what: str, report: Report, related: tuple[Place, ...]) -> None:
    gather = next((v for v in walk(value) if isinstance(v, Related) and v.gathers), None)
    fault = table_faults.GATHERS_NOTHING if gather is not None else faults.ABSENT
    hint = _where(gather, number) if gather is not None else "give at least one, or make the port optional with `?`"
    report.add(fault.at(value.span, f"{what} is an empty list{_instance(step, number)}", help=hint, related=related))


def _where(value: Related, number: int) -> str:
    """The `where` that would leave the instance out."""
    target = value.target
    if not target.by:
        return "make sure that the source has instances, or make the port optional with `?`"
    keys = zip(target.by, target.instances[number], strict=True)
    test = " or ".join(f"{name} != {key!r}" for name, key in keys)
    return f'leave it out with `where: "${{{test}}}"`, add what is missing, or make the port optional with `?`'


def _check_param(step: Step, name: str, value: Value, evaluator: Evaluator, report: Report) -> None:
    param = step.module.params[name]
    what = f"the parameter `{name}` of `{step.name}`"
    related = (Place("the parameter is declared here", param.name.span),)
    seen: set[object] = set()
    number = 0
    try:
        closure = evaluator.closure(value, step.keys, step)
        for number in range(1 if isinstance(value, Const) else len(step.keys)):
            found = closure(number)
            if found in seen:
                continue
            seen.add(found)
            if found is None and not param.optional:
                message = f"{what} is absent{_instance(step, number)}"
                report.add(
                    faults.ABSENT.at(value.span, message, help="fill the cell, or give a value", related=related)
                )
                return
            wrong = check_value(param, found, f"{what}{_instance(step, number)}", value.span)
            if wrong is not None:
                report.add(wrong)
                return
    except Missing as missing:
        _tell_lacking(
            step, missing.related, _unpartnered(missing.related) or (missing.number, 1), what, report, related
        )
    except ValueFault as fault:
        message = f"{what}{_instance(step, number)}: {fault}"
        report.add(faults.BAD_VALUE.at(value.span, message, help=fault.help, related=related))


def _unknown(step: Step) -> bool:
    return any(v.type.base == "unknown" for v in (*step.inputs.values(), *step.params.values()))


def _check_rest(step: Step, evaluator: Evaluator, report: Report) -> None:
    """Commands, resources and the rest must be computable; what they are made of has been checked."""
    if _unknown(step):
        return
    values: list[tuple[Value, bool]] = [(v, True) for v in step.resources.values()]
    values += [(v.value, False) for v in step.env if v.value is not None]
    values += [(step.container, False)] if step.container is not None else []
    for argument in step.command or ():
        if isinstance(argument, (Option, Flag)):
            inner = [argument.when, argument.value if isinstance(argument, Option) else None]
            values += [(v, True) for v in inner if v is not None]
        else:
            values.append((argument, True))
    values += [(p.value, True) for p in step.shell or () if p.value is not None]
    for value, may_lack in values:
        _check_one(step, value, may_lack, evaluator, report)


def _check_one(step: Step, value: Value, may_lack: bool, evaluator: Evaluator, report: Report) -> None:
    if isinstance(value, Const):
        return
    # What depends on no key is the same for every instance.
    count = len(step.keys) if _varies(step, value) else 1
    number = 0
    try:
        closure = evaluator.closure(value, step.keys, step)
        for number in range(count):
            if closure(number) is None and not may_lack:
                _tell_value(step, number, value.span, "the value is absent", None, report)
                return
    except AtRunTime:
        return
    except ValueFault as fault:
        _tell_value(step, number, value.span, str(fault), fault.help, report)


def _varies(step: Step, value: Value) -> bool:
    for leaf in walk(value):
        if isinstance(leaf, Local) and leaf.space in ("params", "env"):
            if _varies(step, step.local(leaf.space, leaf.name)):
                return True
        elif isinstance(leaf, (Key, Related)) or (
            isinstance(leaf, Local) and leaf.space in ("inputs", "outputs") and not isinstance(value, Local)
        ):
            return True
    return False


def _tell_value(step: Step, number: int, span: Span, message: str, help: str | None, report: Report) -> None:
    told = f"in `{step.name}`{_instance(step, number)}: {message}"
    at = (Place("the step is here", step.span),)
    report.add(faults.BAD_VALUE.at(span, told, help=help or "mend the expression", related=at))


def _check_output(value: Value, evaluator: Evaluator, report: Report) -> None:
    if isinstance(value, Related) and isinstance(value.value, Output):
        return
    try:
        if not value.type.many and not value.type.textual and value.type.base != "null":
            report.add(
                faults.WRONG_TYPE.at(
                    value.span, f"an output is a file, not {value.type}", help="refer to a step's output"
                )
            )
            return
        found = evaluator.constant(value)
        if isinstance(found, str):
            to_text(found)
    except (ValueFault, AtRunTime) as fault:
        report.add(faults.BAD_VALUE.at(value.span, str(fault) or "the output cannot be computed", help=None))
