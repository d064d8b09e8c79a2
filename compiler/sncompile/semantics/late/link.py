"""`from: ${step.port}`: the tables of a pipeline whose rows its own steps write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span, did_you_mean
from sncompile.faults import tables as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.late import LateSource
from sncompile.ir.keys.table import Cell, Table
from sncompile.ir.language.types import READ, Type
from sncompile.semantics.late.stand_ins import StandIns, stand_in_rows
from sncompile.semantics.tables.globs import Part, Pattern, PatternError, compile_pattern
from sncompile.syntax.document import ModuleDoc, PipelineDoc, TableDoc
from sncompile.syntax.expressions import Attribute, Name

KnownRows = Mapping[str, Mapping[tuple[str, ...], Sequence[Mapping[str, str]]]]
"""Rows that were read, by table and by the instance of the step that wrote them."""

_FILES = ("file", "directory")


class Source(NamedTuple):
    """A step as a source: its instances, its module; `gone` says that its `when` leaves it out."""

    name: str
    keys: KeySet
    module: ModuleDoc
    gone: bool


class LateTables:
    """Makes the tables. `step` gives a step as a source, or None after telling why not."""

    def __init__(
        self,
        doc: PipelineDoc,
        step: Callable[[str], Source | None],
        known: KnownRows,
        kind: StandIns,
        report: Report,
    ) -> None:
        self._doc, self._step, self._known, self._kind, self._report = doc, step, known, kind, report

    def load(self) -> dict[str, Table]:
        """Those that can be had; of the others it is told why not."""
        found = {}
        for name, doc in self._doc.tables.items():
            table = self._table(doc) if doc.source is not None else None
            if table is not None:
                found[name] = table
        return found

    def _table(self, doc: TableDoc) -> Table | None:
        found = self._source(doc)
        if found is None:
            return None
        source, port = found
        own = tuple(key.name for key in doc.key)
        twice = [key for key in doc.key if key.name in source.keys.by]
        for key in twice:
            message = f"`{key.name}` is a key of `{source.name}`, and of `{doc.name.name}` itself"
            hint = "a row is told from others of its instance by keys of its own: take it out here"
            self._report.add(faults.LATE_KEY.at(key.span, message, help=hint))
        pattern = self._pattern(doc, own) if doc.glob is not None else ""
        columns = self._columns(doc, source.keys.by)
        named = not doc.sheet.header and doc.columns
        unnamed = [key for key in doc.key if key.name not in doc.columns] if named else []
        for key in unnamed:
            hint = "name all columns of the file, in their order"
            self._report.add(faults.LATE_KEY.at(key.span, f"`columns` does not name `{key.name}`", help=hint))
        if pattern is None or columns is None or twice or unnamed or not own:
            return None
        types = {n: doc.columns[n].declared.base for n in own if n in doc.columns}
        keys = {name: base for name, base in types.items() if base in READ}
        rows = self._known.get(doc.name.name)
        if source.gone:
            rows = dict.fromkeys(source.keys.instances, ())
        known = not len(source.keys) or (rows is not None and set(source.keys.instances) <= rows.keys())
        if rows is None or not known:
            told = dict.fromkeys(["path"], "file") if pattern else columns
            rows = stand_in_rows(doc.name.name, source.keys, {n: types.get(n, "") for n in own}, told, self._kind)
        assert doc.source is not None
        names = () if doc.sheet.header else tuple(doc.columns)
        comment = doc.sheet.comment.name if doc.sheet.comment is not None else ""
        late = LateSource(
            source.name, port, source.keys, own, pattern, columns, known, doc.source.span, names, comment, keys
        )
        return _made(doc, late, rows)

    def _source(self, doc: TableDoc) -> tuple[Source, str] | None:
        """The step that a table comes from, and its port."""
        assert doc.source is not None
        place = doc.source.span
        expression = doc.source.whole
        if not isinstance(expression, Attribute) or not isinstance(expression.target, Name):
            self._wrong(place, "`from` names one output of a step, and nothing else", "write `from: ${STEP.PORT}`")
            return None
        name, port = expression.target.id, expression.name
        if name not in self._doc.steps:
            hint = did_you_mean(name, self._doc.steps, what="its steps") or "name a step of this pipeline"
            self._wrong(expression.target.span, f"the pipeline has no step `{name}`", hint)
            return None
        if self._ranges_over_late(name):
            hint = "have one step write the rows of both, by keys that are known"
            self._wrong(place, f"which jobs `{name}` has is not known early, as it ranges over such a table", hint)
            return None
        source = self._step(name)
        if source is None:
            if not self._report.failed:
                self._wrong(place, f"`{name}` cannot be a source of rows", "mend the step first")
            return None
        output = source.module.outputs.get(port)
        if output is None:
            hint = did_you_mean(port, source.module.outputs, what="its outputs") or "it has none"
            self._wrong(expression.name_span, f"`{name}` has no output `{port}`", hint)
            return None
        wanted = "directory" if doc.glob is not None else "file"
        temp = port in self._temporary(name)
        if output.base != wanted or output.many or output.optional or temp:
            kind = "temporary" if temp else "optional" if output.optional else "a list" if output.many else output.base
            hint = "a `glob` lists a directory; without one the rows are those of a file"
            self._wrong(place, f"the rows are those of one {wanted}, and `{name}.{port}` is {_a(kind)}", hint)
            return None
        return source, port

    def _ranges_over_late(self, name: str) -> bool:
        """Whether a step ranges over a table that a step writes, by its name or by a key that only such tables have."""
        step, tables = self._doc.steps[name], self._doc.tables
        if step.over is not None:
            return step.over.name in tables and tables[step.over.name].source is not None
        early = {key.name for table in tables.values() if table.source is None for key in table.key}
        late = {key.name for table in tables.values() if table.source is not None for key in table.key}
        return any(key.name in late - early for key in step.by)

    def _temporary(self, name: str) -> set[str]:
        return {output.name.name for output in self._doc.steps[name].outputs.values() if output.temp}

    def _wrong(self, span: Span, message: str, hint: str) -> None:
        self._report.add(faults.BAD_SOURCE.at(span, message, help=hint))

    def _pattern(self, doc: TableDoc, own: tuple[str, ...]) -> str | None:
        """The regular expression of the names in a directory; None after telling what is wrong with the pattern."""
        template = doc.glob
        assert template is not None
        if template.broken:
            return None
        text = template.parts[0] if len(template.parts) == 1 else None
        if not isinstance(text, str):
            self._bad_pattern(template.span, "a pattern of names in a step's directory has no `${…}`", "write it out")
            return None
        try:
            pattern = compile_pattern([Part(text, False)])
        except PatternError as error:
            self._bad_pattern(template.span, f"the pattern cannot be understood: {error}", "such as `{core}.tif`")
            return None
        if "path" in own:
            self._bad_pattern(template.span, "`path` is the column of the files themselves", "name the key otherwise")
            return None
        if set(pattern.names) != set(own):
            hint = f"it has a part for each key and no other: {', '.join(f'`{{{name}}}`' for name in own)}"
            self._bad_pattern(template.span, f"its parts are {_listed(pattern.names)}, the key {_listed(own)}", hint)
            return None
        if _is_ambiguous(pattern):
            hint = "have at most one `{name}` or `*` between two slashes"
            self._bad_pattern(template.span, "a name could be read in two ways", hint)
            return None
        return _regex(pattern)

    def _bad_pattern(self, span: Span, message: str, hint: str) -> None:
        self._report.add(faults.BAD_PATTERN.at(span, message, help=hint))

    def _columns(self, doc: TableDoc, before: Sequence[str]) -> dict[str, str] | None:
        """The declared columns with their types, beside the keys `before`; None after telling what cannot be so."""
        told = len(self._report)
        if doc.glob is not None and doc.columns:
            message = "the columns of a directory's files are those of the pattern, and `path`"
            self._late_column(doc.columns_at or doc.span, message, "take `columns` out")
        found = {}
        for name, column in doc.columns.items():
            declared = column.declared
            limited = any(
                getattr(declared, field, None) not in (None, (), "")
                for field in ("enum", "pattern", "minimum", "maximum")
            )
            optional = not column.required and doc.sheet.header  # A column that is listed without a type has no more.
            if column.default is not None or optional or limited:
                message = f"of `{name}` its type can be declared, and nothing else"
                self._late_column(declared.name.span, message, "write `{type: integer}`, and have the step see to it")
            if name in before:
                message = f"`{name}` is a key of the step that writes the rows, and so of each row already"
                self._late_column(declared.name.span, message, "call the column otherwise, or leave it out")
            key = name in {key.name for key in doc.key}
            if key and column.files:
                self._late_column(declared.name.span, f"`{name}` is a key, and keys are no files", "take it out here")
            if key:
                continue  # A key is only checked.
            found[name] = column.files or declared.base
        return found if len(self._report) == told else None

    def _late_column(self, span: Span, message: str, hint: str) -> None:
        self._report.add(faults.LATE_COLUMN.at(span, message, help=hint))


def _made(doc: TableDoc, late: LateSource, rows: Mapping[tuple[str, ...], Sequence[Mapping[str, str]]]) -> Table:
    """The table of a source's rows, in the order of its instances."""
    before = late.instances.by
    names = (*before, *late.own, *(["path"] if late.pattern else late.columns))
    columns: dict[str, list[Cell]] = {name: [] for name in names}
    for key in late.instances.instances:
        for row in rows[key]:
            for name, text in zip(before, key, strict=True):
                columns[name].append(text)
            for name in names[len(before) :]:
                columns[name].append(row[name])
    kinds = {"path": "file"} if late.pattern else dict(late.columns)
    read = {n: Type(base, written=True) for n, base in kinds.items() if base in READ}
    files = {n: Type(base, formats=_formats(doc, n)) for n, base in kinds.items() if base in _FILES}
    return Table(
        doc.name.name, (*before, *late.own), columns, span=doc.name.span, text=True, reads=read, files=files, late=late
    )  # fmt: skip


