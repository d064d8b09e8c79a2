"""A Bilayers spec → the text of a module document."""

from __future__ import annotations

from pathlib import PurePath

from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.notes import KEY, notes_of
from sncompile.exchange.bilayers.read import read_spec
from sncompile.exchange.bilayers.to_module import Draft, module_draft
from sncompile.exchange.yaml_text import yaml_text
from sncompile.faults import exchange as faults
from sncompile.syntax.document import ModuleDoc
from sncompile.syntax.parse import parse
from sncompile.syntax.source import Source

_NOTES = (
    "What Bilayers says and a module has no place for. It changes nothing that runs; `sncompile export bilayers` "
    "writes it back."
)


def import_module(source: Source, report: Report) -> str | None:
    """The module document for the spec in `source`; None after telling errors to `report`."""
    spec = read_spec(source, report)
    if spec is None or report.failed:
        return None
    made = module_draft(spec, PurePath(source.name).stem if source.path is not None else "tool", report)
    if made is None:
        return None
    draft, layout = made
    doc = module_of(draft, report)
    if doc is None:
        return None
    draft.document["annotations"] = {KEY: notes_of(spec, layout, doc)}
    draft.comments["annotations",] = _NOTES
    return f"# Made from the Bilayers spec {_one_line(source.name)}.\n" + yaml_text(draft.document, draft.comments)


def _one_line(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in PurePath(name).name)


def module_of(draft: Draft, report: Report) -> ModuleDoc | None:
    """The document of a draft, read as any other is; None where something in the spec makes it none."""
    text = yaml_text(draft.document)
    doc, found = parse(Source("<module>", None, text))
    for diagnostic in found:
        message = f"what the spec says makes no module: {diagnostic.message}"
        report.add(faults.BAD_FIELD.at(None, message, help=diagnostic.help))
    return doc if isinstance(doc, ModuleDoc) and not found else None
