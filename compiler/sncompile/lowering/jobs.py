"""Jobs of the lowered model: what each runs, reads, writes and waits for."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.jobs.expansion import Job
from sncompile.ir.jobs.words import as_arguments
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import to_text
from sncompile.ir.values.evaluate import record_text
from sncompile.lowering.expressions import Content, Granted, Size, evaluated, everything, expression_text
from sncompile.lowering.model import Lowered, Task
from sncompile.lowering.pieces import (
    Amount,
    Cell,
    Constant,
    Given,
    Key,
    Late,
    ModuleFile,
    Object,
    Piece,
    Plain,
    Port,
    Word,
)


class Perhaps(NamedTuple):
    """Arguments: those of some files that are there when the job is about to run, with what stands before them."""

    paths: tuple[str, ...]
    before: str
    lead: str


class Members(NamedTuple):
    """A JSON object: the `known` members as text, without braces, and files that may not be there.

    Of these each has its name, whether it is a list, and its paths.
    """

    known: str
    perhaps: tuple[tuple[str, bool, tuple[str, ...]], ...]


class Each(NamedTuple):
    """Arguments: the items of a list that is known when the job is about to run, with what stands before each."""

    late: Late
    before: str


Text = str | Amount | Late | Perhaps | Members | Each
"""A part of an argument: text, or what is known when the job is about to run."""


class Words:
    """The words of a task's jobs, with everything in its place that is known by now.

    Of the resources `granted` a job may be given less than it asks for, so that they are known when it runs. Files that
    may not be there are taken to be there, unless the target `looks` for them.
    """

    def __init__(self, lowered: Lowered, task: Task, granted: Collection[str] = (), *, looks: bool = False) -> None:
        self._lowered, self._task, self._granted, self._looks = lowered, task, granted, looks

    def command(self, number: int) -> list[tuple[Text, ...]] | None:
        """The arguments of a job's command; None where it has a script."""
        if self._task.command is None:
            return None
        return [found for word in self._task.command for found in self.word(word, number)]

    def script(self, number: int) -> list[str | list[tuple[Text, ...]]] | None:
        """The parts of a job's script: text as it stands, and arguments to be quoted; None where it has a command."""
        if self._task.script is None:
            return None
        return [
            part if isinstance(part, str) else [found for word in part for found in self.word(word, number)]
            for part in self._task.script
        ]

    def lists(self, number: int) -> dict[str, tuple[list[str], str]]:
        """The list files of a job: what stands in each, and what ends it, by their paths."""
        return {
            self._list_path(name, number): (
                ["".join(map(shown, text)) for word in each.words for text in self.word(word, number)],
                each.ended_by,
            )
            for name, each in self._task.lists.items()
        }

    def _list_path(self, name: str, number: int) -> str:
        return "".join(map(shown, self.word(self._task.lists[name].path, number)[0]))

    def word(self, word: Word, number: int) -> list[tuple[Text, ...]]:
        """The arguments that a word is for a job."""
        if not word.each and not self._perhaps(word.pieces[0]):
            return [tuple(self._text(piece, number) for piece in word.pieces)]
        if isinstance(word.pieces[0], Late):
            return [(Each(word.pieces[0], word.before),)]
        items = as_arguments(self.value(word.pieces[0], number))
        if self._perhaps(word.pieces[0]):
            return [(Perhaps(tuple(items), word.before, word.lead),)]
        found: list[tuple[Text, ...]] = [(word.lead,)] if word.lead and items else []
        return found + [(text,) for item in items for text in ([word.before, item] if word.before else [item])]

    def _perhaps(self, piece: Piece) -> bool:
        """Whether a piece names files that are looked for when the job is about to run."""
        return self._looks and isinstance(piece, Port) and piece.space == "inputs" and self._lacks(piece.name)

    def _lacks(self, port: str) -> bool:
        return self._task.inputs[port].may_lack

    def _members(self, piece: Object, number: int) -> Members:
        perhaps = [(name, member) for name, member in piece.members if self._perhaps(member)]
        known = {name: self.value(member, number) for name, member in piece.members if not self._perhaps(member)}
        found = [
            (name, self._task.inputs[port.name].many, tuple(as_arguments(self.value(port, number))))
            for name, port in perhaps
            if isinstance(port, Port)
        ]
        return Members(record_text(known)[1:-1], tuple(found))

    def _text(self, piece: Piece, number: int) -> Text:
        if isinstance(piece, Late):
            return piece
        if isinstance(piece, Object) and any(self._perhaps(member) for _, member in piece.members):
            return self._members(piece, number)
        if isinstance(piece, Amount):
            held = self._task.resources[piece.resource]
            return (
                piece
                if isinstance(held, Late) or piece.resource in self._granted
                else to_text(self.value(held, number))
            )
        value = self.value(piece, number)
        return "" if value is None else to_text(value)

    def value(self, piece: Piece, number: int) -> Any:
        """What a piece is for a job, as it is and not as text."""
        task = self._task
        match piece:
            case Constant():
                return piece.text
            case Given():
                return piece.value
            case Key():
                found = task.keys[number][task.by.index(piece.name)]
                return encode_key(found) if piece.encoded else found
            case Cell():
                return task.columns[piece.column].cells[number]
            case Port():
                return self._port(piece, number)
            case ModuleFile():
                return f"{self._lowered.place}/{piece.name}"
            case Amount():
                return self.value(task.resources[piece.resource], number)
            case Object():
                return record_text({name: _told(self.value(member, number)) for name, member in piece.members})
            case Late():
                return piece

    def _port(self, piece: Port, number: int) -> Plain:
        if piece.space == "lists":
            return self._list_path(piece.name, number)
        inputs = piece.space == "inputs"
        port = self._task.inputs[piece.name] if inputs else self._task.outputs[piece.name]
        found: tuple[str, ...] | None = port.paths[number]
        if found is not None and inputs:
            found = tuple(map(self._lowered.staged, found))
        return found if port.many or found is None else found[0]


