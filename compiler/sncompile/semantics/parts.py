"""Parts of output directories: outputs that lie in another one of the same step.

    outputs: {all: {type: directory}, report: {type: file, in: all, path: report.html}}

No engine has a word for them, as what makes or deletes a directory touches what is in it. So in the graph there are
directories alone. A step that reads a part reads the directory, and the path of the part is a parameter:

    in report = made.report     =>   in report = made.all          the directory
    command "${inputs.report}"       param report_2 = "${made.all}/report.html"
                                     command "${params.report_2}"

The step that writes it looks whether it is there when its command has ended (`templates/support/parts.sh`).

Decision 0074.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, did_you_mean
from sncompile.faults import names as faults
from sncompile.ir.graph.commands import Argument, Option, ShellPart
from sncompile.ir.graph.model import Family
from sncompile.ir.graph.own_names import PARTS
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.language.types import STRING, Type
from sncompile.ir.values.branches import branches
from sncompile.ir.values.model import Const, Local, ModuleFile, Output, Size, Text, Value, walk
from sncompile.ir.values.relating import see
from sncompile.semantics.path_text import join_text
from sncompile.semantics.program import OutputPath, Program, Step
from sncompile.syntax.document import ModuleDoc, PortDoc, StepDoc


def check_parts(doc: ModuleDoc, report: Report) -> None:
    """Tell of parts of directories that cannot be."""
    for name, port in doc.outputs.items():
        if port.inside is None:
            continue
        around = doc.outputs.get(port.inside.name)
        wrong, hint = None, "name an output of the type `directory` of this module"
        if around is None:
            wrong = f"lies in `{port.inside.name}`, which is no output of `{doc.name.name}`"
            hint = did_you_mean(port.inside.name, doc.outputs, what="its outputs") or hint
        elif around.base != "directory" or around.many or around.inside is not None:
            wrong = f"lies in `{port.inside.name}`, which is no directory"
        elif port.many or port.optional:
            wrong, hint = "is not one file or directory", "write the type `file` or `directory`"
        elif port.path is None:
            wrong, hint = f"does not say where in `{port.inside.name}` it lies", "add `path`, such as `report.html`"
        elif port.create is not None or port.source is not None or port.companions:
            wrong, hint = "is said to come about by itself", "take out `create`, `from` and `companions`"
        if wrong is not None:
            report.add(faults.BAD_PART.at(port.inside.span, f"`{name}` {wrong}", help=hint))
    named = [*(n for n, _ in doc.success.sha256), *(n for n, _ in doc.success.min_files)]
    for each in named:
        output = doc.outputs.get(each.name)
        if output is not None and output.inside is not None:
            message = f"a criterion of `{each.name}`, which is a part of `{output.inside.name}`"
            report.add(faults.BAD_PART.at(each.span, message, help="use `non_empty`, or look at it in the command"))


def check_step(doc: StepDoc, ports: Mapping[str, PortDoc], report: Report) -> None:
    """Tell of a step's settings of parts."""
    for name, said in doc.outputs.items():
        port = ports.get(name)
        if port is not None and port.inside is not None:
            message = f"settings of `{name}`, which is a part of `{port.inside.name}`"
            hint = f"say it of the directory: `outputs: {{{port.inside.name}: …}}`"
            report.add(faults.BAD_PART.at(said.name.span, message, help=hint))


def lies_in(port: PortDoc, path: Value, outputs: Mapping[str, OutputPath]) -> bool:
    """Whether an output with a path can lie where it is said to; else it is told already."""
    around = outputs.get(port.inside.name) if port.inside is not None else None
    if around is None or around.port.base != "directory" or around.port.inside is not None or port.path is None:
        return False
    return not any(value.type.many or value.type.base == "unknown" for value in (path, around.path))


def path_in(folder: Value, path: Value) -> Value:
    """The path of a part by that of its directory."""
    before = folder.parts if isinstance(folder, Text) else (folder,)
    after = path.parts if isinstance(path, Text) else (path,)
    return join_text([*before, Const("/", STRING, path.span), *after], path.span)


def check_readers(program: Program, report: Report) -> None:
    """Tell of inputs that take a part beside other files, and of resources that are computed of the size of a part."""
    for step in program.steps.values():
        for name, value in step.inputs.items():
            if step.module.inputs[name].base == "directory" or value.type.base == "unknown":
                continue  # To an engine, a part that is a directory is one as well.
            of_parts = {any(_is_part(leaf, program.steps) for leaf in walk(part.value)) for part in branches(value)}
            if of_parts == {True, False}:
                message = f"the input `{name}` of `{step.name}` takes a part of a directory beside other files"
                hint = "give parts an input of their own, or have them written as outputs by themselves"
                report.add(faults.MIXED_PARTS.at(value.span, message, help=hint))
        for amount in step.resources.values():
            for leaf in walk(amount):
                if not isinstance(leaf, Size) or not any(
                    _is_part(v, program.steps) for v in walk(step.inputs[leaf.port])
                ):
                    continue
                message = f"the size of `{leaf.port}` of `{step.name}`, which is a part of a directory"
                hint = "take the directory, by a port of its own"
                related = (Place("the step is here", step.span),)
                report.add(faults.BAD_PART.at(leaf.span, message, help=hint, related=related))


def _is_part(value: Value, steps: Mapping[str, Step]) -> bool:
    if not isinstance(value, Output) or value.step not in steps:
        return False
    output = steps[value.step].outputs.get(value.port)
    return output is not None and output.port.inside is not None


# --- The graph ------------------------------------------------------------------------------------------------------


