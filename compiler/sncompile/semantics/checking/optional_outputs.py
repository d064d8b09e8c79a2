"""Optional outputs: a job that is done may not have written them, so what takes one has to do without it.

Whether such a file is there is known only when a job that takes it is about to run. So it may be what an optional port
holds, or an item of a list, and nothing that is computed at compile time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import names as faults
from sncompile.ir.graph.commands import Argument, Flag, Option
from sncompile.ir.values.model import (
    Apply,
    Choice,
    Const,
    Items,
    Local,
    ModuleFile,
    Output,
    Record,
    Related,
    Size,
    Value,
    walk,
)
from sncompile.semantics.checking.pairing import origin_of
from sncompile.semantics.program import OutputPath, Program, Step
from sncompile.syntax.document import PortDoc

_HANDED_ON = frozenset(("present", "@path", "@item"))
"""Functions that give what they take, or less of it."""


def check_optional_outputs(program: Program, report: Report) -> None:
    """Tell every use of an optional output that hangs on whether it is there."""
    optional = {
        (name, port): output
        for name, step in program.steps.items()
        for port, output in step.outputs.items()
        if output.port.optional
    }
    for (name, port), output in optional.items():
        report.extend(_kept(program.steps[name], port, output))
    if not optional:
        return
    for step in program.steps.values():
        _check_step(step, optional, report)
    for handed in program.handed:
        what = f"the input `{handed.port.name.name}` of the pipeline"
        report.extend(_check_port(handed.port, handed.value, what, optional))
    for name, value in program.outputs.items():
        report.extend(_computed(value, f"the output `{name}` of the pipeline", optional))


Optional = Mapping[tuple[str, str], OutputPath]


def _kept(step: Step, port: str, output: OutputPath) -> Iterator[Diagnostic]:
    """What cannot be said of an output that may not be there."""
    if output.port.many:
        message = f"the output `{port}` of `{step.module.name.name}` is a list, and optional"
        hint = "let it be a list of files that are always written, or several optional outputs"
        yield faults.OPTIONAL_KIND.at(output.port.name.span, message, help=hint)
    for word, said in (("temp", output.temp), ("protected", output.protected)):
        if said:
            message = f"`{port}` of `{step.name}` is optional, and `{word}`"
            yield faults.OPTIONAL_KIND.at(output.span, message, help=f"leave `{word}` out, or drop the `?`")
    if output.port.create is not None:
        message = f"`{port}` is made before the command, so it is always there"
        yield faults.OPTIONAL_KIND.at(output.port.create.span, message, help="leave `create` out, or drop the `?`")


def _check_step(step: Step, optional: Optional, report: Report) -> None:
    late: dict[str, Span] = {}
    for name, value in step.inputs.items():
        if (leaf := _leaf(value, optional)) is None:
            continue
        if name in step.sheets:
            _refuse_column(step, name, optional, report)
            continue
        told = list(_check_port(step.module.inputs[name], value, f"the input `{name}` of `{step.name}`", optional))
        report.extend(told)
        if not told:
            late[name] = leaf.span
    for what, value in _others(step):
        if (leaf := _leaf(value, optional)) is not None:
            message = f"{what} of `{step.name}` takes `{leaf.step}.{leaf.port}`, which may not be written"
            hint = "hand it to an optional input, or make the output required"
            report.add(faults.OPTIONAL_AS_VALUE.at(value.span, message, help=hint, related=_declared(leaf, optional)))
    _check_lists(step, optional, report)
    for name, span in late.items():
        _check_module(step, name, span, report)


def _refuse_column(step: Step, port: str, optional: Optional, report: Report) -> None:
    """Tell of the first column of a sheet that takes an optional output: its cells are written from what is known."""
    for name, value in step.sheets[port].columns.items():
        if (leaf := _leaf(value, optional)) is not None:
            message = (
                f"the column `{name}` of the sheet `{port}` of `{step.name}` takes `{leaf.step}.{leaf.port}`, "
                "which may not be written"
            )
            hint = "hand the output to a port of its own (`file[]?`), or make it required (drop its `?`)"
            report.add(faults.OPTIONAL_AS_VALUE.at(value.span, message, help=hint, related=_declared(leaf, optional)))
            return


def _others(step: Step) -> Iterator[tuple[str, Value]]:
    """The values of a step that are no ports."""
    yield from ((f"the parameter `{name}`", value) for name, value in step.params.items())
    yield from ((f"the path of `{name}`", output.path) for name, output in step.outputs.items())
    yield from ((f"`{name}`", value) for name, value in step.resources.items())
    yield from ((f"the variable `{v.name}`", v.value) for v in step.env if v.value is not None)
    if step.container is not None:
        yield "the container", step.container


def _leaf(value: Value, optional: Optional) -> Output | None:
    """The first optional output in a value."""
    if isinstance(value, Const):
        return None
    return next((v for v in walk(value) if isinstance(v, Output) and (v.step, v.port) in optional), None)


def _declared(leaf: Output, optional: Optional) -> tuple[Place, ...]:
    return (Place("the output is declared here", optional[leaf.step, leaf.port].port.name.span),)


def _check_port(port: PortDoc, value: Value, what: str, optional: Optional) -> Iterator[Diagnostic]:
    leaf = _leaf(value, optional)
    if leaf is None:
        return
    if not (port.optional or port.many):
        message = f"{what} is required, and `{leaf.step}.{leaf.port}` may not be written"
        hint = f"make the port optional (`{port.base}?`), or the output required (drop its `?`)"
        related = (Place("the port is declared here", port.name.span), *_declared(leaf, optional))
        yield faults.OPTIONAL_INTO_REQUIRED.at(value.span, message, help=hint, related=related)
        return
    yield from _computed(value, what, optional)


def _computed(value: Value, what: str, optional: Optional) -> Iterator[Diagnostic]:
    """A fault where something is computed from an optional output, and not only handed on."""
    pending = [value]
    while pending:
        here = pending.pop()
        if _leaf(here, optional) is None or isinstance(here, Output):
            continue
        match here:
            case Related():
                pending.append(here.value)
            case Items():
                pending += here.items
            case Choice() if _leaf(here.test, optional) is None:
                pending += [here.then, here.other]
            case Apply() if here.function in _HANDED_ON or (here.function == "+" and here.type.many):
                pending += here.operands
            case _:
                leaf = _leaf(here, optional)
                assert leaf is not None
                message = f"{what} is computed from `{leaf.step}.{leaf.port}`, which may not be written"
                hint = "hand the output over as it is, alone or as an item of a list"
                yield faults.OPTIONAL_AS_VALUE.at(here.span, message, help=hint, related=_declared(leaf, optional))
                return


def _check_lists(step: Step, optional: Optional, report: Report) -> None:
    """Tell of a gathered list that may have gaps beside another one: what stands behind a gap would move up."""
    lists = [(n, v) for n, v in (*step.inputs.items(), *step.params.items()) if v.type.many]
    gathered = [(name, value) for name, value in lists if origin_of(value, step.keys) is not None]
    for name, value in gathered:
        leaf = _leaf(value, optional)
        others = [other for other, _ in gathered if other != name]
        if leaf is None or not others:
            continue
        message = (
            f"`{name}` of `{step.name}` leaves out each `{leaf.step}.{leaf.port}` that is not written, "
            f"so that it does not pair with `{others[0]}`"
        )
        hint = f"leave them out knowingly (`present({leaf.step}.{leaf.port})`), or make the output required"
        related = _declared(leaf, optional)
        report.add(faults.OPTIONAL_BESIDE_LIST.at(value.span, message, help=hint, related=related))


# --- What the module makes of the port ----------------------------------------------------------------------------


def _check_module(step: Step, port: str, span: Span, report: Report) -> None:
    """Tell where a module asks of a port what is known only when its job runs."""
    for value in _asking(step, port):
        message = f"`{step.name}` asks of its input `{port}` what is known only when it runs, as it may not be there"
        alone = f"name it alone: `${{inputs.{port}}}` as an argument, in a script"
        hint = f"{alone}, or as the `value` of an `option` that is not `joined`"
        related = (Place("it comes from here", span),)
        report.add(faults.OPTIONAL_ASKED.at(value.span, message, help=hint, related=related))
        return


def _asking(step: Step, port: str) -> Iterator[Value]:
    for argument in (*(step.command or ()), *(p.value for p in step.shell or () if p.value is not None)):
        yield from _in_argument(argument, port)
    for listed in step.lists.values():
        yield from _not_alone(listed.value, port)
    values: Iterable[Value] = [*step.resources.values(), *(o.path for o in step.outputs.values())]
    values = [*values, *step.params.values(), *(v.value for v in step.env if v.value is not None)]
    yield from (value for value in values if _names(value, port))
    yield from _asking_of_name(step, port)


def _asking_of_name(step: Step, port: str) -> Iterator[Value]:
    """What would have to know whether a file is there that has a name in the scratch folder.

    A word with the name is left out where it is not; names of lists, in list files and in objects stand by themselves.
    """
    name = step.scratch.links.get(port) if step.scratch is not None else None
    if name is None:
        return
    if step.module.inputs[port].many or _names(name, port):
        yield name
    for argument in step.command or ():
        value = argument.value if isinstance(argument, Option) else argument
        yield from (v for v in (walk(value) if not isinstance(value, Flag) else ()) if _is_object_with(v, port))
    yield from (listed.value for listed in step.lists.values() if _names(listed.value, port))


def _is_object_with(value: Value, port: str) -> bool:
    return isinstance(value, Record) and _names(value, port)


def _in_argument(argument: Argument, port: str) -> Iterator[Value]:
    if isinstance(argument, (Option, Flag)):
        when = argument.when
        if when is not None and _names(when, port):
            yield when
        elif isinstance(argument, Option):
            if when is not None and not isinstance(when, Const) and _names(argument.value, port):
                yield when
            yield from _not_alone(argument.value, port)
        return
    yield from _not_alone(argument, port)


def _not_alone(value: Value, port: str) -> Iterator[Value]:
    """A value that names a port, unless it is the port itself, a list with it, or a member of an object."""
    if isinstance(value, Local) or not _names(value, port):
        return
    if isinstance(value, Items):
        for item in value.items:
            yield from _not_alone(item, port)
    elif isinstance(value, Record):
        for _, member in value.members:
            yield from _not_alone(member, port)
    else:
        yield value


def _names(value: Value, port: str) -> bool:
    if isinstance(value, (Const, ModuleFile)):
        return False
    return any(
        (isinstance(v, Local) and v.space == "inputs" and v.name == port) or (isinstance(v, Size) and v.port == port)
        for v in walk(value)
    )
