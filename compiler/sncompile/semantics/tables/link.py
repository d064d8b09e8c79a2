"""Loads a pipeline's tables, checks their keys, and gives the values that are inferred from them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span, did_you_mean, nearest
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.keys.table import Cell, NoRows, Table
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.types import STRING, UNKNOWN, Type, unify
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Value, is_constant
from sncompile.semantics.late.link import tell_queries
from sncompile.semantics.look_alikes import folded
from sncompile.semantics.places import HERE, Hindrance, Places
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.stored_columns import StoredColumns, StoreError
from sncompile.semantics.scope import MapRows, Members, Scope, Space
from sncompile.semantics.tables.alike import check_look_alikes
from sncompile.semantics.tables.blanks import check_blanks
from sncompile.semantics.tables.declared import Found, declare
from sncompile.semantics.tables.files import is_sheet, plain_separator, read_table
from sncompile.semantics.tables.globs import (
    Listed,
    Match,
    Part,
    PatternError,
    compile_pattern,
    match_files,
    what_was_meant,
)
from sncompile.semantics.tables.keys import check_keys
from sncompile.semantics.tables.maps import table_of
from sncompile.semantics.tables.near_misses import no_file_fits, some_do_not_fit
from sncompile.semantics.tables.sheet_places import SheetPlaces
from sncompile.semantics.tables.sheet_text import SheetFault, SheetForm, TableError
from sncompile.semantics.tables.spreadsheet_errors import check_spreadsheet_errors
from sncompile.semantics.tables.written_cells import written_cell
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import PipelineDoc, SheetDoc, TableDoc
from sncompile.syntax.expressions import Attribute, Name, Template

if TYPE_CHECKING:
    from sncompile.semantics.inference.inferred import Given, Inferred
    from sncompile.semantics.queries.session import Session
    from sncompile.semantics.queries.tables import Queries
    from sncompile.semantics.shared import Shared

_SAVE = "open it in an editor, and save it again"


_TEXTS = ("string", "path")
"""Types of columns that any text serves for."""


class Tables:
    """The tables of one pipeline, its caller's before its own, and what is inferred from them.

    `lost` are those that could not be had, with their keys; `named` those that queries name.
    """

    def __init__(self, doc: PipelineDoc, outer: Mapping[str, Table], loader: TableLoader, report: Report) -> None:
        self.found: dict[str, Table] = dict(outer)
        self.lost: dict[str, set[str]] = {}
        self.named: frozenset[str] = frozenset()
        self.inferred: Mapping[str, Inferred] = {}
        self._doc, self._outer, self._loader, self._report = doc, outer, loader, report
        self._queries: Queries | None = None

    def load(self, scope: Scope) -> None:
        """Load them all; queries are read first, since what only they need is never made Python's."""
        made = [doc for doc in self._doc.tables.values() if doc.sql is not None]
        if made or self._doc.infer:
            from sncompile.semantics.queries.tables import Queries

            self._queries = Queries(self._doc, self._outer, scope, self._loader.databases, self._report)
            self.named = self._queries.named
        for name, doc in self._doc.tables.items():
            if not self._loader.settings_fit(doc):
                continue
            if doc.sql is None:
                session = self._queries.session if self._queries is not None and name in self.named else None
                table = self._loader.load(doc, scope, session)
                if table is not None:
                    self.found[name] = table
        if self._queries is not None:
            tell_queries(self._doc, self._queries.names_by_query(), self._report)
            self._queries.put_in(self.found)
            self._queries.make_tables(self.found)
        check_look_alikes(self.found.values(), self._report)
        self._tell_what_does_not_fit()
        own = self._doc.tables.items()
        self.lost = {name: {key.name for key in doc.key} for name, doc in own if name not in self.found}

    def _tell_what_does_not_fit(self) -> None:
        """Tell of files beside those that a pattern lists, which no pattern of the pipeline does."""
        listed = {name: table for name, table in self.found.items() if isinstance(table, Listed)}
        taken = {str(path) for table in listed.values() for path in table.columns["path"]}
        for name, table in listed.items():
            template = self._doc.tables[name].glob if name in self._doc.tables else None
            told = some_do_not_fit(table, taken, template.span) if template is not None else None
            if told is not None:
                self._report.add(told)

    def infer(self, spaces: Mapping[str, Space], given: Mapping[str, Given]) -> Members:
        """The inferred values; those that the user gives are not looked for."""
        from sncompile.semantics.inference.link import InferLinker

        linker = InferLinker(self._doc, self._queries, self.found, given, self._report)
        members = linker.link(spaces)
        self.inferred = linker.inferred
        return members


