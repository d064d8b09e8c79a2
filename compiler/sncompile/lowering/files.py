"""How the files of a port come about, for who says paths as patterns and not job by job.

A value that leads to files is a tree of *forms*. Of a step `align` by sample and a step `merge` without keys,

    align   reads: "${samples.path}"    the column `path` of the table, seen by the sample: one cell for each job
    align   outputs.bam (derived)       a path of pieces: results/align/{key sample}/bam
    merge   bams: "${align.bam}"        the output `bam` of `align`, seen from the one job: that of every sample
    merge   extra: [one.txt, "${x.y}"]  a list: a fixed path, and an output

Each part of a tree has its own paths, too; they are made when they are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from sncompile.diagnostics import Span
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.operands import to_text
from sncompile.ir.variant import Variant
from sncompile.lowering.lazy import Lazy
from sncompile.lowering.model import Column, TableColumn
from sncompile.lowering.pieces import Constant, Key, Piece, Plain

T = TypeVar("T")


class Each(Sequence[T]):
    """A sequence of `size` items, each made whenever it is asked for.

    What only some jobs come to may be at fault for others, so that it cannot be made for all at once.
    """

    __slots__ = ("_item", "_make", "_size")

    def __init__(self, size: int, make: Callable[[], Callable[[int], T]]) -> None:
        self._size, self._make = size, make
        self._item: Callable[[int], T] | None = None

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[T]: ...
    def __getitem__(self, number: int | slice) -> T | Sequence[T]:
        if isinstance(number, slice):
            return [self[n] for n in range(self._size)[number]]
        if not 0 <= number < self._size:
            raise IndexError(number)
        if self._item is None:
            self._item = self._make()
        return self._item(number)


# --- Pieces of paths ------------------------------------------------------------------------------------------------


class Differing(Variant):
    """What differs between jobs in a path, beside their keys: a column of that place alone, which no word names."""

    column: Column


PathPiece = Constant | Key | Differing


def keyed(pieces: Sequence[PathPiece]) -> bool:
    """Whether a path is made of texts and keys alone."""
    return bool(pieces) and not any(isinstance(piece, Differing) for piece in pieces)


# --- Forms ----------------------------------------------------------------------------------------------------------


class Fixed(Variant):
    """A path, a list of paths, or nothing: as the spec has it, the same for all jobs."""

    value: Plain


class OutputOf(Variant):
    """What a task writes by a port, at that task's own jobs."""

    task: str
    port: str


class CellOf(Variant):
    """A column of a table, at the table's rows."""

    table: Table
    column: str


class Seen(Variant):
    """Files of the instances of `source`, seen from those of `target`: the one related instance's, or those of all."""

    files: Files
    source: KeySet
    target: KeySet

    @property
    def gathers(self) -> bool:
        """Whether several instances of the source may feed one of the target."""
        return not self.target.has_one(self.source)

    @property
    def linked(self) -> bool:
        """Whether a link, and not the keys, says which instances of the source are meant."""
        return self.target.linked(self.source)


class Listed(Variant):
    """A list that is written out; an item may be a list itself."""

    items: tuple[Files, ...]


class Either(Variant):
    """`then` for jobs for which the test holds, `other` for the rest."""

    test: Sequence[Plain]
    then: Files
    other: Files


class Traced(Variant):
    """A path that other tasks write, said as it is; `sources` are what it stands for."""

    path: Files
    sources: tuple[Files, ...]


class Joined(Variant):
    """A path that is put together of texts; `parts` are those that come from other tasks."""

    parts: tuple[Files, ...]


class Computed(Variant):
    """Anything else; `parts` are those that it is made of and that come from other tasks, of lists that hand on what
    others hold all that it is made of."""

    parts: tuple[Files, ...]


Form = Fixed | OutputOf | CellOf | Seen | Listed | Either | Traced | Joined | Computed


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """The files of a port, or of a part of its value.

    `cells` are for each job a path, a list of paths, or None where it is absent; an item of a list may be absent, too.
    `pieces` are what a single path is made of; a list has none. `tasks` are those whose outputs are in it.
    """

    cells: Sequence[Plain]
    many: bool
    optional: bool
    pieces: tuple[PathPiece, ...]
    form: Form
    tasks: frozenset[str]
    span: Span

    @property
    def absent(self) -> bool:
        """Whether there is nothing, as the spec has it."""
        return isinstance(self.form, Fixed) and self.form.value is None

    @property
    def path(self) -> tuple[Piece, ...] | None:
        """How each job's own path is made, where it is one path, made of constants and keys."""
        if self.many or self.optional or self.absent or not keyed(self.pieces):
            return None
        found: list[Piece] = []
        for piece in self.pieces:
            if isinstance(piece, Constant) and found and isinstance(found[-1], Constant):
                piece = Constant(found.pop().text + piece.text)  # type: ignore[union-attr]
            if piece != Constant(""):
                found.append(piece)  # type: ignore[arg-type]
        return tuple(found)

    @property
    def origin(self) -> TableColumn | None:
        """The column of a table that these are, seen by the keys alone; None for anything else."""
        form = self.form
        if not isinstance(form, Seen) or not isinstance(form.files.form, CellOf) or form.linked:
            return None
        return TableColumn(form.files.form.table, form.files.form.column, form.target, form.gathers)


def path_text(value: Plain) -> str:
    """A constant part of a path; what is absent has no path, and is asked for by nobody."""
    return str(value) if value is None else to_text(value)


def fixed(value: Plain, span: Span) -> Files:
    """An item of a list that is the same for all jobs."""
    return Files((value,), False, value is None, (Constant(path_text(value)),), Fixed(value), frozenset(), span)


def seen(files: Files, source: KeySet, target: KeySet, at: KeySet, span: Span, *, optional: bool = False) -> Files:
    """Files of the instances of `source` seen from `target`, as the instances of `at` have them."""
    form = Seen(files, source, target)
    gathers = form.gathers

    def make() -> list[Plain]:
        related, cells = target.related(source), files.cells
        places = range(len(at)) if at is target else [found[0] for found in at.related(target)]
        if not gathers:
            return [cells[related[place][0]] if related[place] else None for place in places]
        return [tuple([path for j in related[place] for path in listed_cell(cells[j])]) for place in places]

    pieces = files.pieces if keyed(files.pieces) and not gathers and not form.linked else ()
    return Files(Lazy(len(at), make), gathers or files.many, optional, pieces, form, files.tasks, span)


def listed_cell(cell: Plain) -> tuple[Plain, ...]:
    """What a job has as a list: none where it is absent."""
    return cell if isinstance(cell, tuple) else () if cell is None else (cell,)
