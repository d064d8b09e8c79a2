"""Specs → jobs, with tables of a test's own in the place of the spec's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sncompile.api import graph_of, optimize
from sncompile.diagnostics import CompileError, Report, Span
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.semantics.linking.link import link
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.program import Options
from sncompile.syntax.document import PipelineDoc, TableDoc
from sncompile.syntax.nodes import Scalar
from sncompile.syntax.source import Source, read_source
from sncompile.testing.spec import Row, Spec, write_spec

AnySpec = str | Path | Spec
"""A spec's file, or a spec as plain data."""

Tables = Mapping[str, Sequence[Row]]
"""Rows of tables, by the tables' names."""


@contextmanager
def compiled(
    spec: AnySpec, *, tables: Tables | None = None, level: int = 0, options: Options | None = None
) -> Iterator[Graph]:
    """The graph of a pipeline after the passes of a level; what it may read from is there as long as the context lasts.

    `tables` replaces the rows of tables, wherever the spec has them from; their keys stay. Raises `CompileError` for a
    spec with errors, `KeyError` for a table that the spec has not.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = write_spec(spec, Path(folder)) if isinstance(spec, Spec) else Path(spec)
        yield optimize(_graph(path, tables or {}, options or Options()), level).graph


def jobs_of(
    spec: AnySpec, *, tables: Tables | None = None, level: int = 0, options: Options | None = None
) -> list[Job]:
    """All jobs of a pipeline, as `sncompile compile --emit jobs` has them. See `compiled` for what it takes and raises.

    `options` sets data roots and parameters: `Options(params={"sigma": 2})`.
    """
    with compiled(spec, tables=tables, level=level, options=options) as graph:
        return list(jobs(graph))


def table_key(spec: AnySpec, table: str) -> list[str]:
    """The columns that tell a table's rows apart. Raises `KeyError` for a table that the spec has not."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_spec(spec, Path(folder)) if isinstance(spec, Spec) else Path(spec)
        report = Report()
        document = _document(path, Library(project_root(path.parent), Path.cwd(), report), report)
        return [named.name for named in document.tables[table].key]


def _document(path: Path, library: Library, report: Report) -> PipelineDoc:
    source = read_source(str(path), path)
    if not isinstance(source, Source):
        raise CompileError([source])
    document = library.parse(source)
    if report.failed or not isinstance(document, PipelineDoc):
        raise CompileError(report.diagnostics(), library.sources)
    return document


def _graph(path: Path, tables: Tables, options: Options) -> Graph:
    report = Report()
    library = Library(project_root(path.parent), options.invoked_from, report)
    document = _document(path, library, report)
    given = {name: _with_rows(document.tables[name], rows) for name, rows in tables.items()}
    program = link(document._replace(tables={**document.tables, **given}), options, library, report)
    if report.failed or program is None:
        raise CompileError(report.diagnostics(), library.sources)
    return graph_of(program)


def _with_rows(table: TableDoc, rows: Sequence[Row]) -> TableDoc:
    span = table.span
    found = tuple(tuple((_scalar(name, span), _scalar(cell, span)) for name, cell in row.items()) for row in rows)
    return table._replace(file=None, glob=None, sql=None, rows=found, row_spans=(span,) * len(found))


def _scalar(value: object, span: Span) -> Scalar:
    return Scalar(value, "" if value is None else str(value), not isinstance(value, str), span)
