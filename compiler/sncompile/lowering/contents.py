"""Values that steps write, as the tasks that take them: which files their jobs read for them (decisions 0069, 0070)."""

from __future__ import annotations

from collections.abc import Iterator

from sncompile.lowering.expressions import (
    Attempt,
    Content,
    Expression,
    Granted,
    If,
    Known,
    Size,
    evaluated,
    everything,
)
from sncompile.lowering.files import listed_cell
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Late, Object, Piece


def contents_of(task: Task) -> Iterator[Content]:
    """What a task takes of values that steps have written."""
    words = [*(task.command or ()), *(word for part in task.script or () if not isinstance(part, str) for word in part)]
    words += [word for listed in task.lists.values() for word in listed.words]
    pieces: list[Piece] = [piece for word in words for piece in word.pieces]
    pieces += [member for piece in pieces if isinstance(piece, Object) for _, member in piece.members]
    for piece in (*pieces, *task.resources.values()):
        if isinstance(piece, Late):
            yield from (each for each in everything(piece.expression) if isinstance(each, Content))


def read_by(content: Content, task: Task) -> Iterator[str]:
    """The files that all jobs of a task take such a value from."""
    files = content.files
    for cell in (files.value,) if isinstance(files, Known) else task.columns[files.column].cells:
        yield from map(str, listed_cell(cell))


def read_by_job(content: Content, task: Task, number: int) -> list[str]:
    """The files that one job takes such a value from."""
    files = content.files
    held = files.value if isinstance(files, Known) else task.columns[files.column].cells[number]
    return [str(path) for path in listed_cell(held)]


def settled(expression: Expression, task: Task, number: int) -> Expression:
    """An expression as one job has it: of choices by what is known, the side that it takes."""
    while isinstance(expression, If) and not any(map(_runs, everything(expression.test))):
        expression = expression.then if evaluated(expression.test, task, number) else expression.other
    return expression


def _runs(expression: Expression) -> bool:
    return isinstance(expression, (Attempt, Content, Granted, Size))
