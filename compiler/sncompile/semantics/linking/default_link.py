"""Defaults of inputs and parameters → typed values, with names of the module left open for each step to settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from sncompile.diagnostics import Report
from sncompile.faults import values as faults
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import NULL, UNKNOWN, Type
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const, Value, is_constant
from sncompile.semantics.checking.urls import FETCH, constant_url
from sncompile.semantics.limits import check_patterns, check_value
from sncompile.semantics.linking.binding import bind_param, bind_port, param_type, port_type
from sncompile.semantics.linking.conventions import settle
from sncompile.semantics.scope import LocalMembers, Scope, Space
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Document, ParamDoc, PortDoc


class Defaults(NamedTuple):
    """The defaults of a document's inputs and parameters, by name; what is optional has at least `null`."""

    inputs: Mapping[str, Value]
    params: Mapping[str, Value]


def link_defaults(doc: Document, spaces: Mapping[str, Space], used: set[str], report: Report) -> Defaults:
    """The default of every input and parameter that has one, checked against the port or parameter itself.

    A parameter's default may use `spaces` (the data roots) and the parameters declared before it; an input's all
    parameters, and the inputs before it. `used` takes in the parameters that they name.
    """
    check_patterns(doc.params, report)
    params = _params(doc.params, spaces, used, report)
    types = {name: param_type(param) for name, param in doc.params.items()}
    known = {**spaces, "params": LocalMembers("the parameters", "params", types, used)}
    return Defaults(_inputs(doc.inputs, known, report), params)


def _params(
    params: Mapping[str, ParamDoc], spaces: Mapping[str, Space], used: set[str], report: Report
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    known: dict[str, Type] = {}
    before = LocalMembers("the parameters declared before", "params", known, used)
    typer = Typer(Scope({**spaces, "params": before}), report)
    for name, param in params.items():
        if param.default is not None:
            value = bind_param(param, typer.value(param.default), f"the default of `{name}`", report)
            found[name] = constant_default(param, value, report)
            if param.base == "path":
                found[name] = _without_url(found[name], name, report)
        elif param.optional:
            found[name] = Const(None, NULL, param.name.span)
        known[name] = param_type(param)
    return found


def _inputs(ports: Mapping[str, PortDoc], spaces: Mapping[str, Space], report: Report) -> dict[str, Value]:
    found: dict[str, Value] = {}
    known: dict[str, Type] = {}
    before = LocalMembers("the inputs declared before", "inputs", known, set())
    typer = Typer(Scope({**spaces, "inputs": before}), report)
    for name, port in ports.items():
        if port.default is not None:
            value = bind_port(port, typer.value(port.default), f"the default of `{name}`", report)
            found[name] = _without_url(value, name, report)
        elif port.optional:
            found[name] = Const(None, NULL, port.name.span)
        known[name] = port_type(port)
    return found


def _without_url(value: Value, name: str, report: Report) -> Value:
    """A default that stands for files; unknown where it is a URL, which is told here and nowhere else."""
    url = constant_url(value)
    if url is None:
        return value
    report.add(faults.URL_AS_FILE.at(value.span, f"the default of `{name}` is a URL: `{url}`", help=FETCH))
    return Const(None, UNKNOWN, value.span)


def constant_default(param: ParamDoc, value: Value, report: Report) -> Value:
    """A default as a plain constant, looked at by the parameter's own limits; one that is still open as it is."""
    if not is_constant(value) or value.type.base == "unknown":
        return value
    what = f"the default of `{param.name.name}`"
    try:
        found = Evaluator({}).constant(value)
    except ValueFault as fault:
        hint = fault.help or "give a default that can be computed"
        report.add(faults.BAD_DEFAULT.at(value.span, f"{what}: {fault}", help=hint))
        return Const(None, UNKNOWN, value.span)
    wrong = check_value(param, found, what, value.span)
    if wrong is not None:
        report.add(replace(wrong, code=faults.BAD_DEFAULT.code))
        return Const(None, UNKNOWN, value.span)
    return Const(found, value.type, value.span)


def settled_params(
    params: Mapping[str, ParamDoc], given: Mapping[str, Value], defaults: Mapping[str, Value], report: Report
) -> dict[str, Value]:
    """The parameters of the pipeline that is compiled: what is given, and the defaults that follow from it.

    What is neither given nor has a default is left out.
    """
    found: dict[str, Value] = {}
    for name, param in params.items():
        if name in given:
            found[name] = given[name]
        elif name in defaults:
            found[name] = constant_default(param, settle(defaults[name], {"params": found}), report)
    return found
