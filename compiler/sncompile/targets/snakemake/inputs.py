"""Input ports → what stands under `input:`."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any

from sncompile.ir.keys.key_set import KeySet, keys_of
from sncompile.ir.keys.table import Table
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.values.model import Cell, Const, Local, Made, Output, Related, Text, Value
from sncompile.lowering.columns import origin_of
from sncompile.lowering.model import TableColumn
from sncompile.targets.snakemake.choosing import Rows, choice, chosen_by
from sncompile.targets.snakemake.context import FamilyContext, texts
from sncompile.targets.snakemake.marking import Waiting
from sncompile.targets.snakemake.names import item_name, unique
from sncompile.targets.snakemake.patterns import Hole, items_of, joined, path_parts, wildcard_names
from sncompile.targets.snakemake.python_code import Atom, Call, Code, listed, string

MAX_LISTED = 12
"""A list of more files than this stands in a sidecar and not in the rule."""


def input_code(value: Value, name: str, context: FamilyContext) -> Code | None:
    """The code of an input; None for what is absent. `name` names its sidecar where it needs one of its own."""
    if isinstance(value, Local):
        return input_code(context.family.local(value.space, value.name), name, context)
    if isinstance(value, Made):
        return input_code(value.path, name, context)
    if isinstance(value, Const) and value.value is None:
        return None
    if isinstance(value, Const) and isinstance(value.value, str):
        context.check_braces(value.value, value.span)
        return string(value.value)
    if not value.type.many:
        return _single(value, name, context)
    items = items_of(value, context.family)
    if items is not None and len(items) <= MAX_LISTED and all(map(_for_everybody, items)):
        there = [item for item in items if not (isinstance(item, Const) and item.value is None)]
        code = [_pattern(item, context) for item in there]
        if code and all(c is not None for c in code):
            return listed([c for c in code if c is not None])
    if isinstance(value, Related) and isinstance(value.value, (Cell, Output, Text)) and not value.linked:
        alone = not value.gathers and _for_everybody(value)
        found = _single_list(value, context) if alone else _gathered(value, context) if value.gathers else None
        if found is not None:
            return found
    return list_code(value, name, context)


def port_code(value: Value, name: str, context: FamilyContext) -> Code | None:
    """As `input_code`; who reads from a family that is known by its mark waits for the mark."""
    marks = context.around.marks
    if not marks.waits(value):
        if context.family.name in marks.batched:
            # What several instances of a batch share is named once.
            return rows_code([tuple(dict.fromkeys(_there(found))) for found in context.column(value)], name, context)
        return input_code(value, name, context)
    waiting = Waiting(context.around.graph, marks, context.around.evaluator)
    by_mark = waiting.by_mark(value)
    if by_mark is not None:
        return input_code(by_mark, name, context)
    paths = waiting.paths(value, context.keys, context.family)
    return rows_code([_there(paths(i)) for i in range(len(context.keys))], name, context)


def _there(paths: Sequence[Any]) -> tuple[Any, ...]:
    """Paths without what is absent: that is no file, and nobody to wait for."""
    return tuple(path for path in paths if path is not None)


def _pattern(value: Value, context: FamilyContext) -> Code | None:
    """A path as a pattern of the rule's own wildcards, where it is one."""
    parts = context.parts(value)
    for part in parts:
        if isinstance(part, str):
            context.check_braces(part, value.span)
    pattern = joined(parts, context.names)
    return None if pattern is None else string(pattern)


def _single(value: Value, name: str, context: FamilyContext) -> Code:
    if not _for_everybody(value):
        # Absent for some: the list of none or one.
        return list_code(value, name, context)
    pattern = _pattern(value, context)
    if pattern is not None:
        return pattern
    # A choice may be between what is there for everybody and what is not.
    uncertain = value.type.optional or not isinstance(value, Related)
    if uncertain and any(v is None for v in context.column(value)):
        # Absent for some: the list of none or one.
        return list_code(value, name, context)
    return cell_code(value, name, context)


def _for_everybody(value: Value) -> bool:
    """Whether every instance has one of the source's to take, where a value is taken from another's instances."""
    if not isinstance(value, Related):
        return True
    source, target = value.source, value.target
    if value.linked:
        return all(target.related(source))
    if source is target or not source.by:
        return True
    if source.rows.tables == target.rows.tables and all(source.rows.size == len(t) for t in source.rows.tables):
        return True
    return all(target.related(source))


def cell_code(value: Value, name: str, context: FamilyContext) -> Code:
    """A single path that differs between instances, as a look-up in a sidecar."""
    origin = origin_of(value)
    code = None
    if origin is not None:
        code = table_cell(origin, context)
        cells: Collection[Any] = {c for c in origin.table.columns[origin.column] if c is not None}
    if code is None:
        cells = set(context.column(value))
    for cell in cells:
        context.check_braces(str(cell), value.span)
    if code is None and not context.keys.by:
        return string(str(next(iter(cells))))
    return code or own_cell(context.column(value), name, context)


def table_cell(origin: TableColumn, context: FamilyContext) -> Code | None:
    """The cell of a job's row of a table, where the job's wildcards say which row that is."""
    if origin.gathers:
        return None
    names = chosen_by({item_name(key): None for key in origin.table.key}, origin.seen, context)
    # Every row has a key of its own, so one that has the job's is the job's row.
    if names is None or len(names) != len(origin.table.key):
        return None
    variable, column = context.around.sidecars.column(origin.table, origin.column)
    return _look_up(variable, "value", column, context)