def _formats(doc: TableDoc, column: str) -> tuple[str, ...]:
    return doc.columns[column].formats if column in doc.columns else ()


def _regex(pattern: Pattern) -> str:
    return pattern.root.replace("\\", "\\\\").replace(".", "\\.") + pattern.matcher.pattern


def _is_ambiguous(pattern: Pattern) -> bool:
    varying = 0
    for token in pattern.tokens:
        if token.kind == "literal":
            varying = 0 if "/" in token.text else varying
        elif token.kind == "folders":
            return True
        else:
            varying += 1
        if varying > 1:
            return True
    return False


def _a(kind: str) -> str:
    return kind if kind in ("a list", "optional", "temporary") else f"a {kind}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def tell_queries(doc: PipelineDoc, named: Mapping[str, Sequence[str]], report: Report) -> None:
    """Tell of queries that name tables which are not known yet; `named` has the tables that each query names."""
    for query, tables in named.items():
        for name in tables:
            table = doc.tables.get(name)
            if table is None or table.source is None:
                continue
            place = doc.tables[query].sql if query in doc.tables else doc.infer[query].sql
            assert place is not None
            message = f"`{name}` is known once a step has run, and a query is answered before"
            related = (Place("the table is here", table.name.span),)
            hint = "have a step compute it, or take the table out of the query"
            if query in doc.tables and len(tables) > 1:
                hint = (
                    f"to have a step over keys of `{name}` and of others, make it a pipeline that is used `by` "
                    f"the others, with a step inside that ranges over `{name}`"
                )
            report.add(faults.NOT_YET_KNOWN.at(place.span, message, help=hint, related=related))
