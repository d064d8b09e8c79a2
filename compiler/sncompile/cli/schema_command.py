"""`sncompile schema pipeline|module`: the JSON Schema of a document kind, or of the sheet of a spec's table."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import click

from sncompile.cli.options import report_options
from sncompile.cli.reporter import Reporter, as_json, has_errors, write

KINDS = ("pipeline", "module")


@click.command("schema")
@click.argument("kind", metavar="pipeline|module|SPEC")
@click.option("--table", metavar="NAME", help="Print the schema of the rows of a table of the pipeline SPEC.")
@report_options
def command(kind: str, table: str | None, reporter: Reporter) -> None:
    """Print the JSON Schema of pipelines or modules, for editors and other tools, or of the sheet of a table."""
    if table is not None:
        _write_sheet(kind, table, reporter)
    elif kind in KINDS:
        write(files("sncompile.schemas").joinpath(f"{kind}.schema.json").read_text("utf-8"))
    else:
        raise click.BadParameter(f"{kind!r} is not one of 'pipeline', 'module'; of a SPEC say which `--table`")


def _write_sheet(spec: str, table: str, reporter: Reporter) -> None:
    """Print the schema of a table's rows, by what its columns declare; the sheet itself need not be there."""
    from sncompile.diagnostics import Report, did_you_mean
    from sncompile.semantics.modules.library import Library
    from sncompile.semantics.modules.locating import project_root
    from sncompile.syntax.document import PipelineDoc
    from sncompile.syntax.source import Source, read_source
    from sncompile.views.sheet_schema import sheet_schema

    report = Report()
    library = Library(project_root(Path(spec).parent), Path.cwd(), report)
    source = read_source("<stdin>" if spec == "-" else spec, None if spec == "-" else Path(spec))
    document = None
    if isinstance(source, Source):
        document = library.parse(source)
    else:
        report.add(source)
    found = report.diagnostics()
    reporter.show(found, library.sources)
    if document is None or has_errors(found):
        sys.exit(1)
    tables = document.tables if isinstance(document, PipelineDoc) else {}
    if table not in tables:
        hint = did_you_mean(table, tables, what="its tables") or "it has no tables"
        raise click.BadParameter(f"{spec} has no table {table!r}: {hint}", param_hint="--table")
    write(as_json(sheet_schema(tables[table])))
