"""The lowered model → a script of bash.

Each job is a function that says what there is to know of it, and another one with its command:

    job_2() { # blur/A
      name=blur/A digest=5f3a…
      after=(1) inputs=(results/flat/A.tif) made=(results/flat/A.tif 1)
      outputs=(results/blur/A/blurred.tif)
    }
    command_2() {
      command=(blur --sigma 1.5 results/flat/A.tif -o results/blur/A/blurred.tif)
    }
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from importlib.resources import files as package_files

from sncompile import __version__
from sncompile.diagnostics import CompileError, Span
from sncompile.faults import targets as faults
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.language.encoding import MAX_PART, below, length
from sncompile.ir.language.types import Type
from sncompile.lowering.expressions import (
    Attempt,
    Expression,
    Granted,
    Language,
    NoForm,
    Printer,
    Scaled,
    Size,
    Varying,
    everything,
)
from sncompile.lowering.jobs import Text, Words
from sncompile.lowering.model import Amount, JobRef, Late, Lowered, Plain, Task

SCRIPT = "run.sh"


def script_of(lowered: Lowered, root: str) -> str:
    """The whole script; `root` leads from the script to the folder that all paths start from.

    Raises `CompileError` for a value that bash and awk cannot work out when a job is about to run.
    """
    wanted = [JobRef(name, n) for name, found in lowered.wanted.items() for n in found]
    numbers = {job: number for number, job in enumerate(wanted, 1)}
    title = f": {lowered.title}" if lowered.title else ""
    state = below(lowered.workspace, f"{OWN_FOLDER}/bash")
    lines = [
        "#!/usr/bin/env bash",
        f"# {' '.join(lowered.name.split())}{title}",
        f"# Made by sncompile {__version__} from {lowered.spec} ({lowered.digest[:12]}).",
        "",
        f"root={_quoted(root)} state={_quoted(state)} jobs={len(wanted)}",
    ]
    for name, found in lowered.wanted.items():
        printed = _TaskScript(lowered, lowered.tasks[name], numbers)
        for number in found:
            lines += ["", *printed.job(number)]
    tail = package_files("sncompile.templates").joinpath("bash", SCRIPT).read_text("utf-8")
    return "\n".join(lines) + "\n" + tail


class _TaskScript:
    """The functions of one task's jobs."""

    def __init__(self, lowered: Lowered, task: Task, numbers: dict[JobRef, int]) -> None:
        self._lowered, self._task, self._numbers = lowered, task, numbers
        self._words = Words(lowered, task, granted=("cpus",))

    def job(self, number: int) -> Iterator[str]:
        """The lines of a job's two functions."""
        task = self._task
        mine = self._numbers[JobRef(task.name, number)]
        name = task.ids[number]
        # A name that is too long for what stands behind it makes way for one that is not.
        long = any(length(part) + len(".done.new") > MAX_PART for part in name.split("/"))
        yield f"job_{mine}() {{ # {_line(name)}"
        yield f"  name={_quoted(task.digests[number] if long else name)} digest={task.digests[number]}"
        yield from (f"  {line}" for line in self._facts(number))
        yield "}"
        yield f"command_{mine}() {{"
        yield from (f"  {line}" for line in self._command(number))
        yield "}"

    def _facts(self, number: int) -> Iterator[str]:
        task = self._task
        inputs = [path for port in task.inputs.values() for path in port.paths[number] or ()]
        writers = {path: writer.job for path in inputs if (writer := self._lowered.writer(path)) is not None}
        needed = sorted({self._numbers[job] for job in (*task.after[number], *writers.values())})
        yield from _array("after", map(str, needed))
        yield from _array("inputs", inputs)
        made = {path: str(self._numbers[job]) for path, job in writers.items()}
        yield from _array("made", (word for pair in made.items() for word in pair))
        from_outside = (p for p in inputs if p not in writers and not self._lowered.lies_about(p))
        yield from _array("given", from_outside)
        outputs = {name: output.paths[number] for name, output in task.outputs.items()}
        yield from _array("outputs", (path for paths in outputs.values() for path in paths))
        for flag in ("temp", "protected", "create"):
            flagged = [p for name, o in task.outputs.items() if getattr(o, flag) for p in outputs[name]]
            yield from _array("temporary" if flag == "temp" else flag, flagged)
        checks = [word for c in task.checks for path in outputs[c.port] for word in (c.kind, path, c.wanted)]
        yield from _array("checks", checks)
        values = {v.name: self._words.word(v.value, number)[0] for v in task.variables if v.value is not None}
        if values:
            words = " ".join(_word((f"{name}=", *value)) for name, value in values.items())
            yield f"variables=({words})"
        yield from _array("secrets", (v.name for v in task.variables if v.value is None))
        cpus = self._amount("cpus", number) if "cpus" in task.resources else 1
        for name, value, usual in (
            ("cpus", cpus, 1), ("retries", task.retries, 0), ("priority", task.priority or int(task.urgent), 0),
        ):  # fmt: skip
            if value != usual and not isinstance(value, Late):
                yield f"{name}={value}"

    def _amount(self, resource: str, number: int) -> Plain | Late:
        held = self._words.value(self._task.resources[resource], number)
        return held  # type: ignore[no-any-return]

    # --- Commands -----------------------------------------------------------------------------------------------

    def _command(self, number: int) -> Iterator[str]:
        command, script = self._words.command(number), self._words.script(number)
        words = command if command is not None else [w for p in script or () if not isinstance(p, str) for w in p]
        late = {name for word in words for part in word for name in _granted(part)}
        for resource in sorted(late):
            held = self._task.resources[resource]
            if not isinstance(held, Late):
                continue  # It stands among the facts of the job.
            yield f"local {resource}\n  {resource}={self._late(held.expression, number)}"
        if command is not None:
            yield f"command=({' '.join(_word(self._printed(word, number)) for word in command)})"
        else:
            parts = (_quoted(p) if isinstance(p, str) else self._script_words(p, number) for p in script or ())
            yield f"script={''.join(parts)}"

    def _printed(self, word: Sequence[Text], number: int) -> tuple[str | _Code, ...]:
        return tuple(self._code(part, number) for part in word)

    def _code(self, part: Text, number: int) -> str | _Code:
        if isinstance(part, str):
            return part
        if isinstance(part, Amount):
            return _Code(f'"${part.resource}"')
        return _Code(f'"{self._late(part.expression, number)}"')

    def _script_words(self, words: list[tuple[Text, ...]], number: int) -> str:
        """Words inside a script: what is known is quoted twice, once for the script and once for this one."""
        found = []
        for word in words:
            text = ""
            late = any(not isinstance(part, str) for part in word)
            for part in self._printed(word, number):
                # What is worked out is a number, which needs no quotes in the script.
                text += part if isinstance(part, _Code) else _quoted(shlex.quote(part)) if part or not late else ""
            found.append(text or _quoted("''"))
        return "' '".join(found)

    def _late(self, expression: Expression, number: int) -> str:
        try:
            return f'$(amount "{_Awk(self._task, number).print(expression)}")'
        except NoForm as error:
            help = "use numbers, comparisons and their operators, or compile to another target"
            message = f"bash cannot compute {error.what} when a job is about to run"
            raise CompileError([faults.NOT_AT_RUN_TIME.at(error.span, message, help=help)]) from None


