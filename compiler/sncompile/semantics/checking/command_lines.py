"""Command lines that no system starts, told before anything runs; and list files that would be read wrongly.

How long a command line is follows from the spec and its tables. Most are short whatever their values are, so each is
bounded first, and only one that may be too long is written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sncompile.diagnostics import Report
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, Flag, ListFile, Option
from sncompile.ir.jobs.words import as_arguments
from sncompile.ir.language.encoding import length
from sncompile.ir.language.limits import MOST_LINE, MOST_WORD
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import STRING
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import (
    Apply,
    Cell,
    Choice,
    Const,
    Key,
    Local,
    Lookup,
    Output,
    Record,
    Related,
    Value,
    children,
)
from sncompile.semantics.list_files import handed_over
from sncompile.semantics.program import Program, Step

_PATH = 4_096
"""No path has more bytes, and hardly any cell of a table."""

_PER_WORD = 9
"""What a word takes beside its bytes: what ends it, and where it is."""

_GROWS = 8
"""What a function makes of texts is hardly longer than this many times they are."""


def check_command_lines(program: Program, evaluator: Evaluator, report: Report) -> None:
    """Warn of command lines that are too long, and tell of list files with items that are not on one line."""
    bounds = _Bounds(program)
    for step in program.steps.values():
        if not len(step.keys):
            continue
        try:
            for file in step.lists.values():
                _check_items(step, file, evaluator, report)
            _check_line(handed_over(step, program.workspace), bounds, evaluator, report)
        except (ValueFault, AtRunTime):
            continue  # Told when the values are looked at, or known when the job runs.


def _check_items(step: Step, file: ListFile, evaluator: Evaluator, report: Report) -> None:
    if file.ended_by == "\0":
        return
    last: Any = None
    for number, cell in enumerate(evaluator.column(file.value, step.keys, step)):
        if cell is last:
            continue  # Many jobs may be given one and the same list.
        last = cell
        wrong = next((item for item in as_arguments(cell) if "\n" in item), None)
        if wrong is not None:
            message = f"an item of a list file{_for(step, number)} has a line break in it: {wrong[:60]!r}"
            hint = "have a NUL end each item, if the tool can read that: `separator: nul`; or rename the file"
            report.add(faults.BROKEN_LINE.at(file.span, message, help=hint))
            return


def _check_line(step: Step, bounds: _Bounds, evaluator: Evaluator, report: Report) -> None:
    arguments = list(_arguments(step))
    most = [bounds.argument(argument, step) for argument in arguments]
    single = [b for a, b in zip(arguments, most, strict=True) if not _value(a).type.many]
    if max(single, default=0) <= MOST_WORD and sum(most) <= MOST_LINE:
        return

    measures = [_measure(argument, step, evaluator) for argument in arguments]
    for number in range(len(step.keys)):
        sizes = [measure(number) for measure in measures]
        longest = max(range(len(sizes)), key=lambda n: sizes[n].longest)
        largest = max(range(len(sizes)), key=lambda n: sizes[n].whole)
        whole = sum(size.whole for size in sizes)
        if sizes[longest].longest > MOST_WORD:
            told = f"an argument of `{step.name}`{_for(step, number)} has {sizes[longest].longest:,} bytes"
            limit = f"Linux takes {MOST_WORD:,}"
            _tell(step, arguments[longest], f"{told}, and {limit}", report)
        elif whole > MOST_LINE:
            told = f"the command line of `{step.name}`{_for(step, number)} has {whole:,} bytes"
            limit = f"Linux takes about {MOST_LINE:,} beside the environment"
            _tell(step, arguments[largest], f"{told}, and {limit}", report)
        else:
            continue
        return


class _Size(NamedTuple):
    """The bytes of some words: of the longest of them, and of all with what they take beside."""

    longest: int = 0
    whole: int = 0

    @staticmethod
    def of(words: Sequence[str]) -> _Size:
        sizes = [length(word) + 1 for word in words]
        return _Size(max(sizes, default=0), sum(sizes) + (_PER_WORD - 1) * len(sizes))


def _measure(argument: Argument, step: Step, evaluator: Evaluator) -> Callable[[int], _Size]:
    """The function from an instance to the size of an argument's words."""
    value = evaluator.closure(_value(argument), step.keys, step)
    when = evaluator.closure(argument.when, step.keys, step) if isinstance(argument, Option) and argument.when else None
    last: list[tuple[Any, _Size]] = []

    def measure(number: int) -> _Size:
        if when is not None and not when(number):
            return _Size()
        cell = value(number)
        # Many jobs may be given one and the same list.
        if not last or last[0][0] is not cell:
            last[:] = [(cell, _Size.of(as_arguments(cell)))]
        return last[0][1]

    return measure


