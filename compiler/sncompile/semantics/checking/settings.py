"""Looks at commands, resources and the rest of every step, and at what the pipeline gives as its outputs."""

from __future__ import annotations

from sncompile.diagnostics import Diagnostic, Edit, Fix, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import tables as table_faults
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Flag, Option
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import NULL
from sncompile.ir.values.evaluate import AtRunTime, Evaluator, NotThere
from sncompile.ir.values.model import Attempt, Choice, Const, Key, Local, Output, Related, Value, walk
from sncompile.semantics.checking.cells import at_the_cell
from sncompile.semantics.program import Program, Step
from sncompile.semantics.resources import too_small
from sncompile.syntax.other_languages import reference_meant
from sncompile.syntax.quoting import quoted

MOST_TRIES = 20
"""So many tries of a job are looked at."""

Words = dict[tuple[int, int], list[Value]]
"""The values in commands, by the identity of a command and a script: steps of one module share them."""


def check_settings(step: Step, evaluator: Evaluator, words: Words, report: Report) -> None:
    """Commands, resources and the rest must be computable; what they are made of has been checked.

    `words` takes in what it has read of commands.
    """
    for value in (*step.inputs.values(), *step.params.values()):
        if value.type.base == "unknown":
            return
    for name, value in step.resources.items():
        _check_one(step, value, name, evaluator, report)
        for attempt in range(2, min(step.retries, MOST_TRIES) + 2) if _tries(value, step) else ():
            told = len(report)
            _check_one(step, value, name, evaluator.at(attempt), report, f" (attempt {attempt})")
            if len(report) > told:
                break
    for variable in step.env:
        if variable.value is not None:
            _check_one(step, variable.value, "", evaluator, report)
    if step.container is not None:
        _check_one(step, step.container, "", evaluator, report)
    _tell_unasked(step, report)
    read = (id(step.command), id(step.shell))
    if read not in words:
        words[read] = [value for value in _command_values(step) if not isinstance(value, Const)]
    for value in words[read]:
        if not (isinstance(value, Local) and _known(value, step, evaluator)):
            _check_one(step, value, None, evaluator, report)


def _tell_unasked(step: Step, report: Report) -> None:
    """Tell of amounts that the command names as words, and that the step does not ask for."""
    words = [*(step.command or ()), *(part.value for part in step.shell or ())]
    unasked = {w.name: w for w in words if isinstance(w, Local) and w.space == "resources"}
    for name, word in unasked.items():
        if name not in step.resources and RESOURCES[name].usual is None:
            message = f"the command of `{step.name}` names `resources.{name}`, and nothing asks for any"
            hint = f'say it in `resources`, or write `{{option: …, value: "${{resources.{name}}}"}}`'
            at = (Place("the step is here", step.span),)
            report.add(faults.UNASKED_RESOURCE.at(word.span, message, help=hint, related=at))


def _command_values(step: Step) -> list[Value]:
    values: list[Value] = []
    for argument in (*(step.command or ()), *(p.value for p in step.shell or () if p.value is not None)):
        if not isinstance(argument, (Option, Flag)):
            values.append(argument)
            continue
        if argument.when is not None:
            values.append(argument.when)
        if isinstance(argument, Option):
            values.append(_where_given(argument))
    return [*values, *(file.value for file in step.lists.values())]


def _where_given(option: Option) -> Value:
    """The value of an option for those jobs whose `when` lets it stand; the others do not read it."""
    value = option.value
    if option.when is None or isinstance(value, Const):
        return value
    return Choice(option.when, value, Const(None, NULL, value.span), value.type, value.span)


def _tries(value: Value, step: Step) -> bool:
    """Whether a value differs between the tries of a job."""
    return any(
        isinstance(leaf, Attempt)
        or (isinstance(leaf, Local) and leaf.space == "resources" and _tries(step.local(leaf.space, leaf.name), step))
        for leaf in walk(value)
    )


