"""Lists over rows: which sidecar has the rows, which of them a job takes, and what becomes of each."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.encoding import encode_key
from sncompile.lowering.model import RowPiece, RowTexts, Texts
from sncompile.lowering.pieces import Constant, Key
from sncompile.targets.snakemake.choosing import Rows, choice
from sncompile.targets.snakemake.context import Context
from sncompile.targets.snakemake.joins import joined_rows
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Call, Code, Keyword, listed, string


def chosen_code(variable: str, method: str, what: str, chosen: tuple[Code, ...], context: Context) -> Call:
    head = context.wildcards() if chosen else ""
    if not head and context.around.sidecars.is_late(variable):
        # Its rows are asked for when a checkpoint has run, and not when the file is read.
        head = "lambda wildcards: "
    return Call(f"{head}{variable}.{method}", (string(what), *chosen))


def rows_of(table: Table, stands_for: Sequence[Hashable]) -> Rows:
    return Rows({item_name(k): [encode_key(str(c)) for c in table.columns[k]] for k in table.key}, stands_for)


def rows_for(source: KeySet, target: KeySet, context: Context) -> tuple[str, tuple[Code, ...]] | None:
    """The sidecar whose rows are the instances of `source`, with the arguments that choose those that feed a job."""
    sidecars = context.around.sidecars
    wanted = target.related(source)
    for table in source.rows.tables:
        # The spec's own table reads best, where it has the keys.
        if set(source.by) <= set(table.key):
            keys = zip(*(map(str, table.columns[n]) for n in source.by), strict=True)
            chosen = choice(rows_of(table, [source.position.get(key, -1) for key in keys]), wanted, target, context)
            if chosen is not None:
                return sidecars.variable(sidecars.table(table)), chosen
    lowered = context.around.lowered
    owner = next((name for name in lowered.written if lowered.tasks[name].key_set is source), "rows")
    joined = joined_rows(source, owner, sidecars)
    columns = {item_name(n): [encode_key(c) for c in source.column(n)] for n in source.by}
    rows = Rows(columns, range(len(source))) if joined is None else joined[1]
    chosen = choice(rows, wanted, target, context)
    if chosen is None:
        return None
    return (sidecars.rows(owner, columns) if joined is None else joined[0]), chosen


class _Source(NamedTuple):
    """A sidecar whose rows are the instances of a key set, with its rows; `tables` are those whose columns it has."""

    variable: str
    rows: Rows
    tables: tuple[Table, ...]


def texts_code(texts: Texts, context: Context) -> Code | None:
    """A list that is made of rows which are not known yet; None where it is made otherwise than by their keys."""
    code: list[Code] = []
    for part in texts:
        each = string(part) if isinstance(part, str) else _each_row(part, context)
        if each is None:
            return None
        code.append(each)
    heads = [part for part in code if isinstance(part, Call)]
    inner = [part._replace(head=part.head.rpartition(": ")[2]) if isinstance(part, Call) else part for part in code]
    if len(code) == 1:
        return code[0]
    starred: list[Code] = [part._replace(head=f"*{part.head}") if isinstance(part, Call) else part for part in inner]
    return Call("lambda wildcards: [", tuple(starred)) if heads else listed(starred)


def _each_row(texts: RowTexts, context: Context) -> Call | None:
    """The look-up that makes a text of each row that a job takes."""
    found = _source(texts, context)
    if found is None:
        return None
    cells = [_pattern(cell, found, context) for cell in texts.cells]
    wanted = texts.target.related(texts.source)
    chosen = choice(found.rows, wanted, texts.target, context)
    if chosen is None or any(cell is None for cell in cells):
        return None
    patterns = [string(cell) for cell in cells if cell is not None]
    if texts.once:
        code = chosen_code(found.variable, "each", "", chosen, context)
        return code._replace(arguments=(patterns[0], *chosen))
    form = (Keyword("form", string(texts.form)),) if texts.form else ()
    code = chosen_code(found.variable, "texts", "", chosen, context)
    return code._replace(arguments=(listed([*patterns]), *chosen, *form))


def _source(texts: RowTexts, context: Context) -> _Source | None:
    """The sidecar of the rows that texts are made of, one for each instance."""
    source, sidecars = texts.source, context.around.sidecars
    tables = source.rows.tables
    more = [t for t in _tables(texts) if t not in tables and set(t.key) <= set(source.by)]
    for table in more:
        joined = KeySet(source.rows.join(table)[0], source.by)
        if joined.instances != source.instances:
            return None
        source = joined
    lowered = context.around.lowered
    owner = next((name for name in lowered.written if lowered.tasks[name].key_set is texts.source), "rows")
    if len(source.rows.tables) == 1:
        (table,) = source.rows.tables
        if not table.awaited or not set(source.by) <= set(table.key):
            return None
        keys = zip(*(map(str, table.columns[n]) for n in source.by), strict=True)
        rows = rows_of(table, [source.position.get(key, -1) for key in keys])
        found = _Source(sidecars.variable(sidecars.table(table)), rows, (table,))
    else:
        put_together = joined_rows(source, owner, sidecars)
        if put_together is None:
            return None
        whole = tuple(
            t for n, t in enumerate(source.rows.tables) if t.awaited or set(source.rows.index[n]) == {*range(len(t))}
        )
        found = _Source(*put_together, whole)
    once = texts.once or len(set(found.rows.stands_for)) == len(found.rows.stands_for)
    return found if once else None


def _tables(texts: RowTexts) -> Iterator[Table]:
    for cell in texts.cells:
        for piece in cell:
            if not isinstance(piece, (Constant, Key)):
                yield piece.table


def _pattern(cell: Sequence[RowPiece], found: _Source, context: Context) -> str | None:
    """A text with the names of a sidecar's columns in braces; None where a column is not there."""
    text = ""
    for piece in cell:
        if isinstance(piece, Constant):
            text += piece.text.replace("{", "{{").replace("}", "}}")
            continue
        if isinstance(piece, Key) and piece.encoded:
            name: str | None = item_name(piece.name) if item_name(piece.name) in found.rows.keys else None
        else:
            name = _column(piece, found, context)
        if name is None:
            return None
        text += f"{{{name}}}"
    return text


def _column(piece: RowPiece, found: _Source, context: Context) -> str | None:
    """The column of a sidecar that has a key as it is, or a column of the spec's table."""
    assert not isinstance(piece, Constant)
    if isinstance(piece, Key):
        table, column = next((t for t in found.tables if piece.name in t.key), None), piece.name
    else:
        table, column = (piece.table if piece.table in found.tables else None), piece.column
    if table is None:
        return None
    return context.around.sidecars.column(table, column)[1]
