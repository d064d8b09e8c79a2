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
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files as package_files

from sncompile import __version__
from sncompile.diagnostics import CompileError, Span
from sncompile.faults import targets as faults
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.language.encoding import MAX_PART, below, length
from sncompile.ir.language.operands import to_text
from sncompile.ir.language.types import Type
from sncompile.ir.values.evaluate import record_text
from sncompile.lowering.contents import contents_of, read_by_job, settled
from sncompile.lowering.expressions import (
    AWK_FUNCTIONS,
    Attempt,
    Content,
    Expression,
    Granted,
    Known,
    Language,
    Listed,
    NoForm,
    Printer,
    Scaled,
    Size,
    Varying,
    evaluated,
    everything,
)
from sncompile.lowering.jobs import Each, Members, Perhaps, Text, Words
from sncompile.lowering.model import JobRef, Lowered, Task
from sncompile.lowering.pieces import Amount, Late, Object, Plain
from sncompile.targets.bash_settings import BASH_SETTINGS, START_FILE

SCRIPT = "run.sh"
VALUE = "value.sh"
"""What looks whether a file holds a value."""

SET_BY_BASH = ("UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_ARGC", "BASH_ARGV", "BASH_VERSINFO", "_")
"""Variables that bash lets nobody set."""

PRINTED: Mapping[str, str] = {"\n": r"%s\n", "\0": r"%s\0"}
"""The format by which an item is printed that something stands behind."""

START = BASH_SETTINGS - {"SHELLOPTS", "BASHOPTS", "BASH_ARGV0"} | {START_FILE, "ENV"}
"""Variables that bash heeds when it starts, of those that can be unset."""


def script_of(lowered: Lowered, root: str) -> str:
    """The whole script; `root` leads from the script to the folder that all paths start from.

    Raises `CompileError` for a value that bash and awk cannot work out when a job is about to run.
    """
    wanted = [JobRef(name, n) for name, found in lowered.wanted.items() for n in found]
    numbers = {job: number for number, job in enumerate(wanted, 1)}
    title = f": {lowered.title}" if lowered.title else ""
    state = below(lowered.workspace, f"{OWN_FOLDER}/bash/{lowered.name}")
    lines = [
        "#!/usr/bin/env bash",
        f"# {_line(lowered.name)}{title}",
        f"# Made by sncompile {__version__} from {_line(lowered.spec)} ({lowered.digest[:12]}).",
        "",
        'if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi',
        "",
        "# The caller's environment, without what changes how bash takes a script, or cannot be set.",
        f"unset {' '.join(sorted(START))}",
        "mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |",
        f"  grep -zvE '^({'|'.join(SET_BY_BASH)})=')",
        f"root={_quoted(root)} state={_quoted(state)} jobs={len(wanted)}",
    ]
    for name, found in lowered.wanted.items():
        printed = _TaskScript(lowered, lowered.tasks[name], numbers)
        for number in found:
            lines += ["", *printed.job(number)]
    lines += ["", f"functions={_quoted(AWK_FUNCTIONS)}"]
    if any(check.kind == "value" for task in lowered.tasks.values() for check in task.checks):
        looks = package_files("sncompile.templates").joinpath("support", VALUE).read_text("utf-8")
        lines += ["", "is_value() ( # TYPE PATH", *looks.splitlines(), ")"]
    tail = package_files("sncompile.templates").joinpath("bash", SCRIPT).read_text("utf-8")
    return "\n".join(lines) + "\n" + tail


