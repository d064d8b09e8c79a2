"""A step's `with` → values for the inputs and parameters of its module, or of the pipeline that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report, did_you_mean, nearest
from sncompile.diagnostics import Related as Place
from sncompile.faults import documents as document_faults
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.language.types import UNKNOWN
from sncompile.ir.values.model import Const, Value
from sncompile.semantics.checking.silent_slips import meant_by, warn_of_value
from sncompile.semantics.linking.binding import bind_param, bind_port, param_type, plain_path, port_type
from sncompile.semantics.linking.conventions import is_large, open_names, roots_of, settle
from sncompile.semantics.linking.default_link import Defaults, constant_default
from sncompile.semantics.linking.groups import nested, parameters_of, ungrouped
from sncompile.semantics.made_sheets import Placing, link_sheet, refuse_sheet, sheet_in
from sncompile.semantics.path_text import tidy
from sncompile.semantics.program import MadeSheet
from sncompile.semantics.scope import MapRows, Scope
from sncompile.semantics.tables.maps import LOST, map_rows
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import (
    Binding,
    Document,
    MapDoc,
    MapValue,
    Named,
    ParamDoc,
    PipelineDoc,
    PortDoc,
    StepDoc,
)
from sncompile.syntax.expressions import Template
from sncompile.syntax.pipelines import settings_of_jobs


class Bindings(NamedTuple):
    """What `with` and the defaults give to a module's inputs and parameters; `by_default` are inputs that `with` does
    not name. Of those of `sheets`, which are made for each job, `inputs` has the paths.
    """

    inputs: dict[str, Value]
    params: dict[str, Value]
    by_default: set[str]
    given: set[str]
    """The names that `with` gives something to."""
    maps: dict[str, MapRows]
    sheets: dict[str, MadeSheet]


def bind_ports_and_params(
    step: StepDoc,
    module: Document,
    defaults: Defaults,
    data: Mapping[str, Value],
    working: Path,
    scope: Scope,
    report: Report,
    place: Placing | None = None,
) -> Bindings:
    """Bind a step's `with` to the inputs and parameters of its module (or inner pipeline), and the defaults to others.

    `data` are the data roots that the defaults follow from, `working` is the folder that paths are seen from, and
    `place` says where files lie that are made for a job; None where it is no job that takes them.
    """
    typer = Typer(scope, report)
    step = step._replace(bindings=dict(ungrouped(step.bindings, module, typer, report)))
    bound = Bindings({}, {}, set(), set(step.bindings), {}, {})
    called = module.name.name
    for name, (named, value) in step.bindings.items():
        sheet = None if name in parameters_of(module) and name not in module.params else sheet_in(value)
        if sheet is not None:
            _bind_sheet(bound, step, named, sheet, module, scope, report, place)
            continue
        typed: Value = Const(None, UNKNOWN, named.span)
        if value is not None and not (isinstance(module, PipelineDoc) and name in module.maps):
            typed = typer.value(value)
        if isinstance(module, PipelineDoc) and name in module.maps:
            bound.maps[name] = _given_map(module.maps[name], value, typer, report)
        elif name in module.inputs:
            port = module.inputs[name]
            what = f"the input `{name}` of `{called}`"
            bound.inputs[name] = bind_port(port, typed, what, report, meant_by(typed, scope))
        elif name in module.params:
            what = f"the parameter `{name}` of `{called}`"
            warn_of_value(typed, scope, report)
            bound.params[name] = bind_param(module.params[name], typed, what, report)
        elif not module.broken:
            report.add(_unknown_port(step, named, module))
    if len(bound.inputs) + len(bound.params) < len(module.inputs) + len(module.params):
        _bind_defaults(bound, step, module, defaults, data, working, report)
    if isinstance(module, PipelineDoc):
        lacking = [m for n, m in module.maps.items() if n not in bound.given and m.default is None and not m.optional]
        for map_ in lacking if not (module.broken or step.broken) else ():
            report.add(_missing(step, map_.name, "map", called))
            bound.maps[map_.name.name] = LOST
    return bound


def _bind_sheet(
    bound: Bindings,
    step: StepDoc,
    named: Named,
    rows: MapValue,
    module: Document,
    scope: Scope,
    report: Report,
    place: Placing | None,
) -> None:
    """Bind a table that is made for each job."""
    name, called = named.name, module.name.name
    unknown = Const(None, UNKNOWN, named.span)
    if name in module.inputs:
        what = f"the sheet `{name}` of `{step.name.name}`"
        sheet = link_sheet(module.inputs[name], rows, what, scope, place, report)
        bound.inputs[name] = sheet.path if sheet is not None else unknown
        if sheet is not None:
            bound.sheets[name] = sheet
    elif name in module.params:
        bound.params[name] = unknown
        refuse_sheet(rows, f"the parameter `{name}` of `{called}`", module.params[name].name, report)
    elif not module.broken:
        report.add(_unknown_port(step, named, module))


def _given_map(doc: MapDoc, value: Binding | None, typer: Typer, report: Report) -> MapRows:
    """What a step gives to a map: a mapping, or a map of its own pipeline."""
    if value is None:
        return MapRows(())
    if isinstance(value, MapValue):
        return map_rows(value, doc, typer.scope, report)
    rows = typer.map_of(value.whole) if isinstance(value, Template) else None
    if rows is None:
        message, hint = f"`{doc.name.name}` takes a mapping of keys to rows", "write one, or name a map: `${params.…}`"
        report.add(faults.WRONG_TYPE.at(value.span, message, help=hint))
        return LOST
    return rows


def _bind_defaults(
    bound: Bindings,
    step: StepDoc,
    module: Document,
    defaults: Defaults,
    data: Mapping[str, Value],
    working: Path,
    report: Report,
) -> None:
    """Bind what `with` does not name to its default; tell of what has none."""
    # What seems missing may be what is misspelt, or stand in what the schema has refused.
    slips = {_meant(step, name, module) for name in step.bindings}
    quiet, called = module.broken or step.broken, module.name.name
    settler = Settler(step, module, data, bound, report)
    for name, param in module.params.items():
        if name not in bound.params:
            bound.params[name] = constant_default(param, settler.take(name, defaults.params), report)
            if name not in defaults.params and not quiet and name not in slips:
                report.add(_missing_param(step, name, param, called))
    for name, port in module.inputs.items():
        if name not in bound.inputs:
            bound.inputs[name] = plain_path(tidy(settler.take(name, defaults.inputs), working))
            bound.by_default.add(name)
            if name not in defaults.inputs and not quiet and name not in slips:
                report.add(_missing_input(step, name, port, called))


class Settler:
    """Settles what a module takes or writes by convention, for one step."""

    def __init__(
        self, step: StepDoc, module: Document, data: Mapping[str, Value], bound: Bindings, report: Report
    ) -> None:
        self._step, self._module, self._report = step, module, report
        self.names = {"data": roots_of(data, step.name.span), "params": bound.params, "inputs": bound.inputs}

    def take(self, name: str, conventions: Mapping[str, Value], how: str = "with") -> Value:
        """What the convention for `name` gives here; unknown where there is none, or where it lacks a data root.

        `how` is the key of the step that could give it instead.
        """
        span = self._step.name.span
        value = conventions.get(name)
        if value is None:
            return Const(None, UNKNOWN, span)
        for root in open_names(value, {"data": self.names["data"]}):
            message = f"`{name}` of `{self._module.name.name}` lies in the data root `{root.name}`, and there is none"
            hint = f"declare it (`data: {{{root.name}: …}}`), or give `{how}: {{{name}: …}}`"
            related = (Place("the convention is here", root.span),)
            self._report.add(name_faults.NO_ROOT.at(span, message, help=hint, related=related))
            return Const(None, UNKNOWN, span)
        found = settle(value, self.names)
        if is_large(found):
            message = f"`{name}` of `{self._module.name.name}` becomes too large"
            self._report.add(faults.BAD_VALUE.at(value.span, message, help="compute it in the tool"))
            return Const(None, UNKNOWN, span)
        return found._replace(span=span)


def _meant(step: StepDoc, name: str, module: Document) -> str | None:
    """The input or parameter that a name which is none may be a slip of."""
    members = (*module.inputs, *parameters_of(module))
    if name in members:
        return None
    return nearest(name, [m for m in members if m not in step.bindings])


def _unknown_port(step: StepDoc, name: Named, module: Document) -> Diagnostic:
    members = (*module.inputs, *parameters_of(module))
    free = [m for m in members if m not in step.bindings]
    hint = did_you_mean(name.name, free or members, what="it has") or "it has none"
    if name.name in module.outputs if module.outputs else False:
        hint = f"`{name.name}` is an output; its path is given under `outputs`"
    message = f"`{module.name.name}` has no input or parameter `{name.name}`"
    return name_faults.UNKNOWN_PORT.at(name.span, message, help=hint)


def _missing_input(step: StepDoc, name: str, port: PortDoc, module: str) -> Diagnostic:
    return faults.MISSING_INPUT.at(
        step.name.span,
        f"`{step.name.name}` does not give the input `{name}` of `{module}` ({port_type(port)})",
        help=f"add `with: {{{name}: …}}`",
        related=(Place("the port is declared here", port.name.span),),
    )


def _missing_param(step: StepDoc, name: str, param: ParamDoc, module: str) -> Diagnostic:
    return _missing(step, param.name._replace(name=name), str(param_type(param)), module)


def _missing(step: StepDoc, param: Named, kind: str, module: str) -> Diagnostic:
    name = param.name
    return faults.MISSING_PARAM.at(
        step.name.span,
        f"`{step.name.name}` does not give the parameter `{name}` of `{module}` ({kind})",
        help=f"add `with: {nested(name)}`, or give the parameter a default",
        related=(Place("the parameter is declared here", param.span),),
    )


_OF_NAMES = frozenset(fault.code for fault in (name_faults.UNKNOWN_NAME, name_faults.UNKNOWN_MEMBER))


def type_names(step: StepDoc, module: Document | None, scope: Scope, report: Report) -> None:
    """Look for wrong names in a step that is not linked: it is gone (`when`), or something else of it is at fault.

    Its types say nothing: they hang on its keys, and on steps that may be gone with it.
    """
    found = Report()
    typer = Typer(scope, found)
    bindings = step.bindings if module is None else ungrouped(step.bindings, module, typer, report)
    for name, (named, value) in bindings.items():
        rows = sheet_in(value)
        for each in [held for _, held in rows.entries] if rows is not None else [value]:
            if each is not None and not isinstance(each, MapValue):
                typer.value(each)
        if module is not None and not module.broken and name not in (*module.inputs, *parameters_of(module)):
            report.add(_unknown_port(step, named, module))
    for output in step.outputs.values():
        if output.path is not None:
            typer.value(output.path)
    report.extend(d for d in found.diagnostics() if d.code in _OF_NAMES)


def refuse_settings(step: StepDoc, report: Report) -> None:
    """A pipeline has no command of its own, so what belongs to one must stand in its steps."""
    for port in step.outputs.values():
        message = "a pipeline's outputs have their paths inside it"
        report.add(document_faults.BAD_VALUE.at(port.name.span, message, help="give the path there"))
    for name in settings_of_jobs(step):
        message = f"`{name}` of a step that is a pipeline has no effect"
        hint = "set it in the pipeline's own steps, or for some of them: `override: {PATTERN: …}`"
        report.add(document_faults.BAD_VALUE.at(step.name.span, message, help=hint))