def _granted(part: Text) -> Iterator[str]:
    """The resources that a part of a word takes, which are known late."""
    if isinstance(part, Amount):
        yield part.resource
    elif isinstance(part, Late):
        yield from (each.resource for each in everything(part.expression) if isinstance(each, Granted))


class _Code(str):
    """Text that bash works out, and that is not quoted."""

    __slots__ = ()


class _Awk(Printer):
    """Expressions for awk, within double quotes of bash."""

    language = Language.AWK
    choice = "({test} ? {then} : {other})"

    def __init__(self, task: Task, number: int) -> None:
        self._task, self._number = task, number

    def scaled(self, code: str, expression: Scaled) -> str:
        code = f"{code} * {expression.times!r}" if expression.times != 1 else code
        return f"whole({code}{f' / {expression.over}' if expression.over != 1 else ''})"

    def granted(self, expression: Granted) -> str:
        return f"${expression.resource}"

    def constant(self, value: Plain, type: Type, span: Span) -> str:
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, (int, float)):
            return repr(value)
        raise NoForm("a text" if isinstance(value, str) else "a list", span)

    def varying(self, expression: Varying) -> str:
        cell = self._task.columns[expression.column].cells[self._number]
        return self.constant(cell, expression.type, expression.span)

    def attempt(self, expression: Attempt) -> str:
        return "$attempt"

    def size(self, expression: Size) -> str:
        paths = self._task.inputs[expression.port].paths[self._number] or ()
        return f"$(size {' '.join(map(_quoted, paths))})" if paths else "0"


def _array(name: str, items: Iterator[str] | Sequence[str] | map[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield f"{name}=({' '.join(map(_quoted, found))})"


def _word(parts: Sequence[Text | _Code]) -> str:
    return "".join(p if isinstance(p, _Code) else _quoted(str(p)) for p in parts if p or len(parts) == 1)


def _quoted(text: str) -> str:
    return shlex.quote(text)


def _line(text: str) -> str:
    """A text on one line of a comment."""
    return " ".join(text.split())
