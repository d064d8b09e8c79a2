"""Commands and scripts → words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sncompile.ir.graph import commands
from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart
from sncompile.ir.graph.feeds import may_lack
from sncompile.ir.jobs.words import argument_words, as_arguments
from sncompile.ir.language.functions import to_text
from sncompile.ir.values import model as ir
from sncompile.ir.values.model import Value
from sncompile.lowering import model, pieces
from sncompile.lowering.columns import Columns
from sncompile.lowering.expressing import at_most_one, expressed
from sncompile.lowering.paths import from_rows
from sncompile.lowering.pieces import Constant, Piece, ScriptPart, Word

_FILES = ("inputs", "outputs", "lists")


class Words:
    """The words of one family's command or script, of its variables and of its image."""

    def __init__(self, columns: Columns) -> None:
        self._columns, self._family = columns, columns.family

    def command(self) -> tuple[Word, ...] | None:
        """The words of the command."""
        if self._family.command is None:
            return None
        return tuple([word for argument in self._family.command for word in self.argument(argument)])

    def script(self) -> tuple[ScriptPart, ...] | None:
        """The parts of the script."""
        if self._family.shell is None:
            return None
        return tuple(map(self._part, self._family.shell))

    def _part(self, part: ShellPart) -> ScriptPart:
        if part.value is None:
            return part.text
        return tuple(self.argument(part.value, "value"))

    # --- Arguments ----------------------------------------------------------------------------------------------

    def argument(self, argument: Argument, hint: str = "argument") -> list[Word]:
        """The words of an argument, from none to several."""
        if not isinstance(argument, (Flag, Option)):
            return self.words(argument, hint)
        if isinstance(argument, Option) and self._may_lack(argument.value):
            return self._perhaps(argument)
        when = self._columns.constant(argument.when) if argument.when is not None else (True,)
        if when is None:
            return self._by_job(argument)
        if not when[0]:
            return []
        if isinstance(argument, Flag):
            return [Word((Constant(argument.flag),), argument.span)]
        present = self.presence(argument.value)
        if len(present) > 1:
            return self._by_job(argument)
        if present == {False}:
            return []
        return self._with_option(argument)

    def _with_option(self, argument: Option) -> list[Word]:
        """An option and its value, of the jobs that have it."""
        words = self.words(argument.value, argument.option)
        if (argument.repeat and argument.value.type.many) or self._perhaps_late(words):
            return self._repeated(argument, words)
        return [Word((Constant(argument.option),), argument.span), *words] if words else []

    def _perhaps_late(self, words: list[Word]) -> bool:
        """Whether an option has a value that is known late, if it has one."""
        return any(isinstance(p, pieces.Late) and p.expression.type.optional for word in words for p in word.pieces)

    def _may_lack(self, value: Value) -> bool:
        """Whether a value is a port whose files may not be there when the job is about to run."""
        if not isinstance(value, ir.Local) or value.space != "inputs":
            return False
        return may_lack(self._family.inputs[value.name].value, self._columns.graph.families)

    def _perhaps(self, argument: Option) -> list[Word]:
        """An option with files that may not be there; its condition is known."""
        when = self._columns.constant(argument.when) if argument.when is not None else (True,)
        if when is None or not when[0]:
            return []
        (word,) = self.words(argument.value, argument.option)
        repeat = argument.repeat and argument.value.type.many
        before, lead = (argument.option, "") if repeat else ("", argument.option)
        return [word._replace(before=before, lead=lead, span=argument.span)]

    def presence(self, value: Value) -> set[bool]:
        """Whether a value is there: for all jobs, for none, or for some; what rows decide may be either."""
        if not (value.type.many or value.type.optional) or self._columns.late(value):
            return {True}
        if value.type.optional and self._columns.reads_rows(value):
            return {True, False}
        return {bool(as_arguments(v)) for v in _different(self._columns.cells(value))}

    def _repeated(self, argument: Option, words: list[Word]) -> list[Word]:
        """The option in front of each item."""
        found: list[Word] = []
        for word in words:
            if word.each:
                found.append(word._replace(before=argument.option, span=argument.span))
            else:
                found += [Word((Constant(argument.option),), argument.span), word]
        return found

    def _by_job(self, argument: Argument) -> list[Word]:
        """An argument whose very presence differs between jobs: a list of words for each."""
        make = argument_words(argument, self._columns.closure)
        lists = [tuple(make(number)) for number in range(len(self._family.keys))]
        if len(set(lists)) == 1 and not any(map(self._columns.reads_rows, _values(argument))):
            return [Word((Constant(word),), argument.span) for word in lists[0]]
        hint = argument.option if isinstance(argument, Option) else argument.flag if isinstance(argument, Flag) else ""
        data = isinstance(argument, Option) and self.from_rows(argument.value)
        column = self._columns.made(lists, hint or "argument", argument.span, data=data)
        meant = self._with_option(argument) if isinstance(argument, Option) and self._names_file(argument.value) else ()
        return [Word((pieces.Cell(column),), argument.span, each=True, meant=tuple(meant))]

    def _names_file(self, value: Value) -> bool:
        """Whether a value is a port or a file of the module, with or without text around it."""
        parts = value.parts if isinstance(value, ir.Text) else (value,)
        named = [isinstance(p, ir.ModuleFile) or (isinstance(p, ir.Local) and p.space in _FILES) for p in parts]
        return any(named) and all(n or isinstance(p, ir.Const) for n, p in zip(named, parts, strict=True))

    # --- Words --------------------------------------------------------------------------------------------------

    def words(self, value: Value, hint: str) -> list[Word]:
        """A value as arguments: none where it is absent for all, one that is a list where it has several."""
        match value:
            case ir.Const():
                return [Word((Constant(text),), value.span) for text in as_arguments(value.value)]
            case ir.Local():
                return self._local(value)
            case ir.Text() if not self._has_ports(value) and (found := self._columns.constant(value)) is not None:
                return [Word((Constant(to_text(found[0])),), value.span)]
            case ir.Text():
                return [Word(self.pieces(value, hint), value.span)]
            case ir.ModuleFile() | ir.Key() | ir.Record():
                return [Word((self._piece(value, hint),), value.span)]
        return self._varying(value, hint)

    def _local(self, value: ir.Local) -> list[Word]:
        family = self._family
        if value.space == "inputs":
            port = family.inputs[value.name]
            if self._may_lack(value):
                return [Word((pieces.Port("inputs", value.name),), value.span, each=True)]
            if self.presence(value) == {False}:
                return []
            each = port.value.type.many or port.value.type.optional
            return [Word((pieces.Port("inputs", value.name),), value.span, each=each)]
        if value.space == "outputs":
            many = family.outputs[value.name].path.type.many
            return [Word((pieces.Port("outputs", value.name),), value.span, each=many)]
        if value.space == "lists":
            return [Word((pieces.Port("lists", value.name),), value.span)]
        if value.space == "resources" and value.name in family.resources:
            return [Word((pieces.Amount(value.name),), value.span)]
        return self.words(family.local(value.space, value.name), value.name)

    def _varying(self, value: Value, hint: str) -> list[Word]:
        if self._columns.late(value):
            late = expressed(value, self._columns, running=True)
            if value.type.optional and not value.type.many:
                late = at_most_one(late)
            return [Word((pieces.Late(late),), value.span, each=late.type.many)]
        found = self._columns.constant(value)
        if found is not None and not self.is_data(value, found[0]):
            return [Word((Constant(text),), value.span) for text in as_arguments(found[0])]
        column = self._columns.column(value, hint, data=self.from_rows(value))
        each = value.type.many or value.type.optional or None in self._columns.columns[column].cells
        return [Word((pieces.Cell(column),), value.span, each=each)]

    def is_data(self, value: Value, constant: object) -> bool:
        """Whether it is a list out of a table: a command's text must not grow with the data."""
        return isinstance(constant, tuple) and self.from_rows(value)

    def from_rows(self, value: Value) -> bool:
        """Whether a value is a list that comes out of a table, or from other jobs."""
        bound = self._columns.bound(value)
        if isinstance(bound, ir.Apply) and bound.function == "@prefixed":
            bound = self._columns.bound(bound.operands[0])
            if isinstance(bound, ir.Local) and bound.space == "inputs":
                bound = self._family.inputs[bound.name].value
        return from_rows(bound)

    def _has_ports(self, value: Value) -> bool:
        """Whether a port, a resource or a file is named somewhere inside a value."""
        return any(
            isinstance(leaf, ir.ModuleFile)
            or (isinstance(leaf, ir.Local) and leaf.space in ("inputs", "outputs", "resources", "lists"))
            for leaf in self._columns.leaves(value)
        )

    # --- Pieces -------------------------------------------------------------------------------------------------

    def pieces(self, value: Value, hint: str) -> tuple[Piece, ...]:
        """A single value as one text, by its parts."""
        if isinstance(value, ir.Local) and value.space in ("params", "env"):
            return self.pieces(self._family.local(value.space, value.name), value.name)
        parts = value.parts if isinstance(value, ir.Text) else (value,)
        found: list[Piece] = []
        for part in parts:
            made = self.pieces(part, hint) if isinstance(part, ir.Text) else (self._piece(part, hint),)
            for piece in made:
                if isinstance(piece, Constant) and found and isinstance(found[-1], Constant):
                    found[-1] = Constant(found[-1].text + piece.text)
                elif piece != Constant(""):
                    found.append(piece)
        return tuple(found) or (Constant(""),)

    def _piece(self, value: Value, hint: str) -> Piece:
        match value:
            case ir.Const():
                return Constant("" if value.value is None else to_text(value.value))
            case ir.Local() if value.space in ("inputs", "outputs", "lists"):
                return pieces.Port(value.space, value.name)
            case ir.Local() if value.space == "resources" and value.name in self._family.resources:
                return pieces.Amount(value.name)
            case ir.Local():
                bound = self._family.local(value.space, value.name)
                return self._piece(bound, value.name)
            case ir.ModuleFile():
                return pieces.ModuleFile(value.emitted, value.span)
            case ir.Key() if value.keys is self._family.keys:
                return pieces.Key(value.name, value.encoded, value.keys)
            case ir.Record():
                return pieces.Object(tuple([(name, self.member(v, name)) for name, v in value.members]), value.span)
        if self._columns.late(value):
            return pieces.Late(expressed(value, self._columns, running=True))
        found = self._columns.constant(value)
        if found is not None:
            return Constant("" if found[0] is None else to_text(found[0]))
        return pieces.Cell(self._columns.column(value, hint))

    def member(self, value: Value, name: str) -> Piece:
        """A member of an object, as it is and not as text."""
        if isinstance(value, ir.Local) and value.space in ("inputs", "outputs"):
            return pieces.Port(value.space, value.name)
        if self._columns.late(value):
            return pieces.Late(expressed(value, self._columns))
        found = self._columns.constant(value)
        return pieces.Given(found[0]) if found is not None else pieces.Cell(self._columns.column(value, name))

    def whole(self, value: Value, hint: str) -> Word:
        """A single value as one argument, whatever it is: the text of a variable."""
        return Word(self.pieces(value, hint), value.span)

    def list_file(self, name: str, listed: commands.ListFile) -> model.ListFile:
        """A file that is written for the command."""
        words = tuple(self.words(listed.value, name))
        return model.ListFile(self.whole(listed.path, f"{name}_list"), words, listed.ended_by, listed.span)

    def variable(self, variable: commands.Variable) -> model.Variable:
        """A variable of the environment."""
        if variable.value is None or variable.secret:
            return model.Variable(variable.name, None)
        return model.Variable(variable.name, self.whole(variable.value, variable.name))

    def amount(self, value: Value, hint: str) -> Piece:
        """What is asked for of a resource."""
        return self.member(value, hint)


def _values(argument: Argument) -> list[Value]:
    """The values of an argument."""
    if isinstance(argument, Option):
        return [argument.value, *([argument.when] if argument.when is not None else [])]
    if isinstance(argument, Flag):
        return [argument.when] if argument.when is not None else []
    return [argument]


def _different(column: Sequence[Any]) -> list[Any]:
    """The values of a column, of one that several instances share only one: a list may be long."""
    return list({id(value): value for value in column}.values())
