"""Maps: parameters that are the rows of a table.

    params: {contrasts: {type: map, items: {treated: {type: string}, control: {type: string}}}}
    tables: {contrasts: {key: contrast, params: contrasts}}

A map is a mapping of keys to rows: `{early: {treated: d2, control: d0}}`. A row that is a single value is the column
`value`. Whoever gives a map evaluates its cells, where it gives it; what comes of that is a table's rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from sncompile.diagnostics import Report, Span, did_you_mean
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.keys.table import Cell, NoRows, Table
from sncompile.ir.language.types import STRING, UNKNOWN, Type, unify
from sncompile.semantics.scope import MapCell, MapRows, Scope
from sncompile.semantics.tables.written_cells import written_cell
from sncompile.syntax.document import Binding, Constant, ListValue, MapDoc, MapValue, Named, TableDoc
from sncompile.syntax.expressions import Template
from sncompile.syntax.nodes import Written

LOST = MapRows((), lost=True)
VALUE = "value"
"""The column of rows that are single values."""


def map_rows(value: MapValue, doc: MapDoc, scope: Scope, report: Report, *, may_have_more: bool = False) -> MapRows:
    """The rows of a mapping that is given to a map; lost after telling what is wrong with it.

    `may_have_more` is for columns that the map does not declare, though it declares some.
    """
    told = len(report)
    rows = []
    for key, row in value.entries:
        cells: dict[str, MapCell] = {}
        for column, held in _columns_of(key, row):
            if doc.columns and column.name not in doc.columns and not may_have_more:
                hint = did_you_mean(column.name, doc.columns, what="it has")
                message = f"the rows of `{doc.name.name}` have no `{column.name}`"
                report.add(faults.BAD_MAP.at(column.span, message, help=hint))
            cells[column.name] = _cell(held, column, scope, report)
        rows.append((key, cells))
    lost = any(cell.type == UNKNOWN for _, cells in rows for cell in cells.values())
    return MapRows(tuple(rows), lost or len(report) > told)


def _columns_of(key: Named, row: Binding | None) -> tuple[tuple[Named, Binding | None], ...]:
    if row is None:
        return ()
    return row.entries if isinstance(row, MapValue) else ((Named(VALUE, key.span), row),)


def _cell(held: Binding | None, column: Named, scope: Scope, report: Report) -> MapCell:
    span = column.span if held is None else held.span
    if isinstance(held, (MapValue, ListValue)):
        kind = "mapping" if isinstance(held, MapValue) else "list"
        message, hint = f"`{column.name}` is a {kind}, and a cell is one value", "give a text or a number"
        report.add(value_faults.WRONG_TYPE.at(span, message, help=hint))
        return MapCell(None, UNKNOWN, span)
    text, read = written_cell(held, scope, report)
    return MapCell(text, read, span)


def plain_map(value: object, name: str, places: Mapping[str, Span], span: Span) -> Binding | None:
    """A value of a file of parameters, or of Python, as if it were written in a document.

    `places` are those of names in the file, `span` stands for those that it does not know.
    """
    here = places.get(name, span)
    if isinstance(value, Mapping):
        inside = [(key, f"{name}.{key}", held) for key, held in value.items()]
        entries = [(Named(str(k), places.get(n, here)), plain_map(held, n, places, here)) for k, n, held in inside]
        return MapValue(tuple(entries), here)
    if isinstance(value, (list, tuple)):
        return ListValue((), here)  # No row or cell is a list, whatever is in it.
    if isinstance(value, Written):
        return Constant(value.value, value.text, here)
    if isinstance(value, (bool, int, float)):
        return Constant(value, str(value).lower() if isinstance(value, bool) else str(value), here)
    return None if value is None else Template((str(value),), here, (here,))


def table_of(doc: TableDoc, rows: MapRows, report: Report) -> Table | None:
    """The table that a map is the source of; None where it is lost, or the key does not go with it, which is told."""
    if rows.lost:
        return None
    if len(doc.key) != 1:
        message, hint = f"a map has one key, and `{doc.name.name}` has {len(doc.key)}", "name the one: `key: NAME`"
        report.add(faults.BAD_TABLE.at(doc.key[0].span if doc.key else doc.span, message, help=hint))
        return None
    key = doc.key[0].name
    names = list(dict.fromkeys(name for _, cells in rows.rows for name in cells))
    if key in names:
        at = next(cells[key].span for _, cells in rows.rows if key in cells)
        message = f"`{key}` is the key of `{doc.name.name}`, and a column of its rows as well"
        report.add(faults.BAD_TABLE.at(at, message, help="call the table's `key` otherwise"))
        return None
    if not rows.rows:
        return Table(doc.name.name, (key,), NoRows.of((key,)), span=doc.name.span, open_columns=True)
    columns: dict[str, list[Cell]] = {key: [named.name or None for named, _ in rows.rows]}
    kinds: dict[str, Type] = {}
    for name in names:
        held = [cells.get(name) for _, cells in rows.rows]
        columns[name] = [cell.text if cell is not None else None for cell in held]
        for cell in held:
            if cell is not None and cell.text is not None:
                kinds[name] = unify(kinds.get(name, cell.type), cell.type) or STRING

    def place(row: int, column: str) -> Span:
        named, cells = rows.rows[row]
        return cells[column].span if column in cells else named.span

    return Table(
        doc.name.name, (key,), columns, span=doc.name.span, spans=[named.span for named, _ in rows.rows], cell_at=place,
        reads={name: kind for name, kind in kinds.items() if kind.written},
    )  # fmt: skip
