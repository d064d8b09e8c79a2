"""What jobs ask for of a resource, in numbers: whole megabytes and minutes, or how many."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from sncompile.ir.language.functions import ValueFault
from sncompile.lowering.expressions import Granted, Size, evaluated, everything
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Cell, Given, Late, Piece

SizeOf = Callable[[str], int | None]
"""The size in bytes of the file at a path, as a job has it; None where there is none."""


def sizes_in(folder: str) -> SizeOf:
    """The sizes of files now, by paths as the jobs in a working folder have them."""

    def size_of(path: str) -> int | None:
        try:
            found = os.stat(os.path.join(folder, path))
        except (OSError, ValueError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    return size_of


class Amounts:
    """What the jobs of a task ask for of a resource, at their first attempt.

    Where that hangs on the sizes of their inputs, `size_of` is asked for them.
    """

    def __init__(self, task: Task, resource: str, size_of: SizeOf = lambda path: None) -> None:
        self._task, self._resource, self._size_of = task, resource, size_of
        self._piece: Piece | None = task.resources.get(resource)
        self._ports = _ports(self._piece, task)

    @property
    def same(self) -> bool:
        """Whether all jobs ask for the same."""
        return self._piece is None or isinstance(self._piece, Given)

    def __call__(self, number: int) -> int | None:
        """What a job asks for; None where it asks for nothing, or nobody knows yet."""
        match self._piece:
            case Given():
                found = self._piece.value
            case Cell():
                found = self._task.columns[self._piece.column].cells[number]
            case Late():
                found = self._late(self._piece, number)
            case _:
                return None
        return found if isinstance(found, int) else None

    def _late(self, piece: Late, number: int) -> int | None:
        sizes = {}
        for port in self._ports:
            found = [self._size_of(path) for path in self._task.inputs[port].paths[number] or ()]
            known = [size for size in found if size is not None]
            if len(known) < len(found):
                return None
            sizes[port] = sum(known)
        try:
            told = evaluated(piece.expression, self._task, number, sizes=sizes)
        except (ValueFault, KeyError):
            return None
        return told if isinstance(told, int) else None


def _ports(piece: Piece | None, task: Task) -> frozenset[str]:
    """The input ports whose sizes an amount hangs on, by itself or by another amount that it takes."""
    found: frozenset[str] = frozenset()
    for each in everything(piece.expression) if isinstance(piece, Late) else ():
        if isinstance(each, Size):
            found |= {each.port}
        elif isinstance(each, Granted):
            found |= _ports(task.resources[each.resource], task)
    return found
