"""URLs where a file or a folder is wanted: those that can be fetched or sent to, and those that cannot.

A URL that is only handed on as a text (a `string`) is no matter. Nothing here opens a connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Fault, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import values as faults
from sncompile.ir.keys.table import Cell as TableCell
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.locations import WRITABLE, is_near, is_url, location, servers_of, wrong_with
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Cell, Const, Key, Lookup, Output, Related, Value, is_constant
from sncompile.ir.values.remote import Remote, RemotePort, leaves
from sncompile.semantics.checking.remote_values import strays
from sncompile.semantics.linking.conventions import WORKSPACE
from sncompile.semantics.program import Program, Step

FETCH = "fetch it before and name the path, or in a step that takes the URL as a `string` (`command: [curl, -fLo, …]`)"
_SEND = "name a path, and send what was written in a last step, or after the run"
_HAND_ON = "where the tool itself takes URLs, give the parameter the type `string`"
_NAMED = "let a data root name the server, if that is meant: `data: {NAME: %s}`"


class _Wanted(NamedTuple):
    """A value that stands for files: what it is called, its kind of port (`params` for a parameter), and its type."""

    what: str
    value: Value
    space: str
    base: str


class _Wrong(NamedTuple):
    """What is wrong with a URL: the fault, what is said of it, and what to do."""

    fault: Fault
    how: str
    help: str


def check_urls(program: Program, evaluator: Evaluator, report: Report) -> None:
    """Tell of every input, output and `path` for which some instance has a URL that cannot be, each once."""
    remote = Remote(program.steps, evaluator)
    checker = _Checker(program, evaluator)
    for step in program.steps.values():
        for wanted in _wanted(step, remote):
            told = checker.check(step, wanted)
            if told is not None:
                report.add(told)
        found = remote.ports(step.name)
        for span, name in strays(step, found) if found else ():
            message = f"`{name}` of `{step.name}` is fetched, and this is made of its URL, not of the file"
            help = "name the port by itself; `basename`, `stem` and `suffix` of it can be had"
            report.add(faults.MADE_OF_URL.at(span, message, help=help))
    _check_workspace(program, checker, report)


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


def _wanted(step: Step, remote: Remote) -> Iterator[_Wanted]:
    """The values of a step that stand for files and may be URLs; what a step writes is looked at there."""

    def written(value: Value) -> bool:
        return isinstance(value, Related) and isinstance(value.value, Output)

    for name, value in step.inputs.items():
        # Of a sheet that is written for the job, what counts is what stands in it.
        if not written(value) and (
            remote.may_be(value, step)
            if name in step.sheets
            else remote.port_may_be(step.name, RemotePort("inputs", name))
        ):
            yield _Wanted(f"the input `{name}` of `{step.name}`", value, "inputs", step.module.inputs[name].base)
    for name, value in step.params.items():
        if step.module.params[name].base == "path" and not written(value) and remote.may_be(value, step):
            yield _Wanted(f"the parameter `{name}` of `{step.name}`", value, "params", "path")
    for name, output in step.outputs.items():
        if not output.derived and remote.port_may_be(step.name, RemotePort("outputs", name)):
            yield _Wanted(f"the path of `{step.name}.{name}`", output.path, "outputs", output.port.base)


def _check_workspace(program: Program, checker: _Checker, report: Report) -> None:
    """Derived paths all begin with the workspace, so what is wrong with it is told once; then what is with keys."""
    root = program.data.get(WORKSPACE)
    if root is None or not is_url(program.workspace):
        return
    for step in program.steps.values():
        for base in sorted({output.port.base for output in step.outputs.values() if output.derived}):
            wrong = checker.wrong(f"{program.workspace}/x", "outputs", base)
            if wrong is not None:
                message = f"the data root `{WORKSPACE}` {wrong.how}, `{program.workspace}`, and jobs write files there"
                report.add(wrong.fault.at(root.span, message, help=wrong.help))
                return
            for key in step.keys.by:
                for cell in dict.fromkeys(step.keys.column(key)):
                    wrong = checker.wrong(f"{program.workspace}/{encode_key(cell)}", "outputs", base)
                    if wrong is not None:
                        message = f"`{cell}` of the key `{key}` stands in the URL of what `{step.name}` writes, which"
                        report.add(wrong.fault.at(step.span, f"{message} {wrong.how}", help=wrong.help))
                        return


class _Checker:
    """Looks at the URLs of a program."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self._program, self._evaluator = program, evaluator
        roots = [root.value for root in program.data.values() if isinstance(root, Const)]
        self._servers = servers_of(root for root in roots if isinstance(root, str))
        self._known: dict[tuple[str, str, str], _Wrong | None] = {}

    def wrong(self, url: str, space: str, base: str) -> _Wrong | None:
        """What is wrong with a URL in the place of a path; None where it can be there."""
        # Of many URLs most are of a few servers; what is wrong with their paths is looked at for each.
        found = location(url)
        key = (space, base, found.server)
        if key not in self._known:
            self._known[key] = self._server(url, space, base)
        known = self._known[key]
        if known is not None:
            return known
        wrong = wrong_with(url)
        return None if wrong is None else _Wrong(faults.BAD_URL, wrong[0], wrong[1])

    def _server(self, url: str, space: str, base: str) -> _Wrong | None:
        found = location(url)
        if space == "params":
            return _Wrong(faults.URL_AS_FILE, "is a URL", _HAND_ON)
        wrong = wrong_with(url)
        if wrong is not None and (not found.host or "@" in found.host):
            return _Wrong(faults.BAD_URL, wrong[0], wrong[1])
        if space == "outputs" and found.scheme not in WRITABLE:
            return _Wrong(faults.URL_AS_FILE, "is a URL", _SEND)
        if base == "directory":
            help = "name the files one by one, or pack the folder and unpack it in a step"
            return _Wrong(faults.REMOTE_FOLDER, "is a URL, and files alone are fetched and sent", help)
        if found.server not in self._servers and found.scheme not in WRITABLE:
            if found.scheme == "http":
                how = "is fetched without encryption"
                return _Wrong(faults.UNNAMED_SERVER, how, f"use `https`, or {_NAMED % found.server}")
            if is_near(found.host):
                return _Wrong(faults.UNNAMED_SERVER, "leads to this machine", _NAMED % found.server)
        return None

    def check(self, step: Step, wanted: _Wanted) -> Diagnostic | None:
        """What is wrong with a value; None where no instance has a URL that cannot be."""
        value = wanted.value
        found: list[tuple[_Wrong, str, int]] = []
        try:
            closure = self._evaluator.over(value, step.keys, step)
            for number in range(1 if isinstance(value, Const) else len(step.keys)):
                here = closure(number)
                for text in here if isinstance(here, tuple) else (here,):
                    if isinstance(text, str) and is_url(text):
                        wrong = self.wrong(text, wanted.space, wanted.base)
                        if wrong is not None:
                            found.append((wrong, text, number))
        except (ValueFault, AtRunTime):
            pass  # Told where values are looked at.
        if not found:
            return None
        wrong, text, number = found[0]
        where = step.keys.describe(number)
        others = len({other for _, _, other in found}) - 1
        # A login is not told again.
        shown = f"{text.partition('://')[0]}://…@{text.rpartition('@')[2]}" if "@" in location(text).host else text
        shown = shown.partition("?")[0] + "?…" if "?" in shown else shown
        message = f"{wanted.what} {wrong.how}{f' for {where}' if where else ''}: `{shown}`"
        message += f" (and {others:,} more)" if others else ""
        return self._told(text, message, wanted, wrong, step)

    def _told(self, url: str, message: str, wanted: _Wanted, wrong: _Wrong, step: Step) -> Diagnostic:
        """Told at the cell that it comes from, else where the value is given; a data root is shown beside."""
        span, related = wanted.value.span, []
        for leaf in leaves(wanted.value, step):
            cell = _cell(leaf, url)
            if cell is not None:
                related.append(Place("it is taken here", span))
                span, message = cell[0], f"{message}; {cell[1]}"
                break
        else:
            roots = [root for root in self._program.data.items() if _begins(root[1], url)]
            related += [Place(f"the data root `{name}` begins so", root.span) for name, root in roots]
        return wrong.fault.at(span, message, help=wrong.help, related=tuple(related))


def _begins(root: Value, url: str) -> bool:
    """Whether a URL lies in a data root."""
    return isinstance(root, Const) and isinstance(root.value, str) and f"{url}/".startswith(f"{root.value}/")


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
