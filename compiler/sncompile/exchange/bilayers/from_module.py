"""A module document → the items of a Bilayers spec as plain data.

What was kept under `annotations` is used as far as the module still says the same; what the module does not say and
Bilayers needs gets what a careful author would write.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.arguments import Passed, Piece, Preparation, split_preparation
from sncompile.exchange.bilayers.carried import output_fields, param_fields, plain, port_fields
from sncompile.exchange.bilayers.names import title_of
from sncompile.exchange.bilayers.notes import fields_of
from sncompile.exchange.bilayers.spec import NO_TAG
from sncompile.faults import exchange as faults
from sncompile.syntax.document import ModuleDoc, PortDoc

Fields = dict[str, Any]

_INPUT_FOLDER, _OUTPUT_FOLDER = "/bilayers/input_images", "/bilayers/output_images"
_MEASUREMENTS, _ARRAYS = {"csv", "tsv", "parquet", "feather"}, {"npy", "npz"}


@dataclass(frozen=True)
class Trust:
    """How far annotations are taken: for the command, for all items but those of `items`, for all else but `top`."""

    command: bool = True
    items: Container[tuple[str, str]] = ()
    top: Container[str] = ()


class Notes:
    """The entries that were kept of a spec."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self.kept = kept

    def section(self, name: str) -> dict[str, Mapping[str, Any]]:
        """The entries of a section, by name."""
        entries = self.kept.get(name)
        found = entries.items() if isinstance(entries, Mapping) else ()
        return {name: entry for name, entry in found if isinstance(entry, Mapping)}

    def sayer(self, link: str, port: str) -> str | None:
        """The parameter of Bilayers that says where a port is; `link` is `input` or `output`."""
        return next((name for name, entry in self.section("parameters").items() if entry.get(link) == port), None)

    def members(self, port: str) -> list[str]:
        """The outputs of Bilayers that belong to an output of the module."""
        return [name for name, entry in self.section("outputs").items() if entry.get("port", name) == port]

    def unused(self, doc: ModuleDoc) -> Iterator[tuple[str, str]]:
        """Entries, as section and name, of what the module does not have."""
        yield from (("inputs", name) for name in self.section("inputs") if name not in doc.inputs)
        for name, entry in self.section("outputs").items():
            if entry.get("port", name) not in doc.outputs:
                yield "outputs", name
        for name in self.section("parameters"):
            if name not in doc.params and not self.is_extra(name, doc):
                yield "parameters", name

    def is_extra(self, name: str, doc: ModuleDoc) -> bool:
        """Whether a parameter of Bilayers is none of the module's: it says where a port is, or is never passed."""
        entry = self.section("parameters")[name]
        if "output" in entry or "input" in entry:
            return entry.get("output") in doc.outputs or entry.get("input") in doc.inputs
        return "cli_tag" in entry and entry["cli_tag"] in (None, NO_TAG)


@dataclass
class Items:
    """The items of a spec in the making, by the module's names, or by Bilayers' own for what the module has not."""

    doc: ModuleDoc
    notes: Notes
    preparation: Preparation
    pieces: Sequence[Piece]
    report: Report
    inputs: dict[str, Fields] = field(default_factory=dict)
    outputs: dict[str, Fields] = field(default_factory=dict)
    params: dict[str, Fields] = field(default_factory=dict)

    def folder_of(self, port: PortDoc) -> str:
        """A folder for an output that Bilayers has none for."""
        name = port.name.name
        path = plain(port.path) if port.path is not None else None
        if path is not None:
            return str(path)
        copied = self.copied_to(name)
        if copied is not None:
            return str(self.inputs[copied].get("folder_name", _INPUT_FOLDER))
        if port.base == "directory":
            return _OUTPUT_FOLDER if len(self.doc.outputs) == 1 else f"{_OUTPUT_FOLDER}/{name}"
        return f"{_OUTPUT_FOLDER}/{name}" + (f".{port.formats[0]}" if port.formats else "")

    def copied_to(self, output: str) -> str | None:
        """The input that is copied into an output first, and read there."""
        return next((source for source, to in self.preparation.copies if to == output), None)


