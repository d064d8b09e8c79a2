"""URLs where a file or a folder is wanted: none of our targets fetches or sends files.

A URL that is only handed on as a text (a `string`) is no matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import values as faults
from sncompile.ir.keys.table import Cell as TableCell
from sncompile.ir.keys.table import Table
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Cell, Const, Key, Local, Lookup, Output, Related, Value, children, is_constant
from sncompile.semantics.path_text import is_url
from sncompile.semantics.program import Program, Step

FETCH = "fetch it before and name the path, or in a step that takes the URL as a `string` (`command: [curl, -fLo, …]`)"
_SEND = "name a path, and send what was written in a last step, or after the run"
_HAND_ON = "where the tool itself takes URLs, give the parameter the type `string`"


class _Wanted(NamedTuple):
    """A value that stands for files: what it is called, and what to do where it is a URL."""

    what: str
    value: Value
    help: str


def check_urls(program: Program, evaluator: Evaluator, report: Report) -> None:
    """Tell of every input, output and `path` that is a URL for some instance, each once."""
    checker = _Checker(program, evaluator)
    for step in program.steps.values():
        for wanted in _wanted(step, checker):
            told = checker.check(step, wanted)
            if told is not None:
                report.add(told)
    _check_workspace(program, report)


def constant_url(value: Value) -> str | None:
    """The first URL of a value that is the same for all instances; None where it is none, or not known yet."""
    if value.type.base in ("unknown", "null") or not is_constant(value):
        return None
    try:
        found = Evaluator({}).constant(value)
    except ValueFault:
        return None
    texts = found if isinstance(found, tuple) else (found,)
    return next((text for text in texts if isinstance(text, str) and is_url(text)), None)


def _wanted(step: Step, checker: _Checker) -> Iterator[_Wanted]:
    """The values of a step that stand for files and may be URLs."""
    for name, value in step.inputs.items():
        if checker.may_be(value, step):
            yield _Wanted(f"the input `{name}` of `{step.name}`", value, FETCH)
    for name, value in step.params.items():
        if step.module.params[name].base == "path" and checker.may_be(value, step):
            yield _Wanted(f"the parameter `{name}` of `{step.name}`", value, _HAND_ON)
    for name, output in step.outputs.items():
        if not output.derived and checker.may_be(output.path, step):
            yield _Wanted(f"the path of `{step.name}.{name}`", output.path, _SEND)


def _check_workspace(program: Program, report: Report) -> None:
    """Derived paths all begin with the workspace, so it is told once."""
    derives = any(output.derived for step in program.steps.values() for output in step.outputs.values())
    root = program.data.get("workspace")
    if derives and root is not None and is_url(program.workspace):
        message = f"the data root `workspace` is a URL, `{program.workspace}`, and jobs write files there"
        report.add(faults.URL_AS_FILE.at(root.span, message, help=_SEND))


class _Checker:
    """Looks for URLs; a column of a table is looked at once."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self._program, self._evaluator = program, evaluator
        self._columns: dict[tuple[Table, str], bool] = {}

    def check(self, step: Step, wanted: _Wanted) -> Diagnostic | None:
        """What is wrong with a value; None where it is no URL for any instance."""
        value = wanted.value
        found: list[tuple[str, int]] = []
        try:
            closure = self._evaluator.over(value, step.keys, step)
            for number in range(1 if isinstance(value, Const) else len(step.keys)):
                here = closure(number)
                texts = here if isinstance(here, tuple) else (here,)
                found += [(text, number) for text in texts if isinstance(text, str) and is_url(text)]
        except (ValueFault, AtRunTime):
            pass  # Told where values are looked at.
        if not found:
            return None
        text, number = found[0]
        where = step.keys.describe(number)
        others = len({other for other, _ in found}) - 1
        message = f"{wanted.what} is a URL{f' for {where}' if where else ''}: `{text}`"
        message += f" (and {others:,} more)" if others else ""
        return self._told(text, message, wanted, step)

    def may_be(self, value: Value, step: Step) -> bool:
        """Whether a value can be a URL: some text that it is made of has a colon. Most have none, and are not made."""
        if value.type.base in ("unknown", "null") or (isinstance(value, Related) and isinstance(value.value, Output)):
            return False  # An output is looked at where it is written.
        for leaf in _leaves(value, step):
            match leaf:
                case Const():
                    texts = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
                    if any(isinstance(text, str) and ":" in text for text in texts):
                        return True
                case Cell() | Lookup():
                    if self._has_colon(leaf.table, leaf.column):
                        return True
                case Key():
                    if any(":" in cell for cell in leaf.keys.column(leaf.name)):
                        return True
                case _:
                    pass
        return False

    def _has_colon(self, table: Table, column: str) -> bool:
        if table.enumerated == column:
            return False  # Files that were found.
        if (table, column) not in self._columns:
            cells = table.columns[column]
            self._columns[table, column] = any(isinstance(cell, str) and ":" in cell for cell in cells)
        return self._columns[table, column]

    def _told(self, url: str, message: str, wanted: _Wanted, step: Step) -> Diagnostic:
        """Told at the cell that it comes from, else where the value is given; a data root is shown beside."""
        span, related = wanted.value.span, []
        for leaf in _leaves(wanted.value, step):
            cell = _cell(leaf, url)
            if cell is not None:
                related.append(Place("it is taken here", span))
                span, message = cell[0], f"{message}; {cell[1]}"
                break
        else:
            roots = [root for root in self._program.data.items() if _begins(root[1], url)]
            related += [Place(f"the data root `{name}` begins so", root.span) for name, root in roots]
        return faults.URL_AS_FILE.at(span, message, help=wanted.help, related=tuple(related))


def _begins(root: Value, url: str) -> bool:
    """Whether a URL lies in a data root."""
    return isinstance(root, Const) and isinstance(root.value, str) and f"{url}/".startswith(f"{root.value}/")


def _leaves(value: Value, step: Step) -> Iterator[Value]:
    """What a value is made of, with what the names of the step's module stand for."""
    pending, seen = [value], set()
    while pending:
        here = pending.pop()
        if isinstance(here, Local):
            if (here.space, here.name) not in seen:
                seen.add((here.space, here.name))
                pending.append(step.local(here.space, here.name))
            continue
        yield here
        pending += reversed(children(here))


def _cell(leaf: Value, url: str) -> tuple[Span, str] | None:
    """The place of a cell that a URL begins with, and what it is called."""
    match leaf:
        case Cell() | Lookup():
            tables = [(leaf.table, leaf.column)]
        case Key():
            tables = [(table, leaf.name) for table in leaf.keys.rows.tables if leaf.name in table.columns]
        case _:
            return None
    for table, column in tables:
        row = _row(table.columns[column], url)
        if row is not None:
            number = list(table.columns).index(column) + 1
            return table.cell_span(row, column), f"column {number}, `{column}`, of `{table.name}`"
    return None


def _row(cells: Sequence[TableCell], url: str) -> int | None:
    """The first cell that a URL begins with; else the first at the same host, of which it may be made."""
    near = None
    for row, cell in enumerate(cells):
        if isinstance(cell, str) and is_url(cell):
            if url.startswith(cell.rstrip("/")):
                return row
            if near is None and url.split("/")[:3] == cell.split("/")[:3]:
                near = row
    return near
