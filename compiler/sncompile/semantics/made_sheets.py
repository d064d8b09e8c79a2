"""Tables that are made for the jobs of a step, as an input: `with: {sheet: {rows: {COLUMN: value, …}}}`.

A row is an instance of the finest keys among the columns. Each column is seen from there, so that columns agree by
construction, whatever steps and tables they come from:

    rows: {Site: "${segment.site}", Image: "${apply.corrected}", Dose: "${wells.dose}"}     in a job of well A01

    Site  Image                              Dose     segment and apply are by well and site, wells by well
    1     results/apply/A01/1/corrected.tif  0.5
    2     results/apply/A01/2/corrected.tif  0.5

In the graph a sheet is a list file, which is written right before the command runs; the port has the files that it
names.

Decision 0067.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import documents as document_faults
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.graph.commands import ListFile
from sncompile.ir.graph.model import Family, Input
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.functions import MAX_COLUMNS
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import NULL, STRING, Type
from sncompile.ir.values.model import Apply, Cell, Choice, Const, Items, Local, Output, Related, Value, walk
from sncompile.ir.values.relating import see
from sncompile.ir.values.written import as_read, as_text
from sncompile.semantics.linking.binding import plain_path
from sncompile.semantics.linking.step_order import expressions_in
from sncompile.semantics.program import MadeSheet, Step
from sncompile.semantics.scope import Keyed, Scope, TableSpace
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Binding, MapValue, Named, PortDoc
from sncompile.syntax.document import Value as DocValue
from sncompile.syntax.expressions import Attribute, Call, Expr, Index, Literal, Name, Template
from sncompile.syntax.templates import UNESCAPED, unescaped

if TYPE_CHECKING:
    from sncompile.semantics.scope import Space

FORMS = ("csv", "tsv", "jsonl")
"""The formats that a sheet can have, by the names that ports have for them."""

Placing = Callable[[str, Span], Value]
"""From the name of a file to its path among what is written for a job."""


def sheet_in(value: Binding | None) -> MapValue | None:
    """The columns of `{rows: {COLUMN: value, …}}`; None for anything else."""
    if not isinstance(value, MapValue) or [name.name for name, _ in value.entries] != ["rows"]:
        return None
    rows = value.entries[0][1]
    return rows if isinstance(rows, MapValue) else MapValue((), value.span)


def link_sheet(
    port: PortDoc, rows: MapValue, what: str, scope: Scope, place: Placing | None, report: Report
) -> MadeSheet | None:
    """The sheet that a port takes; None after telling why there is none. Without a `place` no job would read it."""
    form = next((form for form in port.formats if form in FORMS), None)
    if place is None or form is None or port.base != "file" or port.many:
        _refuse(port, rows, report, inner=place is None)
        return None
    if not rows.entries or len(rows.entries) > MAX_COLUMNS:
        message = f"{what} has {'no' if not rows.entries else f'more than {MAX_COLUMNS:,}'} columns"
        hint = 'such as `rows: {Image: "${segment.image}", Site: "${segment.site}"}`'
        report.add(value_faults.NO_SHEET.at(rows.span, message, help=hint))
        return None
    try:
        row_keys = _row_keys(rows, scope)
    except ValueFault as fault:
        report.add(faults.TOO_MANY_ROWS.at(rows.span, str(fault), help=fault.help))
        return None
    columns = _columns(rows, row_keys, scope, what, report)
    if columns is None:
        return None
    named = {name: value for name, value in columns.items() if _is_file(value)}
    cells = {
        name: Apply("@input", (value,), value.type, value.span) if name in named else value
        for name, value in columns.items()
    }
    lines = _lines(cells, form, row_keys, scope.keys, rows.span)
    files = _files(columns, named, row_keys, scope.keys, rows.span)
    path = place(f"{port.name.name}.{form}", rows.span)
    return MadeSheet(columns, row_keys, lines, files, path, form, rows.span)


def _refuse(port: PortDoc, rows: MapValue, report: Report, *, inner: bool) -> None:
    what = f"the input `{port.name.name}`"
    declared = (Place("the port is declared here", port.name.span),)
    hint = "a sheet goes to an input like `{type: file, format: csv}`; `tsv` and `jsonl` serve, too"
    message = f"{what} takes no sheet"
    if inner:
        hint = "a sheet is made for a job: give it to a step inside of the pipeline"
    elif port.base == "file" and not port.many:
        message = f"{what} does not say how a sheet is written"
    report.add(value_faults.NO_SHEET.at(rows.span, message, help=hint, related=declared))


def refuse_sheet(rows: MapValue, what: str, declared: Named, report: Report) -> None:
    """Tell of a sheet that a parameter is given."""
    related = (Place("the parameter is declared here", declared.span),)
    hint = "a sheet goes to an input like `{type: file, format: csv}`"
    report.add(value_faults.NO_SHEET.at(rows.span, f"{what} takes no sheet", help=hint, related=related))


# --- Which rows there are -------------------------------------------------------------------------------------------


def _row_keys(rows: MapValue, scope: Scope) -> KeySet:
    """The instances whose rows a sheet has: of the finest keys among the columns, the first if there are several."""
    target = scope.keys
    finest: KeySet | None = None
    for home in _homes(rows, scope):
        if not target.has_one(home) and (finest is None or len(home.by) > len(finest.by)):
            finest = home
    if finest is None:
        return target
    if set(target.by) <= set(finest.by):
        return finest
    # A row belongs to a job of the step and to an instance of what it gathers: it has the keys of both.
    joined = target.rows
    for table in finest.rows.tables:
        if table not in joined.tables:
            joined, _ = joined.join(table)
    position = finest.position
    keys = zip(*(joined.column(name) for name in finest.by), strict=True)
    chosen = [row for row, key in enumerate(keys) if key in position]
    return KeySet(joined.select(chosen), (*target.by, *(name for name in finest.by if name not in target.by)))


def _homes(rows: MapValue, scope: Scope) -> Iterator[KeySet]:
    """The instances that what the columns name belongs to."""
    looked_up = {
        id(node.arguments[0])
        for node in expressions_in(rows)
        if isinstance(node, Call) and node.name == "lookup" and node.arguments
    }
    for node in expressions_in(rows):
        if id(node) not in looked_up:
            yield from _home(node, Typer(scope, Report()))


def _home(node: Expr, typer: Typer) -> Iterator[KeySet]:
    target, name = None, ""
    if isinstance(node, Attribute):
        target, name = node.target, node.name
        if isinstance(target, Call) and target.name == "keys" and target.arguments:
            target = target.arguments[0]
    elif isinstance(node, Index) and isinstance(node.item, Literal) and isinstance(node.item.value, str):
        target, name = node.target, node.item.value
    space: Space | None = typer.space_of(target) if target is not None else None
    if isinstance(space, (Keyed, TableSpace)):
        found = space.home(name, node.span)
        if found is not None:
            yield found[1]


def _columns(rows: MapValue, row_keys: KeySet, scope: Scope, what: str, report: Report) -> dict[str, Value] | None:
    """Each column as its rows see it; None after telling what is wrong with one."""
    typer = Typer(Scope(scope.spaces, keys=row_keys, elsewhere=scope.elsewhere, lost=scope.lost), report)
    found: dict[str, Value] = {}
    good = True
    for named, held in rows.entries:
        name = unescaped(named.name)
        if UNESCAPED.search(named.name):
            hint = "write it out; `$${` is a literal `${`"
            report.add(document_faults.BAD_VALUE.at(named.span, "a column's name takes no expression", help=hint))
            good = False
        if held is None or isinstance(held, MapValue):
            report.add(
                document_faults.WRONG_TYPE.at(named.span, f"`{name}` takes one value", help="give an expression")
            )
            good = False
            continue
        value = typer.value(held)
        if _is_input(held) and value.type.base == "string":
            value = value._replace(type=value.type._replace(base="file"))
        if value.type.base == "unknown":
            good = False
        elif value.type.many:
            by = ", ".join(f"`{key}`" for key in row_keys.by) or "no key"
            message = f"the column `{name}` of {what} has several values for a row, which is one by {by}"
            hint = "join it (`join(list, ';')`), or take it from what has these keys"
            report.add(faults.SHEET_ROWS.at(value.span, message, help=hint))
            good = False
        found[name] = plain_path(as_text(value)) if _is_file(value) else value
    return found if good else None


def _is_input(held: DocValue) -> bool:
    """Whether a column is an input of the pipeline, and nothing else."""
    whole = held.whole if isinstance(held, Template) else None
    return isinstance(whole, Attribute) and isinstance(whole.target, Name) and whole.target.id == "inputs"


# --- What stands in them --------------------------------------------------------------------------------------------


def _is_file(value: Value) -> bool:
    """Whether a cell is the path of a file that the job reads: of a step, of an input, of a column of files."""
    if value.type.of_files:
        return True
    cell = value.value if isinstance(value, Related) else None
    return isinstance(cell, Cell) and cell.table.enumerated == cell.column


def _lines(cells: Mapping[str, Value], form: str, row_keys: KeySet, target: KeySet, span: Span) -> Value:
    """The lines of the text."""
    names = Const(tuple(cells), STRING._replace(many=True), span)
    if form == "jsonl":
        row = Apply("@jsonl", (names, *map(_in_json, cells.values())), STRING, span)
    else:
        row = Apply(f"@{form}", tuple(map(as_text, cells.values())), STRING, span)
    listed = STRING._replace(many=True)
    body: Value = row if row_keys is target else see(row, row_keys, target, span)
    if form == "jsonl":
        return Items((body,), listed, span)
    header = Apply(f"@{form}", tuple(Const(name, STRING, span) for name in cells), STRING, span)
    return Items((header, body), listed, span)


def _in_json(value: Value) -> Value:
    """A cell of JSON: a number or boolean where it stands for one, and else text."""
    return as_text(value) if value.type.textual else as_read(value)


def _files(
    columns: Mapping[str, Value], named: Mapping[str, Value], row_keys: KeySet, target: KeySet, span: Span
) -> Value:
    """The files that the cells name, and those that they are made from, as the job sees them."""
    kind = Type("file", many=True)
    found: list[Value] = []
    for name, value in columns.items():
        made = [value] if name in named else _outputs_in(value)
        found += [_seen(each, row_keys, target) for each in made]
    return Items(tuple(found), kind, span) if found else Const((), kind, span)


def _outputs_in(value: Value) -> list[Value]:
    """The outputs that a text is made from."""
    return [leaf for leaf in walk(value) if isinstance(leaf, Related) and isinstance(leaf.value, Output)]


def _seen(value: Value, row_keys: KeySet, target: KeySet) -> Value:
    """A column's files for all rows of a job, each once and without those that are absent."""
    value = _absent_for_empty(value)
    if isinstance(value, Const) or row_keys is target:
        return value
    if isinstance(value, Related) and value.target is row_keys and value.source is row_keys:
        return _there(see(value.value, row_keys, target, value.span))
    found = _there(see(value, row_keys, target, value.span))
    # Rows may share what is coarser than they are.
    return Apply("unique", (found,), found.type, value.span)