def load_tables(
    doc: PipelineDoc,
    outer: Mapping[str, Table],
    scope: Scope,
    shared: Shared,
    prefix: str,
    maps: Mapping[str, MapRows],
) -> Tables:
    """The tables that a pipeline sees; `outer` are its caller's, `prefix` stands before the names of its own.

    `maps` are those of its parameters that are tables.
    """
    source = doc.source
    place = os.path.relpath(source.folder, shared.folder) if source.path is not None else "."
    library = shared.library
    start = "" if place == "." else place
    loader = TableLoader(
        shared.folder,
        start,
        library.name_of,
        shared.databases,
        shared.report,
        library.places,
        library.sheets,
        maps,
    )
    tables = Tables(doc, outer, loader, shared.report)
    tables.load(scope)
    shared.queried |= tables.named
    for name, table in tables.found.items():
        if name in doc.tables:
            shared.tables.setdefault(prefix + name, table)
    return tables


class TableLoader:
    """Loads tables; relative paths start at `folder`, the jobs' working folder, with `prefix` before a document's own.

    `name_of` gives what a file is called in messages, `places` where it is looked up; `databases` read Parquet files.
    `sheets` takes in the text tables that were read, so that lines of them can be shown. `maps` are parameters that are
    tables.
    """

    def __init__(
        self,
        folder: Path,
        prefix: str,
        name_of: Callable[[Path], str],
        databases: Databases,
        report: Report,
        places: Places = HERE,
        sheets: dict[str, SheetPlaces] | None = None,
        maps: Mapping[str, MapRows] | None = None,
    ) -> None:
        self._maps = maps or {}
        self.databases = databases
        self._places = places
        self._folder = folder
        self._name_of = name_of
        self._prefix = prefix
        self._report = report
        self._sheets = sheets if sheets is not None else {}

    def load(self, doc: TableDoc, scope: Scope, session: Session | None) -> Table | None:
        """The table, or None where it cannot be had; the reason is told. `session` is of queries that name it.

        Those that steps write come later, by `semantics/late`.
        """
        if doc.source is not None:
            return None
        if doc.rows is not None:
            table = self._inline(doc, scope)
        elif doc.glob is not None:
            table = self._glob(doc, doc.glob, scope)
        elif doc.file is not None:
            table = self._file(doc, doc.file, scope, session)
        elif doc.params is not None:
            table = table_of(doc, self._maps[doc.params.name], self._report)
        else:
            return None
        try:
            if table is not None and table.text:
                check_blanks(table, self._report)
                texts = [
                    name
                    for name in table.columns
                    if name not in doc.columns or doc.columns[name].declared.base in _TEXTS
                ]
                check_spreadsheet_errors(table, texts, self._report)
            table = self._declared(doc, table) if table is not None and doc.columns else table
            return table if table is not None and check_keys(doc, table, self._report) else None
        except StoreError as error:
            fault = faults.LARGE_QUERY if error.limit else faults.BAD_TABLE
            self._report.add(fault.at(doc.name.span, f"the table `{doc.name.name}`: {error}", help=error.help or _SAVE))
            return None

    def settings_fit(self, doc: TableDoc) -> bool:
        """Whether what a table says of its file and columns goes with its source; told where not."""
        wrong: tuple[Span, str, str] | None = None
        if doc.params is not None and doc.params.name not in self._maps:
            hint = did_you_mean(doc.params.name, self._maps, what="its maps") or "declare it: `type: map`"
            message = f"the pipeline has no map `{doc.params.name}`"
            self._report.add(faults.NO_MAP.at(doc.params.span, message, help=hint))
            return False
        told_of_step = SheetDoc(comment=doc.sheet.comment, header=doc.sheet.header, place=doc.sheet.place)
        of_step = doc.source is not None and doc.glob is None and doc.sheet == told_of_step
        if doc.sheet.place is not None and doc.file is None and not of_step:
            wrong = doc.sheet.place, "only the file of a table can be written in some way", "take it out"
        elif not doc.sheet.header and not doc.columns:
            hint = "name its columns, in their order: `columns: [chromosome, start, end]`"
            wrong = doc.sheet.place or doc.span, "nothing names the columns of a table without a header", hint
        elif doc.sql is not None and doc.columns_at is not None:
            hint = "say it in the query: `dose::double`, `coalesce(strand, 'none')`"
            wrong = doc.columns_at, "the columns of a table by `sql` are what its query gives", hint
        if wrong is not None:
            span, message, hint = wrong
            self._report.add(faults.BAD_TABLE.at(span, message, help=hint))
        return wrong is None

    def _declared(self, doc: TableDoc, table: Table) -> Table | None:
        """A table as its columns are declared; None after telling what is not so."""
        if table.open_columns:
            return table
        found = Found(table.columns, len(table), table.reads, table.cell_span)
        declared = declare(doc, found, self._report)
        return None if declared is None else table.with_columns(*declared)

    def _text(self, template: Template, scope: Scope) -> str | None:
        value = Typer(scope, self._report).template(template)
        return self._constant(value, template.span)

    def _constant(self, value: Value, span: Span) -> str | None:
        if value.type.base == "unknown":
            return None
        if not is_constant(value):
            self._report.add(
                faults.BAD_TABLE.at(
                    span, "a table's source must be the same for all jobs", help="use `data` and `params` only"
                )
            )
            return None
        try:
            return to_text(Evaluator({}).constant(value))
        except ValueFault as fault:
            self._report.add(faults.BAD_TABLE.at(span, str(fault), help=fault.help or "give a plain text"))
            return None

    def _inline(self, doc: TableDoc, scope: Scope) -> Table | None:
        rows = doc.rows or ()
        names = list(dict.fromkeys(key.text for row in rows for key, _ in row))
        key = tuple(k.name for k in doc.key)
        columns: dict[str, list[Cell]] = {name: [] for name in names}
        kinds: dict[str, Type] = {}
        lost = False
        for row in rows:
            here = {k.text: v for k, v in row}
            for name in names:
                cell, kind = written_cell(here.get(name), scope, self._report)
                columns[name].append(cell)
                lost |= kind == UNKNOWN
                if cell is not None:
                    kinds[name] = unify(kinds.get(name, kind), kind) or STRING
        if lost:
            return None
        if not rows:
            return Table(doc.name.name, key, NoRows.of(key), span=doc.name.span, open_columns=True)
        return Table(
            doc.name.name,
            key,
            columns or {name: [] for name in key},
            span=doc.name.span,
            spans=doc.row_spans,
            cell_at=lambda row, name: _inline_span(doc, row, name),
            reads={name: kind for name, kind in kinds.items() if kind.written},
        )

    def _file(self, doc: TableDoc, template: Template, scope: Scope, session: Session | None) -> Table | None:
        text = self._text(template, scope)
        if text is None:
            return None
        if self._tell_url(text, template.span):
            return None
        relative = any(isinstance(p, str) for p in template.parts[:1])
        name = posixpath.join(self._prefix, text) if relative else text
        path = self._places.file(Path(os.path.normpath(self._folder / name)))
        if isinstance(path, Hindrance):
            self._report.add(path.at(template.span))
            return None
        form = form_of(doc)
        kept = _kept_by(session, doc, path, form) if session is not None else None
        if kept is not None:
            key, shown = tuple(k.name for k in doc.key), self._name_of(path)
            places = self._sheets[shown] = SheetPlaces(path, form.encoding, shown)
            places.delimiter = plain_separator(path, form) or ","
            places.numbers = {name: number for number, name in enumerate(kept)}
            return Table(
                doc.name.name, key, kept, span=doc.name.span, file=shown, size=kept.size, text=True, source=path,
                cell_at=lambda row, column: places.span_of_row(row, column, kept.size),
            )  # fmt: skip
        try:
            return self._read(doc, path, form, template.span)
        except TableError as error:
            related = (Place("the table is named here", template.span),)
            for fault in error.faults:
                # What is no sheet at all has no line to look at.
                span = _span(self._name_of(path), fault) if fault.line else template.span
                near = related if fault.line else ()
                self._report.add(faults.BAD_TABLE.at(span, fault.message, help=fault.help, related=near))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no file can be called so"
            message = f"the table file `{name}` cannot be read: {reason}"
            hint = "paths start at the spec's folder, or at `--directory`"
            meant = _nearest_file(path)
            hint = hint if meant is None else f"did you mean `{meant}`? {hint[0].upper()}{hint[1:]}"
            self._report.add(faults.BAD_TABLE.at(template.span, message, help=hint))
        return None

    def _read(self, doc: TableDoc, path: Path, form: SheetForm, named: Span) -> Table | None:
        """The table of a file. Raises `TableError`, or whatever there is to opening it."""
        shown, key = self._name_of(path), tuple(k.name for k in doc.key)
        text = is_sheet(path, form)
        places = SheetPlaces(path, form.encoding, shown)
        if text:
            self._sheets[shown] = places
        read = read_table(path, key, self.databases, form, places)
        for remark in read.remarks:
            self._report.add(faults.HOW_READ.at(_span(shown, remark), remark.message, help=remark.help))
        columns, lines = read.columns, read.lines
        if not isinstance(columns, StoredColumns):
            columns = {n: _as_text(cells) if n in key else cells for n, cells in columns.items()}

        def cell_at(row: int, column: str) -> Span:
            return places.span(lines[row] if lines is not None else row + 2, column)

        table = Table(
            doc.name.name, key, columns, span=doc.name.span, lines=lines, file=shown, size=read.size, text=text,
            source=path, cell_at=cell_at if text else None,
        )  # fmt: skip
        return table

    def _tell_url(self, text: str, span: Span) -> bool:
        """Whether files of a table are at a URL, which is told."""
        if is_url(text):
            hint = "fetch it before, and name the path; a compile opens no connection"
            self._report.add(value_faults.URL_AS_FILE.at(span, f"the table's source is a URL: `{text}`", help=hint))
        return is_url(text)

    def _glob(self, doc: TableDoc, template: Template, scope: Scope) -> Table | None:
        if template.broken:
            return None
        typer = Typer(scope, self._report)
        parts = []
        for part, span in zip(template.parts, template.spans, strict=True):
            text = self._constant(typer.part(part, span), span)
            if text is None:
                return None
            # A data root is a place, never a pattern, whatever signs it holds.
            root = isinstance(part, Attribute) and isinstance(part.target, Name) and part.target.id == "data"
            parts.append(Part(text, root))
        if self._tell_url("".join(part.text for part in parts), template.span):
            return None
        try:
            pattern = compile_pattern(parts)
        except PatternError as error:
            self._report.add(
                faults.BAD_PATTERN.at(
                    template.span,
                    f"the pattern cannot be understood: {error}",
                    help=what_was_meant("".join(part.text for part in parts if not part.literal)),
                )
            )
            return None
        if "path" in pattern.names:
            self._report.add(
                faults.BAD_PATTERN.at(
                    template.span, "`path` is the column of the files themselves", help="name the part otherwise"
                )
            )
            return None
        found, others = match_files(pattern, self._folder, self._places)
        if not found and doc.require != "nothing":
            text = "".join(p.text for p in parts)
            self._report.add(no_file_fits(pattern, text, self._folder, others, template.span))
            return None
        self._tell_ambiguous(template, found)
        columns: dict[str, Sequence[Cell]] = {n: [m.columns[n] for m in found] for n in pattern.names}
        columns["path"] = [m.path for m in found]
        key = tuple(k.name for k in doc.key)
        return Listed(doc.name.name, key, columns, span=doc.name.span, pattern=pattern, others=others)

    def _tell_ambiguous(self, template: Template, found: Sequence[Match]) -> None:
        """Tell of the first file that can be read in two ways."""
        for match in found:
            if match.otherwise is not None:
                both = (match.columns, match.otherwise)
                ways = " or ".join(", ".join(f"{k}={v}" for k, v in way.items()) for way in both)
                hint = "constrain a part with a regular expression: `{site,[0-9]+}`"
                message = f"`{match.path}` can be read as {ways}"
                self._report.add(faults.AMBIGUOUS_FILE.at(template.span, message, help=hint))
                return


