"""Loads a pipeline's tables, checks their keys, and gives the values that are inferred from them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.keys.table import Cell, NoRows, Table
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.types import NULL, STRING, UNKNOWN, Type, type_of_constant, unify
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Value, is_constant
from sncompile.ir.values.written import as_read
from sncompile.semantics.path_text import is_url
from sncompile.semantics.places import HERE, Hindrance, Places
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.stored_columns import StoredColumns, StoreError
from sncompile.semantics.scope import Members, Scope, Space
from sncompile.semantics.tables.files import DELIMITERS, TableError, read_table
from sncompile.semantics.tables.globs import Listed, Match, Part, PatternError, compile_pattern, match_files
from sncompile.semantics.tables.keys import check_keys
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import CellDoc, PipelineDoc, TableDoc
from sncompile.syntax.expressions import Attribute, Name, Template

if TYPE_CHECKING:
    from sncompile.semantics.inference.inferred import Given, Inferred
    from sncompile.semantics.queries.session import Session
    from sncompile.semantics.queries.tables import Queries
    from sncompile.semantics.shared import Shared

_SAVE = "open it in an editor, and save it again"


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
            if doc.sql is None:
                session = self._queries.session if self._queries is not None and name in self.named else None
                table = self._loader.load(doc, scope, session)
                if table is not None:
                    self.found[name] = table
        if self._queries is not None:
            self._queries.put_in(self.found)
            self._queries.make_tables(self.found)
        own = self._doc.tables.items()
        self.lost = {name: {key.name for key in doc.key} for name, doc in own if name not in self.found}

    def infer(self, spaces: Mapping[str, Space], given: Mapping[str, Given]) -> Members:
        """The inferred values; those that the user gives are not looked for."""
        from sncompile.semantics.inference.link import InferLinker

        linker = InferLinker(self._doc, self._queries, self.found, given, self._report)
        members = linker.link(spaces)
        self.inferred = linker.inferred
        return members


def load_tables(doc: PipelineDoc, outer: Mapping[str, Table], scope: Scope, shared: Shared, prefix: str) -> Tables:
    """The tables that a pipeline sees; `outer` are its caller's, `prefix` stands before the names of its own."""
    source = doc.source
    place = os.path.relpath(source.folder, shared.folder) if source.path is not None else "."
    library = shared.library
    start = "" if place == "." else place
    loader = TableLoader(shared.folder, start, library.name_of, shared.databases, shared.report, library.places)
    tables = Tables(doc, outer, loader, shared.report)
    tables.load(scope)
    for name, table in tables.found.items():
        if name in doc.tables:
            shared.tables.setdefault(prefix + name, table)
    return tables


