"""Tasks → a spec with a step for each, as text.

    tasks → names (paths.py) → who feeds whom (wiring.py) → words and files of commands (commands.py)
          → ports (ports.py) → text (this file)

Every step has a module of its own, written out inside it: nothing says which tasks are alike but what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from tests.traces.commands import Command, read_command
from tests.traces.paths import plain_path, step_names
from tests.traces.ports import Ports, output_ports, ports_of
from tests.traces.tasks import Task
from tests.traces.wiring import Wires, wire

WIDTH = 100
"""A list that makes a line longer than this gets a line for each item."""

_PLAIN = re.compile(r"-{0,2}[A-Za-z_][A-Za-z0-9_./+-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def spec_of(tasks: Sequence[Task], name: str) -> str:
    """A pipeline `name` with every task as a step of its own, as YAML.

    Inputs that a task writes are references to it; all others are paths. Outputs lie where the trace has them, but
    for those of a name that an earlier task or an input has. What the trace says twice, or in an order that cannot
    be, is told by `wiring.py`.
    """
    steps = step_names(task.name for task in tasks)
    wires = wire(tasks, steps)
    commands = [read_command(t.command, w.reads.keys(), w.writes.keys()) for t, w in zip(tasks, wires, strict=True)]
    ports = ports_of(tasks, commands, wires)
    places = output_ports(ports)
    lines = ["sncompile: 1", f"pipeline: {step_names([name])[0]}", "", "steps:"]
    for task, step, command, held, wired in zip(tasks, steps, commands, ports, wires, strict=True):
        lines += _step(task, step, _command(command, held), held, wired, _given(held, wired, steps, places))
        lines += [f"    after:{_list([steps[number] for number in wired.after], 4)}"] if wired.after else []
    return "\n".join(lines) + "\n"


def raw_files(tasks: Sequence[Task]) -> list[str]:
    """The paths of the inputs that no task writes, as the spec has them: what must be there for a run, in order."""
    wires = wire(tasks, step_names(task.name for task in tasks))
    return sorted({plain_path(name) for wired in wires for name, writer in wired.reads.items() if writer is None})


def _step(
    task: Task, step: str, command: str, ports: Ports, wired: Wires, given: dict[str, str | list[str]]
) -> Iterator[str]:
    """The lines of a step, but for what it waits for."""
    paths = {port: " " + _scalar(_text(wired.writes[name])) for port, name in ports.outputs.items()}
    named = {slot for slots in ports.slots for slot in slots}
    many = ' {type: "file[]?"}' if ports.optional else ' {type: "file[]"}'
    yield f"  {step}:"
    yield "    module:"
    for key, declared in (
        ("inputs", {p: " {type: file}" if isinstance(g, str) else many for p, g in given.items()}),
        ("outputs", {p: _declared(path, p in named) for p, path in paths.items()}),
    ):
        if declared:
            yield f"      {key}:{_mapping(declared, 6)}"
    yield f"      {command}"
    if given:
        values = {p: _list(g, 6) if isinstance(g, list) else f" {_scalar(g)}" for p, g in given.items()}
        yield f"    with:{_mapping(values, 4)}"
    if named & paths.keys():
        yield f"    outputs:{_mapping({p: path for p, path in paths.items() if p in named}, 4)}"
    if task.cores is not None:
        yield f"    resources: {{cpus: {task.cores}}}"


def _declared(path: str, named: bool) -> str:
    """An output's declaration. Where no word of the command says where it goes, the tool itself does."""
    return " {type: file}" if named else f" {{type: file, path:{path}}}"


def _given(
    ports: Ports, wired: Wires, steps: Sequence[str], places: Sequence[dict[str, str]]
) -> dict[str, str | list[str]]:
    """What a step's inputs are given, as the texts of the spec: references and paths."""

    def value(name: str) -> str:
        writer, path = wired.reads[name], plain_path(name)
        return _text(path) if writer is None else f"${{{steps[writer]}.{places[writer][path]}}}"

    return {
        port: value(held) if isinstance(held, str) else [value(name) for name in held]
        for port, held in ports.inputs.items()
    }


def _command(command: Command, ports: Ports) -> str:
    """The line (or lines) of a module's command."""
    words: list[str] = []
    for piece, slots in zip(command.pieces, ports.slots, strict=True):
        named = [f"${{{'inputs' if slot.startswith('in') else 'outputs'}.{slot}}}" for slot in slots]
        texts = named or [_text(text) for text in piece.texts]
        words += [" ".join(texts)] if command.shell else texts
    return f"shell: {_quoted(''.join(words))}" if command.shell else f"command:{_list(words, 6)}"


def _text(text: str) -> str:
    """A text in which nothing is an expression."""
    return text.replace("${", "$${")


def _scalar(text: str) -> str:
    """A text as a scalar, without quotes where it reads as the same text."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def _quoted(text: str) -> str:
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def _list(items: Sequence[str], indent: int) -> str:
    """A list after its key, in the key's line, or with a line for each item where that is long."""
    scalars = [_scalar(item) for item in items]
    line = f" [{', '.join(scalars)}]"
    if len(line) + indent <= WIDTH or not items:
        return line
    return "".join(f"\n{' ' * indent}  - {scalar}" for scalar in scalars)


def _mapping(entries: dict[str, str], indent: int) -> str:
    """A mapping after its key, in the key's line or in many. Its values start with the blank after their keys."""
    line = " {" + ", ".join(f"{key}:{value}" for key, value in entries.items()) + "}"
    if len(line) + indent <= WIDTH and "\n" not in line:
        return line
    return "".join(f"\n{' ' * indent}  {key}:{value}" for key, value in entries.items())