def own_cell(cells: Sequence[Any], name: str, context: FamilyContext) -> Code:
    """What each job has, in the sidecar of its step."""
    sidecars = context.around.sidecars
    variable, column = sidecars.add_column(context.family.name, dict(context.cells), item_name(name), texts(cells))
    return _look_up(variable, "value", column, context)


def _look_up(variable: str, method: str, what: str, context: FamilyContext) -> Code:
    """The look-up of what a job has in a sidecar whose keys are its wildcards."""
    return _chosen(variable, method, what, (Atom("wildcards"),) if context.names else (), context)


def _chosen(variable: str, method: str, what: str, chosen: tuple[Code, ...], context: FamilyContext) -> Code:
    head = context.wildcards() if chosen else ""
    return Call(f"{head}{variable}.{method}", (string(what), *chosen))


def _single_list(value: Related, context: FamilyContext) -> Code | None:
    """The list that one instance of another step writes."""
    if not isinstance(value.value, Output):
        return None
    source = context.around.graph.families[value.value.step]
    items = items_of(source.outputs[value.value.port].path, source)
    if items is None or len(items) > MAX_LISTED:
        return None
    code: list[Code] = []
    for item in items:
        parts = path_parts(item, source, context.around.graph, context.around.plainness)
        for part in parts:
            if isinstance(part, str):
                context.check_braces(part, value.span)
        pattern = joined(parts, context.names)
        if pattern is None:
            return None
        code.append(string(pattern))
    return listed(code)


def _gathered(value: Related, context: FamilyContext) -> Code | None:
    """Several instances of another step, or several cells of a column, by the rows of a table."""
    origin = origin_of(value)
    if origin is not None:
        code = gathered_cells(origin, context)
        for cell in set(origin.table.columns[origin.column]) if code is not None else ():
            context.check_braces(str(cell), value.span)
        return code
    source = value.source
    if not source.by or value.value.type.many:
        return None
    path: Value = value.value
    family = context.family
    if isinstance(path, Output):
        family = context.around.graph.families[path.step]
        path = family.outputs[path.port].path
    parts = path_parts(path, family, context.around.graph, context.around.plainness)
    holes = [p for p in parts if isinstance(p, Hole)]
    # A path that lacks a key is that of several instances, which then are one row's.
    if not all(hole.encoded for hole in holes) or {hole.name for hole in holes} != set(source.by):
        return None
    for part in parts:
        if isinstance(part, str):
            context.check_braces(part, value.span)
    pattern = joined(parts, wildcard_names(holes))
    if pattern is None:
        return None
    found = _rows_for(source, value.target, context)
    return None if found is None else _chosen(found[0], "each", pattern, found[1], context)


def gathered_cells(origin: TableColumn, context: FamilyContext) -> Code | None:
    """The cells of a column over the rows of each instance, where the table's own sidecar gives them."""
    table, column = origin.table, origin.column
    if None in table.columns[column]:
        return None
    rows = _rows_of(table, range(len(table)))
    chosen = choice(rows, origin.seen.related(keys_of(table)), origin.seen, context)
    if chosen is None:
        return None
    variable, found = context.around.sidecars.column(table, column)
    return _chosen(variable, "values", found, chosen, context)


def _rows_of(table: Table, stands_for: Sequence[Hashable]) -> Rows:
    return Rows({item_name(k): [encode_key(str(c)) for c in table.columns[k]] for k in table.key}, stands_for)


def _rows_for(source: KeySet, target: KeySet, context: FamilyContext) -> tuple[str, tuple[Code, ...]] | None:
    """The sidecar whose rows are the instances of `source`, with the arguments that choose those that feed a job."""
    sidecars = context.around.sidecars
    wanted = target.related(source)
    for table in source.rows.tables:
        # The spec's own table reads best, where it has the keys.
        if set(source.by) <= set(table.key):
            keys = zip(*(map(str, table.columns[n]) for n in source.by), strict=True)
            chosen = choice(_rows_of(table, [source.position.get(key, -1) for key in keys]), wanted, target, context)
            if chosen is not None:
                return sidecars.variable(sidecars.table(table)), chosen
    columns = {item_name(n): [encode_key(c) for c in source.column(n)] for n in source.by}
    chosen = choice(Rows(columns, range(len(source))), wanted, target, context)
    if chosen is None:
        return None
    owners = [n for n, f in context.around.graph.families.items() if f.keys is source]
    return sidecars.rows(owners[0] if owners else "rows", columns), chosen


def list_code(value: Value, name: str, context: FamilyContext) -> Code:
    """A list of paths of any kind, written out in a sidecar of its own: the wildcards, and a path a row."""
    rows = [_there(as_list(cell)) for cell in context.column(value)]
    for item in {item for row in rows for item in row}:
        context.check_braces(str(item), value.span)
    if not context.keys.by and len(rows[0]) <= MAX_LISTED:
        return listed([string(str(item)) for item in rows[0]])
    return rows_code(rows, name, context)


def as_list(cell: Any) -> tuple[Any, ...]:
    """What a job has as a list: none where it is absent."""
    return cell if isinstance(cell, tuple) else () if cell is None else (cell,)


def rows_code(rows: Sequence[Sequence[Any]], name: str, context: FamilyContext) -> Code:
    """Lists of values, one for each instance, as a sidecar of their own."""
    cells: dict[str, list[str]] = {n: [] for n in context.cells}
    found: list[Any] = []
    for number, row in enumerate(rows):
        for item in row:
            for wildcard, column in cells.items():
                column.append(context.cells[wildcard][number])
            found.append(item)
    label = f"{context.family.name}.{name}"
    name = unique("value", set(cells))
    variable = context.around.sidecars.rows(label, cells, {name: texts(found)})
    return _look_up(variable, "values", name, context)
