"""Files that belong to others and lie beside them: each becomes a port of its step.

    inputs: {bam: {type: file, companions: [.bai]}}   =>   bam = align.bam, bam_bai = align.bam_bai
    outputs: {vcf: {type: file, companions: [^.tbi]}}      vcf = "a.vcf", vcf_tbi = "a.tbi"

From then on nobody knows them for companions: they are looked for, waited for, mounted, deleted and kept like any
other file. No expression sees their names. In a scratch folder they lie beside the file, whatever that is called there.

Decision 0073.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import names as faults
from sncompile.ir.graph.structure import structure
from sncompile.ir.language.functions import companion
from sncompile.ir.language.types import STRING, UNKNOWN
from sncompile.ir.values.model import Apply, Choice, Const, Items, Made, Output, Related, Text, Value, walk
from sncompile.lazy_regex import regex
from sncompile.semantics.program import OutputPath, Program, Step
from sncompile.syntax.document import ModuleDoc, Named, PortDoc

_WRONG = regex("[/\x00-\x1f\x7f]")


def check_companions(doc: ModuleDoc, report: Report) -> None:
    """Tell of companions that cannot be."""
    for port in (*doc.inputs.values(), *doc.outputs.values()):
        told: set[str] = set()
        for each in port.companions:
            wrong = None
            if port.base == "directory":
                wrong = "belongs to a directory"
            elif not _is_suffix(each.name):
                wrong = "is no suffix"
            elif each.name in told:
                wrong = "is named twice"
            told.add(each.name)
            if wrong is not None:
                message = f"the companion `{each.name}` of `{port.name.name}` {wrong}"
                hint = "write suffixes such as `.bai`, or `^.bai`; only files have them"
                report.add(faults.BAD_COMPANION.at(each.span, message, help=hint))


def _is_suffix(text: str) -> bool:
    return bool(text.lstrip("^")) and _WRONG.search(text) is None


def _ports(ports: Mapping[str, PortDoc], names: Collection[str]) -> Iterator[PortDoc]:
    """The ports of companions; `names` are those that are taken."""
    if not any(port.companions for port in ports.values()):
        return
    taken = set(names)
    for name, port in ports.items():
        told = dict.fromkeys(named.name for named in port.companions) if port.base == "file" else {}
        for each in filter(_is_suffix, told):
            wanted = found = re.sub(r"\W+", "_", f"{name}_{each.lstrip('^').lstrip('._')}").strip("_")
            number = 1
            while found in taken:
                number += 1
                found = f"{wanted}_{number}"
            taken.add(found)
            yield PortDoc(
                Named(found, port.name.span), "file", port.many, port.optional, (), "", None, beside=(name, each)
            )


def beside(value: Value, suffix: str) -> Value:
    """The path of a companion, or the paths, by that of its file; as text where that can be seen."""
    match value:
        case Const(value=str(path)):
            return value._replace(value=companion(path, suffix))
        case Const(value=tuple(paths)):
            return value._replace(value=tuple(companion(str(path), suffix) for path in paths))
        case Items():
            return value._replace(items=tuple(beside(item, suffix) for item in value.items))
        case Text(parts=(*before, Const(value=str(last)) as end)) if _shows_suffixes(last, suffix):
            return value._replace(parts=(*before, end._replace(value=companion(f"x{last}", suffix)[1:])))
        case Text() if not suffix.startswith("^"):
            return value._replace(parts=(*value.parts, Const(suffix, STRING, value.span)))
    return Apply("@companion", (value, Const(suffix, STRING, value.span)), value.type, value.span)


def _shows_suffixes(end: str, suffix: str) -> bool:
    """Whether the end of a path, with something before it, has all suffixes that are taken away."""
    return end.rpartition("/")[2].count(".") >= suffix.count("^") and "/." not in end


# --- Outputs --------------------------------------------------------------------------------------------------------


def with_written(step: Step, report: Report) -> Step:
    """A step with the companions of its outputs among its outputs."""
    ports = list(_ports(step.module.outputs, [*step.module.inputs, *step.module.outputs, *step.module.params]))
    if not ports:
        return step
    outputs, takes = dict(step.outputs), dict(step.scratch.takes) if step.scratch is not None else {}
    paths = {structure(output.path): name for name, output in outputs.items()}
    for port in ports:
        assert port.beside is not None
        name, suffix = port.beside
        main = outputs[name]
        if main.path.type.base == "unknown":
            continue
        path = beside(main.path, suffix)
        other = paths.setdefault(structure(path), port.name.name)
        if other != port.name.name:
            message = f"the companion `{suffix}` of `{step.name}.{name}` is the file of `{other}`"
            hint = "give one of the two another path, or take out the companion"
            report.add(faults.BAD_COMPANION.at(main.span, message, help=hint))
            continue
        outputs[port.name.name] = OutputPath(port, path, main.temp, main.protected, main.derived, main.span)
        if name in takes:
            takes[port.name.name] = tuple(beside(pattern, suffix) for pattern in takes[name])
    scratch = step.scratch._replace(takes=takes) if step.scratch is not None else None
    declared = {**step.module.outputs, **{name: o.port for name, o in outputs.items() if o.port.beside is not None}}
    return step._replace(outputs=outputs, scratch=scratch, module=step.module._replace(outputs=declared))


# --- Inputs ---------------------------------------------------------------------------------------------------------


def with_companions(program: Program, report: Report) -> Program:
    """The program with companions of inputs among the inputs of its steps."""
    steps = {name: _reading(step, program, report) for name, step in program.steps.items()}
    return replace(program, steps=steps)


def _reading(step: Step, program: Program, report: Report) -> Step:
    ports = list(_ports(step.module.inputs, [*step.module.inputs, *step.module.outputs, *step.module.params]))
    if not ports:
        return step
    inputs, links = dict(step.inputs), dict(step.scratch.links) if step.scratch is not None else {}
    for port in ports:
        assert port.beside is not None
        name, suffix = port.beside
        if name in step.sheets:
            continue  # Told where sheets are looked at.
        value, told = inputs[name], len(report)
        if value.type.base != "unknown":
            value = _Reader(step, name, suffix, program, report).value(value)
        inputs[port.name.name] = value if len(report) == told else Const(None, UNKNOWN, value.span)
        if name in links:
            links[port.name.name] = beside(links[name], suffix)
    scratch = step.scratch._replace(links=links) if step.scratch is not None else None
    declared = {**step.module.inputs, **{port.name.name: port for port in ports if port.name.name in inputs}}
    return step._replace(inputs=inputs, scratch=scratch, module=step.module._replace(inputs=declared))


_SAME_ORDER = frozenset(("present", "coalesce", "+", "[]", "@path", "@item"))
"""Functions by which a list of companions comes from companions as that of their files from these."""


class _Reader:
    """Finds the companion of what an input takes."""

    def __init__(self, step: Step, port: str, suffix: str, program: Program, report: Report) -> None:
        self._step, self._port, self._suffix, self._program, self._report = step, port, suffix, program, report

    def value(self, value: Value) -> Value:
        """The companion of a value: that of the output that it is, or the path beside it."""
        if not any(isinstance(leaf, Output) for leaf in walk(value)):
            return beside(value, self._suffix)
        match value:
            case Output():
                return self._output(value)
            case Related():
                return value._replace(value=self.value(value.value))
            case Choice():
                return value._replace(then=self.value(value.then), other=self.value(value.other))
            case Items():
                return value._replace(items=tuple(map(self.value, value.items)))
            case Made():
                return value._replace(
                    path=beside(value.path, self._suffix), sources=tuple(map(self.value, value.sources))
                )
            case Apply(function="[]"):
                return value._replace(operands=(self.value(value.operands[0]), *value.operands[1:]))
            case Apply() if value.function in _SAME_ORDER:
                return value._replace(operands=tuple(map(self.value, value.operands)))
        hint = "name the output or the list itself (`${align.bam}`)"
        self._tell(
            f"takes what is computed from an output, and needs its companion `{self._suffix}`", value.span, hint, ()
        )
        return value

    def _output(self, value: Output) -> Value:
        source = self._program.steps.get(value.step)
        if source is None:
            return value
        found = companion_port(source, value.port, self._suffix)
        if found is not None:
            return value._replace(port=found)
        output = source.outputs[value.port]
        has = [f"`{p.beside[1]}`" for p in source.module.outputs.values() if p.beside and p.beside[0] == value.port]
        told = f", only {' and '.join(has)}" if has else ""
        hint = (
            f"if `{source.module.name.name}` writes it, say so: `{value.port}: {{type: {output.port.base}, companions: "
            f'["{self._suffix}"]}}`; else let a step write both'
        )
        related = (Place("the output is declared here", output.port.name.span),)
        message = f"takes `{value.step}.{value.port}`, which has no companion `{self._suffix}`{told}"
        self._tell(message, value.span, hint, related)
        return value

    def _tell(self, what: str, span: Span, hint: str, related: tuple[Place, ...]) -> None:
        needs = Place("the companion is named here", self._step.module.inputs[self._port].name.span)
        message = f"`{self._step.name}.{self._port}` {what}"
        self._report.add(faults.NO_COMPANION.at(span, message, help=hint, related=(*related, needs)))


def companion_port(step: Step, port: str, suffix: str) -> str | None:
    """The output that is the companion of another one."""
    return next((name for name, each in step.module.outputs.items() if each.beside == (port, suffix)), None)


def with_kept(program: Program) -> dict[str, Value]:
    """The outputs of a pipeline with the companions that they have: what it is for stays."""
    found = dict(program.outputs)
    for name, value in program.outputs.items():
        inner = value.value if isinstance(value, Related) else None
        if not isinstance(value, Related) or not isinstance(inner, Output) or inner.step not in program.steps:
            continue
        for port, each in program.steps[inner.step].module.outputs.items():
            if each.beside is None or each.beside[0] != inner.port:
                continue
            wanted = f"{name}{port.removeprefix(inner.port)}"
            found.setdefault(wanted, value._replace(value=inner._replace(port=port)))
    return found