def without_parts(
    families: Mapping[str, Family], outputs: Mapping[str, Value], steps: Mapping[str, Step]
) -> tuple[dict[str, Family], dict[str, Value]]:
    """The families, and the outputs of the pipeline, with directories in the place of their parts."""
    made = [output.port for step in steps.values() for output in step.outputs.values()]
    if not any(port.inside is not None or is_doubtful(port) for port in made):
        return dict(families), dict(outputs)
    whole, path = _Whole(steps), _Path(steps)
    found = {name: _family(family, steps[name], whole, path) for name, family in families.items()}
    return found, {name: whole(value) for name, value in outputs.items()}


class _Whole:
    """Puts the directory in the place of a part."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self._steps = steps

    def __call__(self, value: Value) -> Value:
        if _is_part(value, self._steps):
            assert isinstance(value, Output)
            return self.leaf(value)
        return map_children(value, self)

    def directory(self, value: Output) -> Output:
        """The directory of a part."""
        around = self._steps[value.step].outputs[value.port].port.inside
        assert around is not None
        return value._replace(port=around.name, type=Type("directory"))

    def leaf(self, value: Output) -> Value:
        """What is put in the place of a part."""
        return self.directory(value)

    def has(self, value: Value) -> bool:
        """Whether there is a part in a value."""
        return any(_is_part(leaf, self._steps) for leaf in walk(value))


class _Path(_Whole):
    """Puts the path in its directory in the place of a part."""

    def leaf(self, value: Output) -> Value:
        step = self._steps[value.step]
        outer, inner = self.directory(value), step.outputs[value.port].path
        # It stands at the instances of the step that writes it, and so does what it is a part of.
        seen = see(outer, step.keys, step.keys, value.span)
        return _after(step.outputs[outer.port].path, inner, seen)


def _after(folder: Value, path: Value, outer: Value) -> Value:
    """A path that begins with that of a folder, with the folder's output in the place of this beginning."""
    start = list(folder.parts) if isinstance(folder, Text) else [folder]
    parts = list(path.parts) if isinstance(path, Text) else [path]
    last, here = start[-1], parts[len(start) - 1]
    rest = parts[len(start) :]
    if here != last:
        assert isinstance(last, Const)
        assert isinstance(here, Const)
        rest = [here._replace(value=str(here.value)[len(str(last.value)) :]), *rest]
    return join_text([outer, *rest], path.span)


def _family(family: Family, step: Step, whole: _Whole, path: _Path) -> Family:
    # They are texts, and no paths: of what is read and mounted the directory is all.
    params, names = dict(family.params), {}
    own = [name for name, output in step.outputs.items() if output.port.inside is not None]
    read = [name for name, port in family.inputs.items() if whole.has(port.value)]
    for space, ports in (("outputs", own), ("inputs", read)):
        for name in ports:
            names[space, name] = _free(name, params)
            held = step.outputs[name].path if space == "outputs" else path(family.inputs[name].value)
            params[names[space, name]] = held._replace(type=held.type._replace(base="string"))

    def renamed(value: Value) -> Value:
        if isinstance(value, Local) and (value.space, value.name) in names:
            return value._replace(
                space="params", name=names[value.space, value.name], type=value.type._replace(base="string")
            )
        return map_children(value, renamed)

    inputs = {
        name: port._replace(value=whole(port.value), base="directory") if name in read else port
        for name, port in family.inputs.items()
    }
    outputs = {name: output for name, output in family.outputs.items() if name not in own}
    success = replace(family.success, non_empty=tuple(n for n in family.success.non_empty if n not in own))
    changed = map_family(family._replace(inputs=inputs, outputs=outputs, params=params, success=success), path)
    changed = map_family(changed, renamed)
    looks = [*_parts(step, own, names), *_companions(step)]
    return _looked_at(changed, step, looks) if looks else changed


def _free(name: str, used: Mapping[str, Value]) -> str:
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    return found


# --- Whether it is there ----------------------------------------------------------------------------------------------


def is_doubtful(port: PortDoc) -> bool:
    """Whether an output is a companion of one that need not be written: engines do not know what that asks for."""
    return port.beside is not None and port.optional


def _parts(step: Step, own: list[str], names: Mapping[tuple[str, str], str]) -> Iterator[Argument]:
    """What is looked at of the parts of a step's directories."""
    for name in own:
        base = step.outputs[name].port.base
        kind = {"directory": "d", "file": "s" if name in step.success.non_empty else "f"}[base]
        yield Option(kind, Local("params", names["outputs", name], STRING, step.span), True, None, step.span)


def _companions(step: Step) -> Iterator[Argument]:
    """What is looked at of companions: they must be there where their file is."""
    for name, output in step.outputs.items():
        beside = output.port.beside
        if beside is not None and is_doubtful(output.port):
            for sign, port in (("m", beside[0]), ("c", name)):
                local = Local("outputs", port, step.outputs[port].path.type, step.span)
                yield Option(sign, local, True, None, step.span)


def _looked_at(family: Family, step: Step, looks: list[Argument]) -> Family:
    """The family with its command or script and, after it, a look at what engines do not look at."""
    span = step.span
    runner = ModuleFile(PARTS, Type("file"), span)
    if family.command is not None:
        start = [Const("bash", STRING, span), runner, *looks, Const("x", STRING, span)]
        return family._replace(command=(*start, *family.command))
    told = [ShellPart("\n)\nbash ", None), ShellPart("", runner)]
    for look in looks:
        told += [ShellPart(" ", None), ShellPart("", look)]
    return family._replace(shell=(ShellPart("(\n", None), *(family.shell or ()), *told, ShellPart(" x\n", None)))
