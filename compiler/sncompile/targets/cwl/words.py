"""Commands and scripts → texts of a document.

What is the same for all jobs is written out, what differs is an input.

Decision 0033.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sncompile.ir.language.functions import to_text
from sncompile.lowering.expressions import evaluated
from sncompile.lowering.jobs import Text, script_text
from sncompile.lowering.jobs import Words as JobWords
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Amount, Cell, Constant, Key, Late, Object, Piece, Port, Word
from sncompile.targets.cwl.columns import Columns
from sncompile.targets.cwl.columns import Piece as TextPiece
from sncompile.targets.cwl.context import Around


class Words:
    """The texts of one task's jobs."""

    def __init__(self, task: Task, around: Around, columns: Columns) -> None:
        self._task, self._columns = task, columns
        self._jobs = JobWords(around.plan.lowered, task)
        self.numbers = around.plan.numbers[task.name]
        self.ports: dict[str, str] = {}
        """The inputs of the tool that hold the files of ports."""

    def column(self, piece: Piece) -> list[Any]:
        """What a piece is for every job, as it is."""
        return [self._known(self._jobs.value(piece, number), number) for number in self.numbers]

    def _known(self, value: Any, number: int) -> Any:
        """A value, as the first attempt has it: there is no other."""
        return evaluated(value.expression, self._task, number) if isinstance(value, Late) else value

    # --- Commands -----------------------------------------------------------------------------------------------

    def command(self) -> list[str]:
        """The arguments of the command."""
        return [text for word in self._task.command or () for text in self._word(word)]

    def _word(self, word: Word) -> list[str]:
        hint = self._hint(word)
        if not word.each:
            return [self.text(word, hint)]
        lists = [["".join(map(str, argument)) for argument in self._jobs.word(word, n)] for n in self.numbers]
        return self._columns.texts(hint, lists, data=self._is_data(word))

    def _is_data(self, word: Word) -> bool:
        """Whether a list comes out of a table or from other jobs."""
        piece = word.pieces[0]
        if isinstance(piece, Port):
            return piece.space == "inputs" and self._task.inputs[piece.name].data
        return isinstance(piece, Cell) and self._task.columns[piece.column].data

    def _hint(self, word: Word) -> str:
        """What an input that holds a word is called."""
        names = [name for piece in word.pieces if (name := _name(piece))]
        return names[0] if names else "argument"

    # --- Texts --------------------------------------------------------------------------------------------------

    def text(self, word: Word, hint: str = "text") -> str:
        """A word as one text."""
        return self._columns.written([self._piece(piece, hint) for piece in word.pieces], hint)

    def _piece(self, piece: Piece, hint: str) -> TextPiece:
        if isinstance(piece, Constant):
            return piece.text
        found = ["" if value is None else to_text(value) for value in self.column(piece)]
        return self._columns.text(_name(piece) or hint, found)

    def script(self) -> str:
        """The text of a script, with its values quoted."""
        pieces = [self._part(part) for part in self._task.script or ()]
        if pieces and isinstance(pieces[-1], str) and not pieces[-1].rstrip("\n").endswith("\\"):
            pieces[-1] = pieces[-1].rstrip("\n")
        return self._columns.written(pieces, "script")

    def _part(self, part: str | Sequence[Word]) -> TextPiece:
        if isinstance(part, str):
            return part
        hint = next((name for word in part for piece in word.pieces if (name := _name(piece))), "value")
        found = [script_text([self._first(a, n) for w in part for a in self._jobs.word(w, n)]) for n in self.numbers]
        if any(word.each and self._is_data(word) for word in part) and all(text == found[0] for text in found):
            return self._columns.column(hint, "string", found, shared=True)
        return self._columns.text(hint, found)

    def _first(self, argument: Sequence[Text], number: int) -> tuple[str, ...]:
        """An argument as the first attempt has it."""
        return tuple(t if isinstance(t, str) else to_text(self._late(t, number)) for t in argument)

    def _late(self, text: Text, number: int) -> Any:
        assert isinstance(text, (Amount, Late))  # Files that may not be there are refused.
        piece = self._task.resources[text.resource] if isinstance(text, Amount) else text
        return self._known(self._jobs.value(piece, number), number)


def _name(piece: Piece) -> str:
    """What a piece is called; empty for what has no name."""
    match piece:
        case Port():
            return f"{piece.name}_path"
        case Cell():
            return piece.column
        case Key():
            return piece.name
        case Amount():
            return piece.resource
        case Object():
            return "arguments"
    return ""