def _tell(step: Step, argument: Argument, message: str, report: Report) -> None:
    value = _value(argument)
    if step.module.action == "script":
        hint = "a script is given its lists as words: run it by `command`, with `{list_file: …}` for the long one"
        hint += ', such as `command: [python, "${file(\'x.py\')}", {list_file: "${inputs.x}", option: --x}]`'
    elif step.module.action == "shell":
        hint = "have the script read them from a file: `${list_file(…)}` is the path of one with an item a line"
    elif step.module.action == "command":
        named = next((v for v in _listed(value) if v.space in ("inputs", "params")), None)
        inside = f"${{{named.space}.{named.name}}}" if named is not None else "${…}"
        hint = f'if the tool can read them from a file, hand over one: `{{list_file: "{inside}"}}`'
        hint += "; else give it a folder, or gather fewer in one job"
    else:
        hint = "hand the long text over in a file, as an input"
    report.add(faults.LONG_LINE.at(value.span, message, help=hint))


def _listed(value: Value) -> Iterator[Local]:
    if isinstance(value, Local):
        yield value
    for child in children(value):
        yield from _listed(child)


def _arguments(step: Step) -> Iterator[Argument]:
    """The arguments of the command; of a script those values that a program may be given all at once."""
    if step.command is not None:
        yield from step.command
        return
    parts = step.shell or ()
    text = "".join(part.text for part in parts)
    for number, part in enumerate(parts):
        if part.value is None:
            continue
        before = parts[number - 1].text if number else ""
        name = re.search(r"(\w+)=\($", before)
        if name is None or re.search(rf'(?<!\bin) "?\$\{{{name[1]}\[@\]', text):
            yield part.value


def _value(argument: Argument) -> Value:
    if isinstance(argument, Option):
        return argument.value
    return Const(argument.flag, STRING, argument.span) if isinstance(argument, Flag) else argument


class _Bounds:
    """How long the words of a program's steps may be, by the forms of their values: no value is worked out."""

    def __init__(self, program: Program) -> None:
        self._steps = program.steps
        self._columns: dict[int, int] = {}

    def argument(self, argument: Argument, step: Step) -> int:
        """So many bytes an argument has at the most, for any job."""
        if isinstance(argument, Flag):
            return len(argument.flag) * 4
        before = len(argument.option) * 4 if isinstance(argument, Option) else 0
        return before + self._most(_value(argument), step)

    def _most(self, value: Value, step: Step) -> int:
        match value:
            case Const():
                return len(str(value.value)) * 4
            case Local():
                return self._most(step.local(value.space, value.name), step) if value.space in _BOUND else _PATH
            case Related():
                return (self._most(value.value, step) + _PER_WORD) * _gathered(value)
            case Cell():
                return self._longest(value.table.columns[value.column]) if value.type.textual else _NUMBER
            case Key():
                return self._longest(value.keys.column(value.name)) * (3 if value.encoded else 1)
            case Lookup():
                return _PATH
            case Choice():
                return max(self._most(value.then, step), self._most(value.other, step))
            case Apply() if value.function == "range":
                return MOST_LINE  # A number says how many there are.
            case Apply():
                return _GROWS * sum(self._most(operand, step) for operand in value.operands)
            case Output():
                source = self._steps[value.step]
                return self._most(source.local("outputs", value.port), source)
            case Record():
                return sum(self._most(member, step) + 3 * len(name) for name, member in value.members)
            case _:
                return sum(self._most(child, step) for child in children(value)) or _PATH

    def _longest(self, cells: Sequence[Any]) -> int:
        """The bytes that the longest cell may have, of a column that many values may look at."""
        if id(cells) not in self._columns:
            try:
                longest = max(map(len, cells), default=0)
            except TypeError:  # Some are absent.
                longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
            self._columns[id(cells)] = longest * 4
        return self._columns[id(cells)]


_BOUND = ("inputs", "params", "outputs")
_NUMBER = 32
"""No number or boolean has more bytes."""


def _gathered(value: Related) -> int:
    if not value.gathers:
        return 1
    if not value.target.by:
        return len(value.source)
    return max(map(len, value.target.related(value.source)), default=0)


def _for(step: Step, number: int) -> str:
    where = step.keys.describe(number)
    return f" for {where[:80]}" if where else ""
