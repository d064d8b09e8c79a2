"""Values that steps write: what is computed from one is known when a job that takes it is about to run.

So it may be a parameter, an amount of a resource, and a part of a command. What has to be known before anything runs
takes none: paths, images, ports, variables, and conditions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, Flag, Option
from sncompile.ir.values.model import Choice, Const, Content, Local, Output, Related, Text, Value, walk
from sncompile.semantics.program import Program, Step

_MEND = "compute it in the tool, or give it as a parameter that the spec says"


def check_value_outputs(program: Program, report: Report) -> None:
    """Tell every use of a value that a step writes where it would have to be known before."""
    if not any(output.port.value for step in program.steps.values() for output in step.outputs.values()):
        return
    for step in program.steps.values():
        for what, value in _early(step):
            leaf = _written(value, step)
            if leaf is not None:
                message = (
                    f"{what} of `{step.name}` takes `{_name(leaf)}`, which is known only when a step has written it"
                )
                related = (Place("it comes from here", leaf.span),) if leaf.span != value.span else ()
                report.add(faults.KNOWN_LATE.at(value.span, message, help=_MEND, related=related))
        for name, value in step.params.items():
            if any(isinstance(leaf, Related) and _written(leaf.value, None) is not None for leaf in walk(value)):
                message = f"the parameter `{name}` of `{step.name}` looks up what another instance writes"
                report.add(faults.KNOWN_LATE.at(value.span, message, help="look up a file, or take the value by keys"))
        _tell_limits(step, report)
    for name, value in program.outputs.items():
        if _written(value, None) is not None:
            message = f"the output `{name}` of the pipeline is computed from what a step writes"
            report.add(faults.KNOWN_LATE.at(value.span, message, help="refer to the step's output alone"))


def _early(step: Step) -> Iterator[tuple[str, Value]]:
    """The values of a step that are known before anything runs, each by a name for people."""
    for port, sheet in step.sheets.items():
        yield from ((f"the column `{name}` of the sheet `{port}`", value) for name, value in sheet.columns.items())
    yield from ((f"the input `{name}`", value) for name, value in step.inputs.items() if name not in step.sheets)
    yield from ((f"the path of `{name}`", output.path) for name, output in step.outputs.items())
    yield from ((f"the variable `{v.name}`", v.value) for v in step.env if v.value is not None)
    if step.container is not None:
        yield "the container", step.container
    for text in (each for each in step.command or () if isinstance(each, Text)):
        held = (step.local(leaf.space, leaf.name) for leaf in walk(text) if _is_param(leaf))
        yield from (("a text that needs its value", value) for value in held if value.type.optional)
    for argument in (*(step.command or ()), *(p.value for p in step.shell or () if p.value is not None)):
        yield from _conditions(argument)


def _is_param(leaf: Value) -> TypeGuard[Local]:
    return isinstance(leaf, Local) and leaf.space == "params"


def _conditions(argument: Argument) -> Iterator[tuple[str, Value]]:
    """What says whether an argument is there, and what may be no argument at all."""
    value = argument
    if isinstance(argument, (Option, Flag)):
        if argument.when is not None:
            yield "a condition in the command", argument.when
        if isinstance(argument, Flag):
            return
        value = argument.value
    if isinstance(value, Choice) and (value.type.optional or value.type.many):
        yield "a condition in the command", value.test


def _tell_limits(step: Step, report: Report) -> None:
    """Warn of limits of parameters that nobody looks at."""
    for name, value in step.params.items():
        param = step.module.params[name]
        limits = [
            word
            for word, said in (
                ("enum", bool(param.enum)), ("minimum", param.minimum is not None),
                ("maximum", param.maximum is not None), ("pattern", param.pattern is not None),
            )
            if said
        ]  # fmt: skip
        if limits and _written(value, step) is not None:
            message = (
                f"`{limits[0]}` of the parameter `{name}` of `{step.name}` is not looked at: a step writes the value"
            )
            hint = "have the step that writes it, or the tool that takes it, see to that"
            related = (Place("the parameter is declared here", param.name.span),)
            report.add(faults.LIMITS_UNSEEN.at(value.span, message, help=hint, related=related))


def _written(value: Value, step: Step | None) -> Content | None:
    """The first value of a step's output in a value, also behind the names of a module."""
    if isinstance(value, Const):
        return None
    for leaf in walk(value):
        if isinstance(leaf, Content):
            return leaf
        if step is not None and isinstance(leaf, Local) and leaf.space in ("params", "env"):
            found = _written(step.local(leaf.space, leaf.name), step)
            if found is not None:
                return found
    return None


def _name(content: Content) -> str:
    return next((f"{leaf.step}.{leaf.port}" for leaf in walk(content) if isinstance(leaf, Output)), "a value")
