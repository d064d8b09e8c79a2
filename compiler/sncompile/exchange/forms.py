"""The forms that module specs can be read from and written to, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Severity
from sncompile.semantics.checked import Checked
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.link import link_module
from sncompile.semantics.modules.locating import project_root
from sncompile.syntax.document import Document, ModuleDoc
from sncompile.syntax.source import Source


class Form(NamedTuple):
    """A form: a line about it, and the module with `import_module` and `export_module`."""

    title: str
    module: str


FORMS: Mapping[str, Form] = {
    "bilayers": Form("container tools described for graphical interfaces", "sncompile.exchange.bilayers.form"),
}
"""Form → what it is. Its code is imported when it is used."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What came of reading or writing another form: its text (None: there are errors), and every diagnostic.

    `sources` are the texts that diagnostics point into, by the names that they use.
    """

    text: str | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str] = field(repr=False)


def imported(form: str, source: Source | Diagnostic) -> Exchanged:
    """The module document for a spec of another form, or what is wrong where it could not be read."""
    if not isinstance(source, Source):
        return Exchanged(None, (source,), {})
    report = Report()
    return module_from(form, source, Library(project_root(source.folder), Path.cwd(), report), report)


def module_from(form: str, source: Source, library: Library, report: Report) -> Exchanged:
    """The module document for a spec of another form. `library` has been made with `report`."""
    read: Callable[[Source, Report], str | None] = import_module(FORMS[form].module).import_module
    text = read(source, report)
    sources = {source.name: source.text}
    if text is not None:
        made = Source(f"<module of {source.name}>", None, text)
        doc = library.parse(made)
        if isinstance(doc, ModuleDoc):
            link_module(doc, library, report)
        sources[made.name] = text
    found = report.diagnostics()
    return Exchanged(None if report.failed else text, found, sources)


def exported(form: str, checked: Checked) -> Exchanged:
    """The spec of another form for what was checked, or what is wrong with that."""
    if checked.failed or checked.document is None:
        return Exchanged(None, checked.diagnostics, checked.sources)
    report = Report()
    report.extend(checked.diagnostics)
    return spec_from(form, checked.document, report, checked.sources)


def spec_from(form: str, document: Document, report: Report, sources: Mapping[str, str]) -> Exchanged:
    """The spec of another form for a document without errors."""
    write: Callable[[Document, Report], str | None] = import_module(FORMS[form].module).export_module
    text = write(document, report)
    return Exchanged(None if report.failed else text, report.diagnostics(), sources)


def strict(exchanged: Exchanged) -> Exchanged:
    """The same with warnings as errors."""
    found = tuple(d.strictly() for d in exchanged.diagnostics)
    failed = any(d.severity is Severity.ERROR for d in found)
    return replace(exchanged, diagnostics=found, text=None if failed else exchanged.text)