class TableLoader:
    """Loads tables; relative paths start at `folder`, the jobs' working folder, with `prefix` before a document's own.

    `name_of` gives what a file is called in messages, `places` where it is looked up; `databases` read Parquet files.
    """

    def __init__(
        self,
        folder: Path,
        prefix: str,
        name_of: Callable[[Path], str],
        databases: Databases,
        report: Report,
        places: Places = HERE,
    ) -> None:
        self.databases = databases
        self._places = places
        self._folder = folder
        self._name_of = name_of
        self._prefix = prefix
        self._report = report

    def load(self, doc: TableDoc, scope: Scope, session: Session | None) -> Table | None:
        """The table, or None where it cannot be had; the reason is told. `session` is of queries that name it."""
        if doc.rows is not None:
            table = self._inline(doc, scope)
        elif doc.glob is not None:
            table = self._glob(doc, doc.glob, scope)
        elif doc.file is not None:
            table = self._file(doc, doc.file, scope, session)
        else:
            return None
        if table is None:
            return None
        try:
            return table if check_keys(doc, table, self._report) else None
        except StoreError as error:
            fault = faults.LARGE_QUERY if error.limit else faults.BAD_TABLE
            self._report.add(fault.at(doc.name.span, f"the table `{table.name}`: {error}", help=error.help or _SAVE))
            return None

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
                cell, kind = self._inline_cell(here.get(name), scope)
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
            reads={name: kind for name, kind in kinds.items() if kind.written},
        )

    def _inline_cell(self, node: CellDoc | None, scope: Scope) -> tuple[Cell, Type]:
        """The text of a cell, as it was written or as its expressions give it, and the type that it reads as."""
        if isinstance(node, Template):
            return self._computed_cell(node, scope)
        if node is None or node.value is None or node.text == "":
            return None, NULL
        kind = type_of_constant(node.value)
        return node.text, kind if kind == STRING else kind._replace(written=True)

    def _computed_cell(self, template: Template, scope: Scope) -> tuple[Cell, Type]:
        value = as_read(Typer(scope, self._report).template(template))
        if value.type.base == "unknown":
            return None, UNKNOWN
        try:
            if not is_constant(value):
                raise ValueFault("a cell is known before all steps", "use `data`, `params` and `inputs` only")
            found = Evaluator({}).constant(value)
            if found is None or found == "":
                return None, NULL
            kind = type_of_constant(found)
            return to_text(found), kind if kind == STRING else kind._replace(written=True)
        except ValueFault as fault:
            self._report.add(value_faults.BAD_CELL.at(template.span, str(fault), help=fault.help or "give one value"))
            return None, UNKNOWN

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
        shown = self._name_of(path)
        key = tuple(k.name for k in doc.key)
        if session is not None and (kept := _kept_by(session, doc, path, key)) is not None:
            return Table(
                doc.name.name, key, kept, span=doc.name.span, file=shown, size=kept.size, text=True, source=path
            )
        try:
            read = read_table(path, key, self.databases)
        except TableError as error:
            at = Span(shown, error.line, 1, error.line, 1)
            self._report.add(
                faults.BAD_TABLE.at(
                    at,
                    f"{error}",
                    help=error.help or _SAVE,
                    related=(Place("the table is named here", template.span),),
                )
            )
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no file can be called so"
            self._report.add(
                faults.BAD_TABLE.at(
                    template.span,
                    f"the table file `{name}` cannot be read: {reason}",
                    help="paths start at the spec's folder, or at `--directory`",
                )
            )
            return None
        columns = read.columns
        if not isinstance(columns, StoredColumns):
            columns = {n: _as_text(cells) if n in key else cells for n, cells in columns.items()}
        return Table(
            doc.name.name, key, columns, span=doc.name.span, lines=read.lines, file=shown, size=read.size,
            text=path.suffix.lower() in DELIMITERS, source=path,
        )  # fmt: skip

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
                    template.span, f"the pattern cannot be understood: {error}", help="such as `{well}_s{site}.tif`"
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
        found = match_files(pattern, self._folder, self._places)
        if not found and doc.require != "nothing":
            self._tell_no_file(template, "".join(p.text for p in parts))
            return None
        self._tell_ambiguous(template, found)
        columns: dict[str, Sequence[Cell]] = {n: [m.columns[n] for m in found] for n in pattern.names}
        columns["path"] = [m.path for m in found]
        key = tuple(k.name for k in doc.key)
        return Listed(doc.name.name, key, columns, span=doc.name.span, pattern=pattern)

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

    def _tell_no_file(self, template: Template, pattern: str) -> None:
        self._report.add(
            faults.EMPTY_TABLE.at(
                template.span,
                f"no file fits `{pattern}`",
                help="check the data root (`--data NAME=PATH`); paths start at the spec's folder, or at `--directory`",
            )
        )


def _kept_by(session: Session, doc: TableDoc, path: Path, key: tuple[str, ...]) -> StoredColumns | None:
    """The columns of a text table that only the session holds; None where it is another file, or something is amiss."""
    from sncompile.semantics.queries.tables import read_into_session

    kept = read_into_session(session, doc.name.name, path)
    if kept is None or (set(key) <= set(kept) and kept.size and kept.tells_apart(key)):
        return kept
    # What is wrong is told by lines, which DuckDB does not count.
    session.drop(doc.name.name)
    return None


def _as_text(cells: Sequence[Cell]) -> Sequence[Cell]:
    """A key column, which is text always."""
    if all(isinstance(cell, str) for cell in cells):
        return cells
    return [cell if cell is None else to_text(cell) for cell in cells]
