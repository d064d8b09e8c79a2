"""`annotations: {bilayers: …}` of a module: what Bilayers says and a module has no place for.

An item's entry holds the fields that do not follow from the port or parameter. Entries of inputs and parameters stand
by the module's names; `output` or `input` says which port a parameter stands for that the module does not have, `port`
to which output an output of Bilayers belongs. `without` names fields that follow and that the spec did not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.about import write_about
from sncompile.exchange.bilayers.carried import output_fields, param_fields, port_fields
from sncompile.exchange.bilayers.layout import Layout
from sncompile.exchange.bilayers.names import module_name
from sncompile.exchange.bilayers.spec import TOP_FIELDS, Item, Spec, same
from sncompile.syntax.document import ModuleDoc

KEY = "bilayers"
LINKS = ("port", "output", "input", "without")
"""What stands in an entry and is no field of Bilayers."""


def notes_of(spec: Spec, layout: Layout, doc: ModuleDoc) -> dict[str, Any]:
    """What is kept of a spec beside the module that was made from it."""
    notes: dict[str, Any] = {}
    derived = write_about(doc, Report())
    for name in TOP_FIELDS:
        if name in spec.plain and name not in ("inputs", "outputs", "parameters"):
            value = spec.plain[name]
            if name not in derived or not same(derived[name], value):
                notes[name] = value
        elif name in derived:
            notes.setdefault("without", []).append(name)
    notes["inputs"] = {name: entry(item.fields, port_fields(doc.inputs[name])) for name, item in layout.inputs.items()}
    notes["outputs"] = _outputs(spec, layout, doc)
    notes["parameters"] = _parameters(spec, layout, doc)
    return {name: value for name, value in notes.items() if value or name not in ("inputs", "outputs", "parameters")}


def _outputs(spec: Spec, layout: Layout, doc: ModuleDoc) -> dict[str, Any]:
    ports = {member.name: port for port in layout.outputs.values() for member in port.members}
    found = {}
    for item in spec.outputs:
        port = ports[item.name]
        derived = output_fields(doc, doc.outputs[port.name]) if len(port.members) == 1 else {}
        link = {} if port.name == item.name else {"port": port.name}
        found[item.name] = {**link, **entry(item.fields, {**derived, "name": item.name})}
    return found


def _parameters(spec: Spec, layout: Layout, doc: ModuleDoc) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in spec.parameters:
        name = layout.name_of(item, "params")
        if name is not None:
            found[name] = entry(item.fields, param_fields(doc.params[name], _form(item)))
            continue
        key = module_name(item.name, {*layout.params, *found}) if item.name in {*layout.params, *found} else item.name
        ref = layout.bound.get(item.name) if item.tag is not None else None
        link = {} if ref is None else {ref.space.removesuffix("s"): ref.name}
        found[key] = {**link, **entry(item.fields, {"name": key})}
    return found


def _form(item: Item) -> str:
    return "truth" if item.fields.get("append_value") is True else "flag"


def entry(fields: Mapping[str, Any], derived: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an item's fields, where the module gives those of `derived`."""
    kept = {name: value for name, value in fields.items() if name not in derived or not same(derived[name], value)}
    without = [name for name in derived if name not in fields]
    return {**kept, **({"without": without} if without else {})}


def fields_of(kept: Mapping[str, Any], derived: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an item again."""
    without = kept.get("without") or ()
    fields = {name: value for name, value in derived.items() if name not in without}
    return fields | {name: value for name, value in kept.items() if name not in LINKS}