def form_of(doc: TableDoc) -> SheetForm:
    """How a table says that its file is written."""
    delimiter, comment, encoding, header, _, sheet, first = doc.sheet
    names = () if header else tuple(doc.columns)
    return SheetForm(
        delimiter.name if delimiter is not None else None,
        comment.name if comment is not None else "",
        encoding.name if encoding is not None else None,
        header,
        names,
        sheet.name if sheet is not None else "",
        first,
    )


def _nearest_file(path: Path) -> str | None:
    """What a file that is not there may be called, as other files beside it are."""
    try:
        names = sorted(os.listdir(path.parent))
    except (OSError, ValueError):
        return None
    alike = next((name for name in names if folded(name) == folded(path.name)), None)
    return alike or nearest(path.name, names)


def _span(shown: str, fault: SheetFault) -> Span:
    return Span(shown, fault.line, fault.column, fault.line, fault.end)


def _kept_by(session: Session, doc: TableDoc, path: Path, form: SheetForm) -> StoredColumns | None:
    """The columns of a plain sheet that only the session holds; None for another file, or if something is amiss."""
    from sncompile.semantics.queries.tables import read_into_session

    key = tuple(k.name for k in doc.key)
    kept = None if doc.columns else read_into_session(session, doc.name.name, path, plain_separator(path, form))
    if kept is None:
        return None
    if set(key) <= set(kept) and kept.size and kept.tells_apart(key) and kept.is_plain(key):
        return kept
    # What is wrong is told by lines, which DuckDB does not count.
    session.drop(doc.name.name)
    return None


def _inline_span(doc: TableDoc, row: int, column: str) -> Span:
    """Where a cell of `rows` stands; its row, if it has none."""
    cells = doc.rows[row] if doc.rows is not None else ()
    return next((cell.span for name, cell in cells if name.text == column), doc.row_spans[row])


def _as_text(cells: Sequence[Cell]) -> Sequence[Cell]:
    """A key column, which is text always."""
    if all(isinstance(cell, str) for cell in cells):
        return cells
    return [cell if cell is None else to_text(cell) for cell in cells]