def _absent_for_empty(value: Value) -> Value:
    """A path that is absent where an empty text stands in for it: `coalesce(segment.labels, '')`."""
    if isinstance(value, Const) and value.value == "":
        return Const(None, NULL, value.span)
    if isinstance(value, Choice):
        then, other = _absent_for_empty(value.then), _absent_for_empty(value.other)
        optional = value.type.optional or any(v.type.optional or v.type == NULL for v in (then, other))
        return value._replace(then=then, other=other, type=value.type._replace(optional=optional))
    if isinstance(value, Apply) and value.function == "coalesce":
        *before, last = value.operands
        if isinstance(last, Const) and last.value == "":
            rest = value._replace(operands=tuple(before)) if len(before) > 1 else before[0]
            return rest._replace(type=value.type._replace(optional=True))
    return value


def _there(value: Value) -> Value:
    """A list without what is absent."""
    if not value.type.gaps:
        return value
    return Apply("present", (value,), value.type._replace(gaps=False), value.span)


# --- In the graph ---------------------------------------------------------------------------------------------------


def with_sheets(family: Family, step: Step) -> Family:
    """The family of a step with its sheets as list files, which its command names in place of the ports."""
    if not step.sheets:
        return family
    lists: dict[str, ListFile] = {}
    names: dict[str, str] = {}
    for port, sheet in step.sheets.items():
        name = f"{port}_rows"
        while name in family.lists or name in lists:
            name += "_"
        names[port] = name
        lists[name] = ListFile(sheet.path, sheet.lines, "\n", sheet.span)

    def renamed(value: Value) -> Value:
        if isinstance(value, Local) and value.space == "inputs" and value.name in names:
            return value._replace(space="lists", name=names[value.name])
        return map_children(value, renamed)

    found = map_family(family, renamed)
    inputs = {n: Input(p.value, p.base, True) if n in names else p for n, p in found.inputs.items()}
    return found._replace(inputs=inputs, lists={**lists, **found.lists})