def write_items(doc: ModuleDoc, pieces: Sequence[Piece], notes: Notes, trust: Trust, report: Report) -> Items:
    """The items of a module whose command has these arguments; lists of paths are told to `report`."""
    preparation, rest = split_preparation(pieces)
    items = Items(doc, notes, preparation, rest, report)
    _write_inputs(items, trust)
    _write_outputs(items, trust)
    _write_params(items, trust)
    return items


def _fields(kept: Mapping[str, Any], derived: Fields, trusted: bool, *, keep: Sequence[str] = ()) -> Fields:
    """An item's fields; where its entry is not trusted, what the module says wins over it, but for `keep`."""
    if not trusted:
        kept = {name: value for name, value in kept.items() if name not in derived or name in keep}
    return fields_of(kept, derived)


def _write_inputs(items: Items, trust: Trust) -> None:
    doc, kept = items.doc, items.notes.section("inputs")
    for name in (*(n for n in kept if n in doc.inputs), *(n for n in doc.inputs if n not in kept)):
        port = doc.inputs[name]
        _tell_list(port, items.report)
        if name in kept:
            trusted = ("inputs", name) not in trust.items
            items.inputs[name] = _fields(kept[name], port_fields(port), trusted, keep=("name", "type"))
        else:
            folder = _INPUT_FOLDER if len(doc.inputs) == 1 else f"{_INPUT_FOLDER}/{name}"
            items.inputs[name] = {**port_fields(port), **_usual(port, folder, "inputs")}


def _tell_list(port: PortDoc, report: Report) -> None:
    if port.many:
        message = f"`{port.name.name}` is a list of paths, and Bilayers passes one"
        hint = "make it a directory that holds the files"
        report.add(faults.NO_ARGUMENT.at(port.name.span, message, help=hint))


def _write_outputs(items: Items, trust: Trust) -> None:
    doc, notes = items.doc, items.notes
    for name, entry in notes.section("outputs").items():
        port = doc.outputs.get(str(entry.get("port", name)))
        if port is not None:
            alone = len(notes.members(port.name.name)) == 1
            derived = {**(output_fields(doc, port) if alone else {}), "name": name}
            trusted = ("outputs", port.name.name) not in trust.items
            items.outputs[name] = _fields(entry, derived, trusted, keep=("name", "type"))
    for name, port in doc.outputs.items():
        _tell_list(port, items.report)
        if not notes.members(name) and notes.sayer("output", name) is None:
            usual = _usual(port, items.folder_of(port), "outputs")
            items.outputs[name] = {**output_fields(doc, port), **usual, "cli_tag": NO_TAG}


def _write_params(items: Items, trust: Trust) -> None:
    doc, notes = items.doc, items.notes
    forms = {p.ref.name: p.form for p in items.pieces if isinstance(p, Passed) and p.ref.space == "params"}
    for name, entry in notes.section("parameters").items():
        if name in doc.params:
            derived = param_fields(doc.params[name], forms.get(name, "flag"))
            trusted = ("parameters", name) not in trust.items
            # A default of the module is the true one; where it has none, Bilayers may have said so in its own way.
            keep = ["name"] if doc.params[name].default is not None else ["name", "default"]
            items.params[name] = _fields(entry, derived, trusted, keep=keep)
        elif notes.is_extra(name, doc):
            items.params[name] = fields_of(entry, {"name": name})
    for name, param in doc.params.items():
        if param.many:
            message = f"`{name}` is a list, and Bilayers passes one value"
            items.report.add(faults.NO_ARGUMENT.at(param.name.span, message, help="make it a text"))
        if name not in items.params:
            about = {"label": title_of(name), "cli_tag": NO_TAG, "section_id": "parameters", "mode": "beginner"}
            items.params[name] = {**param_fields(param, forms.get(name, "flag")), **about}


def _usual(port: PortDoc, folder: str, section: str) -> Fields:
    """What a careful author would write of a port."""
    formats = set(port.formats)
    kind = "measurement" if formats & _MEASUREMENTS else "array" if formats & _ARRAYS else "file"
    return {
        "type": kind,
        "label": title_of(port.name.name),
        "folder_name": folder,
        "file_count": "multiple" if port.base == "directory" else "single",
        "unique_string": ["*"],
        "section_id": section,
        "mode": "beginner",
    }