def _told(value: Any) -> Any:
    return f"${{{expression_text(value.expression)}}}" if isinstance(value, Late) else value


def jobs(lowered: Lowered) -> Iterator[Job]:
    """All jobs, written out as those of the graph are (`ir/jobs/expansion.py`)."""
    for task in lowered.tasks.values():
        words = Words(lowered, task)
        for number in range(len(task)):
            yield _job(lowered, task, words, number)


def _job(lowered: Lowered, task: Task, words: Words, number: int) -> Job:
    command, script = words.command(number), words.script(number)

    def first(word: tuple[Text, ...]) -> tuple[Text, ...]:
        return tuple(_at_first(text, task, number) for text in word)

    step, _, _ = task.ids[number].partition("/")
    keys = task.ids[number].count("/")
    return Job(
        id=task.ids[number],
        step=step,
        key=dict(list(zip(task.by, task.keys[number], strict=True))[len(task.by) - keys :]),
        command=None if command is None else ["".join(map(shown, first(word))) for word in command],
        shell=None
        if script is None
        else "".join(script_text(part if isinstance(part, str) else list(map(first, part))) for part in script),
        inputs={name: _listed(words.value(Port("inputs", name), number)) for name in task.inputs},
        outputs={name: _listed(words.value(Port("outputs", name), number)) for name in task.outputs},
        lists={path: "".join(f"{item}{end}" for item in items) for path, (items, end) in words.lists(number).items()},
        container=None if task.image is None else words.value(task.image, number),
        env={v.name: "***" if v.value is None else shown_word(words, v.value, number) for v in task.variables},
        resources={
            each.job: _amount(words.value(task.resources[name], number), task, number)
            for name, each in RESOURCES.items()
            if name in task.resources
        },
        settings=dict(task.settings),
        after=[lowered.tasks[job.task].ids[job.number] for job in task.after[number]],
        digest=task.digests[number],
        source=task.span,
    )


def _listed(paths: Any) -> Any:
    return list(paths) if isinstance(paths, tuple) else paths


def _amount(held: Any, task: Task, number: int) -> int | str:
    """An amount as the first attempt has it; as it is written, where it takes sizes."""
    if not isinstance(held, Late):
        return held  # type: ignore[no-any-return]
    if _takes_sizes(held, task):
        return f"${{{expression_text(held.expression)}}}"
    return evaluated(held.expression, task, number)  # type: ignore[no-any-return]


def _takes_sizes(late: Late, task: Task) -> bool:
    """Whether it hangs on sizes, by itself or by what the job is given of a resource."""
    for each in everything(late.expression):
        held = task.resources[each.resource] if isinstance(each, Granted) else None
        if isinstance(each, (Content, Size)) or (isinstance(held, Late) and _takes_sizes(held, task)):
            return True
    return False


def _at_first(text: Text, task: Task, number: int) -> Text:
    """A part of an argument as the first attempt has it, where it takes no sizes."""
    held = task.resources[text.resource] if isinstance(text, Amount) else text
    if not isinstance(held, Late) or isinstance(_amount(held, task, number), str):
        return text
    return to_text(evaluated(held.expression, task, number))


def script_text(part: str | list[tuple[Text, ...]]) -> str:
    """A part of a script as text."""
    if isinstance(part, str):
        return part
    return " ".join(shlex.quote("".join(map(shown, word))) for word in part)


def shown_word(words: Words, word: Word, number: int) -> str:
    """A word as one text."""
    return "".join(map(shown, words.word(word, number)[0]))


def shown(text: Text) -> str:
    """A part of an argument, with a name in the place of what is known late."""
    if isinstance(text, str):
        return text
    if isinstance(text, Perhaps):
        return " ".join(text.paths)
    if isinstance(text, Members):
        return f"{{{text.known}}}"
    if isinstance(text, Each):
        text = text.late
    if isinstance(text, Amount):
        return f"${{resources.{text.resource}}}"
    return f"${{{expression_text(text.expression)}}}"