class _TaskScript:
    """The functions of one task's jobs."""

    def __init__(self, lowered: Lowered, task: Task, numbers: dict[JobRef, int]) -> None:
        self._lowered, self._task, self._numbers = lowered, task, numbers
        self._words = Words(lowered, task, granted=("cpus",), looks=True)
        self._asked = {path for each in lowered.outputs.values() for path in each.paths or ()}

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
        # What is read for its value is needed by this job itself: whoever else waits for it may be done with it.
        values = list(dict.fromkeys(p for c in contents_of(task) for p in read_by_job(c, task, number)))
        read = [*inputs, *values]
        writers = {path: writer.job for path in read if (writer := self._lowered.writer(path)) is not None}
        needed = sorted({self._numbers[job] for job in (*task.after[number], *writers.values())})
        yield from _array("after", map(str, needed))
        yield from _array("inputs", inputs)
        yield from _array("values", values)
        made = {path: str(self._numbers[job]) for path, job in writers.items() if not self._may_lack(path)}
        yield from _array("made", (word for pair in made.items() for word in pair))
        from_outside = (p for p in inputs if p not in writers and not self._lowered.lies_about(p))
        yield from _array("given", from_outside)
        outputs = {name: output.paths[number] for name, output in task.outputs.items()}
        yield from _array("outputs", (path for paths in outputs.values() for path in paths))
        need_not = (path for port, o in task.outputs.items() if o.optional for path in outputs[port])
        yield from _array("optional", need_not)
        for flag, name in (("temp", "temporary"), ("protected", "protected"), ("create", "create")):
            flagged = [path for port, o in task.outputs.items() if getattr(o, flag) for path in outputs[port]]
            # What the pipeline is for stays.
            yield from _array(name, [path for path in flagged if flag != "temp" or path not in self._asked])
        folders = [path for port, o in task.outputs.items() if o.base == "directory" for path in outputs[port]]
        yield from _array("folders", folders)
        checks = [word for c in task.checks for path in outputs[c.port] for word in (c.kind, path, c.wanted)]
        yield from _array("checks", checks)
        variables = {v.name: self._words.word(v.value, number)[0] for v in task.variables if v.value is not None}
        if variables:
            words = " ".join(_word((f"{name}=", *value)) for name, value in variables.items())
            yield f"variables=({words})"
        yield from _array("secrets", (v.name for v in task.variables if v.value is None))
        cpus = self._cpus(number) if "cpus" in task.resources else "1"
        for name, value, usual in (
            ("cpus", cpus, "1"), ("retries", task.retries, 0), ("priority", task.priority or int(task.urgent), 0),
        ):  # fmt: skip
            if value != usual:
                yield f"{name}={value}"

    def _may_lack(self, path: str) -> bool:
        """Whether a path is an output that need not be written."""
        writer = self._lowered.writer(path)
        return writer is not None and self._lowered.tasks[writer.job.task].outputs[writer.port].optional

    def _cpus(self, number: int) -> str:
        """How many processors a job is taken to use: those of its first attempt, or all where nobody knows."""
        held = self._words.value(self._task.resources["cpus"], number)
        if not isinstance(held, Late):
            return str(held)
        sized = any(isinstance(each, (Content, Size)) for each in everything(held.expression))
        return "$cores" if sized else str(evaluated(held.expression, self._task, number))

    # --- Commands -----------------------------------------------------------------------------------------------

    def _command(self, number: int) -> Iterator[str]:
        self._refuse_objects()
        command, script = self._words.command(number), self._words.script(number)
        words = command if command is not None else [w for p in script or () if not isinstance(p, str) for w in p]
        granted = {name for word in words for part in word for name in _granted(part)}
        for resource in sorted(granted):
            held = self._task.resources[resource]
            if not isinstance(held, Late):
                continue  # It stands among the facts of the job.
            yield f"{resource}={self._late(held.expression, number)}"
            if resource == "cpus":
                yield "if ((cpus > cores)); then cpus=$cores; fi"
        lists = [
            (path, PRINTED[each.ended_by], [found for word in each.words for found in self._words.word(word, number)])
            for path, each in zip(self._words.lists(number), self._task.lists.values(), strict=True)
        ]
        words = [*words, *(word for _, _, listed in lists for word in listed)]
        # Each stands on a line of its own: a failure inside of a list of words would be none.
        late: dict[Text, str] = {}
        for part in (p for w in words for p in w if isinstance(p, (Each, Late, Perhaps, Members))):
            late.setdefault(part, f"late_{len(late)}")
        for known, name in late.items():
            yield from self._known_late(known, name, number)
        for path, form, listed in lists:
            items = "".join(f" {_word(_printed(word, late))}" for word in listed)
            yield f"list {_quoted(path)} {_quoted(form)}{items}"
        if command is not None:
            yield f"command=({' '.join(_word(_printed(word, late)) for word in command)})"
        else:
            parts = (_quoted(p) if isinstance(p, str) else _script_words(p, late) for p in script or ())
            yield f"script={''.join(parts)}"

    def _refuse_objects(self) -> None:
        """Refuse what is known late in the arguments of functions and notebooks: bash makes no JSON of a text."""
        words = [*(self._task.command or ()), *(word for each in self._task.lists.values() for word in each.words)]
        for piece in (piece for word in words for piece in word.pieces if isinstance(piece, Object)):
            for _, member in piece.members:
                if isinstance(member, Late):
                    raise _unknown("the arguments of a function", member.expression.span)

    def _known_late(self, part: Text, name: str, number: int) -> Iterator[str]:
        """What sets the variable of something that is known when the job is about to run."""
        if isinstance(part, Each):
            content = settled(part.late.expression, self._task, number)
            if isinstance(content, Listed):
                yield from self._listed(content, part.before, name, number)
                return
            if not isinstance(content, Content):
                raise _unknown("a list", content.span)
            yield f"contents {name} {' '.join(map(_quoted, (part.before, *read_by_job(content, self._task, number))))}"
        elif isinstance(part, Late):
            yield self._late_text(settled(part.expression, self._task, number), name, number)
        elif isinstance(part, Perhaps):
            yield f"there {name} {' '.join(map(_quoted, (part.before, part.lead, *part.paths)))}"
        elif isinstance(part, Members):
            yield f"{name}={_quoted(part.known)}"
            for member, many, paths in part.perhaps:
                pairs = [word for path in paths for word in (path, record_text({"": path})[5:-1])]
                key = record_text({member: ""})[1:-5]
                yield f"add_member {name} {' '.join(map(_quoted, (key, str(int(many)), *pairs)))}"

    def _listed(self, expression: Listed, before: str, name: str, number: int) -> Iterator[str]:
        """What sets the variable of a list that is written out."""
        yield f"{name}=()"
        for each in expression.items:
            yield self._late_text(settled(each, self._task, number), f"{name}_text", number)
            yield f'{name}+=({_quoted(before) + " " if before else ""}"${name}_text")'

    def _late_text(self, expression: Expression, name: str, number: int) -> str:
        """What sets the variable of a text, of which this job has one side where it is a choice by what is known."""
        if isinstance(expression, Content) and not read_by_job(expression, self._task, number):
            return f"{name}=''"
        if isinstance(expression, Content):
            return f"content {name} {' '.join(map(_quoted, read_by_job(expression, self._task, number)))}"
        if isinstance(expression, (Known, Varying)):
            held = evaluated(expression, self._task, number)
            return f"{name}={_quoted('' if held is None else to_text(held))}"
        return f"{name}={self._late(expression, number)}"

    def _late(self, expression: Expression, number: int) -> str:
        awk = _Awk(self._task, number)
        try:
            if expression.type.base == "boolean":
                return f'$(truth "{awk.print(expression)}")'
            if expression.type.base != "integer":
                raise NoForm(f"a {expression.type.base}", expression.span)
            return f'$(amount "{awk.print(expression)}")'
        except NoForm as error:
            raise _unknown(error.what, error.span) from None


