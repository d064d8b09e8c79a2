"""Commands and scripts → texts of a document.

What is the same for all jobs is written out, what differs is an input. The words are those of `ir.jobs.expansion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sncompile.faults import targets as faults
from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart
from sncompile.ir.graph.model import Family
from sncompile.ir.jobs.words import argument_words, as_arguments, shell_text
from sncompile.ir.language.functions import to_text
from sncompile.ir.values.evaluate import AtRunTime, Closure
from sncompile.ir.values.model import Cell, Const, Local, Record, Related, Text, Value, walk
from sncompile.targets.cwl.columns import Columns, Piece
from sncompile.targets.cwl.context import Around


class Words:
    """The texts of one family's jobs."""

    def __init__(self, family: Family, around: Around, columns: Columns) -> None:
        self._family, self._around, self._columns = family, around, columns
        self.numbers = around.plan.numbers[family.name]
        self.ports: dict[str, str] = {}
        """The inputs of the tool that hold the files of ports."""

    def closure(self, value: Value) -> Closure:
        """The value of every instance, as a job sees it."""
        return self._around.plan.evaluator.closure(value, self._family.keys, self._family)

    def column(self, value: Value) -> list[Any]:
        """The value of every job. What only a run would tell is refused, and absent."""
        try:
            closure = self.closure(value)
            return [closure(number) for number in self.numbers]
        except AtRunTime:
            self._refuse(value)
            return [None] * len(self.numbers)

    def _refuse(self, argument: Argument) -> None:
        message = f"the command of `{self._family.name}` names a resource that is computed from sizes of files"
        self._around.tell(faults.CWL_RUN_TIME.at(argument.span, message, help="give the tool a parameter of its own"))

    # --- Commands -----------------------------------------------------------------------------------------------

    def command(self) -> list[str]:
        """The arguments of the command."""
        return [word for argument in self._family.command or () for word in self._argument(argument)]

    def _argument(self, argument: Argument) -> list[str]:
        if isinstance(argument, Flag):
            return self._by_job(argument, argument.flag)
        if not isinstance(argument, Option):
            return self.words(argument, "argument")
        if argument.when is not None or argument.repeat or not all(map(as_arguments, self.column(argument.value))):
            return self._by_job(argument, argument.option)
        return [*self._columns.texts("option", [[argument.option]]), *self.words(argument.value, argument.option)]

    def _by_job(self, argument: Option | Flag, hint: str) -> list[str]:
        """An argument of which all words are one list, as whether they are there may differ."""
        try:
            make = argument_words(argument, self.closure)
            lists = [make(number) for number in self.numbers]
        except AtRunTime:
            self._refuse(argument)
            return []
        data = isinstance(argument, Option) and self._is_data(argument.value)
        return self._columns.texts(hint, lists, data=data)

    def _is_data(self, value: Value) -> bool:
        """Whether a list comes out of a table or from other jobs."""
        if isinstance(value, Local):
            return self._is_data(self._family.local(value.space, value.name))
        return value.type.many and any(isinstance(leaf, (Related, Cell)) for leaf in walk(value))

    def words(self, value: Value, hint: str) -> list[str]:
        """A value as arguments."""
        if isinstance(value, Text):
            return [self.text(value, hint)]
        lists = [as_arguments(v) for v in self.column(value)]
        return self._columns.texts(self._hint(value, hint), lists, data=self._is_data(value))

    @staticmethod
    def _hint(value: Value, hint: str) -> str:
        """What an input that holds a value is called."""
        if isinstance(value, Local):
            return f"{value.name}_path" if value.space in ("inputs", "outputs") else value.name
        return "arguments" if isinstance(value, Record) else hint

    # --- Texts --------------------------------------------------------------------------------------------------

    def text(self, value: Value, hint: str) -> str:
        """A single value as one text."""
        parts: Sequence[Value] = value.parts if isinstance(value, Text) else (value,)
        return self._columns.written([piece for part in parts for piece in self._pieces(part, hint)], hint)

    def _pieces(self, value: Value, hint: str) -> list[Piece]:
        if isinstance(value, Const):
            return [to_text(value.value)]
        if isinstance(value, Text):
            return [piece for part in value.parts for piece in self._pieces(part, hint)]
        found = ["" if v is None else to_text(v) for v in self.column(value)]
        return [self._columns.text(self._hint(value, hint), found)]

    def script(self) -> str:
        """The text of a script, with its values quoted."""
        pieces = [piece for part in self._family.shell or () for piece in self._part(part)]
        if pieces and isinstance(pieces[-1], str) and not pieces[-1].rstrip("\n").endswith("\\"):
            pieces[-1] = pieces[-1].rstrip("\n")
        return self._columns.written(pieces, "script")

    def _part(self, part: ShellPart) -> list[Piece]:
        value = part.value
        if value is None:
            return [part.text]
        if isinstance(value, Flag):
            hint, data = value.flag, False
        elif isinstance(value, Option):
            hint, data = value.option, self._is_data(value.value)
        else:
            hint, data = self._hint(value, "value"), self._is_data(value)
        try:
            make = shell_text(part, self.closure)
            found = [make(number) for number in self.numbers]
        except AtRunTime:
            self._refuse(value)
            return []
        if data and all(words == found[0] for words in found):
            return [self._columns.column(hint, "string", found, shared=True)]
        return [self._columns.text(hint, found)]
