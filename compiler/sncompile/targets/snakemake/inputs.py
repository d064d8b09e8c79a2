"""Input ports → what stands under `input:` (decision 0005)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.keys.key_set import keys_of
from sncompile.lowering.files import CellOf, Differing, Files, Fixed, Joined, OutputOf, Seen, Traced, listed_cell
from sncompile.lowering.model import Column, RowTexts, TableColumn, Texts
from sncompile.targets.snakemake.choosing import choice, chosen_by
from sncompile.targets.snakemake.context import Context, TaskContext, texts
from sncompile.targets.snakemake.marking import Waiting, mark_files
from sncompile.targets.snakemake.names import item_name, unique
from sncompile.targets.snakemake.patterns import Hole, Part, items_of, joined, wildcard_names
from sncompile.targets.snakemake.python_code import Atom, Call, Code, listed, string
from sncompile.targets.snakemake.row_lists import chosen_code, rows_for, rows_of, texts_code

MAX_LISTED = 12
"""A list of more files than this stands in a sidecar and not in the rule."""


def input_code(files: Files, name: str, context: Context, texts: Texts | None = None) -> Code | None:
    """The code of an input; None for what is absent.

    `name` names its sidecar where it needs one of its own; `texts` are how it is made of rows that are not known yet.
    """
    form = files.form
    if isinstance(form, Traced):
        return input_code(form.path, name, context, texts)
    if files.absent:
        return None
    if isinstance(form, Fixed) and isinstance(form.value, str):
        context.check_braces(form.value, files.span)
        return string(form.value)
    if not files.many:
        return _single(files, name, context)
    items = items_of(files)
    if items is not None and len(items) <= MAX_LISTED and all(map(_for_everybody, items)):
        code = [_pattern(item, context) for item in items if not item.absent]
        if code and all(c is not None for c in code):
            return listed([c for c in code if c is not None])
    if isinstance(form, Seen) and isinstance(form.files.form, (CellOf, OutputOf, Joined)) and not form.linked:
        alone = not form.gathers and _for_everybody(files)
        found = (
            _single_list(files, form, context) if alone else _gathered(files, form, context) if form.gathers else None
        )
        if found is not None:
            return found
    made = texts_code(texts, context) if texts is not None else None
    return made or list_code(files, name, context)


def port_code(files: Files, name: str, context: Context, texts: Texts | None = None) -> Code | None:
    """As `input_code`; who reads from a task that is known by its mark waits for the mark."""
    marks = context.around.marks
    if not marks.waits(files):
        if context.name in marks.batched:
            # What several instances of a batch share is named once.
            return rows_code([tuple(dict.fromkeys(_there(listed_cell(c)))) for c in files.cells], name, context)
        return input_code(files, name, context, texts)
    waiting = Waiting(context.around.lowered, marks)
    by_mark = waiting.by_mark(files, context.keys)
    if by_mark is not None:
        return input_code(by_mark, name, context)
    made = texts_code(_by_marks(texts, context), context) if texts is not None else None
    if made is not None:
        return made
    paths = waiting.paths(files, context.keys)
    return rows_code([_there(paths(i)) for i in range(len(context.keys))], name, context)


def _by_marks(texts: Texts, context: Context) -> Texts:
    """Paths, with the marks of tasks that are known by them in the place of what these write."""
    lowered, marks = context.around.lowered, context.around.marks
    found: list[str | RowTexts] = []
    for part in texts:
        if not isinstance(part, str) and part.task in marks.tasks:
            pieces = mark_files(lowered.workspace, lowered.tasks[part.task]).pieces
            part = part._replace(
                cells=(tuple(piece for piece in pieces if not isinstance(piece, Differing)),), once=True
            )
        found.append(part)
    return tuple(found)


def _there(paths: Sequence[Any]) -> tuple[Any, ...]:
    """Paths without what is absent: that is no file, and nobody to wait for."""
    return tuple(path for path in paths if path is not None)


def _pattern(files: Files, context: Context) -> Code | None:
    """A path as a pattern of the rule's own wildcards, where it is one."""
    pattern = joined(_checked(files, files.span, context), context.names)
    return None if pattern is None else string(pattern)


def _checked(files: Files, span: Span, context: Context) -> list[Part]:
    """A single path as its parts; those that Snakemake would misread are told as faults."""
    parts = context.parts(files)
    for part in parts:
        if isinstance(part, str):
            context.check_braces(part, span)
    return parts


def _single(files: Files, name: str, context: Context) -> Code:
    if not _for_everybody(files):
        # Absent for some: the list of none or one.
        return list_code(files, name, context)
    pattern = _pattern(files, context)
    if pattern is not None:
        return pattern
    # A choice may be between what is there for everybody and what is not.
    uncertain = files.optional or not isinstance(files.form, Seen)
    if uncertain and any(path is None for path in files.cells):
        # Absent for some: the list of none or one.
        return list_code(files, name, context)
    return cell_code(files, name, context)


def _for_everybody(files: Files) -> bool:
    """Whether every instance has one of the source's to take, where it takes from another's instances."""
    form = files.form
    if not isinstance(form, Seen):
        return True
    source, target = form.source, form.target
    if form.linked:
        return all(target.related(source))
    if source is target or not source.by:
        return True
    if source.rows.tables == target.rows.tables and all(source.rows.size == len(t) for t in source.rows.tables):
        return True
    return all(target.related(source))