def _check_one(
    step: Step, value: Value, resource: str | None, evaluator: Evaluator, report: Report, when: str = ""
) -> None:
    """Compute a value for every instance. An absent one is an error unless `resource` is None, as in commands."""
    if isinstance(value, Const):
        return
    # What depends on no key is the same for every instance.
    count = len(step.keys) if _varies(step, value) else min(1, len(step.keys))
    number = 0
    try:
        closure = evaluator.over(value, step.keys, step) if count > 1 else evaluator.closure(value, step.keys, step)
        for number in range(count):
            found = closure(number)
            wrong = too_small(resource, found) if resource else None
            if found is None and resource is not None:
                wrong = "the value is absent"
            if wrong is not None:
                told = _told(step, number, value.span, wrong + when, None)
                report.add(at_the_cell(told, value, step.keys, number, step, evaluator))
                return
    except AtRunTime:
        return
    except ValueFault as fault:
        told = _told(step, number, value.span, str(fault) + when, fault.help)
        report.add(at_the_cell(told, value, step.keys, number, step, evaluator))


def _known(value: Local, step: Step, evaluator: Evaluator) -> bool:
    """Whether nothing new can be found in a name of a command: all values of parameters have been looked at."""
    return value.space == "params" or evaluator.is_plain(value, step)


def _varies(step: Step, value: Value) -> bool:
    for leaf in walk(value):
        if isinstance(leaf, (Key, Related)):
            return True
        if not isinstance(leaf, Local):
            continue
        if leaf.space in ("params", "env") and _varies(step, step.local(leaf.space, leaf.name)):
            return True
        if leaf.space in ("inputs", "outputs") and not isinstance(value, Local):
            return True
    return False


def _told(step: Step, number: int, span: Span, message: str, help: str | None) -> Diagnostic:
    where = step.keys.describe(number)
    told = f"in `{step.name}`{f' for {where}' if where else ''}: {message}"
    at = (Place("the step is here", step.span),)
    return faults.BAD_VALUE.at(span, told, help=help or "mend the expression, or what it takes", related=at)


def check_output(name: str, value: Value, program: Program, evaluator: Evaluator, report: Report) -> None:
    """Tell of an output of the pipeline that no step makes."""
    # The output of a step whose `when` is false is absent, and that is no fault.
    if value.type.base == "null":
        return
    if any(isinstance(leaf, Output) for leaf in walk(value)):
        _check_named(name, value, evaluator, report)
        return
    try:
        text = str(evaluator.constant(value))
    except (ValueFault, AtRunTime) as fault:
        message = f"the output `{name}`: {fault}" if str(fault) else f"the output `{name}` cannot be computed"
        report.add(faults.BAD_VALUE.at(value.span, message, help="refer to a step's output"))
        return
    first = next((f"{s.name}.{p}" for s in program.steps.values() for p in s.outputs), "step.port")
    steps = program.steps
    meant = reference_meant(text, lambda name: tuple(steps[name].outputs) if name in steps else ())
    fixes = (Fix(f"write `{meant}`", (Edit(value.span, quoted(meant)),)),) if meant is not None else ()
    hint = f"write `{meant or f'${{{first}}}'}`"
    message = f"the output `{name}` ({value.type}) comes from no step"
    report.add(faults.WRONG_TYPE.at(value.span, message, help=hint, fixes=fixes))


def _check_named(name: str, value: Value, evaluator: Evaluator, report: Report) -> None:
    """Tell of an output of the pipeline that names an instance which is not there."""
    if any(isinstance(leaf, Related) and leaf.linked for leaf in walk(value)):
        try:
            evaluator.constant(value)
        except NotThere as unknown:
            hint = f"there are {unknown.known()}"
            report.add(table_faults.NO_INSTANCE.at(value.span, f"the output `{name}`: {unknown}", help=hint))
        except (ValueFault, AtRunTime):
            return  # Told of the step that makes it.