def _unknown(what: str, span: Span) -> CompileError:
    help = "use numbers, comparisons and their operators, or compile to another target"
    message = f"bash cannot compute {what} when a job is about to run"
    return CompileError([faults.NOT_AT_RUN_TIME.at(span, message, help=help)])


def _printed(word: Sequence[Text], late: Mapping[Text, str]) -> tuple[str | _Code, ...]:
    """The parts of a word, with variables for what is known late; what is known stands together."""
    found: list[str | _Code] = []
    for part in word:
        if isinstance(part, (Perhaps, Each)):
            found.append(_Code(f'"${{{late[part]}[@]}}"'))
        elif isinstance(part, Members):
            found.append(_Code(f'"{{${late[part]}}}"'))
        elif not isinstance(part, str):
            found.append(_Code(f'"${part.resource if isinstance(part, Amount) else late[part]}"'))
        elif found and not isinstance(found[-1], _Code):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def _script_words(words: list[tuple[Text, ...]], late: Mapping[Text, str]) -> str:
    """Words inside a script: what is known is quoted twice, once for the script and once for this one."""
    found: list[str] = []
    for word in words:
        if any(isinstance(part, (Each, Perhaps, Members)) or _is_text(part) for part in word):
            found.append(_Code(f'"$(words {_word(_printed(word, late))})"'))
            continue
        # What is worked out is a number or `true`, which needs no quotes in the script.
        parts = (p if isinstance(p, _Code) else _quoted(shlex.quote(p)) for p in _printed(word, late) if p)
        found.append("".join(parts))
    return "' '".join(text or _quoted("''") for text in found)


def _is_text(part: Text) -> bool:
    """Whether a part may be any text: what stands in a file, or one of several texts."""
    if not isinstance(part, Late):
        return False
    return part.expression.type.textual or any(isinstance(each, Content) for each in everything(part.expression))


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

    def content(self, expression: Content, *, as_text: bool = False) -> str:
        if expression.type.many or expression.type.base == "string" or as_text:
            raise NoForm("a list" if expression.type.many else "a text", expression.span)
        (path,) = read_by_job(expression, self._task, self._number)
        return f"$(numeral {_quoted(path)})"

    def size(self, expression: Size) -> str:
        paths = self._task.inputs[expression.port].paths[self._number] or ()
        return f"$(size {' '.join(map(_quoted, paths))})" if paths else "0"


def _array(name: str, items: Iterator[str] | Sequence[str] | map[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield f"{name}=({' '.join(map(_quoted, found))})"


def _word(parts: Sequence[Text | _Code]) -> str:
    return "".join(p if isinstance(p, _Code) else _quoted(str(p)) for p in parts if p) or "''"


def _quoted(text: str) -> str:
    return shlex.quote(text)


def _line(text: str) -> str:
    """A text on one line of a comment."""
    return " ".join(text.split())