def cell_code(files: Files, name: str, context: Context) -> Code:
    """A single path that differs between instances, as a look-up in a sidecar."""
    origin = files.origin
    code = None
    if origin is not None:
        code = table_cell(origin, context)
        cells: Collection[Any] = {c for c in origin.table.columns[origin.column] if c is not None}
    if code is None:
        cells = set(files.cells)
    for cell in cells:
        context.check_braces(str(cell), files.span)
    if code is None and not context.keys.by:
        return string(str(next(iter(cells))))
    return code or own_cell(files.cells, name, context)


def table_cell(origin: TableColumn, context: Context) -> Code | None:
    """The cell of a job's row of a table, where the job's wildcards say which row that is."""
    if origin.gathers:
        return None
    names = chosen_by({item_name(key): None for key in origin.table.key}, origin.seen, context)
    # Every row has a key of its own, so one that has the job's is the job's row.
    if names is None or len(names) != len(origin.table.key):
        return None
    variable, column = context.around.sidecars.column(origin.table, origin.column)
    return _look_up(variable, "value", column, context)


def late_cell(column: Column, context: Context) -> Call | None:
    """What a column has for a job, where it is that of a table whose rows are not known yet."""
    origin = column.origin
    if origin is None or not origin.table.awaited:
        return None
    code = table_cell(origin, context)
    return code if isinstance(code, Call) else None


def own_cell(cells: Sequence[Any], name: str, context: Context) -> Code:
    """What each job has, in the sidecar of its step."""
    sidecars = context.around.sidecars
    base, told = context.told_apart(cells)
    variable, column = sidecars.add_column(context.name, base, item_name(name), texts(told))
    return _look_up(variable, "value", column, context)


def _look_up(variable: str, method: str, what: str, context: Context) -> Code:
    """The look-up of what a job has in a sidecar whose keys are its wildcards."""
    return chosen_code(variable, method, what, (Atom("wildcards"),) if context.names else (), context)


def _single_list(files: Files, form: Seen, context: Context) -> Code | None:
    """The list that one job of another task writes."""
    source = form.files.form
    if not isinstance(source, OutputOf):
        return None
    items = items_of(context.around.lowered.tasks[source.task].outputs[source.port].files)
    if items is None or len(items) > MAX_LISTED:
        return None
    code: list[Code] = []
    for item in items:
        pattern = joined(_checked(item, files.span, context), context.names)
        if pattern is None:
            return None
        code.append(string(pattern))
    return listed(code)


def _gathered(files: Files, form: Seen, context: Context) -> Code | None:
    """What several jobs of another task write, or several cells of a column, by the rows of a table."""
    origin = files.origin
    if origin is not None:
        code = gathered_cells(origin, context)
        for cell in set(origin.table.columns[origin.column]) if code is not None else ():
            context.check_braces(str(cell), files.span)
        return code
    source = form.source
    if not source.by or form.files.many:
        return None
    parts = context.parts(form.files)
    holes = [p for p in parts if isinstance(p, Hole)]
    # A path that lacks a key is that of several instances, which then are one row's.
    if not all(hole.encoded for hole in holes) or {hole.name for hole in holes} != set(source.by):
        return None
    pattern = joined(_checked(form.files, files.span, context), wildcard_names(holes))
    if pattern is None:
        return None
    found = rows_for(source, form.target, context)
    return None if found is None else chosen_code(found[0], "each", pattern, found[1], context)


def gathered_cells(origin: TableColumn, context: Context) -> Code | None:
    """The cells of a column over the rows of each instance, where the table's own sidecar gives them."""
    table, column = origin.table, origin.column
    if None in table.columns[column]:
        return None
    rows = rows_of(table, range(len(table)))
    chosen = choice(rows, origin.seen.related(keys_of(table)), origin.seen, context)
    if chosen is None:
        return None
    variable, found = context.around.sidecars.column(table, column)
    return chosen_code(variable, "values", found, chosen, context)


def list_code(files: Files, name: str, context: Context) -> Code:
    """A list of paths of any kind, written out in a sidecar of its own: the wildcards, and a path a row."""
    rows = [_there(listed_cell(cell)) for cell in files.cells]
    for item in {item for row in rows for item in row}:
        context.check_braces(str(item), files.span)
    if not context.keys.by and len(rows[0]) <= MAX_LISTED:
        return listed([string(str(item)) for item in rows[0]])
    return rows_code(rows, name, context)


def there_code(port: str, context: TaskContext) -> Call:
    """The files of an input port that are there when it is looked, as a list."""
    found = context.task.inputs[port]
    made = texts_code(found.texts, context) if found.texts is not None else None
    code = made or list_code(found.files, port, context)
    if isinstance(code, Call) and code.head.startswith("lambda "):
        code = Call(code.head.partition(": ")[2], code.arguments)
    context.around.functions.add("there")
    return Call("there", (code,))


def rows_code(rows: Sequence[Sequence[Any]], name: str, context: Context) -> Code:
    """Lists of values, one for each instance, as a sidecar of their own."""
    base, told = context.told_apart(rows)
    cells: dict[str, list[str]] = {n: [] for n in base}
    found: list[Any] = []
    for number, row in enumerate(told):
        for item in row:
            for wildcard, column in cells.items():
                column.append(base[wildcard][number])
            found.append(item)
    label = f"{context.name}.{name}"
    name = unique("value", set(cells))
    variable = context.around.sidecars.rows(label, cells, {name: texts(found)})
    return _look_up(variable, "values", name, context)
