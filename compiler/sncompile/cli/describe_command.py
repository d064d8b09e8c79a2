"""`sncompile describe MODULE|PIPELINE`: what a document says of itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sncompile.cli.options import report_options
from sncompile.cli.reporter import Reporter, as_json, bold, has_errors, write
from sncompile.diagnostics import Report, Span
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.locating import project_root
from sncompile.syntax.document import Document, Named
from sncompile.syntax.source import Source, read_source
from sncompile.views.columns import terminal_width
from sncompile.views.description import describe
from sncompile.views.description_text import description_text


@click.command("describe")
@click.argument("reference", metavar="MODULE|PIPELINE")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object.")
@report_options
def command(reference: str, machine: bool, reporter: Reporter) -> None:
    """Show a module's or pipeline's ports, parameters, command and citations.

    It is a file, `-` for standard input, or a reference as specs use them: `starrynight/NAME`, `pkg:NAME/PATH`.
    """
    report = Report()
    here = Path.cwd()
    root = project_root(Path(reference).parent if Path(reference).is_file() else here)
    library = Library(root, here, report)
    document = _find(reference, library, report)
    found = tuple(d.strictly() if reporter.strict else d for d in report.diagnostics())
    reporter.show(found, library.sources)
    if document is None or has_errors(found):
        sys.exit(1)
    told = describe(document)
    write(as_json(told) if machine else description_text(told, terminal_width(), bold(reporter.color)))


def _find(reference: str, library: Library, report: Report) -> Document | None:
    """The document at a path, or where a reference leads; None after telling why there is none."""
    if reference == "-" or Path(reference).is_file():
        path = None if reference == "-" else Path(reference)
        source = read_source("<stdin>" if path is None else str(path), path)
        if isinstance(source, Source):
            return library.parse(source)
        report.add(source)
        return None
    name = "<command line>"
    library.sources[name] = reference
    span = Span(name, 1, 1, 1, len(reference) + 1)
    return library.resolve(Named(reference, span), Source(name, Path.cwd() / name, reference), {})
