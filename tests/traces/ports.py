"""Which ports a task gets: the same for tasks of one type, in whatever order the trace lists their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.traces.commands import Command, Kind
from tests.traces.paths import natural, plain_path, shape
from tests.traces.tasks import Task
from tests.traces.wiring import Wires

LONG = 4
"""So many inputs in a row of a command get ports of their own; more are a list."""


@dataclass(slots=True)
class Ports:
    """The ports of a task: of the files that its command names by their place in it, then of the others.

    `inputs`: port → a file, or the files of a list. `optional`: whether lists may be empty. `outputs`: port → its file.
    `slots`: for each piece of the command the ports that stand there, none for a text.
    """

    inputs: dict[str, str | list[str]] = field(default_factory=dict)
    optional: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    slots: list[tuple[str, ...]] = field(default_factory=list)


Form = tuple[str, bool, tuple[Kind, ...]]


def ports_of(tasks: Sequence[Task], commands: Sequence[Command], wires: Sequence[Wires]) -> list[Ports]:
    """The ports of every task, in the order of the tasks."""
    forms: list[Form] = [
        (task.type, command.shell, tuple(piece.kind for piece in command.pieces))
        for task, command in zip(tasks, commands, strict=True)
    ]
    lists = _lists(forms, commands)
    found = [_named(command, lists[form]) for command, form in zip(commands, forms, strict=True)]
    for ports, wire in zip(found, wires, strict=True):
        _add_outputs(ports, wire)
    rests = [_unnamed_inputs(ports, wire) for ports, wire in zip(found, wires, strict=True)]
    with_more = {form for form, rest in zip(forms, rests, strict=True) if rest}
    without = {form for form, rest in zip(forms, rests, strict=True) if not rest}
    order = _Order(tasks, wires, found)
    for number, (form, rest) in enumerate(zip(forms, rests, strict=True)):
        if form in with_more:
            found[number].inputs["more"] = order.inputs(number, rest)
            found[number].optional = form in without
    return found


def _lists(forms: Sequence[Form], commands: Sequence[Command]) -> dict[Form, set[int]]:
    """Form → the pieces that are one list port: where there are many inputs in a row, or not always as many."""
    lengths: dict[Form, list[set[int]]] = {}
    for form, command in zip(forms, commands, strict=True):
        found = lengths.setdefault(form, [set() for _ in form[2]])
        for place, piece in enumerate(command.pieces):
            found[place].add(len(piece.texts))
    return {
        form: {place for place, seen in enumerate(found) if len(seen) > 1 or max(seen) > LONG}
        for form, found in lengths.items()
    }


def _named(command: Command, lists: set[int]) -> Ports:
    """The ports of what a command names. A file that stands there twice has one port."""
    ports = Ports()
    single: dict[tuple[Kind, str], str] = {}
    for place, (kind, texts) in enumerate(command.pieces):
        if kind is Kind.INPUTS and place in lists:
            port = f"in{len(ports.inputs) + 1}"
            ports.inputs[port] = list(texts)
            ports.slots.append((port,))
            continue
        here: list[str] = []
        for text in texts if kind is not Kind.TEXT else ():
            known = single.get((kind, text))
            if known is None:
                side: dict[str, str] | dict[str, str | list[str]] = (
                    ports.inputs if kind is Kind.INPUTS else ports.outputs
                )
                known = single[kind, text] = f"{'in' if kind is Kind.INPUTS else 'out'}{len(side) + 1}"
                side[known] = text
            here.append(known)
        ports.slots.append(tuple(here))
    return ports


def _add_outputs(ports: Ports, wire: Wires) -> None:
    """Ports for the outputs that a command does not name, in an order that hangs on their kinds."""
    named = set(ports.outputs.values())
    rest = [name for name in wire.writes if name not in named]
    for name in sorted(rest, key=lambda n: (shape(n), natural(n))):
        ports.outputs[f"out{len(ports.outputs) + 1}"] = name


def _unnamed_inputs(ports: Ports, wire: Wires) -> list[str]:
    named: set[str] = set()
    for held in ports.inputs.values():
        named.update([held] if isinstance(held, str) else held)
    return [name for name in wire.reads if name not in named]


def output_ports(ports: Sequence[Ports]) -> list[dict[str, str]]:
    """For each task its output ports by the plain paths of their files."""
    return [{plain_path(name): port for port, name in held.outputs.items()} for held in ports]


class _Order:
    """Puts inputs in an order that hangs on their kinds and on what writes them, and never on the trace's lists."""

    def __init__(self, tasks: Sequence[Task], wires: Sequence[Wires], ports: Sequence[Ports]) -> None:
        self._tasks, self._wires = tasks, wires
        self._ports = output_ports(ports)

    def inputs(self, number: int, names: list[str]) -> list[str]:
        """Files of a task in order: by suffix, then by the writer's type, port and place, then by name."""
        reads = self._wires[number].reads

        def key(name: str) -> tuple[object, ...]:
            writer = reads[name]
            suffix, plain = shape(name)
            if writer is None:
                return suffix, "", (), -1, plain, natural(name), name
            port = natural(self._ports[writer][plain_path(name)])
            return suffix, self._tasks[writer].type, port, writer, plain, natural(name), name

        return sorted(names, key=key)
