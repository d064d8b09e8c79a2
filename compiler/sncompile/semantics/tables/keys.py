"""The keys of tables: every row has one, and no two rows have the same."""

from __future__ import annotations

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, did_you_mean
from sncompile.diagnostics.few import few
from sncompile.faults import tables as faults
from sncompile.ir.keys.table import Cell, Table
from sncompile.semantics.queries.stored_columns import StoredColumns
from sncompile.syntax.document import TableDoc


def check_keys(doc: TableDoc, table: Table, report: Report) -> bool:
    """Whether a table has its key columns, and they tell its rows apart; told where not."""
    missing = [k for k in doc.key if k.name not in table.columns]
    for key in missing:
        hint = did_you_mean(key.name, table.columns, what="its columns")
        if any(name.startswith("#") for name in table.columns):
            hint = 'say `comment: "#"` in the table if its first lines are comments, which are then passed over'
        report.add(faults.NO_COLUMN.at(key.span, f"the table `{table.name}` has no column `{key.name}`", help=hint))
    if missing or not doc.key:
        return False
    if len(table) == 0:
        return _tell_empty(doc, table, report)
    if isinstance(table.columns, StoredColumns) and table.columns.tells_apart(table.key):
        return True
    return _check_rows(doc, table, report)


def _tell_empty(doc: TableDoc, table: Table, report: Report) -> bool:
    """Tell that a table has no rows; whether it may have none."""
    message = f"the table `{table.name}` has no rows"
    if doc.require == "rows":
        report.add(faults.EMPTY_TABLE.at(table.span, message, help="add rows, or take `require: rows` out"))
        return False
    hint = "nothing is done for it; `require: rows` makes this an error"
    report.add(faults.NO_ROWS.at(table.span, message, help=hint))
    return True


def _check_rows(doc: TableDoc, table: Table, report: Report) -> bool:
    columns = [table.columns[k] for k in table.key]
    where = (Place("the key is named here", doc.key[0].span),)
    for name, cells in zip(table.key, columns, strict=True):
        empty = [row for row, cell in enumerate(cells) if cell is None]
        if empty:
            for row, more in few(empty):
                message = f"a row of `{table.name}` has no `{name}`{more}"
                hint = "fill the cell, or remove the row"
                report.add(faults.NO_KEY.at(table.cell_span(row, name), message, help=hint, related=where))
            return False
    keys = list(zip(*columns, strict=True))
    if len(set(keys)) == len(keys):
        return True
    seen: dict[tuple[Cell, ...], int] = {}
    repeated = [(seen[key], row) for row, key in enumerate(keys) if seen.setdefault(key, row) != row]
    for (first, row), more in few(repeated):
        place, beside = table.row_span(row), table.row_span(first)
        # A query may have made both of one row.
        other = (Place("the other row", beside),) if beside not in (table.span, place) else ()
        which, hint = f"the key {table.describe(row)}", "add a column to `key` that tells them apart"
        if table.enumerated is not None:
            both = " and ".join(f"`{table.columns[table.enumerated][n]}`" for n in (first, row))
            message = f"two files of `{table.name}` have {which}: {both}{more}"
            hint = "give what differs between them a name in the pattern (`{folder}/`) and in `key`, or remove one"
        else:
            message = f"two rows of `{table.name}` have {which}{more}"
            hint = f"{hint}{_candidates(table, first, row)}, or remove one"
        report.add(faults.DUPLICATE_ROWS.at(place, message, help=hint, related=(*other, *where)))
    return False


def _candidates(table: Table, one: int, other: int) -> str:
    differ = [n for n, c in table.columns.items() if n not in table.key and c[one] != c[other]]
    return f" (they differ in {', '.join(f'`{n}`' for n in differ[:4])})" if differ else ""
